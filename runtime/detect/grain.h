// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The grain shared: which sites of plain accesses are scheduling points.
 *
 * Invariants
 * - The sites are a function of the program and its options alone: they are learned from the
 *   execution of the empty input (the natural schedule, without race detection), once for as long
 *   as neither changes.
 * - A site is private if all that it accessed there was touched by one goroutine only, or only
 *   read. All others are points: those that share, and those that were not executed there.
 * - If learning runs into a limit, every access is a point, as in the grain all.
 */
#ifndef HEDDLE_GRAIN_H
#define HEDDLE_GRAIN_H

#include "../base.h"
#include "../options.h"

/* Learn from the log of accesses of the execution that has just ended. */
void grain_learn(void (*root)(void), const struct run_options *options);
/* Were the sites learned last those of this root, under these options? */
bool grain_is_known(void (*root)(void), const struct run_options *options);

/* Is an access at this site a point? Inline speed: one probe of a table. */
bool grain_is_shared(const void *pc);
/* Nothing is known to be private. */
bool grain_is_everything(void);

/* How many sites are private and how many share; for bench and tests. */
void grain_counts(size_t *private_sites, size_t *shared_sites);

#endif
