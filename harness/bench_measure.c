// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Clocks and medians of `heddle bench`. */
#include "bench_measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "child.h"
#include "policies.h"
#include "run.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct measure measure_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return (struct measure){values[0], values[count / 2], values[count - 1]};
}

void measure_print(const char *what, struct measure m, double scale, const char *unit)
{
    printf("%-58s %10.1f %-4s (%.1f .. %.1f)\n", what, m.median * scale, unit, m.min * scale,
           m.max * scale);
    fflush(stdout);
}

double measure_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct measure measure_execution(void (*root)(void), const char *policy,
                                 const struct run_options *options, uint64_t executions)
{
    static const struct run_options unlimited = {.max_steps = 100000000};
    if (!options) options = &unlimited;
    struct policy *p = policy_find(policy)->create(1);
    double ns[MEASURE_ROUNDS];
    for (size_t round = 0; round < MEASURE_ROUNDS; round++) {
        struct run_result result;
        double start = measure_cpu_seconds();
        for (uint64_t i = 0; i < executions; i++) run_execute(root, p, options, &result, NULL);
        ns[round] = (measure_cpu_seconds() - start) * 1e9 / (double)executions;
    }
    policy_destroy(p);
    return measure_of(ns, MEASURE_ROUNDS);
}

static double seconds_of_children(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

bool measure_child(char *const argv[], const char *const settings[], double *cpu_seconds,
                   int *status)
{
    double cpu = seconds_of_children();
    struct child child;
    if (!child_start(&child, argv, settings)) return false;
    char *line;
    while (child_read(&child, 1000, &line) != CHILD_END) {}
    *status = child_wait(&child);
    *cpu_seconds = seconds_of_children() - cpu;
    return true;
}
