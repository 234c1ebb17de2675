// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Cond.
 *
 * A Wait is: arrive in the queue; unlock L; park, or go on at once if signalled since; lock L. The
 * unlocking and locking are operations of the locker, with points and events of their own.
 *
 * Invariants
 * - _waiters holds those that have arrived and were not signalled, first in first out; a signal
 *   takes one out for good, also one that has not parked yet, so that no signal wakes two or none.
 * - Nobody parked leaves without a signal. */
#include "panic.h"

/* One arrival. In arena memory: the queue keeps it even if unlocking L panics. */
struct cond_wait {
    struct go_list link; /* in go_cond._waiters until signalled */
    struct goroutine *goroutine;
    bool parked;
    bool signalled;
    uint32_t released; /* what happened before the signal */
};

static struct object *register_cond(struct go_cond *c, struct call_site site)
{
    bool copied;
    struct object *o = object_register(&c->_header, OBJECT_COND, c, site, &copied);
    c->_waiters = (struct go_list){0};
    o->data = c;
    if (copied)
        panic_raise(REPORT_UNRECOVERED_PANIC, o, site, "use of a copy of a Cond that was in use");
    return o;
}

static inline struct object *cond_object(struct go_cond *c, struct call_site site)
{
    struct object *o = object_known(&c->_header, c);
    return likely(o) ? o : register_cond(c, site);
}

/* Take the waiter that arrived first out of the queue and let it go on. */
static void wake_first(struct go_cond *c, uint32_t released)
{
    struct go_list *first = list_first(&c->_waiters);
    struct cond_wait *wait = container_of(first, struct cond_wait, link);
    list_remove(first);
    wait->signalled = true;
    wait->released = released;
    if (wait->parked) sched_ready(wait->goroutine);
}

GO_API void go_cond_wait(struct go_cond *c)
{
    struct call_site site = CALL_SITE();
    struct object *o = cond_object(c, site);
    struct goroutine *g = sched_publish(OP_COND_WAIT, OP_MODE_WRITE, o, site);
    sched_point();
    struct cond_wait *wait = sched_alloc(sizeof *wait);
    wait->goroutine = g;
    list_push_back(&c->_waiters, &wait->link);
    sched_executed(PHASE_ARRIVE, 0);
    c->locker.unlock(c->locker.object);
    sched_publish(OP_COND_WAIT, OP_MODE_WRITE, o, site);
    if (wait->signalled) {
        sched_point();
    } else {
        wait->parked = true;
        sched_park(WAIT_COND);
        rt_assert(wait->signalled);
    }
    order_acquire(wait->released);
    sched_executed(PHASE_COMPLETE, 0);
    c->locker.lock(c->locker.object);
}

GO_API void go_cond_signal(struct go_cond *c)
{
    struct call_site site = CALL_SITE();
    sched_publish(OP_COND_SIGNAL, OP_MODE_WRITE, cond_object(c, site), site);
    sched_point();
    bool any = !list_is_empty(&c->_waiters);
    if (any) wake_first(c, order_release());
    sched_executed(PHASE_DONE, any);
}

GO_API void go_cond_broadcast(struct go_cond *c)
{
    struct call_site site = CALL_SITE();
    sched_publish(OP_COND_BROADCAST, OP_MODE_WRITE, cond_object(c, site), site);
    sched_point();
    uint64_t count = 0;
    uint32_t released = 0;
    if (!list_is_empty(&c->_waiters)) released = order_release();
    for (; !list_is_empty(&c->_waiters); count++) wake_first(c, released);
    sched_executed(PHASE_DONE, count);
}
