// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* All policies by name. A new policy is one file and one line in policies.c. */
#ifndef HEDDLE_POLICIES_H
#define HEDDLE_POLICIES_H

#include <stddef.h>
#include <stdint.h>

#include "choice.h"

struct policy_info {
    const char *name;
    const char *summary; /* for --help */
    bool seeded;         /* different seeds give different runs */

    /* Make one; execution i (from 0) under it is a function of the program, seed and i. Its grain
     * is sync; set policy->grain before the first execution for another one. */
    struct policy *(*create)(uint64_t seed);

    /* Free what it owns besides itself. May be NULL. */
    void (*dispose)(struct policy *policy);
};

const struct policy_info *policies(size_t *count);

/* The policy of that name, or NULL. */
const struct policy_info *policy_find(const char *name);

/* Free a policy that `create` made. NULL is allowed. */
void policy_destroy(struct policy *policy);

/* Memory of policies: zeroed, never NULL (out of memory ends the process with one line). */
void *policy_alloc(size_t bytes);
void *policy_realloc(void *memory, size_t bytes);

#endif
