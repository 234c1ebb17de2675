// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A finding on disk: a folder <directory>/<target>/<signature>/ with
 *   input        the bytes as the engine had them
 *   report.txt   the report in the stable form
 *   trace.json   target, variant, options that change an execution, digest, verdict, signature,
 *                the deviations from the natural schedule (deviation.h) if they are known, and the
 *                events, each named by the stable id of its goroutine and its place there
 *
 * Invariants
 * - The folder appears whole or not at all: it is made under another name and renamed. When
 *   artifact_write returns true it is on disk, with its name.
 * - One folder for a signature; a smaller finding replaces a larger one, else the older stays, also
 *   when several processes write at once. A minimized one is smaller than any other; of two such
 *   counts the order of minimize.h as far as trace.json tells it (grain, preemptions, deviations,
 *   bytes), of two others the bytes, and then whether the deviations are known.
 */
#ifndef HEDDLE_ARTIFACT_H
#define HEDDLE_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deviation.h"
#include "run.h"

enum { ARTIFACT_PATH_BYTES = 4096, ARTIFACT_ERROR_BYTES = 4352 };

struct artifact {
    const char *directory;
    const char *target;  /* the kernel's or program's name */
    const char *variant; /* "buggy", "fixed", or "" */
    const struct run_options *options;
    const uint8_t *input;
    size_t input_bytes;
    const struct run_result *result; /* of the latest execution, with a report */
    const char *signature;
    const char *report;                  /* its text in the stable form */
    const struct deviations *deviations; /* of the input; NULL: not known */
    bool minimal; /* known to be 1-minimal (minimize.h); deviations are known then */
};

/* Where it is, or why it is nowhere. */
struct artifact_place {
    char input[ARTIFACT_PATH_BYTES];  /* path of the input; "" if it was not written */
    char error[ARTIFACT_ERROR_BYTES]; /* one line; "" if all is well */
    bool kept;                        /* an older one with an input at least as short stays */
};

/* Write it, or find that there already is one. False with place->error on failure. */
bool artifact_write(const struct artifact *a, struct artifact_place *place);

/* What a trace.json says about how to run its input. */
struct artifact_facts {
    char target[128];
    char variant[16];
    char signature[512];
    struct run_options options;
    uint64_t digest;
    bool minimal; /* what follows is 0 where the deviations are not known */
    enum grain grain;
    uint64_t preemptions;
    size_t deviation_count;
    bool has_deviations;
};

/* Read them. False with one line in error if path is not such a file. */
bool artifact_read_facts(const char *path, struct artifact_facts *facts, char *error,
                         size_t error_bytes);

#endif
