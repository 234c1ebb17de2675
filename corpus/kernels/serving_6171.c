// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_6171, .title = "Watchers that nobody waits for log when their test is over",
       .class = KERNEL_TESTING, .project = "serving",
       .source = "https://github.com/knative/serving/pull/6171",
       .story = "The test starts a watcher and returns at once. The watcher starts another "
                "goroutine, which logs to the test.",
       .fix = "Wait for the watchers before the test returns.",
       .expect = {"log-after-test--log_probe"});

struct subtest {
    struct go_test *t;
    struct go_waitgroup watchers; /* of the fix */
};

static void log_probe(void *arg)
{
    struct subtest *subtest = arg;
    go_test_log(subtest->t, "a probe");
    if (!BUGGY) go_waitgroup_done(&subtest->watchers);
}

static void watch(void *arg) { go(log_probe, arg); }

static void run_subtest(struct go_test *t, void *arg)
{
    (void)arg;
    struct subtest *subtest = go_new(sizeof *subtest);
    subtest->t = t;
    if (!BUGGY) go_waitgroup_add(&subtest->watchers, 1);
    go(watch, subtest);
    if (!BUGGY) go_waitgroup_wait(&subtest->watchers);
}

static void run_tests(void *wg)
{
    go_test_run(go_test_root(), "probes", run_subtest, NULL);
    go_waitgroup_done(wg);
}

static void kernel_main(void)
{
    struct go_waitgroup *wg = go_new(sizeof *wg);
    go_waitgroup_add(wg, 1);
    go(run_tests, wg);
    go_waitgroup_wait(wg);
}
