// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The one function through which an execution is decided, and the names of what it decides. */
#include "choice.h"

#include "access.h"
#include "detect/recall.h"
#include "event.h"
#include "sched.h"

size_t choose(enum choice_kind kind, const struct candidate *c, size_t n)
{
    struct policy *p = sched.policy;
    rt_assert(n);
    bool is_position = kind != CHOICE_DATA;
    if (is_position) {
        p->position++;
        p->access = 0;
    }
    size_t i = 0;
    if (n > 1 && !(is_position && p->position < p->quiet_until)) {
        i = p->choose(p, kind, c, n);
        rt_assert(i < n);
        recall_note(kind, p, i);
        /* Not for 0: whether it was asked for or quiet must not show, the execution is the same. */
        if (i) event_mix((uint64_t)kind << 32 | (uint64_t)i);
    }
    if (is_position) access_rearm(p);
    return i;
}

size_t choose_at_access(const struct candidate *c, size_t n)
{
    struct policy *p = sched.policy;
    size_t i = p->choose(p, CHOICE_RUN, c, n);
    rt_assert(i < n);
    recall_note(CHOICE_RUN, p, i);
    if (i) event_mix((uint64_t)p->access << 32 | (uint64_t)i);
    return i;
}

const char *op_kind_name(enum op_kind kind)
{
    static const char *const names[OP_KIND_COUNT] = {
        [OP_NONE] = "nothing",
        [OP_START] = "start",
        [OP_GO] = "go",
        [OP_GOSCHED] = "runtime.Gosched",
        [OP_END] = "end",
        [OP_CHAN_SEND] = "chan send",
        [OP_CHAN_RECV] = "chan receive",
        [OP_CHAN_CLOSE] = "chan close",
        [OP_CHAN_LEN] = "chan len",
        [OP_SELECT] = "select",
        [OP_SELECT_DEFAULT] = "select default",
        [OP_MUTEX_LOCK] = "sync.Mutex.Lock",
        [OP_MUTEX_TRYLOCK] = "sync.Mutex.TryLock",
        [OP_MUTEX_UNLOCK] = "sync.Mutex.Unlock",
        [OP_RWMUTEX_RLOCK] = "sync.RWMutex.RLock",
        [OP_RWMUTEX_TRYRLOCK] = "sync.RWMutex.TryRLock",
        [OP_RWMUTEX_RUNLOCK] = "sync.RWMutex.RUnlock",
        [OP_RWMUTEX_LOCK] = "sync.RWMutex.Lock",
        [OP_RWMUTEX_TRYLOCK] = "sync.RWMutex.TryLock",
        [OP_RWMUTEX_UNLOCK] = "sync.RWMutex.Unlock",
        [OP_WAITGROUP_ADD] = "sync.WaitGroup.Add",
        [OP_WAITGROUP_WAIT] = "sync.WaitGroup.Wait",
        [OP_ONCE_DO] = "sync.Once.Do",
        [OP_ONCE_DONE] = "sync.Once.Do (done)",
        [OP_COND_WAIT] = "sync.Cond.Wait",
        [OP_COND_SIGNAL] = "sync.Cond.Signal",
        [OP_COND_BROADCAST] = "sync.Cond.Broadcast",
        [OP_MAP_READ] = "map read",
        [OP_MAP_WRITE] = "map write",
        [OP_SLEEP] = "time.Sleep",
        [OP_TIMER_ARM] = "time.NewTimer",
        [OP_TIMER_STOP] = "time.Timer.Stop",
        [OP_TIMER_RESET] = "time.Timer.Reset",
        [OP_TIMER_FIRE] = "timer fires",
        [OP_CONTEXT_CANCEL] = "context cancel",
        [OP_CONTEXT_ERR] = "context.Err",
        [OP_CONTEXT_AFTER] = "context.AfterFunc",
        [OP_CONTEXT_MAKE] = "context.WithCancel",
        [OP_READ] = "read",
        [OP_WRITE] = "write",
        [OP_ATOMIC_LOAD] = "atomic load",
        [OP_ATOMIC_STORE] = "atomic store",
        [OP_ATOMIC_RMW] = "atomic read-modify-write",
        [OP_ATOMIC_FENCE] = "atomic fence",
        [OP_TEST_RUN] = "testing.T.Run",
        [OP_TEST_LOG] = "testing.T.Log",
        [OP_TEST_FAIL] = "testing.T.Fail",
        [OP_TEST_FAILED] = "testing.T.Failed",
        [OP_TEST_REPORT] = "testing.T report",
        [OP_TEST_DONE] = "testing.T done",
    };
    return names[kind];
}

const char *choice_kind_name(enum choice_kind kind)
{
    static const char *const names[CHOICE_KIND_COUNT] = {
        [CHOICE_RUN] = "run",       [CHOICE_SELECT] = "select", [CHOICE_TIMER] = "timer",
        [CHOICE_WAITER] = "waiter", [CHOICE_DATA] = "data",
    };
    return names[kind];
}
