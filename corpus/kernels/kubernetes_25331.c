// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_25331, .title = "A watch delivers its error to a reader that has been cancelled",
       .class = KERNEL_CHAN_CONTEXT, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/25331",
       .story = "On an error the watch cancels its own context and then sends a result on an "
                "unbuffered channel. Readers have left because of the cancellation.",
       .fix = "Watch the context while sending.", .expect = {"goroutine-leak--process_events"});

struct watch {
    struct go_context *ctx;
    struct go_chan *results;
    struct go_chan *errors;
};

static void process_events(void *arg)
{
    struct watch *w = arg;
    struct go_case cases[] = {GO_RECV(w->errors, NULL), GO_RECV(go_context_done(w->ctx), NULL)};
    if (go_select(cases, 2) == 1) return;
    go_context_cancel(w->ctx);
    struct go_case result[] = {GO_SEND(w->results, NULL), GO_RECV(go_context_done(w->ctx), NULL)};
    if (BUGGY)
        go_chan_send(w->results, NULL);
    else
        go_select(result, 2);
}

static void fail_watch(void *arg)
{
    struct watch *w = arg;
    go_chan_send(w->errors, NULL);
    go_context_cancel(w->ctx);
}

static void kernel_main(void)
{
    struct watch *w = go_new(sizeof *w);
    w->ctx = go_context_with_cancel(go_context_background());
    w->results = go_chan_make(1, 0);
    w->errors = go_chan_make(1, 0);
    go(process_events, w);
    go(fail_watch, w);
}
