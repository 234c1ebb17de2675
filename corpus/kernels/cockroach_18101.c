// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_18101,
       .title = "A cancelled consumer leaves its producer blocked on a full channel",
       .class = KERNEL_CHAN_CONTEXT, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/18101",
       .story = "A restore splits ranges into a channel of capacity 6. The consumer takes one, and "
                "then waits for cancellation only; the eighth send never finds room.",
       .fix = "The producer watches the context while it sends.",
       .expect = {"goroutine-leak--split_ranges"});

enum { RANGES = 8, ROOM = 6 };

struct restore {
    struct go_context *ctx;
    struct go_chan *ranges;
};

static void split_ranges(void *arg)
{
    struct restore *r = arg;
    for (int i = 0; i < RANGES; i++) {
        if (BUGGY) {
            go_chan_send(r->ranges, NULL);
            continue;
        }
        struct go_case cases[] = {GO_SEND(r->ranges, NULL), GO_RECV(go_context_done(r->ctx), NULL)};
        if (go_select(cases, 2) == 1) break;
    }
    go_chan_close(r->ranges);
}

static void import_ranges(void *arg)
{
    struct restore *r = arg;
    r->ranges = go_chan_make(1, ROOM);
    go(split_ranges, r);
    while (go_chan_recv(r->ranges, NULL)) {
        struct go_case done[] = {GO_RECV(go_context_done(r->ctx), NULL)};
        go_select(done, 1);
        return;
    }
}

static void cancel_restore(void *arg) { go_context_cancel(((struct restore *)arg)->ctx); }

static void kernel_main(void)
{
    struct restore *r = go_new(sizeof *r);
    r->ctx = go_context_with_cancel(go_context_background());
    go(import_ranges, r);
    go(cancel_restore, r);
}
