// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Deadlock, leak, partial deadlock, livelock: judged when the execution has ended. Rules in
 * blocking.h.
 *
 * Culprits are the goroutines on a cycle if there is one, else those stuck goroutines that wait for
 * nothing held by another stuck one. The first stack is that of the culprit whose function sorts
 * first, so that the report does not depend on which equivalent interleaving showed the bug. */
#include "blocking.h"

#include <stdio.h>
#include <string.h>

#include "../context.h"
#include "reach.h"
#include "waitfor.h"

/* Parked for good: live, parked, not exempt. (At the end of a fair phase: parked since before it.)
 * A sleeper is when it will not be woken any more. */
static bool is_stuck(const struct goroutine *g, uint32_t since)
{
    return g->state == GOROUTINE_LIVE && g->wait_reason != WAIT_NONE && !g->daemon &&
           (g->wait_reason != WAIT_SLEEP || !g->sleep.slot) && g->parked_step <= since;
}

/* Which stuck goroutines explain the others. */
enum culprits { CULPRITS_CYCLE, CULPRITS_FRONT, CULPRITS_ALL };

static bool is_culprit(const struct goroutine *g, enum culprits which)
{
    switch (which) {
    case CULPRITS_CYCLE:
        return waitfor_on_cycle(g);
    case CULPRITS_FRONT:
        return !waitfor_behind_parked(g);
    case CULPRITS_ALL:
        return true;
    }
    return false;
}

static enum culprits which_culprits(uint32_t since)
{
    for (enum culprits which = CULPRITS_CYCLE; which < CULPRITS_ALL; which++)
        for (uint32_t n = 1; n <= sched.goroutine_count; n++)
            if (is_stuck(sched_goroutine(n), since) && is_culprit(sched_goroutine(n), which))
                return which;
    return CULPRITS_ALL;
}

/* Notes the culprits' functions in r and returns the goroutine whose function sorts first. */
static const struct goroutine *note_culprits(struct report *r, enum culprits which, uint32_t since)
{
    const struct goroutine *first = NULL;
    const char *first_function = NULL;
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (!is_stuck(g, since) || !is_culprit(g, which)) continue;
        struct trace trace;
        facts_trace_of(&trace, g);
        const void *pc = trace.count ? trace.pc[0] : NULL;
        const char *function = pc ? symbolize_function(pc) : "";
        if (!first || strcmp(function, first_function) < 0) {
            first = g;
            first_function = function;
        }
        if (!pc || r->culprit_count == sizeof r->culprit_pc / sizeof r->culprit_pc[0]) continue;
        r->culprit_pc[r->culprit_count++] = pc;
    }
    return first;
}

/* The object that g waits for; of a select the first channel. */
static const struct object *waited_object(const struct goroutine *g)
{
    if (g->pending.object) return object_at(g->pending.object);
    for (uint32_t i = 0; i < g->case_count; i++)
        if (g->cases[i].chan) return g->cases[i].chan->object;
    return NULL;
}

static bool waits_on(const struct goroutine *g, const struct go_chan *c)
{
    for (uint32_t i = 0; i < g->case_count; i++)
        if (g->cases[i].chan == c) return true;
    return false;
}

/* Contexts that stuck goroutines wait for and that nobody ever cancelled. */
static void note_uncalled_cancels(struct report *r, uint32_t since)
{
    for (uint32_t i = 1; i <= object_count(); i++) {
        const struct object *o = object_at(i);
        if (o->kind != OBJECT_CONTEXT || o->cancelled) continue;
        const struct go_chan *done = context_done_channel(o);
        for (uint32_t n = 1; done && n <= sched.goroutine_count; n++) {
            const struct goroutine *g = sched_goroutine(n);
            if (!is_stuck(g, since) || !waits_on(g, done)) continue;
            char name[16];
            object_name(o, name);
            facts_add_related(r, &o->made,
                              "Cancel of context %s was never called; goroutine %u waits for it; "
                              "made by goroutine %u at:",
                              name, g->number, o->made_by);
            break;
        }
    }
}

static void fill(struct report *r, enum report_type type, uint32_t since)
{
    *r = (struct report){.type = type};
    const struct goroutine *first = note_culprits(r, which_culprits(since), since);
    r->goroutine = first->number;
    (void)snprintf(r->state, sizeof r->state, "%s", facts_state_name(first));
    facts_trace_of(&r->first, first);
    facts_object(&r->object, waited_object(first));
    char sentence[REPORT_TEXT_BYTES - 32];
    waitfor_sentence(sentence, sizeof sentence, first);
    facts_add_note(r, "Goroutine %u: %s", first->number, sentence);
    if (sched_waits_for_ever(first))
        facts_add_note(r,
                       "Goroutine %u has waited for new timers %u times since the root function "
                       "was over, while nobody else could run: it goes on like that for ever",
                       first->number, first->waits_after_end);
    facts_add_creation(r, first);
    note_uncalled_cancels(r, since);
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (g != first && g->state == GOROUTINE_LIVE)
            facts_add_goroutine(r, g, type == REPORT_GOROUTINE_LEAK && is_stuck(g, since));
    }
}

void blocking_judge_idle(struct report *r)
{
    bool anybody = false;
    for (uint32_t n = 1; n <= sched.goroutine_count && !anybody; n++)
        anybody = is_stuck(sched_goroutine(n), UINT32_MAX);
    if (likely(!anybody)) return;
    bool root = is_stuck(sched_goroutine(1), UINT32_MAX);
    enum detector off = root ? DETECTOR_DEADLOCK : DETECTOR_LEAK;
    if (sched.detectors_off & off) return;
    fill(r, root ? REPORT_DEADLOCK : REPORT_GOROUTINE_LEAK, UINT32_MAX);
}

/* ---- After the fair phase ------------------------------------------------------------------ */

static bool cycle_stood(void)
{
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (is_stuck(g, sched.fair_start) && waitfor_on_cycle(g)) return true;
    }
    return false;
}

/* Was there nothing but failed tries in the fair phase? Not if the log could not keep all of it. */
static bool only_failed_tries(void)
{
    if (event_log.count > EVENTS_MAX) return false;
    for (size_t i = sched.fair_start; i < event_log.count; i++)
        if (event_phase_of(event_record(i)) != PHASE_FAIL) return false;
    return true;
}

static void fill_livelock(struct report *r)
{
    const struct goroutine *first = NULL;
    *r = (struct report){.type = REPORT_LIVELOCK};
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (g->state != GOROUTINE_LIVE || g->wait_reason != WAIT_NONE || g->daemon) continue;
        struct trace trace;
        facts_trace_of(&trace, g);
        if (!trace.count) continue;
        if (r->culprit_count < sizeof r->culprit_pc / sizeof r->culprit_pc[0])
            r->culprit_pc[r->culprit_count++] = trace.pc[0];
        if (first &&
            strcmp(symbolize_function(trace.pc[0]), symbolize_function(r->first.pc[0])) >= 0)
            continue;
        first = g;
        r->first = trace;
    }
    if (!first) {
        r->type = REPORT_NONE;
        return;
    }
    r->goroutine = first->number;
    (void)snprintf(r->state, sizeof r->state, "running");
    facts_object(&r->object, waited_object(first));
    (void)snprintf(r->message, sizeof r->message,
                   "only failed tries in the last %u events: nobody makes progress",
                   sched.fair_steps);
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (g != first && g->state == GOROUTINE_LIVE) facts_add_goroutine(r, g, false);
    }
}

const char *blocking_judge_fair_end(struct report *r)
{
    if (only_failed_tries() && !(sched.detectors_off & DETECTOR_LIVELOCK)) {
        fill_livelock(r);
        if (r->type != REPORT_NONE) return NULL;
    }
    bool cycle = !(sched.detectors_off & DETECTOR_PARTIAL_DEADLOCK) && cycle_stood();
    if (!cycle || reach_cycle_from_outside()) return "max_steps";
    fill(r, REPORT_PARTIAL_DEADLOCK, sched.fair_start);
    return NULL;
}
