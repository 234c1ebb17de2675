// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A helper program that answers questions over one socket. Used by symbolize.c alone. */
#ifndef HEDDLE_TOOL_H
#define HEDDLE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed: not running. */
struct tool {
    bool running;
    int socket; /* its standard input and output */
    pid_t pid;
    pid_t owner; /* the process that started it: a forked copy of us must not talk to it */
};

/* Look for an executable file: in directory (may be NULL) and then in each entry of PATH.
 * False if there is none, or if its path does not fit. */
bool tool_find(const char *name, const char *directory, char *path, size_t path_bytes);

/* Start argv[0] (a path). False if that is impossible; nothing is left behind then. */
bool tool_start(struct tool *tool, char *const argv[]);

/* Is it running, and ours? Forgets a tool that belongs to the process that forked us. */
bool tool_is_mine(struct tool *tool);

/* Send question and read until the answer ends with `end`, or, with end NULL, until it closes its
 * output. The answer is terminated. False, with the tool stopped, when it dies, says nothing for
 * patience_ms, or says more than fits. */
bool tool_ask(struct tool *tool, const char *question, const char *end, char *answer,
              size_t answer_bytes, int patience_ms);

/* Kill and reap it. Does nothing to a tool that is not running. */
void tool_stop(struct tool *tool);

#endif
