// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Mutex. A wanted lock is a disabled pending operation, not a queue.
 *
 * Invariants
 * - Every goroutine whose next operation is to lock m is in m->_wanters: enabled while m is free,
 *   parked while it is locked. Unlock makes all of them candidates, lock disables all of them.
 * - _holder is who locked it last; anybody may unlock (Go), so holding is a fact for explanations
 *   and cycles, not a right.
 */
#include "mutex.h"

#include "panic.h"

static struct object *register_mutex(struct go_mutex *m, struct call_site site)
{
    bool copied;
    struct object *o = object_register(&m->_header, OBJECT_MUTEX, m, site, &copied);
    bool locked = copied && m->_locked;
    struct go_header header = m->_header;
    *m = (struct go_mutex){._header = header};
    o->data = m;
    if (locked) panic_fatal(REPORT_COPY_OF_LOCKED, o, site, "use of a copy of a locked mutex");
    return o;
}

static inline struct object *mutex_object(struct go_mutex *m, struct call_site site)
{
    struct object *o = object_known(&m->_header, m);
    return likely(o) ? o : register_mutex(m, site);
}

void lock_want_asked(struct go_list *wanters, struct goroutine *g, bool can,
                     enum wait_reason reason)
{
    list_push_back(wanters, &g->want_link);
    if (can)
        sched_point_asked();
    else
        sched_park(reason);
    list_remove(&g->want_link);
}

void lock_disable_all(struct go_list *wanters, enum wait_reason reason)
{
    list_each(node, wanters)
    {
        struct goroutine *g = container_of(node, struct goroutine, want_link);
        if (g->enabled) sched_unready(g, reason);
    }
}

void lock_enable_all(struct go_list *wanters)
{
    list_each(node, wanters)
    {
        struct goroutine *g = container_of(node, struct goroutine, want_link);
        if (!g->enabled) sched_ready(g);
    }
}

static void take(struct go_mutex *m, struct goroutine *g)
{
    rt_assert(!m->_locked);
    m->_locked = true;
    m->_holder = g;
    m->_locked_at = g->site.pc;
    order_acquire_lock(m->_unlocked);
    lock_disable(&m->_wanters, WAIT_MUTEX_LOCK);
}

GO_API void go_mutex_lock(struct go_mutex *m)
{
    struct call_site site = CALL_SITE();
    mutex_object(m, site);
    struct goroutine *g =
        sched_publish_number(OP_MUTEX_LOCK, OP_MODE_WRITE, m->_header._number, site);
    lock_want(&m->_wanters, g, !m->_locked, WAIT_MUTEX_LOCK);
    take(m, g);
    sched_executed(PHASE_DONE, 0);
}

GO_API bool go_mutex_trylock(struct go_mutex *m)
{
    struct call_site site = CALL_SITE();
    mutex_object(m, site);
    struct goroutine *g =
        sched_publish_number(OP_MUTEX_TRYLOCK, OP_MODE_WRITE, m->_header._number, site);
    sched_point();
    bool free = !m->_locked;
    if (free) take(m, g);
    sched_executed(free ? PHASE_DONE : PHASE_FAIL, free);
    return free;
}

GO_API void go_mutex_unlock(struct go_mutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = mutex_object(m, site);
    sched_publish_number(OP_MUTEX_UNLOCK, OP_MODE_WRITE, m->_header._number, site);
    sched_point();
    bool locked = m->_locked;
    m->_unlocked = lock_released(m->_unlocked, m->_holder);
    m->_locked = false;
    m->_holder = NULL;
    if (locked) lock_enable(&m->_wanters);
    sched_executed(PHASE_DONE, locked);
    if (unlikely(!locked))
        panic_fatal(REPORT_UNLOCK_OF_UNLOCKED_MUTEX, o, site,
                    "unlock of a mutex that is not locked");
}

static void locker_lock(void *object) { go_mutex_lock(object); }
static void locker_unlock(void *object) { go_mutex_unlock(object); }

struct go_locker go_mutex_locker(struct go_mutex *m)
{
    return (struct go_locker){locker_lock, locker_unlock, m};
}
