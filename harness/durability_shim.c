// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Between a program and the C library: counts what the program does to files below one folder, and
 * at the n-th operation kills it, or lets the operation fail. So every moment at which a process can
 * die, or a disk be full, can be tried one after the other. Loaded by LD_PRELOAD in
 * durability_test.c, which sets
 *
 *   HEDDLE_SHIM_UNDER    the folder; without it nothing is done
 *   HEDDLE_SHIM_AT       n, from 1
 *   HEDDLE_SHIM_DO       "kill" (this process, before the operation), "both" (also its parent, as if
 *                        the machine had died), or the number of an error that it fails with
 *   HEDDLE_SHIM_LOG      file that gets a line for each operation
 *   HEDDLE_SHIM_PLAIN    set: the file system cannot exchange folders
 *
 * Reading (open without O_CREAT, stat) is no operation.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static unsigned long count; /* safe: the programs have one thread that writes files */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_below(const char *path)
{
    const char *under = getenv("HEDDLE_SHIM_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static bool is_file_below(int file)
{
    char link[64], path[PATH_BYTES];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = '\0';
    return is_below(path);
}

static void note(const char *operation)
{
    const char *log = getenv("HEDDLE_SHIM_LOG");
    int file = log ? REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    dprintf(file, "%s\n", operation);
    close(file);
}

/* Count one operation. False: it is to fail, with errno. */
static bool goes_on(bool counts, const char *operation)
{
    if (!counts) return true;
    int error = errno;
    const char *at = getenv("HEDDLE_SHIM_AT"), *action = getenv("HEDDLE_SHIM_DO");
    note(operation);
    errno = error;
    if (!at || !action || ++count != strtoul(at, NULL, 10)) return true;
    if (strcmp(action, "both") == 0) kill(getppid(), SIGKILL);
    if (strcmp(action, "kill") == 0 || strcmp(action, "both") == 0) raise(SIGKILL);
    errno = atoi(action);
    return false;
}

__attribute__((visibility("default"))) int mkdir(const char *path, mode_t mode)
{
    return goes_on(is_below(path), "mkdir") ? REAL(mkdir)(path, mode) : -1;
}

__attribute__((visibility("default"))) int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    bool counts = (flags & O_CREAT) && is_below(path);
    return goes_on(counts, "open") ? REAL(open)(path, flags, mode) : -1;
}

__attribute__((visibility("default"))) FILE *fopen(const char *path, const char *mode)
{
    bool counts = mode[0] != 'r' && is_below(path);
    return goes_on(counts, "fopen") ? REAL(fopen)(path, mode) : NULL;
}

__attribute__((visibility("default"))) int fflush(FILE *file)
{
    bool counts = file && is_file_below(fileno(file));
    return goes_on(counts, "fflush") ? REAL(fflush)(file) : EOF;
}

__attribute__((visibility("default"))) int fclose(FILE *file)
{
    if (goes_on(is_file_below(fileno(file)), "fclose")) return REAL(fclose)(file);
    int error = errno;
    REAL(fclose)(file);
    errno = error;
    return EOF;
}

__attribute__((visibility("default"))) int fsync(int file)
{
    return goes_on(is_file_below(file), "fsync") ? REAL(fsync)(file) : -1;
}

__attribute__((visibility("default"))) int rename(const char *from, const char *to)
{
    return goes_on(is_below(to), "rename") ? REAL(rename)(from, to) : -1;
}

__attribute__((visibility("default"))) int renameat2(int from_folder, const char *from,
                                                     int to_folder, const char *to, unsigned flags)
{
    if (getenv("HEDDLE_SHIM_PLAIN")) {
        errno = EINVAL;
        return -1;
    }
    return goes_on(is_below(to), "renameat2")
               ? REAL(renameat2)(from_folder, from, to_folder, to, flags)
               : -1;
}

__attribute__((visibility("default"))) int unlink(const char *path)
{
    return goes_on(is_below(path), "unlink") ? REAL(unlink)(path) : -1;
}

__attribute__((visibility("default"))) int rmdir(const char *path)
{
    return goes_on(is_below(path), "rmdir") ? REAL(rmdir)(path) : -1;
}
