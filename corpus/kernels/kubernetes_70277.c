// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_70277, .title = "Waiting is over, but the poller's stop channel is never closed",
       .class = KERNEL_CHAN, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/70277",
       .story = "WaitFor hands the poller a channel that is to be closed when waiting ends. It "
                "returns without closing it, and who relies on the close waits for ever. (The "
                "poller's time-out is 20 ticks here, 20,000 there.)",
       .fix = "WaitFor closes the channel when it returns.", .expect = {"deadlock--kernel_main"});

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

static struct go_chan *wait_for(void)
{
    struct poller *p = go_new(sizeof *p);
    p->values = go_chan_make(0, 0);
    p->stop = go_chan_make(0, 0);
    go(poll, p);
    go_chan_recv(p->values, NULL); /* the condition holds at once */
    if (!BUGGY) go_chan_close(p->stop);
    return p->stop;
}

static void kernel_main(void)
{
    struct go_chan *stop = wait_for();
    go_chan_recv(stop, NULL);
}
