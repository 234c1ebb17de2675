// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Tell the story of one input of the chosen target (target_open). */
#ifndef HEDDLE_EXPLAINED_H
#define HEDDLE_EXPLAINED_H

#include "report/story.h"
#include "status.h"

/* Columns of the text form. */
enum { EXPLAINED_WIDTH_MIN = 60, EXPLAINED_WIDTH_MAX = 1000 };

struct explained_options {
    const char *name; /* kernel that has to be named for a replay; NULL: none has */
    bool json;        /* not the text */
    const char *out;  /* file for the text or the JSON; NULL: stdout */
    size_t width;     /* columns of the text; 0: 100 */
    const char *html; /* files that are written besides; NULL: not */
    const char *sarif;
    const char *perfetto;
};

/* Run the file and print its story. The status is the execution's, or STATUS_USAGE after one line
 * about a file. */
enum status explained_file(const char *path, const struct explained_options *options);

#endif
