// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy natural: every choice is candidate 0 - the running goroutine goes on while it can, then
 * the one that is ready longest; timers fire only when nothing else can run.
 *
 * Source: DESIGN of the choices (choice.h); it is what the empty input means. Every position is
 * quiet, so choose() asks for harness data only, and that is 0.
 */
#include "policy_natural.h"

#include "policies.h"

static void begin_quiet(struct policy *self) { self->quiet_until = UINT64_MAX; }

static size_t choose_first(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 0;
}

struct policy *policy_natural_new(uint64_t seed)
{
    (void)seed;
    struct policy *p = policy_alloc(sizeof *p);
    *p = (struct policy){
        .name = "natural", .blind = true, .begin = begin_quiet, .choose = choose_first};
    return p;
}
