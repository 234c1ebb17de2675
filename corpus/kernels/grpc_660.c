// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_660, .title = "A benchmark client stops, and its last call cannot say that it is done",
       .class = KERNEL_CHAN, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/660",
       .story = "Each call runs in a goroutine that says on an unbuffered channel when it is done. "
                "The client waits for that or for the order to stop. When it takes the order, "
                "nobody is left to receive from the call that is under way.",
       .fix = "Give the channel room for one value.", .expect = {"goroutine-leak--do_call"});

static void do_call(void *done)
{
    bool ok = go_choose(2) == 1; /* The call's result is random. */
    go_chan_send(done, &ok);
}

static void run_client(void *stop)
{
    struct go_case cases[2];
    do {
        struct go_chan *done = go_chan_make(sizeof(bool), BUGGY ? 0 : 1);
        go(do_call, done);
        cases[0] = GO_RECV(stop, NULL);
        cases[1] = GO_RECV(done, NULL);
    } while (go_select(cases, 2) != 0);
}

static void stop_client(void *stop) { go_chan_send(stop, NULL); }

static void kernel_main(void)
{
    struct go_chan *stop = go_chan_make(0, 0);
    go(run_client, stop);
    go(stop_client, stop);
}
