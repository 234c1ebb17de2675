// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_21692,
       .title = "A timer of zero fires before it can be stopped and ends the event stream",
       .class = KERNEL_TIMER, .project = "moby",
       .source = "https://github.com/moby/moby/pull/21692",
       .story = "No end time was asked for, so the handler makes a timer of zero and stops it. If "
                "it fires in between, its value stays in the channel, and the stream ends though "
                "nobody cancelled it.",
       .fix = "Without an end time wait on a nil channel.",
       .expect = {"oracle-failure--check_reason"});

enum reason { REASON_NONE, REASON_TIMER, REASON_CANCEL };

struct stream {
    struct go_chan *events;
    struct go_chan *cancelled; /* never sent on */
    struct go_chan *done;      /* never sent on */
    enum reason reason;
};

static struct go_chan *end_of_stream(void)
{
    if (!BUGGY) return NULL;
    struct go_timer *timer = go_timer_new(0);
    go_timer_stop(timer); /* Does not drain: a value that came before stays. */
    return go_timer_chan(timer);
}

static void stream_events(void *arg)
{
    struct stream *s = arg;
    struct go_chan *end = end_of_stream();
    while (s->reason == REASON_NONE) {
        struct go_case cases[] = {GO_RECV(s->events, NULL), GO_RECV(end, NULL),
                                  GO_RECV(s->cancelled, NULL)};
        size_t chosen = go_select(cases, 3);
        if (chosen == 1) s->reason = REASON_TIMER;
        if (chosen == 2) s->reason = REASON_CANCEL;
    }
    go_chan_close(s->done);
}

static void check_reason(const struct stream *s)
{
    go_check(s->reason == REASON_CANCEL, "the stream ended before it was cancelled");
}

static void kernel_main(void)
{
    struct stream *s = go_new(sizeof *s);
    s->events = go_chan_make(0, 2);
    s->cancelled = go_chan_make(0, 0);
    s->done = go_chan_make(0, 0);
    go(stream_events, s);
    go_chan_send(s->events, NULL);
    go_chan_send(s->events, NULL);
    go_chan_close(s->cancelled);
    go_chan_recv(s->done, NULL);
    check_reason(s);
}
