// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(etcd_6708,
       .title = "Sync asks for the leader with the lock held, and the request locks again",
       .class = KERNEL_DOUBLE_LOCK, .project = "etcd",
       .source = "https://github.com/etcd-io/etcd/pull/6708",
       .story = "Sync holds the client's write lock while it sets the endpoints. When the leader "
                "comes first it sends a request to find out who leads: that takes the read lock.",
       .fix = "Find the endpoints before locking.", .expect = {"deadlock--send_request"});

struct client {
    struct go_rwmutex mu;
    bool leader_first;
    int endpoints;
};

static int send_request(struct client *c)
{
    go_rwmutex_rlock(&c->mu);
    int endpoints = c->endpoints;
    go_rwmutex_runlock(&c->mu);
    return endpoints;
}

static void sync_endpoints(struct client *c)
{
    int leader = !BUGGY && c->leader_first ? send_request(c) : 0;
    go_rwmutex_lock(&c->mu);
    if (BUGGY && c->leader_first) leader = send_request(c);
    c->endpoints = leader + 1;
    go_rwmutex_unlock(&c->mu);
}

static void kernel_main(void)
{
    struct client *c = go_new(sizeof *c);
    c->leader_first = true;
    sync_endpoints(c);
}
