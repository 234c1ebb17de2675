// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_25456, .title = "A check for shutdown is a receive that blocks for ever",
       .class = KERNEL_CHAN, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/25456",
       .story = "Before a replica is processed the stopper's channel is looked at with a plain "
                "receive. Nobody sends there, and nobody closes it as long as the queue runs.",
       .fix = "Look without blocking.", .expect = {"deadlock--process_replica"});

static void process_replica(struct go_chan *quiescer)
{
    struct go_case stopping[] = {GO_RECV(quiescer, NULL)};
    if (BUGGY)
        go_chan_recv(quiescer, NULL);
    else
        go_select_default(stopping, 1);
}

static void kernel_main(void)
{
    struct go_chan *quiescer = go_chan_make(0, 0);
    for (int i = 0; i < 2; i++) process_replica(quiescer);
}
