// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The lock-order graph of an execution that has ended, and the cycles in it that may deadlock.
 *
 * An edge is an acquisition (not a try) of lock B by a goroutine that holds lock A. A cycle of
 * edges may deadlock if they are of different goroutines, no two of them are executed under a
 * common lock that keeps them apart (a gate), the weak order lets any two be concurrent, and each
 * goroutine would wait for the next: not both for reading, unless somebody else wants to write
 * meanwhile, for a waiting writer keeps new readers out. For the same reason one goroutine that
 * reads twice is a cycle of its own.
 *
 * Source: Havelund, "Using runtime analysis to guide model checking of Java programs" (SPIN 2000),
 * for gate locks; Go's RWMutex for writers that wait.
 */
#ifndef HEDDLE_LOCKORDER_H
#define HEDDLE_LOCKORDER_H

#include "../event.h"
#include "targets.h"

enum {
    LOCKORDER_EDGES_MAX = 2048,
    LOCKORDER_WORK_MAX = 1 << 18, /* edges looked at in search of cycles */
};

/* Before the first event. False if there is no memory. */
bool lockorder_begin(void);

/* An acquisition, before held_play() of it; done as in prediction_stop. False: no room for it. */
bool lockorder_note(const struct event_record *r, uint32_t done);

/* Add what may deadlock, in order of the edges. */
void lockorder_predict(struct predictions *out);

#endif
