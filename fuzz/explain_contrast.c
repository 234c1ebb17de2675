// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Looking for what a bug needs: other schedules, run one by one. Invariants in explain_contrast.h.
 */
#include "explain_contrast.h"

#include <stdlib.h>
#include <string.h>

#include "deviation.h"
#include "object.h"
#include "policies.h"
#include "target.h"

/* The execution that others are compared with. */
struct search {
    const struct watch *watch;
    char signature[TARGET_SIGNATURE_BYTES];
    struct event *events;
    size_t event_count;
    struct contrast *out;
};

static void run(struct search *search, struct policy *policy, struct run_result *result)
{
    const struct target_options *target = target_options();
    search->out->executions++;
    run_execute(target->root, policy, &target->run, result, NULL);
}

static bool is_same_bug(const struct search *search, const struct run_result *result)
{
    char signature[TARGET_SIGNATURE_BYTES];
    if (result->verdict != VERDICT_BUG) return false;
    report_signature(result->report, signature, sizeof signature);
    return strcmp(signature, search->signature) == 0;
}

/* ---- The first event in which two executions part -------------------------------------------- */

static bool is_same_event(const struct event *a, const struct event *b)
{
    return a->stable == b->stable && a->kind == b->kind && a->phase == b->phase &&
           a->object_stable == b->object_stable && a->value == b->value;
}

/* The latest execution passes: where does it leave the one that is explained? False if it does so
 * behind the last event of that. */
static bool note_passing(const struct search *search)
{
    struct contrast *out = search->out;
    size_t count, i = 0;
    const struct event *theirs = run_events(&count, NULL);
    while (i < count && i < search->event_count && is_same_event(&theirs[i], &search->events[i]))
        i++;
    if (i == search->event_count) return false;
    out->found = true;
    out->event = i;
    out->over = i == count;
    if (out->over) return true;
    out->theirs = theirs[i];
    if (theirs[i].object) object_name(object_at(theirs[i].object), out->object);
    return true;
}

/* ---- One forced answer less ------------------------------------------------------------------ */

static void try_without(struct search *search, const struct deviations *all, size_t i)
{
    struct contrast *out = search->out;
    struct deviations fewer = deviations_copy(all);
    struct deviation_play play;
    struct run_result result;
    memmove(&fewer.list[i], &fewer.list[i + 1], (fewer.count - i - 1) * sizeof fewer.list[0]);
    fewer.count--;
    deviation_play_init(&play, &fewer);
    run(search, &play.policy, &result);
    out->needed[i] = !is_same_bug(search, &result);
    out->tried++;
    if (!out->found && result.verdict == VERDICT_PASS && note_passing(search)) {
        out->left_out = true;
        out->forced = i;
    }
    deviation_play_free(&play);
    deviations_free(&fewer);
}

/* Does the list, played, show the bug at all? It does, unless something outside it matters. */
static bool is_played(struct search *search, const struct deviations *all, uint64_t digest)
{
    struct deviation_play play;
    struct run_result result;
    deviation_play_init(&play, all);
    run(search, &play.policy, &result);
    deviation_play_free(&play);
    return result.digest == digest;
}

static void try_fewer(struct search *search, const uint8_t *bytes, size_t size, uint64_t digest)
{
    struct deviations all;
    deviations_of(bytes, size, &all);
    search->out->executions += 2;
    if (all.count == search->out->forced_count && is_played(search, &all, digest))
        for (size_t i = all.count; i-- > 0 && search->out->tried < EXPLAIN_NEEDED_MAX;)
            try_without(search, &all, i);
    deviations_free(&all);
}

/* ---- Another answer, and the natural schedule behind it -------------------------------------- */

struct branch {
    struct policy policy;
    const struct record *record;
    size_t next;   /* answer */
    size_t at;     /* this one is another: */
    size_t index;  /* ... */
    size_t data;   /* the next answer of data, behind it */
    uint32_t step; /* events so far */
    struct watch_forced other;
};

/* Harness data stays what it was, one after the other. */
static size_t take_data(struct branch *b, size_t n)
{
    if (b->data < b->next) b->data = b->next;
    for (size_t i = b->data; i < b->record->answer_count; i++) {
        const struct record_answer *answer = &b->record->answers[i];
        if (answer->position != 0) continue;
        b->data = i + 1;
        return answer->n == n ? answer->index : 0;
    }
    return 0;
}

static size_t choose_branch(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    struct branch *b = (struct branch *)self;
    size_t i = b->next;
    if (i < b->at) {
        b->next++;
        return b->record->answers[i].index;
    }
    if (i > b->at) return kind == CHOICE_DATA ? take_data(b, n) : 0;
    b->next++;
    b->other = (struct watch_forced){
        .step = b->step,
        .kind = (uint8_t)kind,
        .natural = watch_side_of(kind, &c[b->record->answers[i].index]),
        .taken = watch_side_of(kind, &c[b->index]),
    };
    return b->index;
}

static void executed_branch(struct policy *self, const struct event *event)
{
    ((struct branch *)self)->step = event->step;
}

static void try_branch(struct search *search, size_t at, size_t index)
{
    struct run_result result;
    struct branch branch = {.policy = {.name = "branch",
                                       .choose = choose_branch,
                                       .executed = executed_branch,
                                       .grain = search->watch->policy.grain},
                            .record = &search->watch->record,
                            .at = at,
                            .index = index};
    run(search, &branch.policy, &result);
    if (result.verdict == VERDICT_PASS && note_passing(search)) search->out->other = branch.other;
}

static void try_branches(struct search *search)
{
    const struct record *record = &search->watch->record;
    size_t tries = 0;
    for (size_t at = record->answer_count; at-- > 0;) {
        const struct record_answer *answer = &record->answers[at];
        if (answer->position == 0) continue; /* data */
        for (size_t i = 0; i < answer->n; i++) {
            if (i == answer->index) continue;
            if (tries++ == EXPLAIN_BRANCHES_MAX) return;
            try_branch(search, at, i);
            if (search->out->found) return;
        }
    }
}

void contrast_find(const uint8_t *bytes, size_t size, const struct watch *watch,
                   const struct run_result *result, struct contrast *out)
{
    struct search search = {.watch = watch, .out = out};
    uint64_t digest = result->digest;
    report_signature(result->report, search.signature, sizeof search.signature);
    const struct event *events = run_events(&search.event_count, NULL);
    search.events = policy_alloc((search.event_count + 1) * sizeof *events);
    memcpy(search.events, events, search.event_count * sizeof *events);
    *out = (struct contrast){.forced_count = watch->forced_count};
    out->needed = policy_alloc(watch->forced_count + 1);
    if (watch->forced_count) try_fewer(&search, bytes, size, digest);
    if (!out->found) try_branches(&search);
    free(search.events);
}

void contrast_free(struct contrast *contrast)
{
    free(contrast->needed);
    *contrast = (struct contrast){0};
}

/* ---- In the story ---------------------------------------------------------------------------- */

static void build_needed(struct build *b, const struct contrast *c)
{
    for (size_t i = 0; i < b->watch->forced_count && i < c->forced_count; i++) {
        uint32_t step = b->watch->forced[i].step;
        if (c->needed[i] && step < b->story->event_count) b->story->events[step].needed = true;
    }
}

static const char *expected_text(struct build *b, const struct contrast *c)
{
    struct story *s = b->story;
    const struct event *e = &c->theirs;
    if (c->over) return "nothing: the execution is over";
    const char *where = "";
    if (e->site && e->kind != OP_START && !trace_is_runtime(e->site))
        where = story_text(s, " at %s", build_place_text(b, build_place(b, e->site)));
    const char *who = e->goroutine == CLOCK_ID ? "clock" : story_text(s, "G%u", e->goroutine);
    return story_text(s, "%s %s%s%s%s", who, op_kind_name((enum op_kind)e->kind),
                      c->object[0] ? " " : "", c->object, where);
}

static const char *found_sentence(struct build *b, const struct contrast *c)
{
    struct story *s = b->story;
    if (!c->left_out) return story_text(s, "the execution passes if %s", build_other(b, &c->other));
    return story_text(s, "the execution passes without %s",
                      build_left_out(b, &b->watch->forced[c->forced]));
}

void build_contrast(struct build *b, const struct contrast *c)
{
    struct story *s = b->story;
    build_needed(b, c);
    const char *untried = "";
    if (c->tried < c->forced_count)
        untried = story_text(s, "; of %zu forced answers only the last %zu were left out for a try",
                             c->forced_count, c->tried);
    s->contrast.found = c->found;
    if (c->found) {
        s->contrast.event = c->event;
        s->contrast.expected = expected_text(b, c);
        s->contrast.sentence = story_text(s, "%s%s", found_sentence(b, c), untried);
    } else {
        s->contrast.sentence = story_text(s, "none of %zu executions beside this one passes%s",
                                          c->executions, untried);
    }
}
