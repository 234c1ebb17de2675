// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_24007, .title = "Two goroutines find the log watcher open and both close it",
       .class = KERNEL_CLOSE, .project = "moby",
       .source = "https://github.com/moby/moby/pull/24007",
       .story = "The client that reads the log and the log driver may end together. Each asks by a "
                "select with default whether the channel is closed already, and closes it if not; "
                "between the question and the close there is room for the other one.",
       .fix = "Close inside a Once.", .expect = {"close-of-closed-channel--watcher_close"});

struct watcher {
    struct go_chan *closed; /* never sent on */
    struct go_once once;
    struct go_waitgroup ends;
};

static void close_once(void *arg)
{
    struct watcher *w = arg;
    go_chan_close(w->closed);
}

static void watcher_close(struct watcher *w)
{
    if (!BUGGY) {
        go_once_do(&w->once, close_once, w);
        return;
    }
    struct go_case cases[] = {GO_RECV(w->closed, NULL)};
    if (go_select_default(cases, 1) == 0) return;
    go_chan_close(w->closed); /* Somebody else may have been here since the question. */
}

static void client_ends(void *arg)
{
    struct watcher *w = arg;
    watcher_close(w);
    go_waitgroup_done(&w->ends);
}

static void driver_ends(void *arg)
{
    struct watcher *w = arg;
    watcher_close(w);
    go_waitgroup_done(&w->ends);
}

static void follow_log(void *arg)
{
    struct watcher *w = arg;
    go_chan_recv(w->closed, NULL);
    go_waitgroup_done(&w->ends);
}

static void kernel_main(void)
{
    struct watcher *w = go_new(sizeof *w);
    w->closed = go_chan_make(0, 0);
    go_waitgroup_add(&w->ends, 3);
    go(client_ends, w);
    go(driver_ends, w);
    go(follow_log, w);
    go_waitgroup_wait(&w->ends);
}
