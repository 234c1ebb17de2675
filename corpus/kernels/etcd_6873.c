// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(etcd_6873, .title = "Stop waits, with the lock held, for a loop that needs the lock",
       .class = KERNEL_CHAN_LOCK, .project = "etcd",
       .source = "https://github.com/etcd-io/etcd/pull/6873",
       .story =
           "Stopping watch broadcasts locks, closes the channel of updates and waits for the "
           "loop that receives them to end. The loop takes the same lock for each update that is "
           "left.",
       .fix = "Unlock before waiting.", .expect = {"goroutine-leak--stop_broadcasts"});

struct broadcasts {
    struct go_mutex mu;
    struct go_chan *updates;
    struct go_chan *done;
};

static void coalesce_updates(void *arg)
{
    struct broadcasts *b = arg;
    while (go_chan_recv(b->updates, NULL)) {
        go_mutex_lock(&b->mu);
        go_mutex_unlock(&b->mu);
    }
    go_chan_close(b->done);
}

static void stop_broadcasts(void *arg)
{
    struct broadcasts *b = arg;
    go_mutex_lock(&b->mu);
    go_chan_close(b->updates);
    if (!BUGGY) go_mutex_unlock(&b->mu);
    go_chan_recv(b->done, NULL);
    if (BUGGY) go_mutex_unlock(&b->mu);
}

static void kernel_main(void)
{
    struct broadcasts *b = go_new(sizeof *b);
    b->updates = go_chan_make(0, 1);
    b->done = go_chan_make(0, 0);
    go(coalesce_updates, b);
    struct go_case update[] = {GO_SEND(b->updates, NULL)};
    go_select_default(update, 1);
    go(stop_broadcasts, b);
}
