// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Replay after a change of the program. What it does is in robust.h. */
#include "robust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies.h"
#include "report/report.h"
#include "sched.h"
#include "target.h"

enum {
    ROUNDS_MAX = 12,
    NEAR = 4,           /* how far from its place a deviation is tried */
    ALIGNED_MAX = 2048, /* operations of one goroutine; what is behind keeps its distance */
};

/* ---- Comparing --------------------------------------------------------------------------- */

size_t robust_first_difference(const struct trace_event *a, size_t a_count,
                               const struct trace_event *b, size_t b_count)
{
    size_t i = 0;
    while (i < a_count && i < b_count && a[i].g == b[i].g && a[i].op == b[i].op &&
           a[i].phase == b[i].phase)
        i++;
    return i == a_count && i == b_count ? SIZE_MAX : i;
}

static const struct trace_goroutine *find(const struct trace_events *t, uint64_t g)
{
    for (size_t i = 0; i < t->goroutine_count; i++)
        if (t->goroutines[i].g == g) return &t->goroutines[i];
    return NULL;
}

/* Goroutines of this name up to the one with this id. */
static size_t count_name(const struct trace_events *t, const char *name, uint64_t until)
{
    size_t count = 0;
    for (size_t i = 0; i < t->goroutine_count && t->goroutines[i].g != until; i++)
        count += strcmp(t->goroutines[i].name, name) == 0;
    return count;
}

static uint64_t nth_of_name(const struct trace_events *t, const char *name, size_t n)
{
    for (size_t i = 0; i < t->goroutine_count; i++)
        if (strcmp(t->goroutines[i].name, name) == 0 && n-- == 0) return t->goroutines[i].g;
    return 0;
}

/* Does an id that is of this name in one of both run something else in the other? */
static bool is_other(const struct trace_events *a, const struct trace_events *b, const char *name)
{
    for (size_t i = 0; i < a->goroutine_count; i++) {
        const struct trace_goroutine *other = find(b, a->goroutines[i].g);
        if (other && strcmp(a->goroutines[i].name, name) == 0 && strcmp(other->name, name) != 0)
            return true;
    }
    return false;
}

/* Has a an id of this name that b does not have? */
static bool is_missing(const struct trace_events *a, const struct trace_events *b, const char *name)
{
    for (size_t i = 0; i < a->goroutine_count; i++)
        if (strcmp(a->goroutines[i].name, name) == 0 && !find(b, a->goroutines[i].g)) return true;
    return false;
}

/* Ids move when a goroutine or an object is created before. */
static bool ids_have_moved(const struct trace_events *recorded, const struct trace_events *now,
                           const char *name)
{
    return is_other(recorded, now, name) || is_other(now, recorded, name) ||
           (is_missing(recorded, now, name) && is_missing(now, recorded, name));
}

uint64_t robust_goroutine(const struct trace_events *recorded, const struct trace_events *now,
                          uint64_t g)
{
    const struct trace_goroutine *was = find(recorded, g);
    if (!was) return g;
    if (!ids_have_moved(recorded, now, was->name)) return g;
    if (count_name(now, was->name, 0) > 0)
        return nth_of_name(now, was->name, count_name(recorded, was->name, g));
    /* Nobody has the name any more: renamed, unless it is another recorded one that has the id. */
    const struct trace_goroutine *is = find(now, g);
    return is && count_name(recorded, is->name, 0) == 0 ? g : 0;
}

/* Lengths of longest common subsequences of the ends from i and j on. */
static uint16_t *lengths(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    uint16_t *table = policy_alloc((n + 1) * (m + 1) * sizeof *table);
    for (size_t i = n; i-- > 0;)
        for (size_t j = m; j-- > 0;) {
            uint16_t down = table[(i + 1) * (m + 1) + j], right = table[i * (m + 1) + j + 1];
            uint16_t both = (uint16_t)(table[(i + 1) * (m + 1) + j + 1] + 1);
            table[i * (m + 1) + j] = a[i] == b[j] ? both : down > right ? down : right;
        }
    return table;
}

uint32_t robust_place(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count,
                      uint32_t place)
{
    if (place == 0 || a_count > ALIGNED_MAX || b_count > ALIGNED_MAX) return place;
    uint16_t *table = lengths(a, a_count, b, b_count);
    size_t i = 0, j = 0;
    uint32_t paired = 0; /* place in b of the latest pair */
    size_t paired_at = 0;
    while (i < a_count && i < place && j < b_count) {
        if (a[i] == b[j]) {
            paired = (uint32_t)++j;
            paired_at = ++i;
        } else if (table[(i + 1) * (b_count + 1) + j] >= table[i * (b_count + 1) + j + 1]) {
            i++;
        } else {
            j++;
        }
    }
    free(table);
    if (paired_at == place) return paired;
    /* Behind the end of one of them, or taken out. */
    return paired_at == a_count || j == b_count ? paired + (uint32_t)(place - paired_at)
           : paired                             ? paired
                                                : 1;
}

/* ---- In words ---------------------------------------------------------------------------- */

static void describe(const struct trace_events *t, size_t i, char out[ROBUST_TEXT_BYTES])
{
    static const char *const phases[] = {"", ", which waits", ", which goes on", ", which fails"};
    if (i >= t->event_count) {
        snprintf(out, ROBUST_TEXT_BYTES, "the end");
        return;
    }
    const struct trace_event *e = &t->events[i];
    const struct trace_goroutine *g = find(t, e->g);
    const char *who = !g ? "the clock" : g->name[0] ? g->name : "a goroutine";
    snprintf(out, ROBUST_TEXT_BYTES, "%s of %s (its event %u)%s", op_kind_name((enum op_kind)e->op),
             who, (unsigned)e->place, phases[e->phase]);
}

/* Recorded events with the goroutines of now. */
static struct trace_event *moved_events(const struct trace_events *recorded,
                                        const struct trace_events *now)
{
    struct trace_event *events = policy_alloc((recorded->event_count + 1) * sizeof *events);
    for (size_t i = 0; i < recorded->event_count; i++) {
        events[i] = recorded->events[i];
        events[i].g = robust_goroutine(recorded, now, events[i].g);
    }
    return events;
}

static void tell_difference(const struct trace_events *recorded, const struct trace_events *now,
                            struct robust *out)
{
    if (recorded->event_count == 0) return; /* a file that has none */
    struct trace_event *events = moved_events(recorded, now);
    size_t at =
        robust_first_difference(events, recorded->event_count, now->events, now->event_count);
    free(events);
    if (at == SIZE_MAX) return;
    out->event = at + 1;
    describe(recorded, at, out->expected);
    describe(now, at, out->found);
}

/* ---- Moving deviations -------------------------------------------------------------------- */

static size_t operations_of(const struct trace_events *t, uint64_t g, uint8_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < t->event_count; i++)
        if (t->events[i].g == g) out[count++] = t->events[i].op;
    return count;
}

/* What was put in between two events of a goroutine lies behind the deviation between them, or
 * before it (late). */
static uint32_t moved_place(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count,
                            uint32_t place, bool late)
{
    if (!late || place == 0 || place >= a_count) return robust_place(a, a_count, b, b_count, place);
    uint32_t next = robust_place(a, a_count, b, b_count, place + 1);
    return next > 1 ? next - 1 : 1;
}

static void move(const struct trace_events *recorded, const struct trace_events *now, bool late,
                 struct deviations *out)
{
    uint8_t *a = policy_alloc(recorded->event_count + 1), *b = policy_alloc(now->event_count + 1);
    for (size_t i = 0; i < recorded->deviation_count; i++) {
        const struct deviation *was = &recorded->deviations[i];
        struct deviation *d = &out->list[i];
        *d = *was;
        d->after = robust_goroutine(recorded, now, was->after);
        size_t a_count = operations_of(recorded, was->after, a);
        size_t b_count = operations_of(now, d->after, b);
        d->place = moved_place(a, a_count, b, b_count, was->place, late);
        if (was->kind != CHOICE_SELECT) d->to = robust_goroutine(recorded, now, was->to);
    }
    free(a);
    free(b);
}

/* ---- Trying ------------------------------------------------------------------------------- */

struct attempt {
    const struct trace_events *recorded;
    const char *signature;
    struct robust *out;
    struct trace_events now; /* of the latest execution */
    size_t executions;
    size_t missed;
};

static bool is_bug(const struct attempt *t)
{
    char signature[TARGET_SIGNATURE_BYTES];
    const struct run_result *result = &t->out->result;
    if (result->verdict != VERDICT_BUG) return false;
    report_signature(result->report, signature, sizeof signature);
    const char *end = strstr(t->signature, "--");
    size_t length = end ? (size_t)(end - t->signature) : strlen(t->signature);
    return strncmp(signature, t->signature, length) == 0 &&
           (signature[length] == '\0' || signature[length] == '-');
}

static void look(struct attempt *t)
{
    trace_events_free(&t->now);
    trace_events_latest(&t->now);
    t->executions++;
}

static bool play(struct attempt *t, const struct deviations *d)
{
    const struct target_options *target = target_options();
    struct deviation_play player;
    deviation_play_init(&player, d);
    run_execute(target->root, &player.policy, &target->run, &t->out->result, NULL);
    t->missed = player.missed;
    deviation_play_free(&player);
    look(t);
    return is_bug(t);
}

/* Until an execution moves nothing any more. */
static bool play_rounds(struct attempt *t, bool late, struct deviations *d)
{
    size_t bytes = d->count * sizeof d->list[0];
    struct deviation *before = policy_alloc(bytes + 1);
    bool found = false;
    for (int round = 0; round < ROUNDS_MAX && !found; round++) {
        move(t->recorded, &t->now, late, d);
        if (round > 0 && memcmp(before, d->list, bytes) == 0) break;
        memcpy(before, d->list, bytes);
        found = play(t, d);
    }
    free(before);
    return found;
}

/* One deviation a little earlier or later than where it seems to belong. */
static bool play_neighbours(struct attempt *t, struct deviations *d)
{
    for (size_t i = 0; i < d->count; i++) {
        uint32_t *counts[] = {&d->list[i].access, &d->list[i].place, &d->list[i].occurrence};
        for (size_t c = 0; c < 3; c++) {
            uint32_t was = *counts[c];
            if (c == 0 && was == 0) continue; /* at an operation, not at an access */
            for (int by = -NEAR; by <= NEAR; by++) {
                int64_t value = (int64_t)was + by;
                if (by == 0 || value < (c == 2 ? 0 : 1)) continue;
                if (t->executions >= ROBUST_EXECUTIONS) return false;
                *counts[c] = (uint32_t)value;
                if (play(t, d)) return true;
            }
            *counts[c] = was;
        }
    }
    return false;
}

static bool follow(struct attempt *t, const uint8_t *bytes, size_t size)
{
    struct input input = input_decode(bytes, size);
    struct deviations d = {.grain = input.grain,
                           .count = t->recorded->deviation_count,
                           .data_bytes = input.data_bytes};
    if (input.data_bytes) memcpy(d.data, input.data, input.data_bytes);
    d.list = policy_alloc((d.count + 1) * sizeof d.list[0]);
    bool found = play_rounds(t, true, &d) || play_rounds(t, false, &d) || play_neighbours(t, &d);
    if (!found) { /* the closest there is: what is told is of this one */
        move(t->recorded, &t->now, false, &d);
        found = play(t, &d);
    }
    deviations_free(&d);
    return found;
}

void robust_replay(const struct trace_events *recorded, const char *signature, uint64_t digest,
                   const uint8_t *bytes, size_t size, struct robust *out)
{
    *out = (struct robust){0};
    struct attempt t = {.recorded = recorded, .signature = signature, .out = out};
    target_try(bytes, size, &out->result);
    look(&t);
    out->by_bytes = is_bug(&t);
    if (out->result.digest == digest) {
        trace_events_free(&t.now);
        return;
    }
    bool found = out->by_bytes;
    if (!found && recorded->has_deviations) found = follow(&t, bytes, size);
    tell_difference(recorded, &t.now, out);
    out->outcome = found                                       ? ROBUST_DIVERGED
                   : recorded->has_deviations && t.missed == 0 ? ROBUST_GONE
                                                               : ROBUST_LOST;
    trace_events_free(&t.now);
}
