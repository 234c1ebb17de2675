// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_3148, .title = "Hooks of a fake client are installed while its informers use them",
       .class = KERNEL_RACE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/3148",
       .story = "A test starts the controller, and with it informers that walk the client's chain "
                "of reactions. Then it puts its own hooks in front of the chain.",
       .fix = "Install the hooks before starting the controller.",
       .expect = {"data-race--invoke_reactions--prepend_reaction"});

struct fake_client {
    struct reaction {
        struct reaction *next;
    } * chain;
    struct go_waitgroup test;
    struct go_waitgroup informers;
    struct go_waitgroup synced;
};

static void invoke_reactions(void *arg)
{
    struct fake_client *c = arg;
    uint64_t reactions = 0;
    for (const struct reaction *r = c->chain; r; r = r->next) reactions++;
    go_observe(reactions);
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

static void prepend_reaction(struct fake_client *c)
{
    struct reaction *hook = go_new(sizeof *hook);
    hook->next = c->chain;
    c->chain = hook;
}

static void test_reconciler(void *arg)
{
    struct fake_client *c = arg;
    if (!BUGGY) prepend_reaction(c);
    go_waitgroup_add(&c->informers, 1);
    go(run_informer, c);
    if (BUGGY) prepend_reaction(c);
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
