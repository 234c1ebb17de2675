// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Plain enumeration of all choice sequences as a policy. */
#ifndef HEDDLE_POLICY_DFS_H
#define HEDDLE_POLICY_DFS_H

#include "choice.h"

/* Each execution plays the next sequence of choices in depth-first order, candidate 0 first; `end`
 * answers false after the last one. The seed is not used. Freed by policy_destroy. */
struct policy *policy_dfs_new(uint64_t seed);
void policy_dfs_dispose(struct policy *policy);

/* How many executions have ended, and whether they were all there are. */
uint64_t policy_dfs_executions(const struct policy *policy);
bool policy_dfs_complete(const struct policy *policy);

#endif
