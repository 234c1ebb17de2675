// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_3068, .title = "Waiting for a pool of work closes its channel under who still adds",
       .class = KERNEL_CLOSE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/3068",
       .story = "Wait closes the channel of work at once. A producer that has more to add sends on "
                "the closed channel, and adds to a WaitGroup that is waited for already.",
       .fix = "Close when all that was to be added has been.",
       .expect = {"send-to-closed-channel--add_work", "waitgroup-misuse--add_work--await_pending"});

enum { ITEMS = 5, PAUSE_NS = 10000000 };

struct pool {
    struct go_chan *work;
    struct go_waitgroup pending;
    struct go_once once;
    struct go_waitgroup added;
    int executed; /* atomic */
};

static void execute_work(void *arg)
{
    struct pool *p = arg;
    while (go_chan_recv(p->work, NULL)) {
        __atomic_fetch_add(&p->executed, 1, __ATOMIC_SEQ_CST);
        go_waitgroup_done(&p->pending);
    }
}

static void add_work(struct pool *p)
{
    go_waitgroup_add(&p->pending, 1);
    go_chan_send(p->work, NULL);
}

static void produce_work(void *arg)
{
    struct pool *p = arg;
    for (int i = 0; i < ITEMS; i++) {
        add_work(p);
        go_sleep(PAUSE_NS);
        go_waitgroup_done(&p->added);
    }
}

static void await_pending(void *arg) { go_waitgroup_wait(&((struct pool *)arg)->pending); }

static void close_work(void *arg)
{
    struct pool *p = arg;
    go_chan_close(p->work);
    go(await_pending, p);
}

static void kernel_main(void)
{
    struct pool *p = go_new(sizeof *p);
    p->work = go_chan_make(1, ITEMS);
    go(execute_work, p);
    go_waitgroup_add(&p->added, ITEMS);
    go(produce_work, p);
    if (!BUGGY) go_waitgroup_wait(&p->added);
    go_once_do(&p->once, close_work, p);
    go_waitgroup_wait(&p->added);
    go_observe((uint64_t)__atomic_load_n(&p->executed, __ATOMIC_SEQ_CST) <= ITEMS);
}
