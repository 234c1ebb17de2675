// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_58107,
       .title = "Workers wait for their queue with a read lock held, a writer waits for them",
       .class = KERNEL_RWLOCK, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/58107",
       .story = "A worker holds the read lock while it waits on its queue's condition. Once "
                "the signals have stopped it never leaves, and the resync, if it has a pass "
                "to make, never gets the write lock. (Four signals and passes here, 100,000 "
                "there.)",
       .fix = "Wait for the queue before locking, and for a state of it, so that no signal "
              "is lost.",
       .expect = {"goroutine-leak--wait_queue"});

enum { QUEUES = 2, PASSES = 4 };

struct quota {
    struct go_rwmutex workers;
    struct queue {
        struct go_mutex mu;
        struct go_cond added;
        struct quota *quota;
        bool filled; /* the fix: what is waited for */
    } queues[QUEUES];
};

static void wait_queue(struct queue *q)
{
    go_mutex_lock(&q->mu);
    while (!q->filled) {
        go_cond_wait(&q->added);
        if (BUGGY) break;
    }
    go_mutex_unlock(&q->mu);
}

static void do_work(void *arg)
{
    struct queue *q = arg;
    if (!BUGGY) wait_queue(q);
    go_rwmutex_rlock(&q->quota->workers);
    if (BUGGY) wait_queue(q);
    go_rwmutex_runlock(&q->quota->workers);
}

static void mark_filled(struct queue *q)
{
    go_mutex_lock(&q->mu);
    q->filled = true;
    go_mutex_unlock(&q->mu);
}

static void run_workers(void *arg)
{
    struct quota *quota = arg;
    for (int i = 0; i < QUEUES; i++) go(do_work, &quota->queues[i]);
}

static void resync(void *arg)
{
    struct quota *quota = arg;
    for (int i = 0; i < PASSES; i++) {
        go_rwmutex_lock(&quota->workers);
        go_sleep(1);
        go_rwmutex_unlock(&quota->workers);
    }
}

static void kernel_main(void)
{
    struct quota *quota = go_new(sizeof *quota);
    for (int i = 0; i < QUEUES; i++) {
        struct queue *q = &quota->queues[i];
        q->quota = quota;
        q->added.locker = go_mutex_locker(&q->mu);
    }
    go(run_workers, quota);
    go(resync, quota);
    for (int pass = 0; pass < PASSES; pass++) {
        for (int i = 0; i < QUEUES; i++) {
            struct queue *q = &quota->queues[i];
            if (!BUGGY) mark_filled(q);
            go_cond_signal(&q->added);
        }
    }
}
