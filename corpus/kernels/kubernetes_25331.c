// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_25331,
       .title = "A watch cancels itself and then sends its error, which nobody receives any more",
       .class = KERNEL_CHAN_CONTEXT, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/25331",
       .story = "On an error the watch cancels its own context and then sends the result on "
                "an unbuffered channel. Nobody reads the results of a cancelled watch.",
       .fix = "Cancel only after the send, and watch the context while sending.",
       .expect = {"goroutine-leak--process_events"});

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
    if (BUGGY) {
        go_context_cancel(w->ctx);
        go_chan_send(w->results, NULL);
        return;
    }
    struct go_case result[] = {GO_SEND(w->results, NULL), GO_RECV(go_context_done(w->ctx), NULL)};
    go_select(result, 2);
    go_context_cancel(w->ctx);
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
