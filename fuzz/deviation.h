// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A schedule as what it is about: where it leaves the natural one.
 *
 * An input's entries are positions, which move when anything before them does. A deviation is named
 * by what does not move: after which event of which goroutine, and who then goes on.
 *
 * Invariants
 * - Playing the deviations of an execution, in the same program, gives the same execution (digest).
 * - One deviation less leaves the others what they were, where their goroutines still get there.
 *   A deviation whose point does not come, or whose candidate is none, has no effect and is counted
 *   (deviation_play.missed): an execution is a legal one whatever the list.
 * - Data (CHOICE_DATA) is no deviation: it is kept as bytes, as in an input.
 */
#ifndef HEDDLE_DEVIATION_H
#define HEDDLE_DEVIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "input.h"

/* The latest event of all was the place-th of `after`, and `occurrence` positions have passed
 * since. At the next one, or at the access-th counted access behind the last of them, the question
 * of this kind is answered with the candidate `to`. Plain accesses are no events here, as in
 * trace.json: they are in the log only where a schedule switched at them. */
struct deviation {
    uint64_t after;      /* stable id of the goroutine or the clock; 0: before the first event */
    uint32_t place;      /* which of its events, from 1 */
    uint32_t access;     /* as in struct policy; 0: the position itself */
    uint8_t kind;        /* enum choice_kind, not CHOICE_DATA */
    uint8_t op;          /* enum op_kind that the candidate was about to do: for people, and for a
                            replay in a program that has changed */
    uint32_t occurrence; /* from 0 */
    uint64_t to;         /* stable id of the candidate; CHOICE_SELECT: index of the case */
};

/* The whole of what an input says, in these terms. */
struct deviations {
    enum grain grain;
    struct deviation *list; /* in the order in which they were taken */
    size_t count;
    uint8_t data[INPUT_DATA_BYTES_MAX];
    size_t data_bytes;
};

void deviations_free(struct deviations *d);
struct deviations deviations_copy(const struct deviations *d);

/* Are these at the same point, and of the same kind? */
bool deviation_is_at(const struct deviation *a, const struct deviation *b);

/* Run the bytes on the target of target_open and write down what it deviated in. Two executions. */
void deviations_of(const uint8_t *bytes, size_t size, struct deviations *out);

/* A policy that plays a list: the natural schedule but for the deviations. */
struct deviation_play {
    struct policy policy; /* give this one to run_execute, or to record_init */
    const struct deviations *deviations;
    size_t missed;       /* of the latest execution: how many did not apply */
    size_t first_missed; /* the first of them in the list, or SIZE_MAX */
    /* What follows is its own. */
    struct deviation_state *state;
};
/* The deviations must stay as they are until deviation_play_free. */
void deviation_play_init(struct deviation_play *play, const struct deviations *deviations);
void deviation_play_free(struct deviation_play *play);

/* Did deviation i of the list apply in the latest execution? */
bool deviation_play_applied(const struct deviation_play *play, size_t i);

#endif
