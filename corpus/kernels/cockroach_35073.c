// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_35073,
       .title = "An outbox that cannot start leaves its producers blocked on a full buffer",
       .class = KERNEL_CHAN, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/35073",
       .story = "Producers push rows as long as the consumer's status says that it needs more. The "
                "outbox cannot start and returns without changing the status or receiving, so the "
                "buffer stays full.",
       .fix = "On a failure the status says closed, and one receive lets a blocked producer go.",
       .expect = {"deadlock--push_row"});

enum { ROOM = 16 };
enum status { NEED_MORE_ROWS, DRAIN_REQUESTED, CONSUMER_CLOSED };

struct row_channel {
    struct go_chan *rows;
    int status; /* enum status, atomic */
    struct go_waitgroup producers;
    struct go_waitgroup consumer;
};

static void push_row(struct row_channel *c)
{
    if (__atomic_load_n(&c->status, __ATOMIC_SEQ_CST) == NEED_MORE_ROWS)
        go_chan_send(c->rows, NULL);
}

static void produce(void *arg)
{
    struct row_channel *c = arg;
    push_row(c);
    go_waitgroup_done(&c->producers);
}

static void close_consumer(struct row_channel *c)
{
    __atomic_store_n(&c->status, CONSUMER_CLOSED, __ATOMIC_SEQ_CST);
    struct go_case row[] = {GO_RECV(c->rows, NULL)};
    go_select_default(row, 1);
}

static void run_outbox(void *arg)
{
    struct row_channel *c = arg;
    if (!BUGGY) close_consumer(c); /* it cannot start */
    go_waitgroup_done(&c->consumer);
}

static void kernel_main(void)
{
    struct row_channel *c = go_new(sizeof *c);
    c->rows = go_chan_make(1, ROOM);
    for (int i = 0; i < ROOM; i++) push_row(c);
    go_waitgroup_add(&c->producers, 1);
    go(produce, c);
    go_waitgroup_add(&c->consumer, 1);
    go(run_outbox, c);
    go_waitgroup_wait(&c->consumer);
    push_row(c);
}
