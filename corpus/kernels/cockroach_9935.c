// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_9935,
       .title = "A logger that fails calls, with its lock held, an exit that takes the lock",
       .class = KERNEL_DOUBLE_LOCK, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/9935",
       .story = "Writing a log entry holds the logger's mutex. When the file cannot be made, the "
                "exit function is called, which locks the mutex to flush.",
       .fix = "Unlock before calling the exit function.",
       .expect = {"goroutine-leak--leave_logger"});

enum { FILE_OUTCOMES = 8, FILE_SUCCEEDS_EACH = 4 };

static void leave_logger(struct go_mutex *mu)
{
    go_mutex_lock(mu);
    go_mutex_unlock(mu);
}

static void output_data(void *arg)
{
    struct go_mutex *mu = arg;
    go_mutex_lock(mu);
    bool failed = go_choose(FILE_OUTCOMES) % FILE_SUCCEEDS_EACH != 0;
    if (!BUGGY) go_mutex_unlock(mu);
    if (failed) leave_logger(mu);
    if (BUGGY) go_mutex_unlock(mu);
}

static void kernel_main(void) { go(output_data, go_new(sizeof(struct go_mutex))); }
