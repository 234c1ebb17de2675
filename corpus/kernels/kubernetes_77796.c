// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_77796,
       .title = "A watch cache's buffer is walked after the lock for it is given back",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/77796",
       .story = "Dispatching empties the buffer of watchers under the lock and walks it without. "
                "Another dispatcher does the same at the same time; sleeps order nothing.",
       .fix = "Walk it under the lock.", .expect = {"data-race--dispatch_event--walk_buffer"});

enum { DISPATCHERS = 3, PERIOD_NS = 10000000 };

struct cacher {
    struct go_rwmutex mu;
    size_t watchers; /* length of the buffer */
};

static void walk_buffer(const struct cacher *c)
{
    for (size_t i = 0; i < c->watchers; i++) go_observe(i);
}

static void dispatch_event(void *arg)
{
    struct cacher *c = arg;
    go_rwmutex_lock(&c->mu);
    c->watchers = 0;
    if (!BUGGY) walk_buffer(c);
    go_rwmutex_unlock(&c->mu);
    if (BUGGY) walk_buffer(c);
}

static void kernel_main(void)
{
    struct cacher *c = go_new(sizeof *c);
    go(dispatch_event, c);
    for (int i = 0; i < DISPATCHERS; i++) {
        go(dispatch_event, c);
        go_sleep(PERIOD_NS);
    }
}
