// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The priority scheduler PCT as a plain value: policy_pct plays it by itself, policy_bytes uses it
 * as the tail of an input. The rule is described in pct.c.
 */
#ifndef HEDDLE_PCT_H
#define HEDDLE_PCT_H

#include <stdint.h>

#include "choice.h"
#include "rng.h"

enum {
    PCT_DEPTH = 3,         /* d: d-1 change points; what the papers compare with */
    PCT_DEMOTED_MAX = 64,  /* remembered at once; a demotion beyond it forgets the oldest */
    PCT_STARVE_MAX = 1000, /* choices of one candidate in a row, then it is demoted (from SURW) */
    PCT_CLOCK_MAX = 32,    /* choices of the clock in all, then the same for it */
};

struct pct_demotion {
    uint64_t stable;
    int64_t priority;
};

struct pct {
    uint64_t key;                   /* of initial priorities */
    struct rng rng;                 /* of the choices that are not CHOICE_RUN */
    uint64_t change[PCT_DEPTH - 1]; /* points at which the first candidate in line is demoted */
    uint64_t points;                /* CHOICE_RUN asked so far */
    int64_t lowest;                 /* priority of the latest demotion by starvation or yield */
    uint64_t last;                  /* stable id of the latest choice */
    uint32_t last_count;            /* how often in a row */
    uint32_t clock_count;           /* choices of the clock */
    uint32_t demoted_count;
    uint32_t demoted_oldest;
    struct pct_demotion demoted[PCT_DEMOTED_MAX];
};

/* Start an execution: everything follows from rng; points_guess is k, at least 1. */
void pct_begin(struct pct *pct, struct rng rng, uint64_t points_guess);

size_t pct_choose(struct pct *pct, enum choice_kind kind, const struct candidate *c, size_t n);

#endif
