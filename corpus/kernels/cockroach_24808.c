// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_24808, .title = "Starting a compactor blocks for ever if it was woken before",
       .class = KERNEL_CHAN, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/24808",
       .story = "A suggestion fills the channel of capacity 1. Start sends a wake-up of its own, "
                "before there is anybody to receive.",
       .fix = "Wake up without blocking: if the channel is full, the worker will wake anyway.",
       .expect = {"deadlock--start_compactor"});

struct compactor {
    struct go_chan *wake;
    struct go_chan *stop;
    struct go_waitgroup workers;
};

static void compact(void *arg)
{
    struct compactor *c = arg;
    struct go_case cases[2];
    do {
        cases[0] = GO_RECV(c->wake, NULL);
        cases[1] = GO_RECV(c->stop, NULL);
    } while (go_select(cases, 2) == 0);
    go_waitgroup_done(&c->workers);
}

static void start_compactor(struct compactor *c)
{
    struct go_case wake[] = {GO_SEND(c->wake, NULL)};
    if (BUGGY)
        go_chan_send(c->wake, NULL);
    else
        go_select_default(wake, 1);
    go_waitgroup_add(&c->workers, 1);
    go(compact, c);
}

static void kernel_main(void)
{
    struct compactor *c = go_new(sizeof *c);
    c->wake = go_chan_make(0, 1);
    c->stop = go_chan_make(0, 0);
    go_chan_send(c->wake, NULL); /* a suggestion */
    start_compactor(c);
    go_chan_close(c->stop);
}
