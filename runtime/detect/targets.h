// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Predictions from an execution that has ended and was logged: what could go wrong in another one.
 *
 * A prediction is never reported. It says where goroutines would have to stop, so that a schedule
 * can bring them there (fuzz/policy_targets.c), and what then really happens is judged by the
 * detectors like everything else. So a wrong prediction costs one execution, and no more.
 *
 * Two accesses may race if they share a byte, are of different goroutines, one of them writes, not
 * both are atomic, no lock held at both keeps them apart, and the weak order (weak.h) does not
 * order them. Acquisitions of locks may deadlock as lockorder.h says.
 *
 * Invariants
 * - Predictions are a function of the execution; nothing depends on addresses but which are equal.
 * - A prediction is made once for each set of sites.
 * - Work and memory are bounded by the limits below and those of weak.h and held.h; what does not
 *   fit is counted in `dropped`.
 *
 * Source: Savage et al., Eraser (TOCS 1997); Sen, "Race directed random testing of concurrent
 * programs" (PLDI 2008); Joshi et al., "A randomized dynamic program analysis technique for
 * detecting real deadlocks" (PLDI 2009).
 */
#ifndef HEDDLE_TARGETS_H
#define HEDDLE_TARGETS_H

#include "../choice.h"

enum {
    TARGETS_MAX = 64,            /* predictions of one execution */
    TARGETS_STOPS_MAX = 8,       /* goroutines in one prediction: the longest cycle of locks */
    TARGETS_CELLS_MAX = 1 << 16, /* cells of 8 bytes that are looked at */
    TARGETS_USES_MAX = 1 << 15,  /* uses of them: different goroutine, site, locks or weak order */
    TARGETS_USES_OF_CELL_MAX = 64,
};

/* Where a goroutine is to be stopped: before it executes this. */
struct prediction_stop {
    uint64_t goroutine; /* stable id */
    uint64_t object;    /* stable id of the lock, or of the 8 bytes that are accessed */
    const void *site;   /* of the access or of the call */
    uint32_t done;      /* operations that the goroutine had completed before: targets_counts() */
    uint8_t kind;       /* enum op_kind; OP_READ or OP_WRITE for all that is an access */
};

struct prediction {
    uint32_t stop_count; /* of a race 2; of a deadlock 1 or more */
    bool deadlock;
    struct prediction_stop stops[TARGETS_STOPS_MAX];
};

struct predictions {
    size_t count;
    uint64_t dropped; /* parts of the execution that were not looked at, or did not fit */
    struct prediction items[TARGETS_MAX];
};

/* Predict from the latest execution: its log of accesses and its events. Uses the arena, so before
 * the next execution only. */
void targets_predict(struct predictions *out);

/* Is this executed event an operation that counts in prediction_stop.done? One for each operation
 * of a goroutine, however long it took; none for accesses, which are events only in some schedules.
 */
static inline bool targets_counts(enum op_kind kind, enum event_phase phase)
{
    return phase != PHASE_ARRIVE && kind < OP_READ;
}

/* Add a prediction unless there is one for these sites. */
void targets_add(struct predictions *out, const struct prediction *p);

/* Do both stop at the same sites, for the same reason? */
bool targets_equal(const struct prediction *a, const struct prediction *b);

#endif
