// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(etcd_3077,
       .title = "A raft node makes its channels when it runs, and a stop may come before",
       .class = KERNEL_ORDER, .project = "etcd",
       .source = "https://github.com/etcd-io/etcd/pull/3077",
       .story = "The node's goroutine makes the channels that stopping it uses. Only a sleep lies "
                "between its start and the stop; a stop that comes earlier blocks on nil channels.",
       .fix = "Make the channels before the goroutine starts.",
       .expect = {"data-race--make_channels--run_server"});

enum { WARM_UP_NS = 10000000 };

struct server {
    struct go_chan *stop;
    struct go_chan *done;
    struct raft_node {
        struct go_chan *stopped;
        struct go_chan *done;
    } raft;
};

static void make_channels(struct raft_node *r)
{
    r->stopped = go_chan_make(0, 0);
    r->done = go_chan_make(0, 0);
}

static void run_raft(void *arg)
{
    struct raft_node *r = arg;
    if (BUGGY) make_channels(r);
    go_chan_recv(r->stopped, NULL);
    go_chan_close(r->done);
}

static void run_server(void *arg)
{
    struct server *s = arg;
    if (!BUGGY) make_channels(&s->raft);
    go(run_raft, &s->raft);
    go_sleep(WARM_UP_NS);
    go_chan_recv(s->stop, NULL);
    go_chan_send(s->raft.stopped, NULL);
    go_chan_recv(s->raft.done, NULL);
    go_chan_close(s->done);
}

static void kernel_main(void)
{
    struct server *s = go_new(sizeof *s);
    s->stop = go_chan_make(0, 0);
    s->done = go_chan_make(0, 0);
    go(run_server, s);
    struct go_case cases[] = {GO_SEND(s->stop, NULL), GO_RECV(s->done, NULL)};
    if (go_select(cases, 2) == 1) return;
    go_chan_recv(s->done, NULL);
}
