// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A child process whose output is read line by line. */
#ifndef HEDDLE_CHILD_H
#define HEDDLE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_LINE_BYTES = 8192 };

struct child {
    pid_t pid;
    int output;    /* read end of its stdout and stderr; -1 once it has ended */
    size_t filled; /* bytes in buffer */
    size_t taken;  /* of them, those of the line given last */
    char buffer[CHILD_LINE_BYTES];
    int status; /* as of waitpid; valid after child_wait */
};

/* Start argv[0] (looked for in PATH if it has no slash) in a process group of its own, with
 * environment settings "NAME=VALUE" in addition (NULL-terminated, may be NULL). It gets SIGTERM if
 * we die. False with errno if it cannot be started. */
bool child_start(struct child *child, char *const argv[], const char *const settings[]);

enum child_news { CHILD_LINE, CHILD_QUIET, CHILD_END };

/* Wait at most timeout_ms for a line; *line is without its end and valid until the next call. A
 * line that is too long comes in pieces. CHILD_QUIET also when a signal came. */
enum child_news child_read(struct child *child, int timeout_ms, char **line);

/* Send it a signal. */
void child_signal(const struct child *child, int signal_number);

/* Wait until it has ended: its exit status, or 128 + the signal that ended it. */
int child_wait(struct child *child);

/* Ask it to end by SIGINT, after patience_ms by SIGKILL; reads and drops its output meanwhile. */
int child_stop(struct child *child, int patience_ms);

#endif
