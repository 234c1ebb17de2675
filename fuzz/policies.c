// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The table of policies, and their memory.
 *
 * Policies live on the host's heap, not in the regions of an execution: they outlive it. They
 * allocate when they are made, or when an enumeration gets deeper than ever before; never per
 * execution.
 */
#include "policies.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "policy_bytes.h"
#include "policy_dfs.h"
#include "policy_natural.h"
#include "policy_pct.h"
#include "policy_random.h"
#include "policy_targets.h"

static const struct policy_info table[] = {
    {"natural", "the running goroutine goes on while it can; one schedule", false,
     policy_natural_new, NULL},
    {"random", "every candidate is equally likely; at few of the accesses", true, policy_random_new,
     NULL},
    {"pct", "random priorities, lowered at two random points (PCT, depth 3)", true, policy_pct_new,
     NULL},
    {"targets", "what one execution shows to be possible is tried in the next ones", true,
     policy_targets_new, NULL},
    {"dfs", "every schedule once, depth first; says when complete", false, policy_dfs_new,
     policy_dfs_dispose},
    {"bytes", "generated inputs, as a fuzzing engine would give them", true, policy_bytes_new,
     NULL},
};

const struct policy_info *policies(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const struct policy_info *policy_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}

void policy_destroy(struct policy *policy)
{
    if (!policy) return;
    const struct policy_info *info = policy_find(policy->name);
    rt_assert(info != NULL);
    if (info->dispose) info->dispose(policy);
    free(policy);
}

void *policy_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory) fault_usage("out of memory for a policy (%zu bytes)", bytes);
    return memory;
}

void *policy_realloc(void *memory, size_t bytes)
{
    void *moved = realloc(memory, bytes);
    if (!moved) fault_usage("out of memory for a policy (%zu bytes)", bytes);
    return moved;
}
