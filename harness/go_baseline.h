// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What Go's own tools, and those of others, report on the Go programs that kernels were made from:
 * corpus/go-baseline.json. Where the figures come from is said there.
 *
 * Invariant: rows are sorted by kernel, each kernel has at most one, and counts are at most the
 * runs that they are of. A file for which this is not so is refused.
 */
#ifndef HEDDLE_GO_BASELINE_H
#define HEDDLE_GO_BASELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { GO_TOOLS_MAX = 8, GO_BASELINE_ERROR_BYTES = 4608 };

enum go_means { GO_DEADLOCK, GO_LEAK, GO_RACE, GO_PANIC, GO_HANG, GO_MEANS_COUNT };

/* Of another project, with figures that it published. */
struct go_tool {
    const char *id;
    const char *name;
    const char *source;
    int executions; /* of each program, at most; 0: not told */
};

struct go_row {
    const char *kernel;
    int runs;
    int found;                  /* runs that showed the bug */
    bool means[GO_MEANS_COUNT]; /* what showed it */
    int longer_runs;            /* more runs, if found is small; else 0 */
    int longer_found;
    bool published;              /* the tools have figures */
    bool by_tool[GO_TOOLS_MAX];  /* whether it showed the bug */
    int execution[GO_TOOLS_MAX]; /* in which of its executions; 0: not told, or not found */
    const char *note;            /* or NULL */
};

struct go_baseline {
    json_t *root; /* owns the strings */
    struct go_tool tools[GO_TOOLS_MAX];
    size_t tool_count;
    struct go_row *rows; /* malloc'ed */
    size_t row_count;
};

/* Read the file. On failure false and one line "path: why"; there is nothing to free then. */
bool go_baseline_read(const char *path, struct go_baseline *out,
                      char error[GO_BASELINE_ERROR_BYTES]);
void go_baseline_free(struct go_baseline *baseline);

/* The kernel's row, or NULL. */
const struct go_row *go_baseline_find(const struct go_baseline *baseline, const char *kernel);

/* "deadlock detector", "leak check", "-race", "panic", "hang". */
const char *go_means_name(enum go_means means);

#endif
