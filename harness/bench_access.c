// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench access, and what the race detector adds to the parts sync and memory.
 *
 * Ours runs in an execution, on a goroutine. libtsan cannot be in the same process: a program of
 * its own is started for each round, so that both see the same moments of the machine. */
#include "bench_access.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench_loops.h"
#include "bench_measure.h"
#include "bench_programs.h"
#include "child.h"
#include "detect/access_log.h"
#include "detect/clock.h"
#include "detect/shadow.h"
#include "heddle.h"
#include "policies.h"
#include "run.h"
#include "scratch.h"

enum { ACCESS_ROUNDS = 15 };

static const struct run_options unlimited = {.max_steps = 100000000};

/* ---- One loop in an execution ---------------------------------------------------------------- */

/* Where the memory is that a loop works on. */
enum place { PLACE_HEAP, PLACE_STACK, PLACE_GLOBAL };

static struct {
    const struct bench_loop *loop;
    enum place place;
    double ns; /* of one unit */
} timed;       /* safe: set before an execution, which fills ns */

static __attribute__((noinline)) void time_on_stack(void)
{
    struct bench_item memory[BENCH_ITEMS];
    timed.ns = bench_loop_time(timed.loop, memory, BENCH_ITEMS, go_gosched);
}

/* A point between runs: without any the loop would be taken for a spinning one. */
static void time_loop(void)
{
    if (timed.place == PLACE_STACK) {
        time_on_stack();
    } else if (timed.place == PLACE_GLOBAL) {
        timed.ns = bench_loop_time(timed.loop, bench_items_heddle, BENCH_GLOBAL_ITEMS, go_gosched);
    } else {
        struct bench_item *memory = go_new(BENCH_ITEMS * sizeof *memory);
        timed.ns = bench_loop_time(timed.loop, memory, BENCH_ITEMS, go_gosched);
    }
}

/* Every access counts, and nobody is asked at any. */
static void begin_counting(struct policy *self) { self->quiet_accesses = UINT64_MAX; }
static size_t choose_first(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 0;
}

static double time_execution(const struct bench_loop *loop, enum place place, enum grain grain)
{
    struct policy counting = {.name = "counting",
                              .blind = true,
                              .grain = grain,
                              .begin = begin_counting,
                              .choose = choose_first};
    struct run_result result;
    timed.loop = loop;
    timed.place = place;
    timed.ns = -1;
    run_execute(time_loop, &counting, &unlimited, &result, NULL);
    return result.verdict == VERDICT_PASS ? timed.ns : -1;
}

/* ---- Against libtsan ------------------------------------------------------------------------- */

/* One round of bench-libtsan; false if it did not run to its end. */
static bool time_libtsan(char *program, double ns[BENCH_LOOP_COUNT])
{
    char *argv[] = {program, NULL};
    struct child child;
    if (!child_start(&child, argv, NULL)) return false;
    size_t count = 0;
    char *line;
    for (enum child_news news; (news = child_read(&child, 1000, &line)) != CHILD_END;)
        if (news == CHILD_LINE && count < BENCH_LOOP_COUNT) ns[count++] = strtod(line, NULL);
    if (child_wait(&child) != 0 || count != BENCH_LOOP_COUNT) return false;
    for (size_t i = 0; i < count; i++)
        if (ns[i] <= 0) return false;
    return true;
}

/* Columns, each by round. */
struct loop_times {
    double ours[ACCESS_ROUNDS];
    double libtsan[ACCESS_ROUNDS];
    double native[ACCESS_ROUNDS];
    double ratio[ACCESS_ROUNDS]; /* ours to libtsan */
};

static bool time_round(size_t round, char *libtsan, struct loop_times times[BENCH_LOOP_COUNT])
{
    double theirs[BENCH_LOOP_COUNT] = {0};
    if (libtsan && !time_libtsan(libtsan, theirs)) return false;
    for (size_t i = 0; i < BENCH_LOOP_COUNT; i++) {
        struct loop_times *t = &times[i];
        t->libtsan[round] = theirs[i];
        t->ours[round] = time_execution(&bench_loops_heddle[i], PLACE_HEAP, GRAIN_SYNC);
        t->native[round] = time_execution(&bench_loops_native[i], PLACE_HEAP, GRAIN_SYNC);
        t->ratio[round] = libtsan ? t->ours[round] / t->libtsan[round] : 0;
        if (t->ours[round] < 0) return false;
    }
    return true;
}

static void print_times(struct loop_times times[BENCH_LOOP_COUNT], bool libtsan)
{
    printf("%-42s %8s %8s %8s   %s\n", "ns for each access or call", "ours", "libtsan", "native",
           "ours to libtsan, by round");
    for (size_t i = 0; i < BENCH_LOOP_COUNT; i++) {
        struct loop_times *t = &times[i];
        printf("%-42s %8.2f ", bench_loops_heddle[i].what,
               measure_of(t->ours, ACCESS_ROUNDS).median);
        double native = measure_of(t->native, ACCESS_ROUNDS).median;
        if (!libtsan) {
            printf("%8s %8.2f   not measured\n", "-", native);
            continue;
        }
        struct measure ratio = measure_of(t->ratio, ACCESS_ROUNDS);
        printf("%8.2f %8.2f   %.2f (%.2f .. %.2f)\n", measure_of(t->libtsan, ACCESS_ROUNDS).median,
               native, ratio.median, ratio.min, ratio.max);
    }
}

/* ---- Other memory, other grains -------------------------------------------------------------- */

static void print_variant(const char *what, const struct bench_loop *loop, enum place place,
                          enum grain grain)
{
    double ns[MEASURE_ROUNDS];
    for (size_t i = 0; i < MEASURE_ROUNDS; i++) ns[i] = time_execution(loop, place, grain);
    measure_print(what, measure_of(ns, MEASURE_ROUNDS), 1, "ns");
}

static void print_variants(void)
{
    const struct bench_loop *read = &bench_loops_heddle[BENCH_LOOP_READ];
    const struct bench_loop *both = &bench_loops_heddle[BENCH_LOOP_INCREMENT];
    print_variant("read of 8 bytes, on the goroutine's stack", read, PLACE_STACK, GRAIN_SYNC);
    print_variant("read of 8 bytes, a global", read, PLACE_GLOBAL, GRAIN_SYNC);
    print_variant("read and write of 4 bytes, a global", both, PLACE_GLOBAL, GRAIN_SYNC);
    print_variant("read of 8 bytes, counted as in grain all", read, PLACE_HEAP, GRAIN_ALL);
    print_variant("read and write of 4 bytes, counted as in grain all", both, PLACE_HEAP,
                  GRAIN_ALL);
    access_log_switch(true);
    print_variant("read of 8 bytes, taken down in the log of accesses", read, PLACE_HEAP,
                  GRAIN_SYNC);
    access_log_switch(false);
    printf("Feedback is taken at operations: accesses pay nothing for it.\n");
}

enum status bench_access(void)
{
    static const char *const places[] = {"bench-libtsan", NULL};
    static struct loop_times times[BENCH_LOOP_COUNT]; /* safe: one bench at a time */
    char path[SCRATCH_PATH_BYTES];
    if (!access_state.instrumented) {
        printf("accesses are not instrumented in this build\n");
        return STATUS_OK;
    }
    bool found = scratch_find_program(places, path);
    if (!found) printf("bench-libtsan was not built: this compiler links no libtsan\n");
    for (size_t round = 0; round < ACCESS_ROUNDS; round++)
        if (!time_round(round, found ? path : NULL, times))
            return status_usage("the loops did not run to their end");
    print_times(times, found);
    print_variants();
    return STATUS_OK;
}

/* ---- Synchronization ------------------------------------------------------------------------- */

struct sync_row {
    const char *what;
    void (*root)(void);
    const char *policy;
    bool each; /* every goroutine makes its repeats; else two do, or the root */
};

enum { SYNC_FEW = 10, SYNC_MANY = 1000, SYNC_COUNT = 40000 };

/* ns for one of SYNC_COUNT synchronizations beside this many goroutines. */
static double sync_cost(const struct sync_row *row, uint32_t goroutines,
                        const struct run_options *options)
{
    double net[MEASURE_PAIRS];
    bench_sizes.goroutines = goroutines;
    for (size_t pair = 0; pair < MEASURE_PAIRS; pair++) {
        bench_sizes.repeats = SYNC_COUNT / (row->each ? goroutines : 1);
        double whole = measure_execution(row->root, row->policy, options, 1).median;
        bench_sizes.repeats = 0;
        double base = measure_execution(row->root, row->policy, options, 1).median;
        net[pair] = (whole - base) / (double)SYNC_COUNT;
    }
    return measure_of(net, MEASURE_PAIRS).median;
}

enum status bench_sync(void)
{
    static const struct sync_row rows[] = {
        {"lock, x++, unlock by each in turn", bench_locks, "natural", true},
        {"lock, x++, unlock by two, the others parked", bench_locks_of_two, "natural", false},
        {"message between two, the others parked", bench_messages_of_two, "natural", false},
        {"lock, unlock, read of what all read, in turn", bench_locks_looking, "natural", true},
        {"lock, x++, unlock: all want it, any order", bench_locks, "random", true},
    };
    printf("%-46s %-8s %8s %8s %8s\n", "ns for each, beside so many goroutines", "races", "10",
           "1,000", "ratio");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int off = 0; off < 2; off++) {
            struct run_options options = unlimited;
            if (off) options.detectors_off = DETECTOR_RACE;
            double few = sync_cost(&rows[i], SYNC_FEW, &options);
            double many = sync_cost(&rows[i], SYNC_MANY, &options);
            printf("%-46s %-8s %8.1f %8.1f %8.2f\n", rows[i].what, off ? "ignored" : "seen", few,
                   many, many / few);
            fflush(stdout);
        }
    }
    return STATUS_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void print_memory(const char *what, void (*root)(void), const char *policy,
                         uint32_t goroutines, uint32_t repeats)
{
    bench_sizes.goroutines = goroutines;
    bench_sizes.repeats = repeats;
    (void)measure_execution(root, policy, &unlimited, 1);
    printf("%-46s %10zu %10zu %10zu\n", what, shadow_bytes(),
           (size_t)order_state.count * sizeof(struct segment), clock_bytes());
}

enum status bench_race_memory(void)
{
    printf("%-46s %10s %10s %10s\n", "bytes of the race detector in one execution", "shadow",
           "segments", "clocks");
    print_memory("kernel of 35 positions", bench_kernel35, "random", 0, 0);
    print_memory("500 messages", bench_messages, "natural", 0, 500);
    print_memory("1,000 goroutines lock and unlock 10 times", bench_locks, "random", 1000, 10);
    printf("%-46s %10s %10zu %10zu\n", "at most", "see below",
           (size_t)SEGMENTS_MAX * sizeof(struct segment),
           (size_t)CLOCK_NODES_MAX * CLOCK_NODE_BYTES);
    printf("Shadow: 16 bytes for each 8 bytes of heap, globals and used stack, and at most %zu MiB "
           "of details.\n",
           (SHADOW_DETAILS_MAX * sizeof(struct shadow_detail)) >> 20);
    return STATUS_OK;
}
