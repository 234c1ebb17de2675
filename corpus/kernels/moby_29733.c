// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_29733, .title = "Handlers wait for a plugin that nothing ever activates",
       .class = KERNEL_COND, .project = "moby", .source = "https://github.com/moby/moby/pull/29733",
       .story = "Handlers wait on a condition until the plugin is activated. Nothing sets the flag "
                "or signals.",
       .fix = "Set the flag and broadcast when a handler is registered.",
       .expect = {"deadlock--handle--wait_active"});

struct plugin {
    struct go_mutex mu;
    struct go_cond activation;
    bool activated;
    struct go_chan *done;    /* of the handler that runs */
    struct go_mutex storage; /* of the table of all plugins */
};

static void wait_active(void *arg)
{
    struct plugin *p = arg;
    go_mutex_lock(&p->mu);
    while (!p->activated) go_cond_wait(&p->activation);
    go_mutex_unlock(&p->mu);
    go_chan_close(p->done);
}

static void activate(struct plugin *p)
{
    go_mutex_lock(&p->mu);
    p->activated = true;
    go_cond_broadcast(&p->activation);
    go_mutex_unlock(&p->mu);
}

static void handle(struct plugin *p)
{
    p->done = go_chan_make(0, 0);
    go(wait_active, p);
    if (!BUGGY) activate(p);
    go_chan_recv(p->done, NULL);
}

static void kernel_main(void)
{
    struct plugin *p = go_new(sizeof *p);
    p->activation.locker = go_mutex_locker(&p->mu);
    handle(p);
    go_mutex_lock(&p->storage);
    p->activated = false;
    go_mutex_unlock(&p->storage);
    handle(p);
}
