// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Inside of the minimizer: executions, their budget, and the smallest schedule so far.
 *
 * Invariants
 * - best is a schedule that shows the bug, and only a smaller one that is 1-minimal replaces it
 *   (minimizer_offer): so a stage may stop anywhere, and nothing is lost.
 * - Every execution is counted; stages stop at a limit, the proof has its own reserve.
 */
#ifndef HEDDLE_MINIMIZE_TRIAL_H
#define HEDDLE_MINIMIZE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "deviation.h"
#include "run.h"
#include "target.h"

/* An input with what it costs to read. */
struct schedule {
    uint8_t *bytes; /* malloc'ed */
    size_t size;
    enum grain grain;
    size_t data_bytes;
    uint64_t preemptions;
    size_t deviations;
    uint64_t switches;
    uint64_t events;
    bool fair; /* it shows the bug in the fair phase only, which no schedule decides */
};

struct minimizer {
    char signature[TARGET_SIGNATURE_BYTES]; /* what shows the bug */
    uint64_t executions, executions_limit;  /* so far, and where a stage stops */
    uint64_t events, events_limit;          /* likewise: of all executions */
    uint32_t steps_max; /* where a trial is cut; 0: where the target's options say. Longer ones than
                           the finding by far are not worth their time. */
    bool cut;           /* one was, and it is not known whether it shows the bug */
    bool fair_counts;   /* whether the bug counts where it shows in the fair phase only */
    struct schedule best;
};

/* Has a limit come? */
bool minimizer_spent(const struct minimizer *m);

/* Execute under the policy. Does it show the bug? (Cut short by steps_max: it does not.) */
bool minimizer_run(struct minimizer *m, struct policy *policy, struct run_result *result);

/* Play the deviations. If they show the bug, those that did not apply are taken out. */
bool minimizer_play(struct minimizer *m, struct deviations *d);

/* Write the schedule that the policy plays as an input with the natural tail, and measure it. False
 * if it does not show the bug, or if it cannot be written. */
bool minimizer_write(struct minimizer *m, struct policy *policy, struct schedule *out);

/* The deviation that can be left out while the bug still shows, SIZE_MAX if there is none.
 * *proved: all were tried. */
size_t minimizer_superfluous(struct minimizer *m, const struct deviations *d, bool *proved);

/* By the order of minimize.h: negative if a is smaller. */
int schedule_compare(const struct schedule *a, const struct schedule *b);

/* Takes the schedule: it becomes the best if it is smaller and 1-minimal, else it is freed. */
bool minimizer_offer(struct minimizer *m, struct schedule *schedule);

/* ---- Stages -------------------------------------------------------------------------------- */

/* Leave out and simplify what can be; d shows the bug, and does so afterwards. */
void minimize_reduce(struct minimizer *m, struct deviations *d);

/* Enumerate harness data that is less than that of the best, with few deviations or the best's. */
void minimize_data(struct minimizer *m);

/* Enumerate schedules of this grain with this data that are smaller than the best, or as small, few
 * deviations first, and not more than deviations_max. True if that was all of them. */
bool minimize_search(struct minimizer *m, enum grain grain, const uint8_t *data, size_t data_bytes,
                     size_t deviations_max);

#endif
