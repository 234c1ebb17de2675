// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The catalogue of the corpus: what each kernel is, how soon policies find it, and what Go's own
 * tools say about its Go program. `heddle list --markdown` prints it; corpus/README.md keeps it.
 *
 * Invariant: equal programs give equal text, on every machine. What depends on how the compiler
 * treats accesses to memory, and not on synchronization alone, are only the lines that begin with
 * "| targets" and the last but two cells of a kernel's row: the policy targets watches accesses.
 */
#ifndef HEDDLE_CATALOGUE_H
#define HEDDLE_CATALOGUE_H

#include "go_baseline.h"
#include "kernel.h"
#include "status.h"

enum { CATALOGUE_POLICIES = 3, CATALOGUE_SEEDS = 20, CATALOGUE_RUNS = 10000 };

/* random, pct, targets */
extern const char *const catalogue_policies[CATALOGUE_POLICIES];

/* First executions that found a kernel, of the seeds 1 to CATALOGUE_SEEDS. */
struct catalogue_firsts {
    size_t found;    /* seeds that found it within CATALOGUE_RUNS */
    uint64_t median; /* of these, the upper one if there are two; 0: no seed found it */
    uint64_t worst;
};

struct catalogue_entry {
    const struct kernel *kernel;
    bool natural_fails;
    struct catalogue_firsts firsts[CATALOGUE_POLICIES];
    const struct go_row *go; /* NULL: no Go program of it was run */
};

struct catalogue {
    struct catalogue_entry *entries; /* in order of name; malloc'ed */
    size_t count;
    struct go_baseline baseline;
};

/* Whether the natural schedule, which is the empty input, shows a bug. */
bool catalogue_natural_fails(const struct kernel *k);

/* Run these kernels (buggy variants, in order of name) as often as the figures need. On failure one
 * line, and there is nothing to free. */
enum status catalogue_make(struct catalogue *out, const struct kernel *const *kernels,
                           size_t count);
void catalogue_free(struct catalogue *catalogue);

/* Print it to stdout. */
void catalogue_print(const struct catalogue *catalogue);

#endif
