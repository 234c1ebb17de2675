// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Uniform random choices as a policy. */
#ifndef HEDDLE_POLICY_RANDOM_H
#define HEDDLE_POLICY_RANDOM_H

#include "choice.h"

/* Run i (from 0) is a function of seed and i. Freed by policy_destroy. */
struct policy *policy_random_new(uint64_t seed);

#endif
