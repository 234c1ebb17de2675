// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Folders and paths for commands that start engines. */
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "status.h"

bool scratch_path(char out[SCRATCH_PATH_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, SCRATCH_PATH_BYTES, format, arguments);
    va_end(arguments);
    return length >= 0 && length < SCRATCH_PATH_BYTES;
}

bool scratch_make(char out[SCRATCH_PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !parent[0]) parent = "/tmp";
    errno = ENAMETOOLONG;
    if (scratch_path(out, "%s/heddle-XXXXXX", parent) && mkdtemp(out)) return true;
    status_usage("%s: cannot make a scratch folder: %s", parent, strerror(errno));
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

void scratch_remove(const char *path)
{
    if (path[0]) nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool scratch_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    if (!out) return false;
    bool ok = fwrite(bytes, 1, size, out) == size;
    return fclose(out) == 0 && ok;
}

bool scratch_find_program(const char *const places[], char out[SCRATCH_PATH_BYTES])
{
    char self[SCRATCH_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return false;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; places[i]; i++)
        if (scratch_path(out, "%s/%s", self, places[i]) && access(out, X_OK) == 0) return true;
    return false;
}
