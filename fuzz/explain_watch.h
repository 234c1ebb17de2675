// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What a story needs and the event log does not have: a policy that asks another one and looks on.
 *
 * Invariants
 * - The execution is the one that the inner policy would give alone (record.h).
 * - What is kept is of the latest execution, in the order in which it happened.
 */
#ifndef HEDDLE_EXPLAIN_WATCH_H
#define HEDDLE_EXPLAIN_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "record.h"

/* What a goroutine, the clock or a case was about to do. */
struct watch_side {
    uint32_t id;      /* candidate.id */
    uint8_t op;       /* enum op_kind */
    uint32_t object;  /* number, or 0 */
    uint64_t place;   /* stable id of the memory of a plain access, else 0 */
    const void *site; /* or NULL */
};

/* A question that was not answered with the natural candidate. */
struct watch_forced {
    uint32_t step; /* events before: the answer is about event number step + 1 */
    uint8_t kind;  /* enum choice_kind, not CHOICE_DATA */
    bool preempts; /* the goroutine that ran could have gone on, and another one does */
    bool runs;     /* CHOICE_RUN, and the goroutine that ran could have gone on */
    size_t answer; /* which of record.answers it is */
    struct watch_side natural, taken;
};

/* A goroutine that appeared. */
struct watch_birth {
    uint32_t step;  /* events before it was seen */
    uint32_t maker; /* G number of who ran then; 0: nobody, it is the root */
};

/* An access that became an event: of which memory. */
struct watch_access {
    uint32_t step; /* number of the event */
    uint64_t place;
};

struct watch {
    struct policy policy; /* give this one to run_execute */
    struct record record;
    struct watch_forced *forced;
    size_t forced_count, forced_capacity;
    struct watch_birth *births; /* by G number - 1 */
    size_t birth_count, birth_capacity;
    struct watch_access *accesses;
    size_t access_count, access_capacity;
    uint32_t *selects; /* numbers of the events that a select executed as a case */
    size_t select_count, select_capacity;
    uint32_t step; /* number of the latest event */
};

/* What a candidate is about to do. */
struct watch_side watch_side_of(enum choice_kind kind, const struct candidate *c);

/* inner must stay. */
void watch_init(struct watch *watch, struct policy *inner);
void watch_free(struct watch *watch);

#endif
