// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_79631,
       .title = "The scheduling queue's heap is read without the lock of its writers",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/79631",
       .story = "The flush of the backoff queue deletes under the lock; a getter looks up a pod "
                "without. (The flusher waits for a stop that never comes: it lives as long as the "
                "process.)",
       .fix = "The getter locks.", .expect = {"concurrent-map-read-write--flush_backoff--get_pod"});

struct queue {
    struct go_rwmutex mu;
    struct go_map *items;
    struct go_chan *stop; /* never closed */
    struct go_waitgroup test;
};

static void flush_backoff(void *arg)
{
    struct queue *q = arg;
    go_daemon();
    struct go_case stopped[] = {GO_RECV(q->stop, NULL)};
    if (go_select_default(stopped, 1) == 0) return;
    go_rwmutex_lock(&q->mu);
    go_map_delete(q->items, 1);
    go_rwmutex_unlock(&q->mu);
    go_chan_recv(q->stop, NULL);
}

static void get_pod(struct queue *q)
{
    if (!BUGGY) go_rwmutex_rlock(&q->mu);
    go_map_get(q->items, 1, NULL);
    if (!BUGGY) go_rwmutex_runlock(&q->mu);
}

static void test_queue(void *arg)
{
    struct queue *q = arg;
    go_waitgroup_done(&q->test);
    go(flush_backoff, q);
    get_pod(q);
}

static void kernel_main(void)
{
    struct queue *q = go_new(sizeof *q);
    q->items = go_map_make();
    go_map_set(q->items, 1, NULL);
    q->stop = go_chan_make(0, 0);
    go_waitgroup_add(&q->test, 1);
    go(test_queue, q);
    go_waitgroup_wait(&q->test);
}
