// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1424, .title = "The watcher of addresses ends without telling the dialler that waits",
       .class = KERNEL_CHAN, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1424",
       .story = "The dialler waits for a word from the watcher of addresses. The channel of "
                "addresses is closed before there was one: the watcher returns, but leaves the "
                "channel that the dialler waits for open.",
       .fix = "The watcher closes that channel when it returns.",
       .expect = {"goroutine-leak--dial_context"});

struct client {
    struct go_chan *addresses;
    struct go_chan *waiting;
    struct go_chan *done;
};

static void watch_addresses(void *arg)
{
    struct client *c = arg;
    while (go_chan_recv(c->addresses, NULL)) continue; /* No connections are open to tear down. */
    if (!BUGGY) go_chan_close(c->done);
}

static void dial_context(void *arg)
{
    struct client *c = arg;
    c->done = go_chan_make(0, 0);
    go(watch_addresses, c);
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
