// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The queue of armed deadlines: a binary heap by time, then by order of arming. Pure data: what
 * firing means is the owner's, when to fire is the scheduler's.
 *
 * Invariants
 * - slots[1..count] is a heap; deadline.slot is its own index, 0 while not armed.
 * - Of equal deadlines the one armed first is on top.
 */
#ifndef HEDDLE_DEADLINE_H
#define HEDDLE_DEADLINE_H

#include "base.h"

struct deadline {
    int64_t at_ns;
    uint64_t order;                  /* of arming, in this execution */
    size_t slot;                     /* in the heap; 0: not armed */
    void (*fire)(struct deadline *); /* called by the clock, not armed any more; must not block */
    struct object *object;           /* what it belongs to (a timer), or NULL (a sleep) */
    uint64_t stable;
    bool repeats;             /* a ticker, or a timer that was armed again */
    uint32_t armed_by;        /* G number; not told of one that repeats */
    uint32_t fired_after_end; /* since the root is over */
};

struct deadline_queue {
    struct deadline **slots; /* arena memory; index 0 unused */
    size_t count;
    size_t capacity;
    uint64_t orders; /* armed so far */
};

/* False when the arena is used up. d must not be armed. */
bool deadline_push(struct deadline_queue *q, struct deadline *d, int64_t at_ns);
/* Disarm; false if it was not armed. */
bool deadline_remove(struct deadline_queue *q, struct deadline *d);
/* The earliest, or NULL. */
struct deadline *deadline_first(const struct deadline_queue *q);
/* All of the earliest time, by order of arming, into out (at most max). Returns how many. */
size_t deadline_equal(const struct deadline_queue *q, struct deadline **out, size_t max);

#endif
