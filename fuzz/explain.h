// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From an input to the story of its execution (report/story.h).
 *
 * Invariants
 * - Explaining runs the target's executions and nothing else; the last of them is the input's own.
 * - The same input gives an equal story, whatever ran before.
 */
#ifndef HEDDLE_EXPLAIN_H
#define HEDDLE_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "report/story.h"

enum {
    EXPLAIN_NEEDED_MAX = 64,    /* so many forced answers, the last ones, are left out for a try */
    EXPLAIN_BRANCHES_MAX = 256, /* so many other answers are tried at the latest points */
};

struct explain_options {
    bool contrast; /* also look for the nearest passing schedule, and which answers are needed */
    const char *input; /* how the command that replays it names the bytes; NULL: "input" */
};

/* Run the bytes on the target of target_open and tell what happened. The story is the caller's:
 * story_free. */
void explain(const uint8_t *bytes, size_t size, const struct explain_options *options,
             struct story *story);

void story_free(struct story *story);

#endif
