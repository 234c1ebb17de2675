// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_1462,
       .title = "A worker sends to a consumer that has stopped, and the stop waits for the worker",
       .class = KERNEL_WAITGROUP, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/1462",
       .story = "The publisher looks whether it should stop, and then sends without looking again. "
                "Between the two the stop comes and the consumer leaves; the send never ends, nor "
                "does the wait for the workers.",
       .fix = "Watch for the stop while sending.",
       .expect = {"deadlock--publish_events--stop_workers"});

struct stopper {
    struct go_chan *stop;
    struct go_chan *stopped;
    struct go_chan *events;
    struct go_waitgroup workers;
    struct go_mutex mu;
    struct go_cond drain;
    bool draining;
    int tasks;
};

static void publish_events(void *arg)
{
    struct stopper *s = arg;
    for (;;) {
        struct go_case stopping[] = {GO_RECV(s->stop, NULL), GO_SEND(s->events, NULL)};
        if (!BUGGY) {
            if (go_select(stopping, 2) == 0) break;
            continue;
        }
        if (go_select_default(stopping, 1) == 0) break;
        go_chan_send(s->events, NULL);
    }
    go_waitgroup_done(&s->workers);
}

static void consume_events(void *arg)
{
    struct stopper *s = arg;
    struct go_case cases[2];
    do {
        cases[0] = GO_RECV(s->events, NULL);
        cases[1] = GO_RECV(s->stop, NULL);
    } while (go_select(cases, 2) == 0 && cases[0].ok);
    go_waitgroup_done(&s->workers);
}

static void stop_workers(struct stopper *s)
{
    go_mutex_lock(&s->mu);
    s->draining = true;
    while (s->tasks > 0) go_cond_wait(&s->drain);
    go_mutex_unlock(&s->mu);
    go_chan_close(s->stop);
    go_waitgroup_wait(&s->workers);
    go_mutex_lock(&s->mu);
    go_chan_close(s->stopped);
    go_mutex_unlock(&s->mu);
}

static void kernel_main(void)
{
    struct stopper *s = go_new(sizeof *s);
    s->stop = go_chan_make(0, 0);
    s->stopped = go_chan_make(0, 0);
    s->events = go_chan_make(0, 0);
    s->drain.locker = go_mutex_locker(&s->mu);
    go_waitgroup_add(&s->workers, 1);
    go(publish_events, s);
    go_waitgroup_add(&s->workers, 1);
    go(consume_events, s);
    stop_workers(s);
}
