// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Can anybody outside a cycle of parked goroutines still reach what they wait for? A conservative
 * scan of live stacks, heap blocks and the program's globals for words that point into those
 * objects. */
#ifndef HEDDLE_REACH_H
#define HEDDLE_REACH_H

#include "../sched.h"

/* True if some word outside the stuck cycle's own stacks points to one of its objects, or into the
 * heap block that holds one: somebody might still unlock it, and nothing is proved. */
bool reach_cycle_from_outside(void);

#endif
