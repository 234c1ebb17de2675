// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_16224, .title = "A handler reports while it holds the lock that the test wants first",
       .class = KERNEL_CHAN_LOCK, .project = "istio",
       .source = "https://github.com/istio/istio/pull/16224",
       .story = "The handler of an event locks and, still holding the lock, sends on an unbuffered "
                "channel that it is done. The test takes the lock once before it receives. If the "
                "test is first to lock, all goes well until it stops the monitor, which then waits "
                "for one more event that nobody sends: a second bug.",
       .fix = "The handler unlocks before it sends; the stopped monitor takes a last event only if "
              "there is one.",
       .expect = {"deadlock--handle_event", "goroutine-leak--take_last_event"});

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

static bool take_last_event(struct monitor *m)
{
    if (BUGGY) return go_chan_recv(m->events, NULL);
    struct go_case last[] = {GO_RECV(m->events, NULL)};
    return go_select_default(last, 1) == 0 && last[0].ok;
}

static void run_monitor(void *arg)
{
    struct monitor *m = arg;
    for (;;) {
        struct go_case cases[] = {GO_RECV(m->stop, NULL), GO_RECV(m->events, NULL)};
        if (go_select(cases, 2) == 0) break;
        if (cases[1].ok) handle_event(m);
    }
    if (take_last_event(m)) go_chan_close(m->events);
}

static void kernel_main(void)
{
    struct monitor *m = go_new(sizeof *m);
    m->events = go_chan_make(1, 0);
    m->done = go_chan_make(0, 0);
    m->stop = go_chan_make(0, 0);
    go(run_monitor, m);
    go_chan_send(m->events, NULL);
    go_mutex_lock(&m->mu);
    go_mutex_unlock(&m->mu);
    go_chan_recv(m->done, NULL);
    go_chan_close(m->stop);
}
