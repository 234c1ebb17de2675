// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    etcd_4876, .title = "A test changes a package's interval while another test's monitor reads it",
    .class = KERNEL_RACE, .project = "etcd", .source = "https://github.com/etcd-io/etcd/pull/4876",
    .story = "The interval is a variable of the package. One test sets it while a goroutine that "
             "another started, and does not wait for, makes a ticker with it.",
    .fix = "Set it before any test starts a goroutine.",
    .expect = {"data-race--monitor--set_interval"});

enum { INTERVAL_NS = 1000000000 };

struct package {
    int64_t interval_ns;
    struct go_waitgroup tests;
};

static void monitor(void *arg)
{
    struct package *p = arg;
    go_timer_stop(go_ticker_new(p->interval_ns));
}

static void set_interval(void *arg)
{
    struct package *p = arg;
    if (BUGGY) p->interval_ns = 3LL * INTERVAL_NS;
    go_waitgroup_done(&p->tests);
}

static void start_monitor(void *arg)
{
    struct package *p = arg;
    go(monitor, p);
    go_waitgroup_done(&p->tests);
}

static void run_tests(void *arg)
{
    struct package *p = arg;
    if (!BUGGY) p->interval_ns = 3LL * INTERVAL_NS;
    go(set_interval, p);
    go(start_monitor, p);
    go_waitgroup_done(&p->tests);
}

static void kernel_main(void)
{
    struct package *p = go_new(sizeof *p);
    p->interval_ns = INTERVAL_NS;
    go_waitgroup_add(&p->tests, 3);
    go(run_tests, p);
    go_waitgroup_wait(&p->tests);
}
