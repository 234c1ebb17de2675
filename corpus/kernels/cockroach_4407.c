// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_4407, .title = "Workers are added while the stopper already waits for them",
       .class = KERNEL_WAITGROUP, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/4407",
       .story = "Each gossip connection adds a worker to the stopper's WaitGroup. Nothing orders "
                "that before Stop waits: the Add may come from zero while it waits, or after.",
       .fix = "Under the stopper's lock, add only if stopping has not begun.",
       .expect = {"waitgroup-misuse--run_worker--stop_server"});

enum { STOP_AFTER_NS = 1000000, CONNECTIONS = 2 };

struct server {
    struct go_mutex mu;
    struct stopper {
        struct go_chan *stopping;
        struct go_waitgroup workers;
        struct go_mutex mu;
        bool draining; /* the fix */
    } stopper;
};

static void manage_gossip(void *arg)
{
    struct server *s = arg;
    go_mutex_lock(&s->mu);
    go_mutex_unlock(&s->mu);
    go_waitgroup_done(&s->stopper.workers);
}

/* The fix. */
static bool add_worker(struct stopper *stopper)
{
    go_mutex_lock(&stopper->mu);
    bool runs = !stopper->draining;
    if (runs) go_waitgroup_add(&stopper->workers, 1);
    go_mutex_unlock(&stopper->mu);
    return runs;
}

static void run_worker(struct server *s)
{
    if (BUGGY)
        go_waitgroup_add(&s->stopper.workers, 1);
    else if (!add_worker(&s->stopper))
        return;
    go(manage_gossip, s);
}

static void gossip(void *arg)
{
    struct server *s = arg;
    go_mutex_lock(&s->mu);
    run_worker(s);
    go_mutex_unlock(&s->mu);
}

static void stop_server(struct server *s)
{
    struct stopper *stopper = &s->stopper;
    if (!BUGGY) {
        go_mutex_lock(&stopper->mu);
        stopper->draining = true;
        go_mutex_unlock(&stopper->mu);
    }
    go_chan_close(stopper->stopping);
    go_waitgroup_wait(&stopper->workers);
    go_mutex_lock(&stopper->mu);
    go_mutex_unlock(&stopper->mu);
}

static void kernel_main(void)
{
    struct server *s = go_new(sizeof *s);
    s->stopper.stopping = go_chan_make(0, 0);
    for (int i = 0; i < CONNECTIONS; i++) go(gossip, s);
    go_sleep(STOP_AFTER_NS);
    stop_server(s);
}
