// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Deviations: written from an execution, and played. Invariants in deviation.h.
 *
 * Both sides follow an execution in the same way (struct anchor), and nothing is quiet for either:
 * so they see the same questions, and a key that one of them writes the other one meets again.
 */
#include "deviation.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "policies.h"
#include "policy_bytes.h"
#include "record.h"
#include "run.h"
#include "target.h"

/* ---- Where an execution is ----------------------------------------------------------------- */

struct anchor {
    uint64_t after; /* of the latest event, as in struct deviation */
    uint32_t place;
    uint64_t position; /* of the policy when it was executed */
    uint32_t *places;  /* events so far, by number of the goroutine */
    size_t places_capacity;
    size_t goroutine_max; /* places behind this one are all 0 */
};

static void anchor_reset(struct anchor *anchor)
{
    if (anchor->places)
        memset(anchor->places, 0, (anchor->goroutine_max + 1) * sizeof anchor->places[0]);
    anchor->goroutine_max = 0;
    anchor->after = 0;
    anchor->place = 0;
    anchor->position = 0;
}

static void anchor_grow(struct anchor *anchor, size_t goroutine)
{
    size_t capacity = 2 * goroutine + 64;
    anchor->places = policy_realloc(anchor->places, capacity * sizeof anchor->places[0]);
    memset(anchor->places + anchor->places_capacity, 0,
           (capacity - anchor->places_capacity) * sizeof anchor->places[0]);
    anchor->places_capacity = capacity;
}

static void anchor_executed(struct anchor *anchor, const struct policy *policy,
                            const struct event *event)
{
    if (event->kind == OP_READ || event->kind == OP_WRITE) return;
    if (event->goroutine >= anchor->places_capacity) anchor_grow(anchor, event->goroutine);
    if (event->goroutine > anchor->goroutine_max) anchor->goroutine_max = event->goroutine;
    anchor->after = event->stable;
    anchor->place = ++anchor->places[event->goroutine];
    anchor->position = policy->position;
}

/* What a deviation at the question that the policy is asked now has for a key. */
static struct deviation key_here(const struct anchor *anchor, const struct policy *policy,
                                 enum choice_kind kind)
{
    uint64_t passed = policy->position - anchor->position;
    if (policy->access == 0) passed--; /* this one is the next */
    return (struct deviation){.after = anchor->after,
                              .place = anchor->place,
                              .access = policy->access,
                              .kind = (uint8_t)kind,
                              .occurrence = (uint32_t)passed};
}

bool deviation_is_at(const struct deviation *a, const struct deviation *b)
{
    return a->after == b->after && a->place == b->place && a->access == b->access &&
           a->kind == b->kind && a->occurrence == b->occurrence;
}

static uint64_t name_of(enum choice_kind kind, const struct candidate *c)
{
    return kind == CHOICE_SELECT ? c->id : c->stable;
}

/* ---- Lists --------------------------------------------------------------------------------- */

void deviations_free(struct deviations *d)
{
    free(d->list);
    *d = (struct deviations){0};
}

struct deviations deviations_copy(const struct deviations *d)
{
    struct deviations copy = *d;
    copy.list = policy_alloc((d->count + 1) * sizeof d->list[0]);
    if (d->count) memcpy(copy.list, d->list, d->count * sizeof d->list[0]);
    return copy;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Gives the answers of a recorded execution again, and notes what they deviate in. */
struct writer {
    struct policy policy;
    const struct record *record;
    size_t next; /* answer */
    struct anchor anchor;
    struct deviations *out;
    size_t capacity;
};

static void append(struct writer *w, struct deviation deviation)
{
    struct deviations *out = w->out;
    if (out->count == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 64;
        out->list = policy_realloc(out->list, w->capacity * sizeof out->list[0]);
    }
    out->list[out->count++] = deviation;
}

static size_t choose_writer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    struct writer *w = (struct writer *)self;
    rt_assert(w->next < w->record->answer_count);
    const struct record_answer *answer = &w->record->answers[w->next++];
    rt_assert(answer->n == n);
    if (kind == CHOICE_DATA || answer->index == 0) return answer->index;
    struct deviation deviation = key_here(&w->anchor, self, kind);
    deviation.op = c[answer->index].op.kind;
    deviation.to = name_of(kind, &c[answer->index]);
    append(w, deviation);
    return answer->index;
}

static void executed_writer(struct policy *self, const struct event *event)
{
    struct writer *w = (struct writer *)self;
    anchor_executed(&w->anchor, self, event);
}

static void run(struct policy *policy)
{
    const struct target_options *target = target_options();
    struct run_result result;
    run_execute(target->root, policy, &target->run, &result, NULL);
}

void deviations_of(const uint8_t *bytes, size_t size, struct deviations *out)
{
    struct policy_bytes player;
    struct record record;
    *out = (struct deviations){0};
    policy_bytes_init(&player);
    policy_bytes_play(&player, bytes, size);
    record_init(&record, &player.policy);
    run(&record.policy);
    struct writer w = {.policy = {.name = "deviations",
                                  .choose = choose_writer,
                                  .executed = executed_writer,
                                  .grain = record.policy.grain},
                       .record = &record,
                       .out = out};
    run(&w.policy);
    out->grain = player.input.grain;
    out->data_bytes = player.input.data_bytes;
    if (out->data_bytes) memcpy(out->data, player.input.data, out->data_bytes);
    free(w.anchor.places);
    record_free(&record);
}

/* ---- Playing ------------------------------------------------------------------------------- */

struct deviation_state {
    struct anchor anchor;
    size_t next_data;
    size_t applied_count;
    bool *applied;    /* by deviation */
    uint32_t *slots;  /* open addressing: index of a deviation + 1, by (after, place); 0: none */
    size_t slot_mask; /* their number is a power of two */
};

static size_t first_slot(const struct deviation_state *state, uint64_t after, uint32_t place)
{
    return (size_t)(mix64(after, place) >> 16) & state->slot_mask;
}

/* The first deviation of the list that is for this question and has not been applied. */
static size_t find_deviation(const struct deviation_play *play, const struct deviation *here)
{
    const struct deviation_state *state = play->state;
    for (size_t at = first_slot(state, here->after, here->place); state->slots[at];
         at = (at + 1) & state->slot_mask) {
        size_t i = state->slots[at] - 1;
        if (!state->applied[i] && deviation_is_at(&play->deviations->list[i], here)) return i;
    }
    return SIZE_MAX;
}

static void begin_play(struct policy *self)
{
    struct deviation_play *play = (struct deviation_play *)self;
    struct deviation_state *state = play->state;
    anchor_reset(&state->anchor);
    state->next_data = 0;
    state->applied_count = 0;
    memset(state->applied, 0, play->deviations->count * sizeof state->applied[0]);
}

static size_t choose_play(struct policy *self, enum choice_kind kind, const struct candidate *c,
                          size_t n)
{
    struct deviation_play *play = (struct deviation_play *)self;
    const struct deviations *d = play->deviations;
    if (kind == CHOICE_DATA)
        return input_data_take(d->data, d->data_bytes, &play->state->next_data, n);
    struct deviation here = key_here(&play->state->anchor, self, kind);
    size_t found = find_deviation(play, &here);
    if (found == SIZE_MAX) return 0;
    for (size_t i = 0; i < n; i++) {
        if (name_of(kind, &c[i]) != d->list[found].to) continue;
        play->state->applied[found] = true;
        play->state->applied_count++;
        return i;
    }
    return 0;
}

static void executed_play(struct policy *self, const struct event *event)
{
    anchor_executed(&((struct deviation_play *)self)->state->anchor, self, event);
}

static bool end_play(struct policy *self)
{
    struct deviation_play *play = (struct deviation_play *)self;
    size_t count = play->deviations->count, first = 0;
    play->missed = count - play->state->applied_count;
    while (first < count && play->state->applied[first]) first++;
    play->first_missed = first < count ? first : SIZE_MAX;
    return true;
}

void deviation_play_init(struct deviation_play *play, const struct deviations *deviations)
{
    struct deviation_state *state = policy_alloc(sizeof *state);
    size_t slots = 8;
    while (slots < 2 * deviations->count) slots *= 2;
    state->slot_mask = slots - 1;
    state->slots = policy_alloc(slots * sizeof state->slots[0]);
    state->applied = policy_alloc(deviations->count + 1);
    for (size_t i = 0; i < deviations->count; i++) {
        const struct deviation *d = &deviations->list[i];
        size_t at = first_slot(state, d->after, d->place);
        while (state->slots[at]) at = (at + 1) & state->slot_mask;
        state->slots[at] = (uint32_t)(i + 1);
    }
    *play = (struct deviation_play){.policy = {.name = "deviations",
                                               .grain = deviations->grain,
                                               .begin = begin_play,
                                               .choose = choose_play,
                                               .executed = executed_play,
                                               .end = end_play},
                                    .deviations = deviations,
                                    .first_missed = SIZE_MAX,
                                    .state = state};
}

void deviation_play_free(struct deviation_play *play)
{
    free(play->state->anchor.places);
    free(play->state->slots);
    free(play->state->applied);
    free(play->state);
    *play = (struct deviation_play){0};
}

bool deviation_play_applied(const struct deviation_play *play, size_t i)
{
    return play->state->applied[i];
}
