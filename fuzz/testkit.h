// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of fuzz/ share. Compiled into tests; no part of the library.
 *
 * driver_: executions without a runtime. A fake program is a list of questions, and driver_run asks
 * a policy as the scheduler would.
 * fork_: what a function does that may end its process, and folders to do it in.
 */
#ifndef HEDDLE_FUZZ_TESTKIT_H
#define HEDDLE_FUZZ_TESTKIT_H

#include "choice.h"

enum { DRIVER_ANSWERS_MAX = 8192, DRIVER_CANDIDATES_MAX = 16 };

/* One position, one plain access or one CHOICE_DATA. n == 1: a point at which nobody is asked. */
struct driver_question {
    enum choice_kind kind;
    size_t n;
    const struct candidate
        *candidates; /* NULL: of goroutines 1 to n with stable ids 101 to 100+n */
    bool is_access;  /* a point, and counted, if the policy's grain is not sync */
};

/* What came of one execution. */
struct driver_run {
    size_t answers[DRIVER_ANSWERS_MAX]; /* 0 where nobody was asked */
    size_t count;
    size_t asked; /* how often the policy itself was asked */
    bool more;    /* what its end said */
};

/* Ask all questions, in order. */
void driver_run(struct policy *policy, const struct driver_question *questions, size_t count,
                struct driver_run *run);

/* Begin and end an execution whose questions depend on the answers: ask them one by one. */
void driver_begin(struct policy *policy, struct driver_run *run);
size_t driver_ask(struct policy *policy, struct driver_run *run, struct driver_question question);
void driver_end(struct policy *policy, struct driver_run *run);

/* How a child process ended, and what it wrote to stderr (cut if it is longer). */
struct fork_end {
    int status; /* exit status, or 128 + signal */
    char errors[16384];
};

/* Run fn(arg) in a child process, which then exits with status 0 unless fn ended it before. */
void fork_run(void (*fn)(void *), void *arg, struct fork_end *end);

/* A new, empty folder, removed with all that is in it by fork_remove_folder. */
enum { FORK_PATH_BYTES = 512 };
void fork_make_folder(char path[FORK_PATH_BYTES]);
void fork_remove_folder(const char *path);
/* Entries of a folder, hidden ones included; -1 if there is no such folder. */
int fork_count_entries(const char *path);

#endif
