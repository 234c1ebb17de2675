// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Programs under test that exist to be measured. They find nothing and fail under no schedule. */
#ifndef HEDDLE_BENCH_PROGRAMS_H
#define HEDDLE_BENCH_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of the programs below; set before an execution, read by the root. */
struct bench_sizes {
    uint32_t goroutines; /* crowd: alive at once */
    uint32_t repeats;    /* operations: how often */
};
extern struct bench_sizes bench_sizes;

void bench_empty(void);    /* returns at once */
void bench_points(void);   /* `repeats` pairs of lock and unlock, alone */
void bench_spawn(void);    /* `repeats` goroutines, each started and run to its end */
void bench_messages(void); /* `repeats` messages over an unbuffered channel */
void bench_parked(void);   /* `repeats` points of the root beside `goroutines` parked ones */
void bench_crowd(void);    /* `goroutines` runnable ones with `repeats` points each */

/* `goroutines` of them take turns: `repeats` times each lock, x++, unlock, let others go. */
void bench_locks(void);
/* The same without x++; instead each reads, outside the lock, what all of them read. */
void bench_locks_looking(void);
/* Two do so, together `repeats` times; the other goroutines are parked. */
void bench_locks_of_two(void);
/* `repeats` messages between two; the other goroutines are parked. */
void bench_messages_of_two(void);

/* 3 goroutines, 2 channels, 35 positions: what a small harness is like. */
void bench_kernel35(void);
enum { BENCH_KERNEL35_POSITIONS = 35 };

/* Its loops and calls with nothing in them: for an engine the same edges, and no execution. */
void bench_skeleton35(void);

/* For targets, by name: "kernel35"; or "none": the skeleton, to be called with no execution around
 * it (*engine_only). False if there is no such program. */
bool bench_find(const char *name, void (**root)(void), bool *engine_only);

#endif
