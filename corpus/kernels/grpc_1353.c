// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1353, .title = "The balancer sends an update under the lock that its consumer takes",
       .class = KERNEL_CHAN_LOCK, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1353",
       .story = "The balancer sends each update of the addresses on an unbuffered channel while it "
                "holds its mutex. After an update the consumer takes the same mutex once for each "
                "connection, and only then receives the next one. If the balancer has locked "
                "again by then, both wait for ever, and so does the goroutine that is to close the "
                "channel after the last update.",
       .fix = "A channel with room for one update, emptied before each send.",
       .expect = {"goroutine-leak--update_addresses--wait_for_stop"});

enum { UPDATES = 100, CONNECTIONS = 2 };

struct balancer {
    struct go_mutex mu;
    struct go_chan *addresses;
    struct go_chan *stop;
    struct go_mutex connections[CONNECTIONS];
};

static void update_addresses(void *arg)
{
    struct balancer *b = arg;
    for (int i = 0; i < UPDATES; i++) {
        go_mutex_lock(&b->mu);
        struct go_case old[] = {GO_RECV(b->addresses, NULL)};
        if (!BUGGY) go_select_default(old, 1);
        go_chan_send(b->addresses, NULL);
        go_mutex_unlock(&b->mu);
    }
    go_chan_close(b->stop);
}

static void watch_addresses(void *arg)
{
    struct balancer *b = arg;
    while (go_chan_recv(b->addresses, NULL)) {
        for (int i = 0; i < CONNECTIONS; i++) {
            go_mutex_lock(&b->connections[i]);
            go_mutex_lock(&b->mu);
            go_mutex_unlock(&b->mu);
            go_mutex_unlock(&b->connections[i]);
        }
    }
}

static void wait_for_stop(void *arg)
{
    struct balancer *b = arg;
    go_chan_recv(b->stop, NULL);
    go_mutex_lock(&b->mu);
    go_chan_close(b->addresses);
    go_mutex_unlock(&b->mu);
}

static void kernel_main(void)
{
    struct balancer *b = go_new(sizeof *b);
    b->addresses = go_chan_make(0, BUGGY ? 0 : 1);
    b->stop = go_chan_make(0, 0);
    go(update_addresses, b);
    go(watch_addresses, b);
    go(wait_for_stop, b);
}
