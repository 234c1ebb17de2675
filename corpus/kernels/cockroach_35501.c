// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_35501, .title = "Goroutines read the loop variable while the loop goes on",
       .class = KERNEL_RACE, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/35501",
       .story = "Each check is validated in a goroutine that captured the loop variable, as it was "
                "before Go 1.22: one for all turns. The loop writes the next check into it.",
       .fix = "Each goroutine gets a copy of its own.",
       .expect = {"data-race--exec_validation--validate_checks"});

enum { CHECKS = 10 };

struct check {
    const char *name;
};

struct validation {
    struct go_waitgroup done;
    struct check check; /* the loop variable */
};

static void exec_validation(void *check) { go_observe(((struct check *)check)->name != NULL); }

static void validate_checks(void *arg)
{
    static const char *const names[CHECKS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct validation *v = arg;
    int i = 0;
    do {
        struct check *check = BUGGY ? &v->check : go_new(sizeof *check);
        check->name = names[i++];
        go(exec_validation, check);
    } while (i < CHECKS);
    go_waitgroup_done(&v->done);
}

static void kernel_main(void)
{
    struct validation *v = go_new(sizeof *v);
    go_waitgroup_add(&v->done, 1);
    go(validate_checks, v);
    go_waitgroup_wait(&v->done);
}
