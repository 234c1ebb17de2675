// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_8967, .title = "A channel is closed and set to nil while a loop still reads its field",
       .class = KERNEL_RACE, .project = "istio",
       .source = "https://github.com/istio/istio/pull/8967",
       .story = "Stopping a source closes its channel and sets the field to nil, without a lock. "
                "The source's loop reads the field for its select; if it does so after that, it "
                "waits for a nil channel for ever.",
       .fix = "Leave the field as it is.", .expect = {"data-race--run_source--stop_source"});

enum { TEST_NS = 5000000 };

struct source {
    struct go_chan *done;
    struct go_waitgroup test;
};

static void run_source(void *arg)
{
    struct source *s = arg;
    struct go_case cases[] = {GO_RECV(s->done, NULL)};
    go_select(cases, 1);
}

static void stop_source(struct source *s)
{
    go_chan_close(s->done);
    if (BUGGY) s->done = NULL;
}

static void test_source(void *arg)
{
    struct source *s = arg;
    go(run_source, s);
    stop_source(s);
    go_sleep(TEST_NS);
    go_waitgroup_done(&s->test);
}

static void kernel_main(void)
{
    struct source *s = go_new(sizeof *s);
    s->done = go_chan_make(0, 0);
    go_waitgroup_add(&s->test, 1);
    go(test_source, s);
    go_waitgroup_wait(&s->test);
}
