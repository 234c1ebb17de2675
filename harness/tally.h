// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What many executions of one kernel under one policy came to. */
#ifndef HEDDLE_TALLY_H
#define HEDDLE_TALLY_H

#include "kernel.h"
#include "policies.h"
#include "run.h"

enum { TALLY_NAMES_MAX = 64, TALLY_NAME_BYTES = 512 };

/* How often each of a few names came up. */
struct tally_names {
    struct tally_name {
        char *name; /* malloc'ed */
        uint64_t count;
    } entries[TALLY_NAMES_MAX];
    size_t count;
    uint64_t others; /* names that found no room */
};

struct tally {
    uint64_t runs;       /* executions */
    uint64_t found;      /* of them, with a bug */
    uint64_t first;      /* number of the first of these, from 1; 0: none */
    uint64_t unexpected; /* of the bugs, with a signature that the kernel does not list */
    uint64_t distinct;   /* different digests */
    uint64_t digest;     /* of all executions in order */
    double seconds;
    bool complete; /* the policy has nothing new to try */
    struct tally_names signatures;
    struct tally_names inconclusive; /* by limit */
};

/* Run k up to `runs` times in this grain, under a policy made from seed. Free with tally_free. */
void tally_run(struct tally *tally, const struct kernel *k, const struct policy_info *policy,
               enum grain grain, uint64_t seed, uint64_t runs, const struct run_options *options);
/* The same, but the first execution with a bug is the last. */
void tally_run_to_first(struct tally *tally, const struct kernel *k,
                        const struct policy_info *policy, enum grain grain, uint64_t seed,
                        uint64_t runs, const struct run_options *options);
void tally_free(struct tally *tally);

/* Add `count` to the name's count, making the entry if there is none. */
void tally_count(struct tally_names *names, const char *name, uint64_t count);

#endif
