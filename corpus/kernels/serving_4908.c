// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_4908, .title = "A helper of a helper logs when its test may be over",
       .class = KERNEL_TESTING, .project = "serving",
       .source = "https://github.com/knative/serving/pull/4908",
       .story =
           "The test waits for the goroutine that it has started. That one has started another "
           "before, for which nobody waits, and which logs to the test.",
       .fix = "Wait for the goroutine that logs, too.", .expect = {"log-after-test--log_event"});

struct subtest {
    struct go_test *t;
    struct go_waitgroup helpers;
};

static void log_event(void *arg)
{
    struct subtest *subtest = arg;
    go_test_log(subtest->t, "an event");
    if (!BUGGY) go_waitgroup_done(&subtest->helpers);
}

static void start_logging(void *arg)
{
    struct subtest *subtest = arg;
    go(log_event, subtest);
    go_waitgroup_done(&subtest->helpers);
}

static void run_subtest(struct go_test *t, void *arg)
{
    (void)arg;
    struct subtest *subtest = go_new(sizeof *subtest);
    subtest->t = t;
    go_waitgroup_add(&subtest->helpers, BUGGY ? 1 : 2);
    go(start_logging, subtest);
    go_waitgroup_wait(&subtest->helpers);
}

static void run_tests(void *wg)
{
    go_test_run(go_test_root(), "events", run_subtest, NULL);
    go_waitgroup_done(wg);
}

static void kernel_main(void)
{
    struct go_waitgroup *wg = go_new(sizeof *wg);
    go_waitgroup_add(wg, 1);
    go(run_tests, wg);
    go_waitgroup_wait(wg);
}
