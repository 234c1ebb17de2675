// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(slide_context_overwritten,
       .title = "A request with a timeout overwrites the context that it made before",
       .class = KERNEL_CHAN_CONTEXT, .project = "",
       .source = "https://doi.org/10.1145/3297858.3304069",
       .story = "A cancellable context is made for every request. If there is a timeout, a second "
                "one takes its place, and with the variable the only way to cancel the first is "
                "lost: the goroutine that passes a cancellation on to it waits for ever.",
       .fix = "Make one context, with or without a timeout.",
       .expect = {"goroutine-leak--pass_cancel_on"});

enum { TIMEOUT_NS = 1000000 };

struct link {
    struct go_chan *parent_done; /* of a connection that stays open */
    struct go_context *child;
};

/* What context.WithCancel starts when the parent is not one of its own. */
static void pass_cancel_on(void *arg)
{
    struct link *link = arg;
    struct go_case cases[] = {GO_RECV(link->parent_done, NULL),
                              GO_RECV(go_context_done(link->child), NULL)};
    if (go_select(cases, 2) == 0) go_context_cancel(link->child);
}

static struct go_context *derive(struct go_chan *parent_done, int64_t timeout_ns)
{
    struct link *link = go_new(sizeof *link);
    struct go_context *background = go_context_background();
    link->parent_done = parent_done;
    link->child = timeout_ns > 0 ? go_context_with_timeout(background, timeout_ns)
                                 : go_context_with_cancel(background);
    go(pass_cancel_on, link);
    return link->child;
}

static void handle_request(struct go_chan *parent_done, int64_t timeout_ns)
{
    struct go_context *ctx;
    if (BUGGY) {
        ctx = derive(parent_done, 0);
        if (timeout_ns > 0)
            ctx = derive(parent_done, timeout_ns); /* Nobody can cancel the first. */
    } else {
        ctx = derive(parent_done, timeout_ns);
    }
    go_context_cancel(ctx);
}

static void kernel_main(void)
{
    int64_t timeout_ns = go_choose(2) == 0 ? 0 : TIMEOUT_NS;
    handle_request(go_chan_make(0, 0), timeout_ns);
}
