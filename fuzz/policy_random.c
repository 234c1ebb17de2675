// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy random: at every choice each candidate is as likely as the others, the clock like a
 * goroutine.
 *
 * Source: the random walk of every stateless tester; its weakness is that a goroutine with k
 * events to go must win k times, so "the long one ends first" has probability 2^-k (Thomson,
 * Donaldson, Betts, "Concurrency testing using controlled schedulers", TOPC 2016). Blind: the cost
 * per point does not depend on the number of goroutines.
 */
#include "policy_random.h"

#include "policies.h"
#include "rng.h"

struct policy_random {
    struct policy policy;
    uint64_t seed;
    uint64_t run; /* number of the next execution, from 0 */
    struct rng rng;
};

static void begin_random(struct policy *self)
{
    struct policy_random *p = (struct policy_random *)self;
    p->rng = rng_of(p->seed, p->run++);
}

static size_t choose_random(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)kind, (void)c;
    return rng_below(&((struct policy_random *)self)->rng, n);
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
