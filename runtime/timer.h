// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Timers, as contexts see them.
 *
 * Invariants
 * - A timer is armed exactly while its deadline is in the scheduler's queue. A one-shot is disarmed
 *   before it fires; a ticker is armed again, one period later, when it has fired.
 * - A timer has either a channel of capacity 1, to which the clock sends the time if there is room,
 *   or a function, which the clock starts as a goroutine; the clock itself never blocks.
 * - The n-th goroutine that a timer starts has the stable id hash(timer's stable id, n).
 */
#ifndef HEDDLE_TIMER_H
#define HEDDLE_TIMER_H

#include "chan.h"

struct go_timer {
    struct deadline deadline; /* in the queue while armed */
    struct object *object;
    struct go_chan *chan; /* of int64_t ns, capacity 1; NULL: fn is run instead */
    void (*fn)(void *);
    void *arg;
    int64_t period_ns;  /* ticker: from one tick to the next; 0: fires once */
    uint64_t firings;   /* goroutines started */
    uint32_t released;  /* what happened before it was armed last */
    uint32_t armed_by;  /* G number: "created by" of those goroutines */
    struct trace armed; /* where it was armed last; without a channel only */
};

/* An armed timer that runs fn(arg) in a goroutine of its own. The caller owes timer_point. */
struct go_timer *timer_after_func(int64_t duration_ns, void (*fn)(void *), void *arg,
                                  struct call_site site);

/* The point after arming: a timer that is due may fire before the caller's next line. */
static inline void timer_point(const struct go_timer *t, struct call_site site)
{
    sched_point_after(OP_TIMER_ARM, t->object, site, PHASE_DONE);
}

#endif
