// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The smallest schedule that still shows a bug.
 *
 * Invariants
 * - What counts as the same bug is the signature. An execution that comes to it in the fair phase
 *   only, thousands of steps later and decided by nobody, counts only if nothing shorter was found.
 * - The result is 1-minimal: with any one of its deviations left out the signature is another one
 *   or none. That is checked at the end, by executing each, and said (minimized.proved).
 * - Smaller means, in this order: a coarser grain, less harness data (shorter, then its bytes),
 *   fewer preemptions, fewer deviations, fewer switches, fewer events, then the bytes themselves.
 *   Grain and data come first because they are what other schedules are compared in; and an input
 *   of grain sync is the same execution under every compiler. So two findings of one bug have one
 *   result wherever the search among few deviations is complete (minimized.complete).
 * - Deterministic: a function of the program, the options and the bytes; limits count executions
 *   and events, never time.
 */
#ifndef HEDDLE_MINIMIZE_H
#define HEDDLE_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct minimize_options {
    uint64_t max_executions; /* 0: MINIMIZE_EXECUTIONS */
};
enum { MINIMIZE_EXECUTIONS = 20000 };

struct minimized {
    uint8_t *bytes; /* the input; malloc'ed, the caller's. Tail natural, family 0. */
    size_t size;
    char signature[512];
    size_t deviations_before, deviations;
    uint64_t preemptions_before, preemptions;
    uint64_t switches_before, switches;
    uint64_t events_before, events;
    uint64_t executions; /* that it took */
    bool proved;         /* 1-minimal; false only if max_executions came before */
    bool complete;       /* of this grain, with this data: all schedules with fewer preemptions, and
                            all with as many and not more deviations, were run: none is smaller */
};

/* Minimize a finding of the target of target_open. False with one line in error if the bytes show
 * no bug, or cannot be written as deviations. */
bool minimize(const uint8_t *bytes, size_t size, const struct minimize_options *options,
              struct minimized *out, char *error, size_t error_bytes);

/* Is the input 1-minimal: does it show a bug, and with any one of its deviations left out not? If
 * not, *superfluous is one that can go, or SIZE_MAX if it shows none. */
bool minimize_check(const uint8_t *bytes, size_t size, size_t *superfluous);

#endif
