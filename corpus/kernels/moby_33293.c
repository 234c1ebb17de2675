// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_33293, .title = "An error is sent to oneself on an unbuffered channel",
       .class = KERNEL_CHAN, .project = "moby", .source = "https://github.com/moby/moby/pull/33293",
       .story =
           "A function makes the channel of errors that it returns. When waiting fails at once "
           "it sends the error there itself, before anybody can receive.",
       .fix = "Give the channel room for one error.", .expect = {"goroutine-leak--container_wait"});

static struct go_chan *container_wait(void)
{
    struct go_chan *errors = go_chan_make(1, BUGGY ? 0 : 1);
    if (go_choose(2) == 1) go_chan_send(errors, NULL);
    return errors;
}

static void await_container(void *unused)
{
    (void)unused;
    container_wait();
}

static void kernel_main(void) { go(await_container, NULL); }
