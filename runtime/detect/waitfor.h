// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Who waits for whom: holders of locks, cycles, and the same in words.
 *
 * Invariants
 * - An edge exists only where somebody holds what is waited for: a mutex or an RWMutex (its writer,
 *   its readers, and for readers a waiting writer), a running Once. Channels, WaitGroups and Conds
 *   have users, not holders.
 * - Only goroutines that are parked take part; nothing is changed.
 */
#ifndef HEDDLE_WAITFOR_H
#define HEDDLE_WAITFOR_H

#include "../sched.h"

enum { WAITFOR_HOLDERS_MAX = 64 };

/* Goroutines (live or ended) that hold what g waits for. Returns how many were written. */
size_t waitfor_holders(const struct goroutine *g, const struct goroutine *out[WAITFOR_HOLDERS_MAX]);

/* Is g on a cycle of parked goroutines? */
bool waitfor_on_cycle(const struct goroutine *g);

/* Does g wait for something held by another parked goroutine? */
bool waitfor_behind_parked(const struct goroutine *g);

/* One sentence for people: what g waits for, since which step, who holds it or could have woken it.
 */
void waitfor_sentence(char *out, size_t bytes, const struct goroutine *g);

#endif
