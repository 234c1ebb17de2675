// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_38669,
       .title = "A watcher sends its first events to nobody, and cannot be stopped",
       .class = KERNEL_CHAN, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/38669",
       .story = "The watcher sends its initial events on an unbuffered channel before it looks at "
                "its input. Stopping closes the input, which it never reaches.",
       .fix = "Watch for the stop while sending.", .expect = {"goroutine-leak--process_initial"});

enum { INITIAL_EVENTS = 2 };

struct watcher {
    struct go_chan *input;
    struct go_chan *result;
    struct go_chan *done; /* the fix */
    struct go_mutex mu;
    bool stopped;
};

static void stop_watcher(struct watcher *w)
{
    go_mutex_lock(&w->mu);
    if (!w->stopped) {
        w->stopped = true;
        if (!BUGGY) go_chan_close(w->done);
        go_chan_close(w->input);
    }
    go_mutex_unlock(&w->mu);
}

static void process_initial(void *arg)
{
    struct watcher *w = arg;
    for (int i = 0; i < INITIAL_EVENTS; i++) {
        struct go_case cases[] = {GO_SEND(w->result, NULL), GO_RECV(w->done, NULL)};
        if (BUGGY)
            go_chan_send(w->result, NULL);
        else
            go_select(cases, 2);
    }
    while (go_chan_recv(w->input, NULL)) continue;
    stop_watcher(w);
    go_chan_close(w->result);
}

static void kernel_main(void)
{
    struct watcher *w = go_new(sizeof *w);
    w->input = go_chan_make(1, 0);
    w->result = go_chan_make(1, 0);
    w->done = go_chan_make(0, 0);
    go(process_initial, w);
    stop_watcher(w);
}
