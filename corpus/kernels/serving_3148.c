// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_3148, .title = "A test installs its hooks while the controller already uses them",
       .class = KERNEL_RACE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/3148",
       .story = "A test starts the controller, whose informers walk the fake client's chain of "
                "reactions. Only then does it put its own hooks in front of the chain, which "
                "stores a new slice.",
       .fix = "Install the hooks before starting the controller.",
       .expect = {"data-race--invoke_reactions--prepend_hook"});

struct fake_client {
    struct reactions {
        const bool *handled;
        size_t count;
    } chain;
    struct go_waitgroup test;
    struct go_waitgroup informers;
    struct go_waitgroup synced;
};

static void invoke_reactions(void *arg)
{
    struct fake_client *c = arg;
    const struct reactions chain = c->chain;
    uint64_t handled = 0;
    for (size_t i = 0; i < chain.count; i++) handled += chain.handled[i];
    go_observe(handled);
    go_waitgroup_done(&c->synced);
}

static void run_informer(void *arg)
{
    struct fake_client *c = arg;
    go_waitgroup_add(&c->synced, 1);
    go(invoke_reactions, c);
    go_waitgroup_wait(&c->synced);
    go_waitgroup_done(&c->informers);
}

static void prepend_hook(struct fake_client *c)
{
    bool *handled = go_new(sizeof *handled);
    *handled = true;
    c->chain = (struct reactions){handled, 1}; /* The chain was empty. */
}

static void test_reconciler(void *arg)
{
    struct fake_client *c = arg;
    if (!BUGGY) prepend_hook(c);
    go_waitgroup_add(&c->informers, 1);
    go(run_informer, c);
    if (BUGGY) prepend_hook(c);
    go_waitgroup_wait(&c->informers);
    go_waitgroup_done(&c->test);
}

static void kernel_main(void)
{
    struct fake_client *c = go_new(sizeof *c);
    go_waitgroup_add(&c->test, 1);
    go(test_reconciler, c);
    go_waitgroup_wait(&c->test);
}
