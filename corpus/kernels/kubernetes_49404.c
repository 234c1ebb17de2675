// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_49404,
       .title = "A test checks whether its backend was called without waiting for the call",
       .class = KERNEL_ORDER, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/49404",
       .story = "The backend's handler sets a flag that the test reads at its end. Nothing orders "
                "the two.",
       .fix = "The test waits for the handler.",
       .expect = {"data-race--handle_request--kernel_main"});

enum { GRACE_NS = 10000000 };

struct test {
    struct go_waitgroup served;
    struct go_chan *handled; /* the fix */
    bool called;
};

static void handle_request(void *arg)
{
    struct test *t = arg;
    t->called = true;
    go_chan_close(t->handled);
}

static void serve(void *arg)
{
    struct test *t = arg;
    go(handle_request, t);
    go_waitgroup_done(&t->served);
}

static void kernel_main(void)
{
    struct test *t = go_new(sizeof *t);
    t->handled = go_chan_make(0, 0);
    go_waitgroup_add(&t->served, 1);
    go(serve, t);
    if (!BUGGY) go_chan_recv(t->handled, NULL);
    go_observe(t->called);
    go_sleep(GRACE_NS);
}
