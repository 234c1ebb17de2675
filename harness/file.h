// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Input files, whole. */
#ifndef HEDDLE_FILE_H
#define HEDDLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILE_ERROR_BYTES = 4352, FILE_BYTES_MAX = 64 << 20 };

/* Read path into malloc'ed *bytes (never NULL). On failure false and one line "path: why". */
bool file_read(const char *path, uint8_t **bytes, size_t *size, char *error, size_t error_bytes);

/* Write all of it to path, which is the old file or the new one at every moment. On failure false
 * and one line "path: why". */
bool file_write(const char *path, const uint8_t *bytes, size_t size, char *error,
                size_t error_bytes);

#endif
