// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_81148, .title = "A pod's time stamp is changed after the pod can be seen",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/81148",
       .story = "A test adds a pod to the queue under the lock and then moves its time stamp "
                "without. The flush reads the time stamps, under the lock.",
       .fix = "Set the time stamp under the lock, before the pod is added.",
       .expect = {"data-race--add_pod--is_due"});

struct pod {
    int64_t timestamp;
};

struct queue {
    struct go_rwmutex mu;
    struct go_map *pods;
    struct go_chan *stop;
    struct go_waitgroup test;
};

static bool is_due(uint64_t key, void *pod, void *unused)
{
    (void)key, (void)unused;
    go_observe((uint64_t)((struct pod *)pod)->timestamp);
    return true;
}

static void flush_unschedulable(void *arg)
{
    struct queue *q = arg;
    struct go_case stopped[] = {GO_RECV(q->stop, NULL)};
    if (go_select_default(stopped, 1) == 0) return;
    go_rwmutex_lock(&q->mu);
    go_map_range(q->pods, is_due, NULL);
    go_rwmutex_unlock(&q->mu);
    go_chan_recv(q->stop, NULL);
}

static void add_pod(void *arg)
{
    struct queue *q = arg;
    struct pod *pod = go_new(sizeof *pod);
    go(flush_unschedulable, q);
    go_rwmutex_lock(&q->mu);
    if (!BUGGY) pod->timestamp = -1;
    go_map_set(q->pods, 1, pod);
    go_rwmutex_unlock(&q->mu);
    pod = go_map_get(q->pods, 1, NULL);
    if (BUGGY) pod->timestamp = -1;
    go_waitgroup_done(&q->test);
}

static void kernel_main(void)
{
    struct queue *q = go_new(sizeof *q);
    q->pods = go_map_make();
    q->stop = go_chan_make(0, 0);
    go_waitgroup_add(&q->test, 1);
    go(add_pod, q);
    go_waitgroup_wait(&q->test);
    go_chan_close(q->stop);
}
