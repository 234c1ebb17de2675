// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What locks share: goroutines whose next operation is to take one. */
#ifndef HEDDLE_MUTEX_H
#define HEDDLE_MUTEX_H

#include "sched.h"

/* g, running, has published that it takes the lock: join the wanters, and return when it was chosen
 * with the lock free. can: it is free now. */
static inline void lock_want(struct go_list *wanters, struct goroutine *g, bool can,
                             enum wait_reason reason);

/* The lock was taken: those who want it are no candidates. */
static inline void lock_disable(struct go_list *wanters, enum wait_reason reason);

/* The lock is free: all who want it are candidates. */
static inline void lock_enable(struct go_list *wanters);

/* What the next Lock acquires after an unlock by the running goroutine: all unlocks so far. The
 * holder has acquired those before; anybody else may unlock too, without knowing of them. */
static inline uint32_t lock_released(uint32_t before, const struct goroutine *holder)
{
    uint32_t released = order_release();
    return holder == sched.running ? released : order_merge(before, released);
}

/* The same where there is something to do. */
void lock_want_asked(struct go_list *wanters, struct goroutine *g, bool can,
                     enum wait_reason reason);
void lock_disable_all(struct go_list *wanters, enum wait_reason reason);
void lock_enable_all(struct go_list *wanters);

static inline void lock_want(struct go_list *wanters, struct goroutine *g, bool can,
                             enum wait_reason reason)
{
    if (unlikely(!can || !sched_point_quiet())) lock_want_asked(wanters, g, can, reason);
}

static inline void lock_disable(struct go_list *wanters, enum wait_reason reason)
{
    if (unlikely(!list_is_empty(wanters))) lock_disable_all(wanters, reason);
}

static inline void lock_enable(struct go_list *wanters)
{
    if (unlikely(!list_is_empty(wanters))) lock_enable_all(wanters);
}

#endif
