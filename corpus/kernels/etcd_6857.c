// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    etcd_6857, .title = "Asking a stopped node for its status blocks for ever",
    .class = KERNEL_CHAN, .project = "etcd", .source = "https://github.com/etcd-io/etcd/pull/6857",
    .story = "Status sends its reply channel to the node's loop without looking whether the node "
             "is still there. When the stop is taken first, nobody receives.",
    .fix = "Watch for the end of the node as well.", .expect = {"goroutine-leak--node_status"});

struct node {
    struct go_chan *status; /* carries reply channels */
    struct go_chan *stop;
    struct go_chan *done;
};

static void run_node(void *arg)
{
    struct node *n = arg;
    for (;;) {
        struct go_chan *reply = NULL;
        struct go_case cases[] = {GO_RECV(n->status, (void *)&reply), GO_RECV(n->stop, NULL)};
        if (go_select(cases, 2) == 1) break;
        go_chan_send(reply, NULL);
    }
    go_chan_close(n->done);
}

static void node_status(void *arg)
{
    struct node *n = arg;
    struct go_chan *reply = go_chan_make(0, 0);
    struct go_case cases[] = {GO_SEND(n->status, (const void *)&reply), GO_RECV(n->done, NULL)};
    if (BUGGY)
        go_chan_send(n->status, (const void *)&reply);
    else if (go_select(cases, 2) == 1)
        return;
    go_chan_recv(reply, NULL);
}

static void stop_node(void *arg)
{
    struct node *n = arg;
    struct go_case cases[] = {GO_SEND(n->stop, NULL), GO_RECV(n->done, NULL)};
    if (go_select(cases, 2) == 1) return;
    go_chan_recv(n->done, NULL);
}

static void kernel_main(void)
{
    struct node *n = go_new(sizeof *n);
    n->status = go_chan_make(sizeof(struct go_chan *), 0);
    n->stop = go_chan_make(0, 0);
    n->done = go_chan_make(0, 0);
    go(run_node, n);
    go(node_status, n);
    go(stop_node, n);
}
