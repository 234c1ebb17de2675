// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_10214,
       .title = "A store locks replicas with its lock held, a replica locks the other way round",
       .class = KERNEL_LOCK_ORDER, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/10214",
       .story = "The sender of coalesced heartbeats holds the store's mutex while it locks each "
                "replica. A replica's tick locks itself first and then the store.",
       .fix = "Copy what is to be sent, and unlock the store before touching a replica.",
       .expect = {"goroutine-leak--report_unreachable--tick_replica"});

enum { REPLICAS = 2, RESPONSES = 2, TICKS = 2 };

struct store {
    struct go_mutex coalesced;
    int responses;
    struct replica {
        struct go_mutex raft;
        struct go_mutex state;
    } replicas[REPLICAS];
};

static void report_unreachable(struct store *s)
{
    for (int i = 0; i < REPLICAS; i++) {
        go_mutex_lock(&s->replicas[i].raft);
        go_mutex_unlock(&s->replicas[i].raft);
    }
}

static void send_heartbeats(void *arg)
{
    struct store *s = arg;
    go_mutex_lock(&s->coalesced);
    int responses = s->responses;
    if (!BUGGY) go_mutex_unlock(&s->coalesced);
    for (int i = 0; i < responses; i++) report_unreachable(s);
    if (BUGGY) go_mutex_unlock(&s->coalesced);
}

static void tick_replica(void *arg)
{
    struct store *s = arg;
    struct replica *r = &s->replicas[0];
    go_mutex_lock(&r->raft);
    go_mutex_lock(&r->state);
    for (int i = 0; i < TICKS; i++) {
        go_mutex_lock(&s->coalesced);
        go_mutex_unlock(&s->coalesced);
    }
    go_mutex_unlock(&r->state);
    go_mutex_unlock(&r->raft);
}

static void kernel_main(void)
{
    struct store *s = go_new(sizeof *s);
    s->responses = RESPONSES;
    go(send_heartbeats, s);
    go(tick_replica, s);
}
