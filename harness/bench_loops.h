// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Loops of memory accesses, to be timed under three instrumentations: ours, libtsan, none.
 *
 * The one source, bench_loops.c, is compiled for each of them with the same other flags; its table
 * has another name in each. It needs nothing of Heddle, so that bench-libtsan links without it.
 *
 * Invariants
 * - A loop makes exactly the accesses that it says, each announced by one callback.
 * - What it touches fits into the first-level cache together with the shadow of it. */
#ifndef HEDDLE_BENCH_LOOPS_H
#define HEDDLE_BENCH_LOOPS_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_LOOP_COUNT = 4, BENCH_ITEMS = 512, BENCH_GLOBAL_ITEMS = 16 };

/* Any loop finds room in it for an item of its own. */
struct bench_item {
    struct bench_item *next;
    uint64_t unused;
};

struct bench_loop {
    const char *what;
    uint32_t units; /* accesses or calls for each item */
    uint64_t (*run)(struct bench_item *memory, uint32_t items, uint32_t rounds);
};
enum { BENCH_LOOP_READ, BENCH_LOOP_INCREMENT, BENCH_LOOP_WALK, BENCH_LOOP_CALL };

extern const struct bench_loop bench_loops_heddle[BENCH_LOOP_COUNT];
extern const struct bench_loop bench_loops_libtsan[BENCH_LOOP_COUNT];
extern const struct bench_loop bench_loops_native[BENCH_LOOP_COUNT];

/* BENCH_GLOBAL_ITEMS of them, a global of the program under test. Few: globals are copied at each
 * execution of any kernel. */
extern struct bench_item bench_items_heddle[];

/* Least processor time of several runs of a loop: ns for each unit. between() is called before each
 * of them, and may be NULL; it lies at most BENCH_ACCESSES_MAX accesses before the next. */
enum { BENCH_ACCESSES_MAX = 1 << 19 };
double bench_loop_time(const struct bench_loop *loop, struct bench_item *memory, uint32_t items,
                       void (*between)(void));

#endif
