// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(litmus_canary, .title = "The root receives from a channel that nobody sends on or closes",
       .class = KERNEL_CHAN, .project = "", .source = "https://go.dev/ref/spec#Receive_operator",
       .story = "Every schedule of every policy ends in this deadlock. A test that does not see it "
                "has lost its eyes: with the detector switched off the suite must fail.",
       .fix = "Close the channel first.", .expect = {"deadlock--canary_wait"});

static void canary_wait(struct go_chan *never) { go_chan_recv(never, NULL); }

static void kernel_main(void)
{
    struct go_chan *never = go_chan_make(0, 0);
    if (!BUGGY) go_chan_close(never);
    canary_wait(never);
}
