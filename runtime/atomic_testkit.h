// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What tests of races of atomics share: programs of two or three goroutines, and their outcomes.
 * Included first, so that the globals of the test are the program's. */
#ifndef HEDDLE_ATOMIC_TESTKIT_H
#define HEDDLE_ATOMIC_TESTKIT_H

#include "heddle.h" /* before base.h */

#include "testkit.h"

#include <stdatomic.h>

#include "sched.h"

static atomic_int x, y;
static int data, data2;
static struct go_chan *done;

#define RELAXED memory_order_relaxed
#define CONSUME memory_order_consume
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define ACQ_REL memory_order_acq_rel
#define SEQ_CST memory_order_seq_cst

static inline void read_data(void)
{
    volatile int seen = data;
    (void)seen;
}

static inline void read_data2(void)
{
    volatile int seen = data2;
    (void)seen;
}

/* G1 runs `root` and starts G2, then G3 if there is one; what orders them beyond that is in the
 * statements. At the end G1 waits for both: nobody leaks. */
#define TWO(name, root_does, other_does)                                                           \
    static void name##_other(void *unused)                                                         \
    {                                                                                              \
        (void)unused;                                                                              \
        other_does;                                                                                \
        go_chan_send(done, NULL);                                                                  \
    }                                                                                              \
    static void name(void)                                                                         \
    {                                                                                              \
        done = go_chan_make(0, 2);                                                                 \
        go(name##_other, NULL);                                                                    \
        root_does;                                                                                 \
        go_chan_recv(done, NULL);                                                                  \
    }
#define THREE(name, root_does, other_does, third_does)                                             \
    static void name##_third(void *unused)                                                         \
    {                                                                                              \
        (void)unused;                                                                              \
        third_does;                                                                                \
        go_chan_send(done, NULL);                                                                  \
    }                                                                                              \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            go(name##_third, NULL);                                                                \
            root_does;                                                                             \
            go_chan_recv(done, NULL);                                                              \
        },                                                                                         \
        other_does)

#define LOAD(object, order) atomic_load_explicit(&(object), order)
#define STORE(object, value, order) atomic_store_explicit(&(object), value, order)
#define ADD(object, value, order) atomic_fetch_add_explicit(&(object), value, order)
#define FENCE(order) atomic_thread_fence(order)

static inline bool cas(atomic_int *object, int from, int to, memory_order success,
                       memory_order failure)
{
    /* Constant orders, or compilers write a switch over all. */
    if (success == RELEASE)
        return atomic_compare_exchange_strong_explicit(object, &from, to, RELEASE, RELAXED);
    if (success == ACQUIRE && failure == ACQUIRE)
        return atomic_compare_exchange_strong_explicit(object, &from, to, ACQUIRE, ACQUIRE);
    if (success == ACQUIRE)
        return atomic_compare_exchange_strong_explicit(object, &from, to, ACQUIRE, RELAXED);
    if (success == RELAXED)
        return atomic_compare_exchange_strong_explicit(object, &from, to, RELAXED, RELAXED);
    return atomic_compare_exchange_strong_explicit(object, &from, to, ACQ_REL, RELAXED);
}

#define PUBLISH_BY(name, publish, condition)                                                       \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            if (condition) read_data();                                                            \
        },                                                                                         \
        {                                                                                          \
            data = 1;                                                                              \
            publish;                                                                               \
        })

#define NEVER(name) outcomes_test(name, "pass")
#define SOMETIMES(name) outcomes_test(name, "pass", "data race")
#define ALWAYS(name) outcomes_test(name, "data race")

#endif
