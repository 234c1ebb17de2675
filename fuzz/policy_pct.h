// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* PCT (pct.h) as a policy. */
#ifndef HEDDLE_POLICY_PCT_H
#define HEDDLE_POLICY_PCT_H

#include "choice.h"

/* Run i (from 0) is a function of the program, seed and i; k is learned from the runs before it.
 * Freed by policy_destroy. */
struct policy *policy_pct_new(uint64_t seed);

#endif
