// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Which locks a goroutine held at a moment of an execution that has ended: the event log played
 * again.
 *
 * Invariants
 * - A lock is held from the event of its acquisition (also by a try that succeeded) to that of its
 *   release, by whoever acquired it: Go allows others to unlock.
 * - A mutex, and an RWMutex held for writing, keep everybody else out; an RWMutex held for reading
 *   keeps out writers only.
 * - Sets are numbered: equal sets are equal numbers, the empty one is 0. Where a limit is reached
 *   locks are forgotten: predictions are then more, never fewer.
 *
 * Source: Savage et al., Eraser (TOCS 1997).
 */
#ifndef HEDDLE_HELD_H
#define HEDDLE_HELD_H

#include "../event.h"

enum {
    HELD_MAX = 16,       /* locks held by one goroutine at once */
    HELD_SETS_MAX = 256, /* different sets in one execution */
};

struct held_lock {
    uint32_t object; /* number */
    bool reads;      /* an RWMutex, for reading */
};

struct held_set {
    size_t count;
    struct held_lock locks[HELD_MAX]; /* in order of acquisition */
};

/* Before the first event. False if there is no memory. */
bool held_begin(void);

/* Play the next event. */
void held_play(const struct event_record *r);

/* Number of the set that the goroutine holds after the events played. */
uint32_t held_now(uint32_t goroutine);
const struct held_set *held_set_at(uint32_t set);

/* Is there a lock in both sets that keeps their holders apart? */
bool held_excludes(uint32_t a, uint32_t b);

/* Is this event the acquisition of a lock, and how? Failed tries and arrivals are none. */
bool held_is_acquisition(const struct event_record *r, struct held_lock *lock);

#endif
