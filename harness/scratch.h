// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Scratch folders of a command, and where its own programs are. */
#ifndef HEDDLE_SCRATCH_H
#define HEDDLE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRATCH_PATH_BYTES = 4096 };

/* printf into a path. False if it does not fit. */
bool scratch_path(char out[SCRATCH_PATH_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Make a new folder below $TMPDIR or /tmp. False with one line on stderr. */
bool scratch_make(char out[SCRATCH_PATH_BYTES]);

/* Remove a folder and all that is in it. */
void scratch_remove(const char *path);

bool scratch_write(const char *path, const uint8_t *bytes, size_t size);

/* Path of the first of `places` (relative to the folder of this program, NULL-terminated) that can
 * be executed. False if there is none. */
bool scratch_find_program(const char *const places[], char out[SCRATCH_PATH_BYTES]);

#endif
