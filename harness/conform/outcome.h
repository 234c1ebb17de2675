// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What one execution of a program came to, and the set of all that can be.
 *
 * An outcome is a panic's or fatal error's text, or for each goroutine what it observed and where
 * it is: ended, or stuck at an operation. That the root is stuck is a deadlock, that another one is
 * a leak. */
#ifndef HEDDLE_CONFORM_OUTCOME_H
#define HEDDLE_CONFORM_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program.h"

enum { OUTCOME_BYTES = 124, OUTCOMES_MAX = 1024, OUTCOME_TEXT_BYTES = 1024 };

/* What is observed: numbers below SEEN_CLOSED are received values. */
enum {
    SEEN_CLOSED = 100,
    SEEN_TICK = 101,
    SEEN_CASE = 110, /* + index */
    SEEN_LEN = 120,  /* + length */
    SEEN_FALSE = 130,
    SEEN_TRUE = 131,
    SEEN_ERR = 140, /* + enum go_context_error */
    SEEN_NO_PANIC = 150,
    SEEN_RECOVERED = 151, /* + index of the text */
    SEEN_OWN_PANIC = 180, /* + number of the operation */
    AT_START = 0,
    AT_END = 255,
};

enum outcome_kind { OUTCOME_END, OUTCOME_TEXT, OUTCOME_OWN_PANIC };

struct outcome {
    uint8_t kind;                 /* enum outcome_kind */
    uint8_t used;                 /* bytes */
    uint8_t bytes[OUTCOME_BYTES]; /* text's index or number of the operation; or, for each goroutine
                                     in order of blocks: at, count, what was seen */
    bool deadlock;                /* the root is stuck */
    bool leak;                    /* another one is */
    uint64_t count;               /* executions of ours */
    uint64_t go_count;            /* of Go's */
};

struct outcomes {
    struct outcome items[OUTCOMES_MAX];
    size_t count;
    uint64_t schedules;
    const char *rejected; /* why this program is of no use; NULL: it is */
};

/* The words that Go prints too. */
void outcome_text(const struct outcome *o, const struct program *p, char out[OUTCOME_TEXT_BYTES]);

/* Run p under every schedule, at most schedules_max. */
void outcomes_enumerate(struct outcomes *out, const struct program *p, uint64_t schedules_max);

#endif
