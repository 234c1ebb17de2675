// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_16224, .title = "A handler tells that it is done while it holds the test's lock",
       .class = KERNEL_CHAN_LOCK, .project = "istio",
       .source = "https://github.com/istio/istio/pull/16224",
       .story = "The handler locks and sends on an unbuffered channel. The test wants the lock "
                "before it receives. (Should the test lock first, the monitor later waits for an "
                "event that nobody sends: a second bug of the same test.)",
       .fix = "Send after unlocking; when stopped, look for a last event without waiting.",
       .expect = {"deadlock--handle_event", "goroutine-leak--run_monitor"});

struct monitor {
    struct go_chan *events;
    struct go_chan *done;
    struct go_chan *stop;
    struct go_mutex mu;
};

static void handle_event(struct monitor *m)
{
    go_mutex_lock(&m->mu);
    if (!BUGGY) go_mutex_unlock(&m->mu);
    go_chan_send(m->done, NULL);
    if (BUGGY) go_mutex_unlock(&m->mu);
}

static void run_monitor(void *arg)
{
    struct monitor *m = arg;
    for (;;) {
        struct go_case cases[] = {GO_RECV(m->stop, NULL), GO_RECV(m->events, NULL)};
        if (go_select(cases, 2) == 0) break;
        if (cases[1].ok) handle_event(m);
    }
    struct go_case last[] = {GO_RECV(m->events, NULL)};
    bool any = BUGGY ? go_chan_recv(m->events, NULL) : go_select_default(last, 1) == 0;
    if (any) go_chan_close(m->events);
}

static void kernel_main(void)
{
    struct monitor *m = go_new(sizeof *m);
    m->events = go_chan_make(0, 0);
    m->done = go_chan_make(0, 0);
    m->stop = go_chan_make(0, 0);
    go(run_monitor, m);
    go_chan_send(m->events, NULL);
    go_mutex_lock(&m->mu);
    go_mutex_unlock(&m->mu);
    go_chan_recv(m->done, NULL);
    go_chan_close(m->stop);
}
