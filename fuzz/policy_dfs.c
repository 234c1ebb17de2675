// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy dfs: every sequence of choices once, depth first, candidate 0 first. No reduction.
 *
 * Invariants
 * - path[0..depth) are the choices of the running execution; up to `planned` they repeat the one
 *   before, with the last of them advanced by one; behind that every choice is 0.
 * - The same prefix of answers must lead to the same n: rt_assert, as anything else would mean
 *   that an execution depends on something that choose() does not control.
 *
 * Source: Godefroid, "Model checking for programming languages using VeriSoft", POPL 1997, without
 * its reductions; TigerBeetle's exhaustigen.
 */
#include "policy_dfs.h"

#include <stdlib.h>

#include "base.h"
#include "policies.h"

struct branch {
    size_t index; /* answer */
    size_t n;     /* of how many */
};

struct policy_dfs {
    struct policy policy;
    struct branch *path;
    size_t path_capacity;
    size_t depth;   /* choices made in this execution */
    size_t planned; /* choices to repeat */
    uint64_t executions;
    bool complete;
};

static void begin_dfs(struct policy *self) { ((struct policy_dfs *)self)->depth = 0; }

static void reserve_branch(struct policy_dfs *p)
{
    if (p->depth < p->path_capacity) return;
    p->path_capacity = p->path_capacity ? 2 * p->path_capacity : 64;
    p->path = policy_realloc(p->path, p->path_capacity * sizeof p->path[0]);
}

static size_t choose_dfs(struct policy *self, enum choice_kind kind, const struct candidate *c,
                         size_t n)
{
    (void)kind, (void)c;
    struct policy_dfs *p = (struct policy_dfs *)self;
    if (p->depth < p->planned) {
        rt_assert(p->path[p->depth].n == n);
        return p->path[p->depth++].index;
    }
    reserve_branch(p);
    p->path[p->depth++] = (struct branch){.index = 0, .n = n};
    return 0;
}

static bool end_dfs(struct policy *self)
{
    struct policy_dfs *p = (struct policy_dfs *)self;
    rt_assert(p->depth >= p->planned);
    p->executions++;
    size_t depth = p->depth;
    while (depth > 0 && p->path[depth - 1].index + 1 == p->path[depth - 1].n) depth--;
    p->planned = depth;
    if (depth == 0) {
        p->complete = true;
        return false;
    }
    p->path[depth - 1].index++;
    return true;
}

struct policy *policy_dfs_new(uint64_t seed)
{
    (void)seed;
    struct policy_dfs *p = policy_alloc(sizeof *p);
    p->policy = (struct policy){
        .name = "dfs", .blind = true, .begin = begin_dfs, .choose = choose_dfs, .end = end_dfs};
    return &p->policy;
}

void policy_dfs_dispose(struct policy *policy) { free(((struct policy_dfs *)policy)->path); }

uint64_t policy_dfs_executions(const struct policy *policy)
{
    return ((const struct policy_dfs *)policy)->executions;
}

bool policy_dfs_complete(const struct policy *policy)
{
    return ((const struct policy_dfs *)policy)->complete;
}
