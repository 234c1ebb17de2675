// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_30872,
       .title = "The queue and the federated informer lock each other in two orders",
       .class = KERNEL_LOCK_ORDER, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/30872",
       .story = "The controller's loop locks the queue and, in a handler, the informer. Deliveries "
                "lock the informer and then the queue.",
       .fix = "Lock the informer only after the queue is unlocked.",
       .expect = {"goroutine-leak--deliver--process_queue"});

struct informer {
    struct go_mutex mu;
    struct go_rwmutex queue;
    struct go_chan *stop;
    struct go_chan *stopped;
};

static void process_queue(void *arg)
{
    struct informer *f = arg;
    for (;;) {
        struct go_case stopped[] = {GO_RECV(f->stopped, NULL)};
        if (go_select_default(stopped, 1) == 0) return;
        go_rwmutex_lock(&f->queue);
        if (!BUGGY) go_rwmutex_unlock(&f->queue);
        go_mutex_lock(&f->mu);
        go_mutex_unlock(&f->mu);
        if (BUGGY) go_rwmutex_unlock(&f->queue);
    }
}

static void stop_controller(void *arg)
{
    struct informer *f = arg;
    go_chan_recv(f->stop, NULL);
    go_mutex_lock(&f->mu);
    go_chan_close(f->stopped);
    go_mutex_unlock(&f->mu);
}

static void deliver(void *arg)
{
    struct informer *f = arg;
    go_mutex_lock(&f->mu);
    go_rwmutex_lock(&f->queue);
    go_rwmutex_unlock(&f->queue);
    go_mutex_unlock(&f->mu);
}

static void kernel_main(void)
{
    struct informer *f = go_new(sizeof *f);
    f->stop = go_chan_make(0, 0);
    go_mutex_lock(&f->mu);
    f->stopped = go_chan_make(0, 0);
    go(process_queue, f);
    go_mutex_unlock(&f->mu);
    go(stop_controller, f);
    go(deliver, f);
    go_chan_close(f->stop);
}
