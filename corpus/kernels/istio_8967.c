// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_8967, .title = "A closed channel is set to nil under the eyes of who waits for it",
       .class = KERNEL_CLOSE, .project = "istio",
       .source = "https://github.com/istio/istio/pull/8967",
       .story = "Stop closes the channel and clears the field. The loop reads the field for its "
                "select; if it reads late, it waits on a nil channel.",
       .fix = "Leave the field as it is.",
       .expect = {"data-race--run_source--stop_source", "goroutine-leak--run_source"});

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
