// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* An input (input.h) as a policy: what every engine and every replay runs. */
#ifndef HEDDLE_POLICY_BYTES_H
#define HEDDLE_POLICY_BYTES_H

#include "choice.h"
#include "input.h"
#include "pct.h"

/* Embeddable, so that a target has one that is never allocated. */
struct policy_bytes {
    struct policy policy;
    struct input input;
    size_t next_entry;        /* number of the oldest entry that is not used up */
    struct input_entry entry; /* this one, if there is one */
    size_t next_data;         /* the first byte of data that is not used up */
    uint64_t rate_mask;       /* tail random: an access deviates if these bits of its draw are 0 */
    struct pct pct;           /* tail policy pct */

    /* Only of a policy that policy_bytes_new made: it plays generated inputs of policy.grain. */
    bool generates;
    uint64_t seed;
    uint64_t run; /* number of the next execution, from 0 */
    uint8_t generated[INPUT_RANDOM_BYTES_MAX];
};

/* Make *p a policy that plays the natural schedule until policy_bytes_play. */
void policy_bytes_init(struct policy_bytes *p);

/* The executions that follow play these bytes, which must stay. O(1), allocates nothing. */
void policy_bytes_play(struct policy_bytes *p, const uint8_t *bytes, size_t size);

/* Execution i plays input_random_in(policy->grain, seed, i); the grain is sync until somebody sets
 * it. Freed by policy_destroy. */
struct policy *policy_bytes_new(uint64_t seed);

#endif
