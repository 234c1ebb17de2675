// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The program under test as an engine sees it: bytes in, and either a return or a death.
 *
 * Invariants
 * - pass and inconclusive return and are counted; only a finding ends the process, and only after
 *   the artifact is on disk (or a line says why it is not) and the report is printed.
 * - A finding whose signature is on the ignore list is counted and returns.
 * - One target per process; no allocation per execution that passes.
 */
#ifndef HEDDLE_TARGET_H
#define HEDDLE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "artifact.h"
#include "forms.h"
#include "run.h"

enum { TARGET_IGNORED_MAX = 64, TARGET_SIGNATURE_BYTES = 512 };

struct target_options {
    const char *name;
    const char *variant; /* "buggy", "fixed", or "" */
    void (*root)(void);
    bool engine_only;  /* root is called as it is, outside any execution: the engine is measured */
    bool entries_only; /* inputs are schedule entries, the header is all defaults: likewise */
    bool
        compares_forms; /* inputs are of this form and grain, and their tail is natural: likewise */
    enum form form;
    enum grain form_grain;
    bool mutates_schedules; /* an engine that asks for a mutator gets form_mutate */
    struct run_options run;
    const char *artifacts;                   /* directory for findings; NULL: none are written */
    const char *ignored[TARGET_IGNORED_MAX]; /* signatures */
    size_t ignored_count;
    const char *source_root; /* directory that the stable form cuts from paths, or NULL */
    const char *program;     /* replays: "heddle replay" or "./prog --heddle-replay" */
};

/* What has happened so far. May lie in memory that a watching process maps (target_share). */
struct target_counts {
    uint64_t executions;
    uint64_t passes;
    uint64_t ignored;
    uint64_t inconclusive;
};

/* Choose the target. The strings must stay. */
void target_open(const struct target_options *options);

/* Run one input and act on the outcome. Returns 0, or does not return. */
int target_run(const uint8_t *bytes, size_t size);

/* Run one input and only tell. The report in *result is valid until the next execution. */
void target_try(const uint8_t *bytes, size_t size, struct run_result *result);

/* Write the artifact of the latest target_try, whose verdict was a bug. */
bool target_save(const uint8_t *bytes, size_t size, const struct run_result *result,
                 struct artifact_place *place);

/* Say that target_save failed, in one line that has the bytes: they are nowhere else. */
void target_print_unsaved(FILE *out, const struct artifact_place *place, const uint8_t *bytes,
                          size_t size);

/* Run the input, and write its artifact with the deviations in it; minimal: they are known to be
 * (minimize.h). False with place->error also if it shows no bug. */
bool target_save_described(const uint8_t *bytes, size_t size, bool minimal,
                           struct artifact_place *place);

/* Print the report of the latest execution; input is its name in the report, NULL if it has none.
 */
void target_print(FILE *out, const struct run_result *result, bool stable, const char *input);

const struct target_counts *target_counts(void);

/* As given to target_open. */
const struct target_options *target_options(void);

/* Count in a file from now on, which others can map and read while this process runs. False with
 * errno if that cannot be. */
bool target_share(const char *path);

/* One digest of `count` generated inputs of seed, all of one grain; each runs twice. False if one
 * of them then had another digest: *culprit is its index. */
bool target_digest(enum grain grain, uint64_t seed, uint64_t count, uint64_t *digest,
                   uint64_t *culprit);

#endif
