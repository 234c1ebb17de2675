// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_13135,
       .title = "A watch cache calls back under its lock, and the callback locks the cacher",
       .class = KERNEL_LOCK_ORDER, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/13135",
       .story = "Listing locks the cacher and then the watch cache; the callback of a "
                "replacement unlocks the cacher. Adding an event locks the watch cache "
                "first, and its callback then locks the cacher.",
       .fix = "An event's callback runs after the watch cache is unlocked.",
       .expect = {"goroutine-leak--list_and_watch--on_event"});

struct cacher {
    struct go_mutex mu;
    struct go_rwmutex cache;
    struct go_waitgroup usable;
    struct go_once first;
    struct go_chan *stop;
};

static void mark_usable(void *arg) { go_waitgroup_done(&((struct cacher *)arg)->usable); }

static void on_replace(struct cacher *c)
{
    go_once_do(&c->first, mark_usable, c);
    go_mutex_unlock(&c->mu);
}

static void on_event(struct cacher *c)
{
    go_mutex_lock(&c->mu);
    go_mutex_unlock(&c->mu);
}

static void list_and_watch(void *arg)
{
    struct cacher *c = arg;
    for (;;) {
        struct go_case stopped[] = {GO_RECV(c->stop, NULL)};
        if (go_select_default(stopped, 1) == 0) return;
        go_mutex_lock(&c->mu);
        go_rwmutex_lock(&c->cache);
        on_replace(c);
        go_rwmutex_unlock(&c->cache);
        go_sleep(0);
    }
}

static void add_event(void *arg)
{
    struct cacher *c = arg;
    go_rwmutex_lock(&c->cache);
    if (BUGGY) on_event(c);
    go_rwmutex_unlock(&c->cache);
    if (!BUGGY) on_event(c);
}

static void stop_cacher(void *arg) { go_chan_close(((struct cacher *)arg)->stop); }

static void kernel_main(void)
{
    struct cacher *c = go_new(sizeof *c);
    c->stop = go_chan_make(0, 0);
    go_waitgroup_add(&c->usable, 1);
    for (int i = 0; i < 2; i++) { /* the two callbacks are set, each under the lock */
        go_rwmutex_lock(&c->cache);
        go_rwmutex_unlock(&c->cache);
    }
    go(list_and_watch, c);
    go_waitgroup_wait(&c->usable);
    go(add_event, c);
    go(stop_cacher, c);
}
