// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_3068, .title = "Waiting for a pool closes its channel under who still adds work",
       .class = KERNEL_CLOSE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/3068",
       .story = "Wait closes the pool's channel of work at once. A producer that pauses for 10 ms "
                "between its items adds the next one to a WaitGroup that is waited for already, "
                "and sends it on the closed channel. Had it been faster, Wait would return before "
                "all the work is done.",
       .fix = "Wait only when the producer has added everything, and close the channel when all of "
              "that is done.",
       .expect = {"send-to-closed-channel--add_work", "waitgroup-misuse--add_work--await_pending",
                  "oracle-failure--kernel_main"});

enum { ITEMS = 5, PAUSE_NS = 10000000 };

struct pool {
    struct go_chan *work; /* of work_fn * */
    struct go_waitgroup pending;
    struct go_once once;
    struct go_waitgroup added;
    int executed; /* atomic */
};

typedef void work_fn(struct pool *pool);

static void count_item(struct pool *p) { __atomic_fetch_add(&p->executed, 1, __ATOMIC_SEQ_CST); }

static void run_worker(void *arg)
{
    struct pool *p = arg;
    work_fn *fn;
    while (go_chan_recv(p->work, &fn)) {
        fn(p);
        go_waitgroup_done(&p->pending);
    }
}

static void add_work(struct pool *p, work_fn *fn)
{
    go_waitgroup_add(&p->pending, 1);
    go_chan_send(p->work, &fn);
}

static void produce(void *arg)
{
    struct pool *p = arg;
    for (int i = 0; i < ITEMS; i++) {
        add_work(p, count_item);
        go_sleep(PAUSE_NS);
        go_waitgroup_done(&p->added);
    }
}

static void await_pending(void *arg) { go_waitgroup_wait(&((struct pool *)arg)->pending); }

static void close_work(void *arg)
{
    struct pool *p = arg;
    if (!BUGGY) await_pending(p);
    go_chan_close(p->work);
    go(await_pending, p);
}

static void kernel_main(void)
{
    struct pool *p = go_new(sizeof *p);
    p->work = go_chan_make(sizeof(work_fn *), ITEMS);
    go(run_worker, p);
    go_waitgroup_add(&p->added, ITEMS);
    go(produce, p);
    if (!BUGGY) go_waitgroup_wait(&p->added);
    go_once_do(&p->once, close_work, p);
    go_waitgroup_wait(&p->added);
    int executed = __atomic_load_n(&p->executed, __ATOMIC_SEQ_CST);
    go_check(executed == ITEMS, "%d of %d items were executed", executed, ITEMS);
}
