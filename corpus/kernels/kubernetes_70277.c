// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_70277, .title = "Waiting is over, but the poller's stop channel is never closed",
       .class = KERNEL_CHAN, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/70277",
       .story = "WaitFor gives the poller its caller's channel to be stopped by, which is closed "
                "only when the test ends. The poller runs on until its time-out, and the test, "
                "which expects it to be stopped, waits for ever. (The time-out is 20 ticks here, "
                "20,000 there.)",
       .fix = "WaitFor gives the poller a channel of its own and closes it when it returns.",
       .expect = {"deadlock--kernel_main"});

enum { TICK_NS = 1000000, TIMEOUT_NS = 20 * TICK_NS };

struct poller {
    struct go_chan *values;
    struct go_chan *stop;
};

static void poll(void *arg)
{
    struct poller *p = arg;
    struct go_timer *ticker = go_ticker_new(TICK_NS);
    struct go_timer *timeout = go_timer_new(TIMEOUT_NS);
    for (;;) {
        struct go_case cases[] = {GO_RECV(go_timer_chan(ticker), NULL),
                                  GO_RECV(go_timer_chan(timeout), NULL), GO_RECV(p->stop, NULL)};
        if (go_select(cases, 3) != 0) break;
        struct go_case value[] = {GO_SEND(p->values, NULL)};
        go_select_default(value, 1);
    }
    go_timer_stop(ticker);
    go_timer_stop(timeout);
    go_chan_close(p->values);
}

/* Returns what the poller was given: the test looks whether it is closed. */
static struct go_chan *wait_for(struct go_chan *test_ends)
{
    struct poller *p = go_new(sizeof *p);
    p->values = go_chan_make(0, 0);
    p->stop = BUGGY ? test_ends : go_chan_make(0, 0);
    go(poll, p);
    go_chan_recv(p->values, NULL); /* the condition holds at once */
    if (!BUGGY) go_chan_close(p->stop);
    return p->stop;
}

static void kernel_main(void)
{
    struct go_chan *test_ends = go_chan_make(0, 0);
    struct go_chan *stop = wait_for(test_ends);
    go_chan_recv(stop, NULL);
    go_chan_close(test_ends);
}
