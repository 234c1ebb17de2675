// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench minimize: what minimizing makes of different findings of one bug. */
#ifndef HEDDLE_BENCH_MINIMIZE_H
#define HEDDLE_BENCH_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "status.h"
#include "target.h"

enum status bench_minimize(int argc, char **argv);

/* The first finding of a policy on the target of target_open, as an input with explicit entries. */
struct finding_search {
    const char *policy;
    enum grain grain;
    uint64_t seed;
    uint64_t runs;                          /* at most */
    char signature[TARGET_SIGNATURE_BYTES]; /* only this one counts; "": any, and it is put here */
};
/* False if there is none, or none that can be written. *bytes is malloc'ed. */
bool finding_search(struct finding_search *search, uint8_t **bytes, size_t *size);

#endif
