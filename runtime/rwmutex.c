// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.RWMutex, with Go's writer preference.
 *
 * Invariants
 * - _announced: a writer holds the lock or waits for the readers inside; then no reader and no
 *   other writer is enabled. _writer is that writer.
 * - _writing implies _announced and no readers. A writer parked with _announced waits for _readers
 *   to reach zero and is woken by the RUnlock that does it.
 * - A reader's RLock is one event: where Go lets a blocked reader in at the writer's Unlock, the
 *   same outcomes come from choosing that reader next; not choosing it is Go's reader that had not
 *   yet called. A writer's Lock is two: it arrives, and completes. */
#include "rwmutex.h"

#include "mutex.h"
#include "panic.h"

static struct object *register_rwmutex(struct go_rwmutex *m, struct call_site site)
{
    bool copied;
    struct object *o = object_register(&m->_header, OBJECT_RWMUTEX, m, site, &copied);
    bool locked = copied && (m->_writing || m->_readers);
    struct go_header header = m->_header;
    *m = (struct go_rwmutex){._header = header};
    o->data = m;
    if (locked) panic_fatal(REPORT_COPY_OF_LOCKED, o, site, "use of a copy of a locked RWMutex");
    return o;
}

static inline struct object *rwmutex_object(struct go_rwmutex *m, struct call_site site)
{
    struct object *o = object_known(&m->_header, m);
    return likely(o) ? o : register_rwmutex(m, site);
}

/* Wanters are readers and writers; both wait while a writer has announced itself. */
static void disable(struct go_rwmutex *m)
{
    list_each(node, &m->_wanters)
    {
        struct goroutine *g = container_of(node, struct goroutine, want_link);
        bool reads = g->pending.kind == OP_RWMUTEX_RLOCK;
        if (g->enabled) sched_unready(g, reads ? WAIT_RWMUTEX_RLOCK : WAIT_RWMUTEX_LOCK);
    }
}

static void add_hold(struct go_rwmutex *m, struct goroutine *g)
{
    struct rwmutex_hold *hold = sched_alloc(sizeof *hold);
    hold->holder = g;
    hold->locked_at = g->site.pc;
    list_push_back(&m->_holds, &hold->link);
    m->_readers++;
}

/* Take back a read lock: the caller's own, or, as Go allows, another's: the oldest. */
static void remove_hold(struct go_rwmutex *m, const struct goroutine *g)
{
    struct go_list *found = list_first(&m->_holds);
    list_each(node, &m->_holds) if (container_of(node, struct rwmutex_hold, link)->holder == g)
        found = node;
    list_remove(found);
    m->_readers--;
}

GO_API void go_rwmutex_rlock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    struct goroutine *g = sched_publish(OP_RWMUTEX_RLOCK, OP_MODE_READ, o, site);
    lock_want(&m->_wanters, g, !m->_announced, WAIT_RWMUTEX_RLOCK);
    rt_assert(!m->_announced);
    add_hold(m, g);
    order_acquire_lock(m->_unlocked);
    sched_executed(PHASE_DONE, m->_readers);
}

GO_API bool go_rwmutex_tryrlock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    struct goroutine *g = sched_publish(OP_RWMUTEX_TRYRLOCK, OP_MODE_READ, o, site);
    sched_point();
    bool free = !m->_announced;
    if (free) {
        add_hold(m, g);
        order_acquire_lock(m->_unlocked);
    }
    sched_executed(free ? PHASE_DONE : PHASE_FAIL, free);
    return free;
}

GO_API void go_rwmutex_runlock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    struct goroutine *g = sched_publish(OP_RWMUTEX_RUNLOCK, OP_MODE_WRITE, o, site);
    sched_point();
    bool held = m->_readers;
    if (held) {
        remove_hold(m, g);
        m->_read_unlocked = order_merge(m->_read_unlocked, order_release());
    }
    if (!m->_readers && m->_announced && !m->_writing && held) sched_ready(m->_writer);
    sched_executed(PHASE_DONE, m->_readers);
    if (unlikely(!held))
        panic_fatal(REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX, o, site,
                    "RUnlock of an RWMutex that is not locked for reading");
}

static void announce(struct go_rwmutex *m, struct goroutine *g)
{
    rt_assert(!m->_announced);
    m->_announced = true;
    m->_writer = g;
    m->_locked_at = g->site.pc;
    disable(m);
}

/* Before a Lock returns: all Unlocks, and all RUnlocks, which are ordered before nothing else. */
static void acquire_all(const struct go_rwmutex *m)
{
    order_acquire_lock(m->_unlocked);
    order_acquire_lock(m->_read_unlocked);
}

GO_API void go_rwmutex_lock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    struct goroutine *g = sched_publish(OP_RWMUTEX_LOCK, OP_MODE_WRITE, o, site);
    lock_want(&m->_wanters, g, !m->_announced, WAIT_RWMUTEX_LOCK);
    announce(m, g);
    enum event_phase phase = PHASE_DONE;
    if (m->_readers) {
        phase = PHASE_COMPLETE;
        sched_executed(PHASE_ARRIVE, m->_readers);
        sched_park(WAIT_RWMUTEX_LOCK);
        rt_assert(!m->_readers);
    }
    m->_writing = true;
    acquire_all(m);
    sched_executed(phase, 0);
}

GO_API bool go_rwmutex_trylock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    struct goroutine *g = sched_publish(OP_RWMUTEX_TRYLOCK, OP_MODE_WRITE, o, site);
    sched_point();
    bool free = !m->_announced && !m->_readers;
    if (free) {
        announce(m, g);
        m->_writing = true;
        acquire_all(m);
    }
    sched_executed(free ? PHASE_DONE : PHASE_FAIL, free);
    return free;
}

GO_API void go_rwmutex_unlock(struct go_rwmutex *m)
{
    struct call_site site = CALL_SITE();
    struct object *o = rwmutex_object(m, site);
    sched_publish(OP_RWMUTEX_UNLOCK, OP_MODE_WRITE, o, site);
    sched_point();
    bool writing = m->_writing;
    if (writing) {
        m->_unlocked = lock_released(m->_unlocked, m->_writer);
        m->_writing = m->_announced = false;
        m->_writer = NULL;
        lock_enable(&m->_wanters);
    }
    sched_executed(PHASE_DONE, writing);
    if (unlikely(!writing))
        panic_fatal(REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX, o, site,
                    "Unlock of an RWMutex that is not locked for writing");
}

static void locker_lock(void *object) { go_rwmutex_lock(object); }
static void locker_unlock(void *object) { go_rwmutex_unlock(object); }
static void locker_rlock(void *object) { go_rwmutex_rlock(object); }
static void locker_runlock(void *object) { go_rwmutex_runlock(object); }

struct go_locker go_rwmutex_locker(struct go_rwmutex *m)
{
    return (struct go_locker){locker_lock, locker_unlock, m};
}

struct go_locker go_rwmutex_rlocker(struct go_rwmutex *m)
{
    return (struct go_locker){locker_rlock, locker_runlock, m};
}
