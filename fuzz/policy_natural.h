// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The natural schedule as a policy. */
#ifndef HEDDLE_POLICY_NATURAL_H
#define HEDDLE_POLICY_NATURAL_H

#include "choice.h"

/* Every choice is candidate 0. Freed by policy_destroy. */
struct policy *policy_natural_new(uint64_t seed);

#endif
