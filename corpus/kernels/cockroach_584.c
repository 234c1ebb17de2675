// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_584, .title = "Gossip leaves a loop with its mutex held, and locks it again",
       .class = KERNEL_DOUBLE_LOCK, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/584",
       .story = "Bootstrapping locks in each turn, and leaves the loop by a break that skips the "
                "unlock. Managing, which comes next, locks again.",
       .fix = "Unlock before the break.", .expect = {"goroutine-leak--manage_gossip"});

struct gossip {
    struct go_mutex mu;
    bool closed;
};

static void bootstrap_gossip(struct gossip *g)
{
    for (;;) {
        go_mutex_lock(&g->mu);
        if (g->closed) {
            if (!BUGGY) go_mutex_unlock(&g->mu);
            break;
        }
        go_mutex_unlock(&g->mu);
    }
}

static void manage_gossip(struct gossip *g)
{
    for (;;) {
        go_mutex_lock(&g->mu);
        bool closed = g->closed;
        go_mutex_unlock(&g->mu);
        if (closed) break;
    }
}

static void run_gossip(void *arg)
{
    bootstrap_gossip(arg);
    manage_gossip(arg);
}

static void kernel_main(void)
{
    struct gossip *g = go_new(sizeof *g);
    g->closed = true;
    go(run_gossip, g);
}
