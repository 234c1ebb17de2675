// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the gates share: how much of its budget a gate spends, and on which kernels.
 *
 * Gates cover every kernel, so their time grows with the corpus. Three things keep it in bounds:
 *
 * 1. Cost. A budget is meant for a kernel whose execution is as long as most are (GATE_EVENTS at
 *    most); a longer one gets fewer executions, by a power of two, so that it costs as much as any
 *    other. Events are counted, not time: the same budget on every machine.
 * 2. Share. --share=N divides budgets by N. Builds with sanitizers take a share: their executions
 *    are those of the other builds (harness/digests says so), so what they add are mistakes in
 *    memory of ours, and those are made, if at all, in the first executions that take a path. The
 *    canary takes one as well. A bug that must be found is searched for in the whole budget always.
 * 3. Parts. --part=I/N takes every Nth kernel, both variants, from the Ith: a gate is several tests
 *    that run at the same time, and all parts together are the gate.
 */
#ifndef HEDDLE_GATES_TESTKIT_H
#define HEDDLE_GATES_TESTKIT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"

enum {
    GATE_EVENTS = 256, /* of an execution that gets a whole budget */
    GATE_CUT_MAX = 64, /* the longest get this part of it */
    GATE_KERNELS_MAX = 1024,
};

/* Read one argument; false if it is neither --part=I/N (1 <= I <= N) nor --share=N (N >= 1). */
bool gate_option(const char *argument);
/* Read them all; complains and ends the process if one is something else. */
void gate_options(int argc, char **argv);

/* Does the kernel keep its promise in this build? Not with C11 atomics in the ASan mode, which does
 * not see them: what only they order is a race there. */
bool gate_promises(const struct kernel *k);

/* Is this kernel in the part? It is in none if it does not keep its promise. */
bool gate_has(const struct kernel *k);
/* Is it the first part, which does what needs to be done only once? */
bool gate_is_first(void);
/* Kernels and variants in the part. */
size_t gate_kernel_count(void);

/* Is a share asked for that is not the whole? */
bool gate_is_shared(void);
/* The share of a budget, at least 1. */
uint64_t gate_share(uint64_t budget);
/* By what the cost of k's executions divides a budget: 1, 2, 4, ... GATE_CUT_MAX. The same for both
 * variants. */
uint64_t gate_cut(const struct kernel *k);
/* The executions that a budget of `runs` comes to: the share of it that k's cost leaves, at
 * least 1. */
uint64_t gate_runs(const struct kernel *k, uint64_t runs);

/* Begin a test that executes kernels in this process: cmocka has put its own handlers of signals in
 * place for each test, and a nil dereference of a kernel must come to us. */
void gate_begin(void);

#endif
