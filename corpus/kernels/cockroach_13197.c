// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_13197,
       .title = "A transaction that is never rolled back leaves its watcher waiting",
       .class = KERNEL_CHAN_CONTEXT, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/13197",
       .story = "Beginning a transaction starts a goroutine that waits for the end of its context. "
                "The user drops the transaction without rolling it back, so nobody cancels.",
       .fix = "Roll the transaction back: that cancels its context.",
       .expect = {"goroutine-leak--await_done"});

struct transaction {
    struct go_context *ctx;
};

static void await_done(void *arg)
{
    struct transaction *tx = arg;
    go_chan_recv(go_context_done(tx->ctx), NULL);
}

static struct transaction *begin_transaction(void)
{
    struct transaction *tx = go_new(sizeof *tx);
    tx->ctx = go_context_with_cancel(go_context_background());
    go(await_done, tx);
    return tx;
}

static void kernel_main(void)
{
    struct transaction *tx = begin_transaction();
    if (!BUGGY) go_context_cancel(tx->ctx);
}
