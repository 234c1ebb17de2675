// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One execution: a root function run to its end under a policy, and its verdict.
 *
 * Invariants
 * - The result depends on root, options and the policy's answers alone; two executions in one
 *   process and two in different processes are equal (digest).
 * - An execution leaves nothing behind: all it made lies in regions that the next one resets.
 * - A limit cuts an execution and is named; it is neither a pass nor a find.
 */
#ifndef HEDDLE_RUN_H
#define HEDDLE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "choice.h"
#include "options.h"
#include "report/report.h"

enum verdict { VERDICT_PASS, VERDICT_BUG, VERDICT_INCONCLUSIVE };

struct run_result {
    enum verdict verdict;
    const char *limit;           /* VERDICT_INCONCLUSIVE: which one, e.g. "max_steps"; else NULL */
    const struct report *report; /* VERDICT_BUG: valid until the next run_execute; else NULL */
    uint64_t digest;             /* choices, events, verdict */
    uint64_t observed;           /* mix of go_observe values, 0 if none */
    uint64_t events;
    uint64_t positions; /* choices asked or not, without CHOICE_DATA */
    uint64_t switches;
    uint64_t preemptions;
    uint32_t goroutines; /* created, with the root */
};

/* Run root under policy. Calls policy->begin before and policy->end after (its answer is stored in
 * *more if more is not NULL). Not reentrant; one thread. */
void run_execute(void (*root)(void), struct policy *policy, const struct run_options *options,
                 struct run_result *result, bool *more);

/* The events of the latest execution, oldest first; count and, if some were not kept, dropped. */
const struct event *run_events(size_t *count, uint64_t *dropped);

#endif
