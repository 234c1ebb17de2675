// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Once.
 *
 * Invariants
 * - _running: one goroutine, _runner, is inside the function; then every other goroutine whose next
 *   operation is Do is in _wanters and parked. Its own Do parks it for ever.
 * - _done is set by one event of its own (OP_ONCE_DONE) after the function has been left, by
 *   return, by a panic or by Goexit. The wanters are enabled by that event. */
#include "mutex.h"
#include "panic.h"

static struct object *register_once(struct go_once *o, struct call_site site)
{
    bool copied;
    struct object *object = object_register(&o->_header, OBJECT_ONCE, o, site, &copied);
    bool running = copied && o->_running;
    if (!copied) o->_done = false; /* a copy of one that is done is done, as in Go */
    o->_finished = 0;
    o->_runner = NULL;
    o->_wanters = (struct go_list){0};
    o->_running = false;
    object->data = o;
    if (running)
        panic_fatal(REPORT_COPY_OF_LOCKED, object, site, "use of a copy of a running Once");
    return object;
}

static inline struct object *once_object(struct go_once *o, struct call_site site)
{
    struct object *object = object_known(&o->_header, o);
    return likely(object) ? object : register_once(o, site);
}

/* The function has been left. Runs as a deferred call if that was by a panic or Goexit. */
static void finish(void *arg)
{
    struct go_once *o = arg;
    struct goroutine *g = sched.running;
    sched_publish(OP_ONCE_DONE, OP_MODE_WRITE, object_at(o->_header._number), g->site);
    sched_point();
    rt_assert(o->_running);
    rt_assert(o->_runner == g);
    o->_done = true;
    o->_running = false;
    o->_runner = NULL;
    o->_finished = order_release();
    lock_enable(&o->_wanters);
    sched_executed(PHASE_DONE, 0);
}

GO_API void go_once_do(struct go_once *o, void (*fn)(void *), void *arg)
{
    struct call_site site = CALL_SITE();
    struct object *object = once_object(o, site);
    enum op_mode mode = o->_done ? OP_MODE_READ : OP_MODE_WRITE; /* done is for ever */
    struct goroutine *g = sched_publish(OP_ONCE_DO, mode, object, site);
    lock_want(&o->_wanters, g, !o->_running, WAIT_ONCE);
    if (o->_done) {
        order_acquire(o->_finished);
        sched_executed(PHASE_DONE, 0);
        return;
    }
    o->_running = true;
    o->_runner = g;
    lock_disable(&o->_wanters, WAIT_ONCE);
    sched_executed(PHASE_DONE, 1);
    struct defer *left_early = panic_defer(finish, o);
    fn(arg);
    panic_undefer(left_early);
    g->site = site;
    finish(o);
}
