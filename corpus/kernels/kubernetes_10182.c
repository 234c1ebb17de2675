// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_10182,
       .title = "A pod's status is sent under the lock that its receiver takes next",
       .class = KERNEL_CHAN_LOCK, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/10182",
       .story = "A setter locks the status manager and sends on an unbuffered channel. The "
                "syncing goroutine receives and then takes the lock. If a second setter has "
                "taken it by then, that one waits for a receiver and the receiver for the "
                "lock.",
       .fix = "Send after unlocking.", .expect = {"goroutine-leak--set_pod_status"});

enum { SETTERS = 2 };

struct manager {
    struct go_rwmutex mu;
    struct go_chan *statuses;
};

static void sync_batch(void *arg)
{
    struct manager *m = arg;
    for (int i = 0; i < SETTERS; i++) {
        go_chan_recv(m->statuses, NULL);
        go_rwmutex_lock(&m->mu);
        go_rwmutex_unlock(&m->mu);
    }
}

static void start_manager(void *arg) { go(sync_batch, arg); }

static void set_pod_status(void *arg)
{
    struct manager *m = arg;
    go_rwmutex_lock(&m->mu);
    if (!BUGGY) go_rwmutex_unlock(&m->mu);
    go_chan_send(m->statuses, NULL);
    if (BUGGY) go_rwmutex_unlock(&m->mu);
}

static void kernel_main(void)
{
    struct manager *m = go_new(sizeof *m);
    m->statuses = go_chan_make(1, 0);
    go(start_manager, m);
    for (int i = 0; i < SETTERS; i++) go(set_pod_status, m);
}
