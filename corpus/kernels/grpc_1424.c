// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1424, .title = "The watcher of addresses ends without telling who waits for it",
       .class = KERNEL_CHAN, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1424",
       .story = "Dialling waits until the watcher has an address. When there is none to come, the "
                "watcher's input is closed and it ends, but it does not close the channel.",
       .fix = "The watcher closes the channel when it returns.",
       .expect = {"goroutine-leak--dial_context"});

struct client {
    struct go_chan *addresses;
    struct go_chan *waiting;
    struct go_chan *done;
};

static void lb_watcher(void *arg)
{
    struct client *c = arg;
    while (go_chan_recv(c->addresses, NULL)) continue;
    if (!BUGGY) go_chan_close(c->done);
}

static void dial_context(void *arg)
{
    struct client *c = arg;
    c->done = go_chan_make(0, 0);
    go(lb_watcher, c);
    go_chan_recv(c->done, NULL);
    go_chan_close(c->waiting);
}

static void dial_without_addresses(void *arg)
{
    struct client *c = arg;
    c->addresses = go_chan_make(1, 0);
    c->waiting = go_chan_make(0, 1);
    go(dial_context, c);
    go_chan_close(c->addresses);
}

static void kernel_main(void) { go(dial_without_addresses, go_new(sizeof(struct client))); }
