// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_4395,
       .title = "An asynchronous call sends its result to a caller who has dropped the channel",
       .class = KERNEL_CHAN, .project = "moby", .source = "https://github.com/moby/moby/pull/4395",
       .story = "A helper runs a function in a goroutine and sends its error on an unbuffered "
                "channel. Callers that do not want the error drop the channel.",
       .fix = "Give the channel room for one value.", .expect = {"goroutine-leak--run_and_send"});

static int run_command(void) { return 0; }

static void run_and_send(void *result)
{
    int error = run_command();
    go_chan_send(result, &error);
}

static struct go_chan *run_async(void)
{
    struct go_chan *result = go_chan_make(sizeof(int), BUGGY ? 0 : 1);
    go(run_and_send, result);
    return result;
}

static void kernel_main(void) { run_async(); }
