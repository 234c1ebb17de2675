// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reads and writes input files. Pipes are fine, directories and files above FILE_BYTES_MAX are not.
 */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool write_to(FILE *file, const uint8_t *bytes, size_t size, bool to_disk)
{
    if (!file) return false;
    bool ok = (size == 0 || fwrite(bytes, 1, size, file) == size) && fflush(file) == 0 &&
              (!to_disk || fsync(fileno(file)) == 0);
    int error = errno;
    if (fclose(file) == 0) return ok;
    if (!ok) errno = error;
    return false;
}

/* A device or a pipe cannot be replaced; it is written to. */
static bool is_replaceable(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

bool file_write(const char *path, const uint8_t *bytes, size_t size, char *error,
                size_t error_bytes)
{
    char making[4096];
    bool ok = false;
    int length = snprintf(making, sizeof making, "%s.%ld", path, (long)getpid());
    errno = ENAMETOOLONG;
    if (!is_replaceable(path)) {
        errno = 0;
        ok = write_to(fopen(path, "wb"), bytes, size, false);
    } else if (length > 0 && (size_t)length < sizeof making) {
        errno = 0;
        ok = write_to(fopen(making, "wb"), bytes, size, true) && rename(making, path) == 0;
        int why = errno;
        if (!ok) unlink(making);
        errno = why;
    }
    if (!ok) snprintf(error, error_bytes, "%s: %s", path, strerror(errno));
    return ok;
}
