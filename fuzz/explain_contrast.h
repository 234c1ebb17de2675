// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Which forced answers a bug needs, and the nearest schedule that passes.
 *
 * Invariants
 * - "Needed" is an experiment: without that one answer, the others as they were, the signature is
 *   another one or none. What was not tried is not said to be needed.
 * - A passing schedule has the same answers up to the point where it parts. First those with one
 *   forced answer left out, the last one first; then those with another answer at the latest points
 *   and the natural schedule behind it.
 */
#ifndef HEDDLE_EXPLAIN_CONTRAST_H
#define HEDDLE_EXPLAIN_CONTRAST_H

#include "explain_build.h"

struct contrast {
    bool *needed; /* by forced answer */
    size_t forced_count;
    size_t tried;      /* so many of them, the last ones */
    size_t executions; /* that it took */
    bool found;
    bool left_out; /* parts where this forced answer is left out, not by another answer */
    size_t forced;
    struct watch_forced other; /* parts here: natural is what happens in this story, taken there */
    size_t event;              /* the first that is another one, in both */
    bool over;                 /* there it is none: the execution has ended */
    struct event theirs;
    char object[16]; /* its object's name there, "" */
};

/* The bytes have a bug, and watch has looked on when they were run last. Runs the target. */
void contrast_find(const uint8_t *bytes, size_t size, const struct watch *watch,
                   const struct run_result *result, struct contrast *out);
void contrast_free(struct contrast *contrast);

/* Put it into the story of the same bytes. */
void build_contrast(struct build *b, const struct contrast *contrast);

#endif
