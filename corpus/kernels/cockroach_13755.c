// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_13755, .title = "Rows that are never closed keep their context and its watcher",
       .class = KERNEL_CHAN_CONTEXT, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/13755",
       .story =
           "A query's rows start a goroutine that waits for the end of their context, to close "
           "them. Only closing them cancels it, and the reader never does.",
       .fix = "Close the rows when all have been read.", .expect = {"goroutine-leak--await_rows"});

struct rows {
    struct go_context *ctx;
    bool closed;
};

static void await_rows(void *arg)
{
    struct rows *rows = arg;
    go_chan_recv(go_context_done(rows->ctx), NULL);
    /* What closes the rows here has no effect in the original, and is left out. */
}

static void close_rows(struct rows *rows)
{
    if (rows->closed) return;
    rows->closed = true;
    go_context_cancel(rows->ctx);
}

static void kernel_main(void)
{
    struct rows *rows = go_new(sizeof *rows);
    rows->ctx = go_context_with_cancel(go_context_background());
    go(await_rows, rows);
    if (!BUGGY) close_rows(rows);
}
