// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench forms: which form should the schedule entries of an input have (forms.h)? */
#ifndef HEDDLE_BENCH_FORMS_H
#define HEDDLE_BENCH_FORMS_H

#include "forms.h"
#include "kernel.h"
#include "scratch.h"
#include "status.h"

enum status bench_forms(int argc, char **argv);

/* ---- Its parts ---------------------------------------------------------------------------- */

enum { FORM_SEEDS_MAX = 32, FORM_JOBS_MAX = 16 };

enum form_engine { FORM_LIBFUZZER, FORM_SCHEDULE, FORM_AFL, FORM_ENGINES };

/* What to run. */
struct form_plan {
    bool engines[FORM_ENGINES];
    enum grain grain;
    uint64_t runs; /* executions at most */
    uint64_t seed_first;
    size_t seed_count;
    size_t jobs;                   /* engines at a time */
    const struct kernel **kernels; /* that the natural schedule does not fail */
    size_t kernel_count;
    char folder[SCRATCH_PATH_BYTES]; /* scratch */
};

/* What came of it: for each form and kernel, executions to the first bug by seed; 0: not found. */
struct form_result {
    uint64_t first[FORM_SEEDS_MAX];
};
struct form_results {
    struct form_result *of; /* kernel_count of each form, form by form */
};

/* Run one engine on all of the plan. Inputs that showed a bug are kept: form_input_path. */
enum status form_run(const struct form_plan *plan, enum form_engine engine,
                     struct form_results *results);
bool form_input_path(const struct form_plan *plan, enum form_engine engine, enum form form,
                     size_t kernel, size_t seed, char out[SCRATCH_PATH_BYTES]);
/* Whether the program of that engine is there. */
bool form_engine_find(enum form_engine engine, char out[SCRATCH_PATH_BYTES]);

/* An unrelated goroutine that is added to a kernel: the root starts it first. */
struct form_neighbour {
    uint32_t rounds; /* how often it locks, unlocks, sends and receives, all of its own; 0: none */
    bool renames; /* what the root makes after it gets other stable ids, as without care it does */
};

/* Run an input of this form on k beside that goroutine: the signature, or "". */
void form_beside(const struct kernel *k, enum form form, enum grain grain,
                 struct form_neighbour neighbour, const uint8_t *bytes, size_t size,
                 char *signature, size_t signature_bytes);

#endif
