// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_88331, .title = "The length of the active queue is read without its lock",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/88331",
       .story = "A pop shortens the queue under the lock; a metric reads its length without. (The "
                "popping goroutine waits for a stop that never comes: it lives as long as the "
                "process.)",
       .fix = "The reader locks.", .expect = {"data-race--pop_pod--read_length"});

struct queue {
    struct go_rwmutex mu;
    size_t length;
    struct go_chan *stop; /* never closed */
    struct go_waitgroup test;
};

static void pop_pod(void *arg)
{
    struct queue *q = arg;
    go_daemon();
    struct go_case stopped[] = {GO_RECV(q->stop, NULL)};
    if (go_select_default(stopped, 1) == 0) return;
    go_rwmutex_lock(&q->mu);
    q->length--;
    go_rwmutex_unlock(&q->mu);
    go_chan_recv(q->stop, NULL);
}

static size_t read_length(struct queue *q)
{
    if (!BUGGY) go_rwmutex_rlock(&q->mu);
    size_t length = q->length;
    if (!BUGGY) go_rwmutex_runlock(&q->mu);
    return length;
}

static void test_queue(void *arg)
{
    struct queue *q = arg;
    go_waitgroup_done(&q->test);
    go(pop_pod, q);
    go_observe(read_length(q));
}

static void kernel_main(void)
{
    struct queue *q = go_new(sizeof *q);
    q->length = 2;
    q->stop = go_chan_make(0, 0);
    go_waitgroup_add(&q->test, 1);
    go(test_queue, q);
    go_waitgroup_wait(&q->test);
}
