// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* How `heddle bench` measures: processor time, repeated, and the median told with its spread.
 *
 * Invariant: figures that are compared are measured in turn, A B A B ..., in one run: machines are
 * shared, and their speed drifts. */
#ifndef HEDDLE_BENCH_MEASURE_H
#define HEDDLE_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

enum { MEASURE_ROUNDS = 11, MEASURE_PAIRS = 7 };

struct measure {
    double min;
    double median;
    double max;
};

/* Of count values, which are sorted in place. */
struct measure measure_of(double *values, size_t count);

/* One line: the median with min and max, each times scale. */
void measure_print(const char *what, struct measure m, double scale, const char *unit);

/* Processor seconds of this process. */
double measure_cpu_seconds(void);

/* ns of processor time for one execution of root, `executions` of them in each of MEASURE_ROUNDS.
 * options may be NULL: no limit of steps, all detectors. */
struct measure measure_execution(void (*root)(void), const char *policy,
                                 const struct run_options *options, uint64_t executions);

/* Processor seconds of a child and all that it ran; its output is dropped. False with errno if it
 * cannot be started; *status is its exit status. */
bool measure_child(char *const argv[], const char *const settings[], double *cpu_seconds,
                   int *status);

#endif
