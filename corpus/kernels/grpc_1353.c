// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1353, .title = "The balancer sends an update under the lock that its consumer takes",
       .class = KERNEL_CHAN_LOCK, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1353",
       .story = "The watcher sends addresses on an unbuffered channel with the balancer's mutex "
                "held. The consumer locks that mutex for each connection before it receives again. "
                "(Three updates here, 100 there.)",
       .fix = "A channel with room for one update, emptied before each send.",
       .expect = {"goroutine-leak--stop_balancer--watch_updates"});

enum { UPDATES = 3, CONNECTIONS = 2 };

struct balancer {
    struct go_mutex mu;
    struct go_chan *addresses;
    struct go_chan *stop;
    struct go_mutex connections[CONNECTIONS];
};

static void watch_updates(void *arg)
{
    struct balancer *b = arg;
    for (int i = 0; i < UPDATES; i++) {
        go_mutex_lock(&b->mu);
        if (!BUGGY) {
            struct go_case old[] = {GO_RECV(b->addresses, NULL)};
            go_select_default(old, 1);
        }
        go_chan_send(b->addresses, NULL);
        go_mutex_unlock(&b->mu);
    }
    go_chan_close(b->stop);
}

static void lb_watcher(void *arg)
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

static void stop_balancer(void *arg)
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
    go(watch_updates, b);
    go(lb_watcher, b);
    go(stop_balancer, b);
}
