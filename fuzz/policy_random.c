// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy random: at every choice each candidate is as likely as the others, the clock like a
 * goroutine.
 *
 * Source: the random walk of every stateless tester; its weakness is that a goroutine with k
 * events to go must win k times, so "the long one ends first" has probability 2^-k (Thomson,
 * Donaldson, Betts, "Concurrency testing using controlled schedulers", TOPC 2016). Blind: the cost
 * per point does not depend on the number of goroutines.
 *
 * Plain accesses, in the finer grains: a choice at each of them would keep everybody at the same
 * pace and let nobody get far, so most are passed by. Each execution draws r from 0 to 7, and each
 * choice at which access the next one is: 1 to 2^(r+1) - 1 of them later, 2^r on average. So half
 * of the executions suit programs with less than ten accesses between two operations.
 */
#include "policy_random.h"

#include "policies.h"
#include "rng.h"

enum { RATES = 8 };

struct policy_random {
    struct policy policy;
    uint64_t seed;
    uint64_t run; /* number of the next execution, from 0 */
    struct rng rng;
    size_t gap_max; /* accesses from one choice to the next, at most; 0 in grain sync */
};

static void skip_accesses(struct policy_random *p)
{
    if (p->gap_max == 0) return;
    p->policy.quiet_accesses = p->policy.access + 1 + rng_below(&p->rng, p->gap_max);
}

static void begin_random(struct policy *self)
{
    struct policy_random *p = (struct policy_random *)self;
    p->rng = rng_of(p->seed, p->run++);
    p->gap_max = self->grain == GRAIN_SYNC ? 0 : ((size_t)2 << rng_below(&p->rng, RATES)) - 1;
    skip_accesses(p);
}

static size_t choose_random(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)c;
    struct policy_random *p = (struct policy_random *)self;
    size_t index = rng_below(&p->rng, n);
    if (kind != CHOICE_DATA) skip_accesses(p);
    return index;
}

struct policy *policy_random_new(uint64_t seed)
{
    struct policy_random *p = policy_alloc(sizeof *p);
    *p = (struct policy_random){
        .policy = {.name = "random", .blind = true, .begin = begin_random, .choose = choose_random},
        .seed = seed,
    };
    return &p->policy;
}
