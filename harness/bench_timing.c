// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Timing of one loop: the same code in `heddle` and in bench-libtsan, instrumented in neither. */
#include <string.h>
#include <time.h>

#include "bench_loops.h"

enum { RUNS = 5, UNITS = 1 << 18 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double bench_loop_time(const struct bench_loop *loop, struct bench_item *memory, uint32_t items,
                       void (*between)(void))
{
    _Static_assert(2 * UNITS <= BENCH_ACCESSES_MAX, "two accesses for a unit, at most");
    memset(memory, 0, items * sizeof *memory);
    for (uint32_t i = 1; i < items; i++) memory[i - 1].next = &memory[i];
    double least = 0;
    for (int run = 0; run < RUNS; run++) {
        if (between) between();
        uint32_t rounds = UNITS / items;
        double start = now_ns();
        volatile uint64_t kept = loop->run(memory, items, rounds);
        (void)kept;
        double took = (now_ns() - start) / ((double)rounds * items * loop->units);
        if (run == 0 || took < least) least = took;
    }
    return least;
}
