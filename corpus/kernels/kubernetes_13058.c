// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_13058, .title = "The controller counts down what the test has not yet counted up",
       .class = KERNEL_WAITGROUP, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/13058",
       .story = "The controller is started before the test adds to its WaitGroup. Its first "
                "event calls Done on a counter of zero. (The controller reports three "
                "deletions, as many as there are, and then only waits for the stop.)",
       .fix = "Add before starting the controller.",
       .expect = {"negative-waitgroup-counter--run_controller"});

enum { DELETIONS = 3, PERIOD_NS = 10000000 };

struct test {
    struct go_waitgroup deleted;
    struct go_waitgroup workers;
    struct go_chan *stop;
};

static void run_controller(void *arg)
{
    struct test *t = arg;
    for (int left = DELETIONS;; left--) {
        struct go_case stopped[] = {GO_RECV(t->stop, NULL)};
        if (go_select_default(stopped, 1) == 0) return;
        if (left > 0) go_waitgroup_done(&t->deleted);
        go_sleep(PERIOD_NS);
    }
}

static void delete_item(void *arg) { go_waitgroup_done(&((struct test *)arg)->workers); }

static void kernel_main(void)
{
    struct test *t = go_new(sizeof *t);
    t->stop = go_chan_make(0, 0);
    if (!BUGGY) go_waitgroup_add(&t->deleted, DELETIONS);
    go(run_controller, t);
    go_waitgroup_add(&t->workers, DELETIONS);
    if (BUGGY) go_waitgroup_add(&t->deleted, DELETIONS);
    for (int i = 0; i < DELETIONS; i++) go(delete_item, t);
    go_waitgroup_wait(&t->workers);
    go_waitgroup_wait(&t->deleted);
    go_chan_close(t->stop);
}
