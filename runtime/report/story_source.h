// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The lines of the program that a story's page quotes.
 *
 * Invariants
 * - Only regular files are read, and only those that the story or its report names.
 * - A file that cannot be read, or is too large, is left out: that is no error.
 */
#ifndef HEDDLE_STORY_SOURCE_H
#define HEDDLE_STORY_SOURCE_H

#include "story.h"

enum {
    SOURCE_AROUND = 7,               /* lines quoted above and below a place */
    SOURCE_LINE_BYTES = 400,         /* what is quoted of a line */
    SOURCE_FILE_BYTES_MAX = 8 << 20, /* a larger file is left out */
};

/* {"files": [{"name": "relative to the root", "lines": {"24": "text"}}]}, fit to stand in a script
 * element of a page. False if something could not be written. */
bool story_print_sources(FILE *out, const struct story *s);

/* A JSON string that is fit to stand in a script element of a page: no `<`, nothing that is not
 * UTF-8. At most `bytes` bytes of the text. */
bool story_print_script_string(FILE *out, const char *text, size_t bytes);

/* How many bytes of text are its first character if that is UTF-8, else 0. */
size_t story_utf8_bytes(const char *text, size_t bytes);

#endif
