// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* PCT(d): probabilistic concurrency testing, d = 3.
 *
 * Rule: every goroutine, and the clock, gets a random priority from its stable id; the candidate
 * with the highest one runs. d-1 change points are drawn from [1, k]; at the i-th of them the
 * candidate that would run gets priority i, below all initial ones, and the choice is made again.
 * A bug of depth d is found with probability at least 1/(n k^(d-1)). Other kinds of choice are
 * uniform. k counts asked CHOICE_RUN only, also those at accesses: a point with one candidate
 * cannot be a change that matters. Escapes keep spinning programs going: who yields (Gosched), who
 * was chosen PCT_STARVE_MAX times in a row, and the clock every PCT_CLOCK_MAX times (a ticker never
 * runs dry, and with its receiver could keep all others out) go below all others. Going on at an
 * access is not counted there: much computing is no spinning, and ACCESS_SPIN bounds it.
 *
 * Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
 * guarantees of finding bugs", ASPLOS 2010; the bound on starvation is SURW's (ASPLOS 2025).
 */
#include "pct.h"

enum { PRIORITY_INITIAL = 1 << 20 }; /* initial priorities are above all that demotion gives */

void pct_begin(struct pct *pct, struct rng rng, uint64_t points_guess)
{
    pct->key = rng_next(&rng);
    for (size_t i = 0; i < PCT_DEPTH - 1; i++) pct->change[i] = 1 + rng_below(&rng, points_guess);
    pct->rng = rng;
    pct->points = 0;
    pct->lowest = 0;
    pct->last = 0;
    pct->last_count = 0;
    pct->clock_count = 0;
    pct->demoted_count = 0;
    pct->demoted_oldest = 0;
}

static int64_t priority_of(const struct pct *pct, uint64_t stable)
{
    for (uint32_t i = 0; i < pct->demoted_count; i++)
        if (pct->demoted[i].stable == stable) return pct->demoted[i].priority;
    return PRIORITY_INITIAL + (int64_t)(rng_at(pct->key, stable) >> 2);
}

static void demote(struct pct *pct, uint64_t stable, int64_t priority)
{
    for (uint32_t i = 0; i < pct->demoted_count; i++) {
        if (pct->demoted[i].stable != stable) continue;
        pct->demoted[i].priority = priority;
        return;
    }
    uint32_t slot;
    if (pct->demoted_count < PCT_DEMOTED_MAX) {
        slot = pct->demoted_count++;
    } else {
        slot = pct->demoted_oldest;
        pct->demoted_oldest = (slot + 1) % PCT_DEMOTED_MAX;
    }
    pct->demoted[slot] = (struct pct_demotion){stable, priority};
}

static size_t highest(const struct pct *pct, const struct candidate *c, size_t n)
{
    size_t best = 0;
    int64_t best_priority = priority_of(pct, c[0].stable);
    for (size_t i = 1; i < n; i++) {
        int64_t priority = priority_of(pct, c[i].stable);
        if (priority <= best_priority) continue;
        best = i;
        best_priority = priority;
    }
    return best;
}

size_t pct_choose(struct pct *pct, enum choice_kind kind, const struct candidate *c, size_t n)
{
    if (kind != CHOICE_RUN) return rng_below(&pct->rng, n);
    pct->points++;
    size_t best = highest(pct, c, n);
    for (size_t i = 0; i < PCT_DEPTH - 1; i++) {
        if (pct->change[i] != pct->points) continue;
        demote(pct, c[best].stable, (int64_t)i + 1);
        best = highest(pct, c, n);
    }
    if (c[best].op.kind == OP_READ || c[best].op.kind == OP_WRITE) return best;
    uint64_t stable = c[best].stable;
    pct->last_count = stable == pct->last ? pct->last_count + 1 : 1;
    pct->last = stable;
    bool ticks_on = c[best].id == CLOCK_ID && ++pct->clock_count % PCT_CLOCK_MAX == 0;
    if (c[best].op.kind == OP_GOSCHED || pct->last_count >= PCT_STARVE_MAX || ticks_on) {
        demote(pct, stable, --pct->lowest);
        pct->last_count = 0;
    }
    return best;
}
