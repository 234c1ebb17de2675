// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_795, .title = "A graceful stop returns with the server's lock held",
       .class = KERNEL_DOUBLE_LOCK, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/795",
       .story = "GracefulStop locks the server and does not unlock it on any way out; where the "
                "server is stopping already it even locks again. The test calls it three times: "
                "the second call waits for ever for the lock that the first one left.",
       .fix = "Unlock before returning.", .expect = {"deadlock--graceful_stop"});

struct server {
    struct go_mutex mu;
    bool draining;
};

static void serve(void *arg)
{
    struct server *s = arg;
    go_mutex_lock(&s->mu);
    go_mutex_unlock(&s->mu);
}

static void graceful_stop(struct server *s)
{
    go_mutex_lock(&s->mu);
    if (s->draining) {
        if (BUGGY)
            go_mutex_lock(&s->mu);
        else
            go_mutex_unlock(&s->mu);
        return;
    }
    s->draining = true;
    if (!BUGGY) go_mutex_unlock(&s->mu);
}

static void kernel_main(void)
{
    struct server *s = go_new(sizeof *s);
    go(serve, s);
    for (int i = 0; i < 3; i++) graceful_stop(s);
}
