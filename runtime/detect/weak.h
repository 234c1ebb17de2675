// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Weak happens-before of an execution that has ended: what every execution would order so.
 *
 * Full happens-before also has the order in which critical sections happened to come: an unlock
 * happens before the next lock. Another schedule could have turned them round, so these edges are
 * left out here, and what is ordered by nothing else may be concurrent in another execution. "May":
 * what a goroutine does can depend on what it has read under a lock. So this is for predictions,
 * never for reports.
 *
 * Invariants
 * - Edges are those of order.h without the ones by_lock: go statements, channels, close, WaitGroup,
 *   Once, Cond, timers, contexts.
 * - What is worked out is a dense vector for each segment that learned something; segments without
 *   news share the one before. More than WEAK_WORDS_MAX words: weak_prepare says false.
 *
 * Source: weaker orders than Lamport's for predicting races: Smaragdakis et al., causally-precedes
 * (POPL 2012); this one is the coarsest, as each prediction is tried and not reported.
 */
#ifndef HEDDLE_WEAK_H
#define HEDDLE_WEAK_H

#include "../order.h"

enum { WEAK_WORDS_MAX = 1 << 24 };

/* Work out the weak order of the latest execution; the memory is the arena's, until the next one.
 * False when it would take too much: then nothing else here may be called. */
bool weak_prepare(void);

/* Could the segments a and b of two goroutines be executed at the same time? True as well for
 * segment 0: where no edges are noted, everything could. */
bool weak_concurrent(uint32_t a, uint32_t b);

/* What `segment` has learned: the same pointer for segments that have learned the same. */
const uint32_t *weak_known(uint32_t segment);

#endif
