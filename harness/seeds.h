// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Inputs for an engine to start from, for kernels whose natural schedule shows nothing: a few that
 * pass and are different executions. `heddle seeds` writes them; corpus/seeds/ keeps them.
 *
 * Invariants
 * - A seed passes in the buggy variant and in the fixed one: no finding, no limit.
 * - The seeds of a kernel are different executions of its buggy variant, by their digests.
 * - They are of grain sync, where a kernel runs the same way whatever compiled it, so they are a
 *   function of the kernel alone.
 * - They say no more than they need: natural tail, no entry or byte of data that changes nothing.
 */
#ifndef HEDDLE_SEEDS_H
#define HEDDLE_SEEDS_H

#include "kernel.h"
#include "scratch.h"

enum {
    SEEDS_MAX = 8,       /* of one kernel */
    SEED_BYTES_MAX = 64, /* of one seed */
    SEED_NAME_BYTES = 17,
};

struct seed {
    uint8_t bytes[SEED_BYTES_MAX];
    size_t size;     /* never 0: afl-fuzz takes no empty file */
    uint64_t digest; /* of its execution, buggy variant */
};

struct seeds {
    struct seed seeds[SEEDS_MAX]; /* the natural schedule first */
    size_t count;                 /* 0: the natural schedule does not pass */
};

/* Make the seeds of the kernel of this name, which has both variants. */
void seeds_make(const char *kernel, struct seeds *out);

/* Name of a seed's file: 16 hexadecimal digits, of its bytes. */
void seeds_name(const struct seed *seed, char out[SEED_NAME_BYTES]);

/* Where the stored seeds of k are: its folder in corpus/seeds/, which need not be there. False if
 * the path is too long. */
bool seeds_folder(const struct kernel *k, char out[SCRATCH_PATH_BYTES]);

#endif
