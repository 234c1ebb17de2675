// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench: what this program costs on this machine. Every figure is processor time, the median
 * of several rounds; what is compared is measured in turn in one run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#ifdef HEDDLE_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "bench_access.h"
#include "bench_engines.h"
#include "bench_forms.h"
#include "bench_measure.h"
#include "bench_minimize.h"
#include "bench_programs.h"
#include "cli.h"
#include "coro.h"
#include "heap.h"

static const char help[] =
    "usage: heddle bench [WHAT...]\n"
    "       heddle bench forms|minimize [OPTION...]\n\n"
    "  runtime   switch, scheduling point, goroutine, message, a kernel of 35 positions\n"
    "  crowd     cost of a point beside 10 and beside 10,000 goroutines\n"
    "  access    an instrumented access, beside the same loop under libtsan and bare\n"
    "  sync      a synchronization beside 10 and beside 1,000 goroutines, with and without races\n"
    "  engines   the same kernel under libFuzzer with race detection, less a target with neither;\n"
    "            AFL++ round trips\n"
    "  memory    what the race detector takes for an execution, what the process holds, and what "
    "is\n"
    "            left after 10,000 executions\n"
    "  forms     which form schedule entries should have: executions to the first bug under real\n"
    "            engines; takes long, alone, and has options of its own (forms --help)\n"
    "  minimize  what minimizing makes of many findings of each bug; likewise (minimize --help)\n\n"
    "Nothing named: all of them but these two. Figures are medians of processor time, with min and "
    "max.\n";

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* ---- runtime --------------------------------------------------------------------------------- */

enum { SWITCHES = 5000000 };

static struct coro ping; /* safe: used by bench_switch alone */
static struct coro pong;

static void answer(void)
{
    coro_arrived(&pong, &ping);
    for (;;) coro_switch(&pong, &ping);
}

static void bench_switch(void)
{
    heap_init();
    coro_reset();
    coro_thread(&ping);
    if (!coro_make(&pong, answer)) return;
    double ns[MEASURE_ROUNDS];
    for (size_t round = 0; round < MEASURE_ROUNDS; round++) {
        double start = measure_cpu_seconds();
        for (int i = 0; i < SWITCHES; i++) coro_switch(&ping, &pong);
        ns[round] = (measure_cpu_seconds() - start) * 1e9 / (2.0 * (double)SWITCHES);
    }
    measure_print("switch, ping-pong", measure_of(ns, MEASURE_ROUNDS), 1, "ns");
}

/* The cost of one of `repeats * each` operations of root, the empty execution taken off. */
static void bench_operation(const char *what, void (*root)(void), const char *policy,
                            uint32_t repeats, double each)
{
    bench_sizes.repeats = repeats;
    struct measure whole = measure_execution(root, policy, NULL, 1000);
    struct measure empty = measure_execution(bench_empty, policy, NULL, 100000);
    struct measure net = {whole.min - empty.median, whole.median - empty.median,
                          whole.max - empty.median};
    measure_print(what, net, 1 / (repeats * each), "ns");
}

static enum status bench_runtime(void)
{
    bench_switch();
    bench_operation("scheduling point all in: natural, lock and unlock", bench_points, "natural",
                    500, 2);
    bench_operation("scheduling point all in: random, lock and unlock", bench_points, "random", 500,
                    2);
    bench_operation("goroutine, create and run", bench_spawn, "natural", 100, 1);
    bench_operation("channel message, unbuffered, between two goroutines", bench_messages,
                    "natural", 500, 1);
    struct measure empty = measure_execution(bench_empty, "natural", NULL, 200000);
    measure_print("execution that does nothing", empty, 1, "ns");
    struct measure kernel = measure_execution(bench_kernel35, "natural", NULL, 200000);
    measure_print("execution of a kernel of 35 positions, natural", kernel, 1, "ns");
    measure_print("  for each position", kernel, 1 / (double)BENCH_KERNEL35_POSITIONS, "ns");
    kernel = measure_execution(bench_kernel35, "random", NULL, 200000);
    measure_print("execution of a kernel of 35 positions, random", kernel, 1, "ns");
    printf("%-58s %10.0f /s\n", "executions per second, random", 1e9 / kernel.median);
    return STATUS_OK;
}

/* ---- crowd ----------------------------------------------------------------------------------- */

struct crowd_row {
    const char *what;
    void (*root)(void);
    const char *policy;
    uint32_t repeats;   /* what they take more than none is measured */
    bool per_goroutine; /* each goroutine makes its repeats */
};

static double crowd_point(const struct crowd_row *row, uint32_t goroutines)
{
    bench_sizes.goroutines = goroutines;
    double net[MEASURE_PAIRS];
    uint32_t repeats = row->per_goroutine && goroutines <= 100 ? row->repeats * 1000 : row->repeats;
    for (size_t pair = 0; pair < MEASURE_PAIRS; pair++) {
        bench_sizes.repeats = repeats;
        double whole = measure_execution(row->root, row->policy, NULL, 1).median;
        bench_sizes.repeats = 0;
        double base = measure_execution(row->root, row->policy, NULL, 1).median;
        double points = (double)repeats * (row->per_goroutine ? goroutines : 2);
        net[pair] = (whole - base) / points;
    }
    return measure_of(net, MEASURE_PAIRS).median;
}

static enum status bench_crowd_table(void)
{
    static const struct crowd_row rows[] = {
        {"the others parked, natural", bench_parked, "natural", 200000, false},
        {"the others parked, random", bench_parked, "random", 200000, false},
        {"all runnable, natural: 80 points each in a row", bench_crowd, "natural", 80, true},
        {"all runnable, random: each point switches", bench_crowd, "random", 20, true},
    };
    printf("%-46s %12s %14s %8s\n", "ns for each point, beside", "10", "10,000", "ratio");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double few = crowd_point(&rows[i], 10);
        double many = crowd_point(&rows[i], 10000);
        printf("%-46s %12.1f %14.1f %8.2f\n", rows[i].what, few, many, many / few);
        fflush(stdout);
    }
    return STATUS_OK;
}

/* ---- memory ---------------------------------------------------------------------------------- */

#ifdef HEDDLE_JEMALLOC
static size_t allocated_bytes(void)
{
    uint64_t epoch = 1;
    size_t bytes = 0;
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    size = sizeof bytes;
    mallctl("stats.allocated", &bytes, &size, NULL, 0);
    return bytes;
}

static void print_left_over(void)
{
    (void)measure_execution(bench_kernel35, "random", NULL, 100);
    size_t before = allocated_bytes();
    (void)measure_execution(bench_kernel35, "random", NULL, 10000 / MEASURE_ROUNDS + 1);
    printf("%-58s %10zd bytes\n",
           "allocated on the host side after 10,000 executions, more than before",
           (ssize_t)allocated_bytes() - (ssize_t)before);
}
#else
static void print_left_over(void)
{
    printf("%-58s not measured: built without jemalloc\n",
           "allocated on the host side after 10,000 executions, more than before");
}
#endif

static enum status bench_memory(void)
{
    enum status status = bench_race_memory();
    print_left_over();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-58s %10.1f MiB\n", "peak resident memory of this process",
           (double)usage.ru_maxrss / 1024);
    return status;
}

static const struct part {
    const char *name;
    enum status (*run)(void);
} parts[] = {
    {"runtime", bench_runtime}, {"crowd", bench_crowd_table}, {"access", bench_access},
    {"sync", bench_sync},       {"engines", bench_engines},   {"memory", bench_memory},
};
enum { PART_COUNT = sizeof parts / sizeof parts[0] };

static enum status run_part(const char *name)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        if (strcmp(parts[i].name, name) == 0) return parts[i].run();
    return status_usage("%s: no such measurement; see heddle bench --help", name);
}

enum status cmd_bench(int argc, char **argv)
{
    static char forms[] = "heddle bench forms", minimize[] = "heddle bench minimize";
    if (argc > 1 && strcmp(argv[1], "forms") == 0) {
        argv[1] = forms;
        return bench_forms(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "minimize") == 0) {
        argv[1] = minimize;
        return bench_minimize(argc - 1, argv + 1);
    }
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        return o == 'h' ? cli_help(help) : STATUS_USAGE;
    enum status status = STATUS_OK;
    if (optind == argc)
        for (size_t i = 0; i < PART_COUNT; i++) status = status_join(status, parts[i].run());
    for (int i = optind; i < argc && status != STATUS_USAGE; i++)
        status = status_join(status, run_part(argv[i]));
    return status;
}
