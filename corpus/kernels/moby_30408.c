// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_30408, .title = "A plugin that failed to activate is waited for all the same",
       .class = KERNEL_COND, .project = "moby", .source = "https://github.com/moby/moby/pull/30408",
       .story = "Activation stores its error, but waiters only look for a manifest, and nobody "
                "broadcasts.",
       .fix = "An error ends the wait as well, and a failed activation broadcasts.",
       .expect = {"deadlock--kernel_main--wait_manifest"});

struct plugin {
    struct go_mutex mu;
    struct go_cond activation;
    const char *manifest;
    const char *error;
    struct go_chan *done;
};

static bool is_activated(const struct plugin *p) { return p->manifest || (!BUGGY && p->error); }

static void wait_manifest(void *arg)
{
    struct plugin *p = arg;
    go_mutex_lock(&p->mu);
    while (!is_activated(p)) go_cond_wait(&p->activation);
    go_mutex_unlock(&p->mu);
    go_chan_close(p->done);
}

static void kernel_main(void)
{
    struct plugin *p = go_new(sizeof *p);
    p->activation.locker = go_mutex_locker(&p->mu);
    p->error = "no such plugin";
    if (!BUGGY) go_cond_broadcast(&p->activation);
    p->done = go_chan_make(0, 0);
    go(wait_manifest, p);
    go_chan_recv(p->done, NULL);
}
