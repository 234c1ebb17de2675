// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_3090, .title = "A resolver calls back before its wrapper knows it",
       .class = KERNEL_RACE, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/3090",
       .story = "Building the resolver reports a first state, which starts polling; the poll uses "
                "the wrapper's resolver, which is only assigned when building has returned.",
       .fix = "Hold the wrapper's lock until the resolver is assigned.",
       .expect = {"data-race--new_wrapper--poll_resolver", "nil-dereference--poll_resolver"});

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
    if (BUGGY) go_mutex_lock(&w->mu);
    go(poll_resolver, w);
    if (BUGGY) go_mutex_unlock(&w->mu);
    return go_new(sizeof(struct resolver));
}

static void new_wrapper(void *arg)
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
    go(new_wrapper, w);
    go_waitgroup_wait(&w->done);
}
