// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Verdicts about goroutines that can no longer go on. Passed at the end of an execution only: in Go
 * anybody may unlock, so a cycle seen earlier proves nothing.
 *
 * - Nothing can run, the root is blocked: deadlock. The root is over, others are parked:
 *   goroutine-leak. Daemons are exempt.
 * - The fair phase ended with goroutines still running: a cycle of parked ones that stood through
 *   all of it and that nobody outside can reach is a partial-deadlock; only failed tries, with a
 *   non-daemon not parked, is a livelock; everything else is inconclusive.
 */
#ifndef HEDDLE_BLOCKING_H
#define HEDDLE_BLOCKING_H

#include "facts.h"

/* Fills r if somebody is stuck. */
void blocking_judge_idle(struct report *r);

/* Fills r and returns NULL, or returns the name of the limit that cut the execution. */
const char *blocking_judge_fair_end(struct report *r);

#endif
