// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(syncthing_5795, .title = "The dispatcher closes its connection, and waits there for itself",
       .class = KERNEL_CHAN, .project = "syncthing",
       .source = "https://github.com/syncthing/syncthing/pull/5795",
       .story = "The dispatcher calls the model with a message, and the model closes the "
                "connection. Close waits until the dispatcher has stopped: it runs in the "
                "dispatcher. (The loop that reads from the network only looks whether the "
                "connection is closed.)",
       .fix = "The connection is closed in a goroutine of its own.",
       .expect = {"deadlock--close_once--kernel_main"});

struct connection {
    struct go_chan *inbox; /* of bool: is it a cluster configuration? */
    struct go_chan *closed;
    struct go_chan *stopped;
    struct go_once once;
};

static void read_loop(void *arg)
{
    struct connection *c = arg;
    struct go_case closed[1];
    do {
        closed[0] = GO_RECV(c->closed, NULL);
    } while (go_select_default(closed, 1) != 0);
}

static void close_once(void *arg)
{
    struct connection *c = arg;
    go_chan_close(c->closed);
    go_chan_recv(c->stopped, NULL);
}

static void close_connection(void *arg)
{
    struct connection *c = arg;
    go_once_do(&c->once, close_once, c);
}

static void dispatch_loop(void *arg)
{
    struct connection *c = arg;
    for (;;) {
        bool is_config;
        struct go_case cases[] = {GO_RECV(c->inbox, &is_config), GO_RECV(c->closed, NULL)};
        if (go_select(cases, 2) == 1 || !is_config) break;
        if (BUGGY)
            close_connection(c);
        else
            go(close_connection, c);
    }
    go_chan_close(c->stopped);
}

static void kernel_main(void)
{
    struct connection *c = go_new(sizeof *c);
    c->inbox = go_chan_make(sizeof(bool), 0);
    c->closed = go_chan_make(0, 0);
    c->stopped = go_chan_make(0, 0);
    go(read_loop, c);
    go(dispatch_loop, c);
    const bool config = true;
    go_chan_send(c->inbox, &config);
    go_chan_recv(c->stopped, NULL);
}
