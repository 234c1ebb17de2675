// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Which kernel an input file belongs to, and how it was run.
 *
 * First that is there: a name that was given; FILE.json; trace.json beside it; the folders
 * <kernel>/<signature>/ that it lies in. The json also says which variant and which options.
 */
#ifndef HEDDLE_RECORDED_H
#define HEDDLE_RECORDED_H

#include "cli.h"

struct recorded {
    const struct kernel *kernel;
    bool has_facts; /* of this kernel */
    bool same;      /* ... and of this variant: the execution should be the recorded one */
    struct artifact_facts facts;
    char trace[ARTIFACT_PATH_BYTES]; /* the json they are from; "" without facts */
};

/* name NULL and variant 0: from the file. STATUS_OK, or one line. */
enum status recorded_find(const char *file, const char *name, enum cli_variant variant,
                          struct recorded *out);

/* Open the target that was recorded (target_open). */
void recorded_open(const struct recorded *r);

/* Is the first of several arguments the name of a kernel, or meant as one, and not a file? */
bool recorded_is_name(const char *first, int argument_count);

#endif
