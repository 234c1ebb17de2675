// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.WaitGroup.
 *
 * Invariants
 * - _users holds every goroutine that is about to Wait or waits, and every one that is about to add
 *   more than zero; goroutines parked in Wait exist only while the counter is not zero.
 * - Misuse is a state, not a guess: the counter is zero, one goroutine's next step is an Add of
 *   more than zero, and another's is to Wait or to return from Wait. Nothing orders these two, and
 *   Go's documentation demands that the Add happens before the Wait.
 * - The same is misuse in any schedule if happens-before does not order the latest Add from zero
 *   and the latest Wait (known only where instrumented code is linked in, like races). */
#include <stdio.h>

#include "detect/clock.h"
#include "detect/facts.h"
#include "detect/recall.h"
#include "panic.h"

static struct object *register_waitgroup(struct go_waitgroup *wg, struct call_site site)
{
    bool copied;
    struct object *o = object_register(&wg->_header, OBJECT_WAITGROUP, wg, site, &copied);
    wg->_released = 0;
    wg->_added = wg->_waited = (struct go_use){0};
    if (!copied) wg->_counter = 0; /* a copy has the count of its original, as in Go */
    wg->_users = (struct go_list){0};
    o->data = wg;
    return o;
}

static inline struct object *waitgroup_object(struct go_waitgroup *wg, struct call_site site)
{
    struct object *o = object_known(&wg->_header, wg);
    return likely(o) ? o : register_waitgroup(wg, site);
}

/* An Add from zero and a Wait, one of them g's pending use. The other is pending too if other_step
 * is 0, else the event of that number. */
static _Noreturn void misuse(const struct object *o, const struct goroutine *g, const char *message,
                             const struct goroutine *other, bool other_waits, uint32_t other_step)
{
    struct facts_panic *panic = sched_alloc(sizeof *panic);
    *panic = (struct facts_panic){.type = REPORT_WAITGROUP_MISUSE,
                                  .object = o,
                                  .goroutine = g,
                                  .other = other,
                                  .other_step = other_step,
                                  .other_label = other_waits ? "Unordered sync.WaitGroup.Wait"
                                                             : "Unordered sync.WaitGroup.Add"};
    (void)snprintf(panic->message, sizeof panic->message, "%s", message);
    facts_trace_of(&panic->trace, g);
    facts_report_panic(panic);
}

/* Ends the execution if an Add from zero and a Wait are unordered now. */
static void check_misuse(const struct go_waitgroup *wg, const struct object *o)
{
    if (likely(wg->_counter) || list_is_empty(&wg->_users)) return;
    const struct goroutine *adder = NULL;
    const struct goroutine *waiter = NULL;
    list_each(node, &wg->_users)
    {
        const struct goroutine *g = container_of(node, struct goroutine, want_link);
        const struct goroutine **role = g->pending.kind == OP_WAITGROUP_ADD ? &adder : &waiter;
        if (!*role || g->number < (*role)->number) *role = g;
    }
    if (adder && waiter)
        misuse(o, adder, "Add from zero and Wait can both be next: the Wait may not see the Add",
               waiter, true, 0);
}

/* Use `mine` of the running goroutine meets the latest one of the other kind. */
static void check_order(const struct object *o, struct go_use *mine, const struct go_use *other,
                        bool waits)
{
    uint32_t step = event_log.count + 1;
    recall_step(step, sched.running->site);
    if (!order_state.on) return;
    *mine =
        (struct go_use){._goroutine = sched.running, ._segment = order_current(), ._step = step};
    if (!clock_ordered(other->_segment, mine->_segment))
        misuse(o, sched.running,
               "nothing orders an Add from zero and a Wait: the Wait may not see the Add",
               other->_goroutine, !waits, other->_step);
}

static void wake_waiters(struct go_waitgroup *wg)
{
    list_each(node, &wg->_users)
    {
        struct goroutine *g = container_of(node, struct goroutine, want_link);
        if (!g->enabled) sched_ready(g);
    }
}

static void add(struct go_waitgroup *wg, int delta, struct call_site site)
{
    struct object *o = waitgroup_object(wg, site);
    struct goroutine *g = sched_publish(OP_WAITGROUP_ADD, OP_MODE_WRITE, o, site);
    if (delta > 0) {
        list_push_back(&wg->_users, &g->want_link);
        check_misuse(wg, o);
    }
    sched_point();
    if (delta > 0) list_remove(&g->want_link);
    int32_t counter;
    (void)__builtin_add_overflow(wg->_counter, delta, &counter); /* wraps, as in Go */
    if (counter < 0) {
        wg->_counter = counter; /* as in Go, also if this is recovered */
        sched_executed(PHASE_DONE, UINT32_MAX);
        panic_raise(REPORT_NEGATIVE_WAITGROUP, o, site,
                    "the counter of a WaitGroup falls below zero");
    }
    if (!wg->_counter && delta > 0) check_order(o, &wg->_added, &wg->_waited, false);
    wg->_counter = counter;
    if (delta < 0) wg->_released = order_merge(wg->_released, order_release());
    if (!counter) {
        wake_waiters(wg);
        check_misuse(wg, o);
    }
    sched_executed(PHASE_DONE, (uint32_t)counter);
}

GO_API void go_waitgroup_add(struct go_waitgroup *wg, int delta) { add(wg, delta, CALL_SITE()); }

GO_API void go_waitgroup_done(struct go_waitgroup *wg) { add(wg, -1, CALL_SITE()); }

GO_API void go_waitgroup_wait(struct go_waitgroup *wg)
{
    struct call_site site = CALL_SITE();
    struct object *o = waitgroup_object(wg, site);
    struct goroutine *g = sched_publish(OP_WAITGROUP_WAIT, OP_MODE_WRITE, o, site);
    list_push_back(&wg->_users, &g->want_link);
    check_misuse(wg, o);
    sched_point();
    check_order(o, &wg->_waited, &wg->_added, true);
    enum event_phase phase = PHASE_DONE;
    if (wg->_counter) {
        phase = PHASE_COMPLETE;
        sched_executed(PHASE_ARRIVE, (uint32_t)wg->_counter);
        sched_park(WAIT_WAITGROUP);
    }
    list_remove(&g->want_link);
    order_acquire(wg->_released);
    sched_executed(phase, 0);
}
