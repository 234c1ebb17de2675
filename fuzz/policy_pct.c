// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy pct: random priorities with d-1 change points (the rule and its source are in pct.c).
 *
 * k, the range that change points are drawn from, is learned: POINTS_GUESS at first, then it rises
 * to the longest execution at once and falls by an eighth of the difference after shorter ones, so
 * that one run into a limit does not spread the change points of all later ones. There is no
 * profiling run: the first execution counts like any other.
 */
#include "policy_pct.h"

#include "pct.h"
#include "policies.h"

enum { POINTS_GUESS = 64 };

struct policy_pct {
    struct policy policy;
    uint64_t seed;
    uint64_t run; /* number of the next execution, from 0 */
    uint64_t points_guess;
    struct pct pct;
};

static void begin_pct(struct policy *self)
{
    struct policy_pct *p = (struct policy_pct *)self;
    pct_begin(&p->pct, rng_of(p->seed, p->run++), p->points_guess);
}

static size_t choose_pct(struct policy *self, enum choice_kind kind, const struct candidate *c,
                         size_t n)
{
    return pct_choose(&((struct policy_pct *)self)->pct, kind, c, n);
}

static bool end_pct(struct policy *self)
{
    struct policy_pct *p = (struct policy_pct *)self;
    uint64_t points = p->pct.points > 0 ? p->pct.points : 1;
    if (points > p->points_guess) {
        p->points_guess = points;
    } else {
        p->points_guess -= (p->points_guess - points) / 8;
    }
    return true;
}

struct policy *policy_pct_new(uint64_t seed)
{
    struct policy_pct *p = policy_alloc(sizeof *p);
    p->policy =
        (struct policy){.name = "pct", .begin = begin_pct, .choose = choose_pct, .end = end_pct};
    p->seed = seed;
    p->points_guess = POINTS_GUESS;
    return &p->policy;
}
