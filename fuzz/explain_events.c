// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The events of a story, why each came when it did, and who was created by which.
 *
 * Invariant: events[i] is number i + 1 of the log.
 */
#include <stdlib.h>

#include "explain_build.h"
#include "object.h"
#include "policies.h"
#include "sched.h"

/* Walks along the log through what was noted beside it, all of which is in the log's order. */
struct notes {
    size_t access, select, forced;
};

static uint64_t place_of(const struct watch *w, struct notes *n, uint32_t step)
{
    while (n->access < w->access_count && w->accesses[n->access].step < step) n->access++;
    bool here = n->access < w->access_count && w->accesses[n->access].step == step;
    return here ? w->accesses[n->access].place : 0;
}

static bool selects(const struct watch *w, struct notes *n, uint32_t step)
{
    while (n->select < w->select_count && w->selects[n->select] < step) n->select++;
    return n->select < w->select_count && w->selects[n->select] == step;
}

/* Several answers may have led to one event: who runs, and then which case it takes. */
static void add_reasons(struct build *b, struct notes *n, uint32_t step, struct story_event *out)
{
    const struct watch *w = b->watch;
    for (; n->forced < w->forced_count && w->forced[n->forced].step + 1 == step; n->forced++) {
        const struct watch_forced *f = &w->forced[n->forced];
        const char *reason = build_reason(b, f);
        out->reason = out->turn == STORY_FORCED
                          ? story_text(b->story, "%s; %s", out->reason, reason)
                          : reason;
        out->turn = STORY_FORCED;
        out->preempts |= f->preempts;
    }
}

static const char *phase_of(const struct event *e)
{
    static const char *const names[] = {[PHASE_DONE] = "",
                                        [PHASE_ARRIVE] = "waits",
                                        [PHASE_COMPLETE] = "goes on",
                                        [PHASE_FAIL] = "fails"};
    /* That nobody else can run, a default or a zero sleep is no failure. */
    if (e->kind == OP_GOSCHED || e->kind == OP_SELECT || e->kind == OP_SELECT_DEFAULT ||
        e->kind == OP_SLEEP || e->kind == OP_CONTEXT_ERR || e->kind == OP_ATOMIC_LOAD ||
        e->kind == OP_ATOMIC_FENCE || e->kind == OP_READ || e->kind == OP_WRITE)
        return e->phase == PHASE_FAIL ? "" : names[e->phase];
    return names[e->phase];
}

static void fill_event(struct build *b, const struct event *e, struct notes *n, uint32_t ordinal,
                       const struct story_event *before, struct story_event *out)
{
    bool moves = before && before->goroutine != e->goroutine;
    *out = (struct story_event){
        .goroutine = e->goroutine,
        .operation = op_kind_name((enum op_kind)e->kind),
        .phase = phase_of(e),
        .detail = build_detail(b, e, selects(b->watch, n, e->step)),
        .object = build_object_of(b, e->object, place_of(b->watch, n, e->step)),
        .place = STORY_NONE,
        .ordinal = ordinal,
        .turn = moves ? STORY_SWITCHED : STORY_STAYED,
        .reason = "",
    };
    if (e->kind != OP_START && e->site && !trace_is_runtime(e->site))
        out->place = build_place(b, e->site);
    add_reasons(b, n, e->step, out);
}

/* Of a call that the runtime makes itself (Cond.Wait unlocks and locks): where that was called. */
static void inherit_places(struct build *b, const struct event *events)
{
    struct story *s = b->story;
    size_t *latest = policy_alloc(s->goroutine_count * sizeof *latest);
    for (size_t g = 0; g < s->goroutine_count; g++) latest[g] = STORY_NONE;
    for (size_t i = 0; i < s->event_count; i++) {
        struct story_event *e = &s->events[i];
        bool own = events[i].site && !trace_is_runtime(events[i].site);
        if (events[i].site && !own) e->place = latest[e->goroutine];
        if (own) latest[e->goroutine] = e->place;
    }
    free(latest);
}

/* ---- Who created whom ------------------------------------------------------------------------ */

/* The event that shows a goroutine's making: the clock's for a timer's, else the next one of who
 * ran. */
static size_t creation_of(const struct story *s, const struct watch_birth *birth, bool by_timer)
{
    if (by_timer)
        for (size_t i = birth->step; i-- > 0;)
            if (s->events[i].goroutine == CLOCK_ID) return i;
    for (size_t i = birth->step; i < s->event_count; i++)
        if (s->events[i].goroutine == birth->maker) return i;
    return STORY_NONE;
}

static void build_creations(struct build *b)
{
    struct story *s = b->story;
    for (uint32_t i = 2; i < s->goroutine_count && i <= b->watch->birth_count; i++) {
        struct story_goroutine *g = &s->goroutines[i];
        g->created_at = creation_of(s, &b->watch->births[i - 1], sched_goroutine(i)->timer_made);
        if (g->created_at == STORY_NONE) continue;
        struct story_event *e = &s->events[g->created_at];
        if (!e->detail[0]) e->detail = story_text(s, "G%u", g->number);
    }
    /* A go statement is logged when its goroutine goes on, and the new one may have begun before.
     */
    for (size_t i = 0; i < s->event_count; i++) {
        size_t created_at = s->goroutines[s->events[i].goroutine].created_at;
        if (s->events[i].ordinal == 1 && created_at != STORY_NONE && created_at > i)
            s->events[created_at].phase = "goes on";
    }
}

/* parked_step counts the events before. Who ran right before has parked itself; from anybody else
 * the event that follows has taken what it was about to take. */
static void build_stuck(struct build *b, const size_t *last)
{
    struct story *s = b->story;
    for (uint32_t i = 1; i < s->goroutine_count; i++) {
        const uint32_t before = sched_goroutine(i)->parked_step;
        if (s->goroutines[i].end != STORY_BLOCKED || !s->event_count) continue;
        size_t at = before && last[i] == before - 1 ? before - 1 : before;
        s->goroutines[i].stuck_at = at < s->event_count ? at : s->event_count - 1;
    }
}

void build_events(struct build *b)
{
    struct story *s = b->story;
    struct notes notes = {0};
    uint64_t dropped;
    const struct event *events = run_events(&s->event_count, &dropped);
    uint32_t *ordinals = policy_alloc(s->goroutine_count * sizeof *ordinals);
    size_t *last = policy_alloc(s->goroutine_count * sizeof *last);
    s->events_dropped = dropped;
    s->events = story_alloc(s, s->event_count, sizeof s->events[0]);
    for (size_t i = 0; i < s->event_count; i++)
        fill_event(b, &events[i], &notes, ++ordinals[events[i].goroutine],
                   i ? &s->events[i - 1] : NULL, &s->events[i]);
    for (size_t i = 0; i < s->event_count; i++) last[events[i].goroutine] = i;
    build_stuck(b, last);
    free(last);
    free(ordinals);
    inherit_places(b, events);
    build_creations(b);
}
