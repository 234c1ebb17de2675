// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reads input files. Pipes are fine, directories and files above FILE_BYTES_MAX are not. */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Everything that is left in file; NULL with errno on failure. */
static uint8_t *read_all(FILE *file, size_t *size)
{
    size_t capacity = 4096;
    uint8_t *bytes = malloc(capacity);
    *size = 0;
    while (bytes) {
        *size += fread(bytes + *size, 1, capacity - *size, file);
        if (*size < capacity) break;
        if (capacity >= FILE_BYTES_MAX) {
            errno = EFBIG;
            free(bytes);
            return NULL;
        }
        capacity *= 2;
        uint8_t *moved = realloc(bytes, capacity);
        if (!moved) free(bytes);
        bytes = moved;
    }
    if (!bytes || !ferror(file)) return bytes;
    int error = errno;
    free(bytes);
    errno = error;
    return NULL;
}

bool file_read(const char *path, uint8_t **bytes, size_t *size, char *error, size_t error_bytes)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    *bytes = NULL;
    if (file && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
    } else if (file) {
        *bytes = read_all(file, size);
    }
    if (!*bytes) snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
    if (file) fclose(file);
    return *bytes != NULL;
}
