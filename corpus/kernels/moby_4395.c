// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_4395, .title = "What was asked for asynchronously finds nobody to take its result",
       .class = KERNEL_CHAN, .project = "moby", .source = "https://github.com/moby/moby/pull/4395",
       .story = "A helper runs a function in a goroutine and sends its error on an unbuffered "
                "channel. Callers that do not want the error drop the channel.",
       .fix = "Give the channel room for one value.", .expect = {"goroutine-leak--run_and_send"});

static void run_and_send(void *result) { go_chan_send(result, NULL); }

static struct go_chan *go_async(void)
{
    struct go_chan *result = go_chan_make(1, BUGGY ? 0 : 1);
    go(run_and_send, result);
    return result;
}

static void kernel_main(void) { go_async(); }
