// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Happens-before as it is executed: segments and the edges between them.
 *
 * A segment is a stretch of one goroutine's execution between two synchronizations. Primitives only
 * note edges here, a few words each; what follows from them (does this happen before that?) is
 * worked out in detect/clock.c, and only when somebody asks.
 *
 * Invariants
 * - Segments are numbered from 1 in the order in which they begin, so both predecessors of a
 *   segment have smaller numbers. Segment 0 is nobody's: it happens before everything.
 * - order_release() ends a segment: what the goroutine does afterwards is not part of what it
 *   released. order_acquire() begins one: what came before is not part of what it learns.
 * - A joint segment belongs to an object (a WaitGroup, the readers of an RWMutex) and knows what
 *   all segments merged into it know.
 * - Only edges that the Go memory model, or C11 for atomics, promises are made here: an edge too
 *   many hides a race, one too few is a false alarm.
 */
#ifndef HEDDLE_ORDER_H
#define HEDDLE_ORDER_H

#include "access.h"
#include "base.h"
#include "heap.h"
#include "heap_limits.h"

struct segment {
    uint32_t goroutine;   /* G number; 0: joint */
    uint32_t before;      /* of the same goroutine or object; 0: none */
    uint32_t joined : 31; /* the segment that it learned from; 0: none */
    uint32_t by_lock : 1; /* ... by taking a lock, of which another order could have come */
    uint32_t clock;       /* detect/clock.c: what it knows, once that has been worked out */
};

struct order_state {
    bool on;        /* somebody will ask */
    uint32_t count; /* segments of this execution */
};
extern struct order_state order_state;

/* Forget all segments; a new execution begins. on: whether edges are noted at all. */
void order_reset(bool on);

/* Ends the execution with limit max_segments. */
_Noreturn void order_full(void);

static inline struct segment *order_segment(uint32_t number)
{
    return (struct segment *)heap_table(REGION_SEGMENTS) + number;
}

static inline __attribute__((always_inline)) uint32_t order_make(uint32_t goroutine,
                                                                 uint32_t before, uint32_t joined)
{
    if (unlikely(order_state.count == SEGMENTS_MAX - 1)) order_full();
    uint32_t number = ++order_state.count;
    *order_segment(number) =
        (struct segment){.goroutine = goroutine, .before = before, .joined = joined & INT32_MAX};
    return number;
}

/* In access_state.segment_word, above what the fast path of an access looks at. */
enum { ORDER_GOROUTINE_SHIFT = 40 };

/* The segment of the running goroutine. */
static inline uint32_t order_current(void) { return (uint32_t)access_state.segment_word; }

/* G number of the running goroutine. */
static inline uint32_t order_goroutine(void)
{
    return (uint32_t)(access_state.segment_word >> ORDER_GOROUTINE_SHIFT);
}

/* The running goroutine goes on in segment number. */
static inline void order_enter(uint32_t number)
{
    access_state.segment_word = number | ACCESS_WHOLE_MASK |
                                (uint64_t)order_segment(number)->goroutine << ORDER_GOROUTINE_SHIFT;
}

/* The same, and it is the goroutine that runs already. The empty asm keeps compilers from storing
 * the lower half alone: each load of the whole word after that would wait for the store. */
static inline void order_go_on(uint32_t number)
{
    uint64_t word = (access_state.segment_word & ~(uint64_t)UINT32_MAX) | number;
    __asm__("" : "+r"(word));
    access_state.segment_word = word;
}

/* All that the running goroutine has done so far, for somebody to acquire. */
static inline __attribute__((always_inline)) uint32_t order_release(void)
{
    if (likely(!order_state.on)) return 0;
    uint32_t released = order_current();
    order_go_on(order_make(order_goroutine(), released, 0));
    return released;
}

/* What happened in `released` and before it happens before what the running goroutine does next. */
static inline __attribute__((always_inline)) void order_acquire(uint32_t released)
{
    if (likely(!released)) return;
    uint32_t now = order_current();
    uint32_t goroutine = order_goroutine();
    if (order_segment(released)->goroutine == goroutine) return; /* its own past */
    order_go_on(order_make(goroutine, now, released));
}

/* The same for a lock that was taken: the edge from its unlocks says in which order the critical
 * sections have come, not that they had to (detect/weak.h). */
static inline void order_acquire_lock(uint32_t released)
{
    if (likely(!released)) return;
    order_acquire(released);
    order_segment(order_current())->by_lock = true;
}

/* Joint segment of both (either may be 0): for objects that several goroutines release. */
static inline uint32_t order_merge(uint32_t joint, uint32_t released)
{
    if (likely(!released)) return joint;
    if (!joint) return released;
    return order_make(0, joint, released);
}

/* The first segment of a new goroutine, which begins after `released`. */
static inline uint32_t order_begin(uint32_t goroutine, uint32_t released)
{
    return likely(!order_state.on) ? 0 : order_make(goroutine, 0, released);
}

#endif
