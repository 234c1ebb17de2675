// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_3090, .title = "A resolver is polled before its wrapper has stored it",
       .class = KERNEL_RACE, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/3090",
       .story = "While a resolver is built it calls back into its wrapper, which starts to poll "
                "it. The poll locks the wrapper and uses its resolver. But the wrapper stores the "
                "resolver only when building has returned, and without the lock.",
       .fix = "Hold the wrapper's lock from before building until the resolver is stored.",
       .expect = {"data-race--poll_resolver--wrap_resolver", "nil-dereference--poll_resolver"});

enum { TEST_NS = 5000000 };

struct wrapper {
    struct go_mutex mu;
    struct resolver {
        int polls;
    } * resolver;
    struct go_waitgroup done;
};

static void poll_resolver(void *arg)
{
    struct wrapper *w = arg;
    go_mutex_lock(&w->mu);
    w->resolver->polls++;
    go_mutex_unlock(&w->mu);
}

static struct resolver *build_resolver(struct wrapper *w)
{
    struct resolver *r = go_new(sizeof *r);
    if (BUGGY) go_mutex_lock(&w->mu); /* With the fix the caller holds it. */
    go(poll_resolver, w);
    if (BUGGY) go_mutex_unlock(&w->mu);
    return r;
}

static void wrap_resolver(void *arg)
{
    struct wrapper *w = arg;
    if (!BUGGY) go_mutex_lock(&w->mu);
    w->resolver = build_resolver(w);
    if (!BUGGY) go_mutex_unlock(&w->mu);
    go_sleep(TEST_NS);
    go_waitgroup_done(&w->done);
}

static void kernel_main(void)
{
    struct wrapper *w = go_new(sizeof *w);
    go_waitgroup_add(&w->done, 1);
    go(wrap_resolver, w);
    go_waitgroup_wait(&w->done);
}
