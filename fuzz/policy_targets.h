// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Predictions as targets: what one execution shows to be possible is tried in the next.
 *
 * Freed by policy_destroy.
 */
#ifndef HEDDLE_POLICY_TARGETS_H
#define HEDDLE_POLICY_TARGETS_H

#include "choice.h"

enum {
    POLICY_TARGETS_MAX = 256,        /* predictions kept; later ones are dropped */
    POLICY_TARGETS_ATTEMPTS_MAX = 8, /* executions for one of them */
    POLICY_TARGETS_HOLD_MAX = 1024,  /* choices in one execution with somebody held */
};

/* Run i (from 0) is a function of the program, seed and i. Its grain is always all: the schedules
 * differ at the accesses that were predicted to race, and nowhere else. */
struct policy *policy_targets_new(uint64_t seed);

struct policy_targets_counts {
    uint64_t predicted; /* so far */
    uint64_t met;       /* of these, how many had all their goroutines at their stops at once */
    uint64_t attempts;  /* executions for one of them */
};
struct policy_targets_counts policy_targets_counts(const struct policy *policy);

#endif
