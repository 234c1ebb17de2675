// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Replay of a recorded finding in a program that may have changed since.
 *
 * First the bytes. If they do not show the bug now, the recorded deviations: a goroutine that has
 * another stable id is found by the function that it runs, and an event that has another place
 * among those of its goroutine by aligning the kinds of operations of both executions; that is
 * repeated with each new execution until nothing changes. Then a few neighbours of each deviation.
 *
 * Invariants
 * - What is tried is a function of the program, the trace and the bytes; at most ROBUST_EXECUTIONS.
 * - A bug of the recorded type is the recorded one: its functions may have new names.
 */
#ifndef HEDDLE_ROBUST_H
#define HEDDLE_ROBUST_H

#include "run.h"
#include "trace_read.h"

enum { ROBUST_EXECUTIONS = 400, ROBUST_TEXT_BYTES = 512 };

enum robust_outcome {
    ROBUST_REPRODUCED, /* the recorded execution */
    ROBUST_DIVERGED,   /* the bug, by another execution */
    ROBUST_GONE,       /* every deviation applies, and no bug of this type */
    ROBUST_LOST,       /* no bug of this type, and the recorded way cannot be followed */
};

struct robust {
    enum robust_outcome outcome;
    bool by_bytes;                    /* the bytes themselves did it, else the deviations */
    size_t event;                     /* first that differs, from 1; 0: none does */
    char expected[ROBUST_TEXT_BYTES]; /* of it, in words */
    char found[ROBUST_TEXT_BYTES];
    struct run_result result; /* of the latest execution, which is the one that is told of */
};

/* Replay on the target of target_open. signature and digest are the recorded ones. */
void robust_replay(const struct trace_events *recorded, const char *signature, uint64_t digest,
                   const uint8_t *bytes, size_t size, struct robust *out);

/* ---- Parts, each a pure function ------------------------------------------------------------- */

/* Index of the first event that is not the same in both, in goroutine, operation or phase; SIZE_MAX
 * if one is not longer either. */
size_t robust_first_difference(const struct trace_event *a, size_t a_count,
                               const struct trace_event *b, size_t b_count);

/* The goroutine that a recorded one is in the program as it is now, 0 if there is none: the one
 * with its id, but where ids have gone to goroutines that run something else, the one with its name
 * (of several, in order); if nobody has that name any more it was renamed. The clock is the clock.
 */
uint64_t robust_goroutine(const struct trace_events *recorded, const struct trace_events *now,
                          uint64_t g);

/* Where the place-th of a's operations is in b: a longest common subsequence pairs them, and one
 * without a pair goes with the one before. From 1. */
uint32_t robust_place(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count,
                      uint32_t place);

#endif
