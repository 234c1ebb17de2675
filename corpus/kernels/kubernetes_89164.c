// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_89164,
       .title = "A watch cache's buffer is walked unlocked while another dispatcher empties it",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/89164",
       .story = "The buffer is emptied under the lock and walked without. The test waits for each "
                "of its dispatchers, but the cacher's own runs beside them.",
       .fix = "Walk the buffer under the lock.",
       .expect = {"data-race--dispatch_buffer--walk_watchers"});

enum { DISPATCHERS = 3 };

struct cacher {
    struct go_rwmutex mu;
    size_t watchers; /* length of the buffer */
    struct go_waitgroup dispatched;
};

static void walk_watchers(const struct cacher *c)
{
    for (size_t i = 0; i < c->watchers; i++) go_observe(i);
}

static void dispatch_buffer(struct cacher *c)
{
    go_rwmutex_lock(&c->mu);
    c->watchers = 0;
    if (!BUGGY) walk_watchers(c);
    go_rwmutex_unlock(&c->mu);
    if (BUGGY) walk_watchers(c);
}

static void run_cacher(void *arg) { dispatch_buffer(arg); }

static void test_dispatch(void *arg)
{
    struct cacher *c = arg;
    dispatch_buffer(c);
    go_waitgroup_done(&c->dispatched);
}

static void kernel_main(void)
{
    struct cacher *c = go_new(sizeof *c);
    go(run_cacher, c);
    for (int i = 0; i < DISPATCHERS; i++) {
        go_waitgroup_add(&c->dispatched, 1);
        go(test_dispatch, c);
        go_waitgroup_wait(&c->dispatched);
    }
}
