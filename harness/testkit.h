// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of harness/ share: running our programs and looking at what they say. Compiled
 * into tests; no part of the library.
 */
#ifndef HEDDLE_HARNESS_TESTKIT_H
#define HEDDLE_HARNESS_TESTKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRAM_TEXT_BYTES = 1 << 20, PROGRAM_ARGUMENTS_MAX = 1024, PROGRAM_PATH_BYTES = 1024 };

/* How a program ended and what it said (cut if it is longer). */
struct program_end {
    int status; /* exit status, or 128 + signal */
    char output[PROGRAM_TEXT_BYTES];
    char errors[PROGRAM_TEXT_BYTES];
};

/* Run a program with arguments up to NULL; the first is its path. output_path NULL: into
 * end->output, else to that file. */
void program_run(struct program_end *end, const char *output_path, const char *const arguments[]);

/* The same with the program apart from its arguments. */
void program_run_with(struct program_end *end, const char *output_path, const char *program,
                      const char *const arguments[]);

/* Run `heddle` of this build. */
#define heddle_run_into(end, path, ...)                                                            \
    program_run_with((end), (path), HEDDLE_BUILD_DIR "/heddle",                                    \
                     (const char *const[]){__VA_ARGS__, NULL})
#define heddle_run(end, ...) heddle_run_into(end, NULL, __VA_ARGS__)

/* Has it been built? */
bool program_is_built(const char *program);
/* Skip this test, and say so, if it has not. */
void program_need(const char *program);

/* The text is one line, and not empty. */
bool text_is_one_line(const char *text);
/* What heddle replay says of the recorded execution: one line that ends so. */
bool text_says_reproduced(const char *text);
size_t text_count(const char *text, const char *part);

/* A new, empty folder; removed by folder_remove. */
void folder_make(char path[PROGRAM_PATH_BYTES]);
void folder_remove(const char *path);

void file_put(const char *path, const void *bytes, size_t size);
/* The whole file as text; the test fails if it cannot be read or is larger. */
void file_get(const char *path, char *text, size_t text_bytes, size_t *size);

/* printf into a path. */
void path_of(char out[PROGRAM_PATH_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
