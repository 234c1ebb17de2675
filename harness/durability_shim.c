// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Between a program and the C library: counts what the program does to files below one folder, and
 * at the n-th operation kills it, or lets the operation fail. So every moment at which a process
 * can die, or a disk be full, can be tried one after the other. Loaded by LD_PRELOAD in
 * durability_test.c, which sets
 *
 *   HEDDLE_SHIM_UNDER    the folder; without it nothing is done
 *   HEDDLE_SHIM_AT       n, from 1
 *   HEDDLE_SHIM_DO       "kill" (this process, before the operation), or the number of an error
 *                        that it fails with
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

/* POSIX has functions and objects of one size, which ISO C does not know. */
#define REAL(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

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
    if (strcmp(action, "kill") == 0) raise(SIGKILL);
    errno = atoi(action);
    return false;
}

__attribute__((visibility("default"))) int mkdir(const char *path, mode_t mode)
{
    return goes_on(is_below(path), "mkdir") ? REAL(mkdir)(path, mode) : -1;
}

__attribute__((visibility("default"))) int open(const char *file, int oflag, ...)
{
    va_list arguments;
    va_start(arguments, oflag);
    mode_t mode = oflag & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    bool counts = (oflag & O_CREAT) && is_below(file);
    return goes_on(counts, "open") ? REAL(open)(file, oflag, mode) : -1;
}

__attribute__((visibility("default"))) FILE *fopen(const char *filename, const char *modes)
{
    bool counts = modes[0] != 'r' && is_below(filename);
    return goes_on(counts, "fopen") ? REAL(fopen)(filename, modes) : NULL;
}

__attribute__((visibility("default"))) int fflush(FILE *stream)
{
    bool counts = stream && is_file_below(fileno(stream));
    return goes_on(counts, "fflush") ? REAL(fflush)(stream) : EOF;
}

__attribute__((visibility("default"))) int fclose(FILE *stream)
{
    if (goes_on(is_file_below(fileno(stream)), "fclose")) return REAL(fclose)(stream);
    int error = errno;
    REAL(fclose)(stream);
    errno = error;
    return EOF;
}

/* Below the folder it is counted and no more: what dies are processes, not the machine, and waiting
 * for the disk would be most of the test. */
__attribute__((visibility("default"))) int fsync(int fd)
{
    if (!is_file_below(fd)) return REAL(fsync)(fd);
    return goes_on(true, "fsync") ? 0 : -1;
}

__attribute__((visibility("default"))) int rename(const char *old, const char *new)
{
    return goes_on(is_below(new), "rename") ? REAL(rename)(old, new) : -1;
}

__attribute__((visibility("default"))) int renameat2(int oldfd, const char *old, int newfd,
                                                     const char *new, unsigned flags)
{
    if (getenv("HEDDLE_SHIM_PLAIN")) {
        errno = EINVAL;
        return -1;
    }
    return goes_on(is_below(new), "renameat2") ? REAL(renameat2)(oldfd, old, newfd, new, flags)
                                               : -1;
}

__attribute__((visibility("default"))) int unlink(const char *name)
{
    return goes_on(is_below(name), "unlink") ? REAL(unlink)(name) : -1;
}

__attribute__((visibility("default"))) int rmdir(const char *path)
{
    return goes_on(is_below(path), "rmdir") ? REAL(rmdir)(path) : -1;
}
