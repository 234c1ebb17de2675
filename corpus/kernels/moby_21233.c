// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_21233,
       .title = "A test's consumer stops receiving progress, and those who report it are stuck",
       .class = KERNEL_CHAN, .project = "moby", .source = "https://github.com/moby/moby/pull/21233",
       .story = "The consumer of progress returns at the first unexpected message. Watchers "
                "that still have something to say wait for a receiver; the test waits for "
                "them, or for the end of the consumer.",
       .fix = "Remember the failure and go on receiving.",
       .expect = {"goroutine-leak--test_transfers--watch_transfer",
                  "goroutine-leak--test_transfers"});

enum { TRANSFERS = 3 };

struct test {
    struct go_chan *progress;
    struct go_chan *done;
};

struct transfer {
    struct test *test;
    struct go_mutex mu;
    struct go_chan *signal; /* never sent on */
    struct go_chan *release;
    struct go_chan *running;
};

static void consume_progress(void *arg)
{
    struct test *t = arg;
    while (go_chan_recv(t->progress, NULL))
        if (go_choose(2) == 1 && BUGGY) return;
    go_chan_close(t->done);
}

static void watch_transfer(void *arg)
{
    struct transfer *w = arg;
    for (bool over = false;;) {
        go_mutex_lock(&w->mu);
        go_mutex_unlock(&w->mu);
        if (go_choose(2) == 1) go_chan_send(w->test->progress, NULL);
        if (over) break;
        struct go_case cases[] = {GO_RECV(w->signal, NULL), GO_RECV(w->release, NULL)};
        over = go_select(cases, 2) == 1;
    }
    go_chan_close(w->running);
}

static void test_transfers(void *arg)
{
    struct test *t = arg;
    struct transfer *transfers[TRANSFERS];
    go(consume_progress, t);
    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer *w = transfers[i] = go_new(sizeof *w);
        w->test = t;
        w->signal = go_chan_make(0, 0);
        w->release = go_chan_make(0, 0);
        w->running = go_chan_make(0, 0);
        go(watch_transfer, w);
    }
    for (int i = 0; i < TRANSFERS; i++) {
        struct transfer *w = transfers[i];
        go_mutex_lock(&w->mu);
        go_mutex_unlock(&w->mu);
        go_chan_close(w->release);
        go_chan_recv(w->running, NULL);
    }
    go_chan_close(t->progress);
    go_chan_recv(t->done, NULL);
}

static void kernel_main(void)
{
    struct test *t = go_new(sizeof *t);
    t->progress = go_chan_make(0, 0);
    t->done = go_chan_make(0, 0);
    go(test_transfers, t);
}
