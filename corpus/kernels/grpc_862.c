// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_862, .title = "A dial that gives up leaves its connection reconnecting for ever",
       .class = KERNEL_CHAN_CONTEXT, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/862",
       .story =
           "The dial makes a connection that reconnects in a goroutine, under a context of its "
           "own. When the dial ends, the variable for its result is still nil, so whoever "
           "should close the connection has none, and nobody cancels that context. The loop "
           "tries again and again: it is never blocked for good. (An attempt is no more than "
           "a context with a timeout, cancelled at once.)",
       .fix = "Set the result before: the dial that gives up closes it, or else its caller does.",
       .expect = {"goroutine-leak--reset_transport"});

enum { ATTEMPT_NS = 10, BACKOFF_NS = 2 };

struct connection {
    struct go_context *ctx;
};

static void reset_transport(void *arg)
{
    struct connection *connection = arg;
    struct go_context *ctx = go_context_with_cancel(connection->ctx);
    for (int64_t retries = 1;; retries++) {
        int64_t began_ns = go_now();
        go_context_cancel(go_context_with_timeout(ctx, ATTEMPT_NS));
        int64_t elapsed_ns = go_now() - began_ns;
        struct go_case cases[] = {GO_RECV(go_after(BACKOFF_NS * retries - elapsed_ns), NULL),
                                  GO_RECV(go_context_done(ctx), NULL)};
        if (go_select(cases, 2) == 1) return;
    }
}

static struct connection *dial(struct go_context *ctx)
{
    struct connection *connection = go_new(sizeof *connection);
    connection->ctx = go_context_with_cancel(go_context_background());
    go(reset_transport, connection);
    struct connection *result = BUGGY ? NULL : connection;
    struct go_case cases[] = {GO_RECV(go_context_done(ctx), NULL)};
    if (go_select_default(cases, 1) == 1) return result;
    if (result) go_context_cancel(result->ctx);
    return NULL;
}

static void use_connection(void *ctx)
{
    struct connection *connection = dial(ctx);
    if (connection) go_context_cancel(connection->ctx);
}

static void cancel_dial(void *ctx) { go_context_cancel(ctx); }

static void kernel_main(void)
{
    struct go_context *ctx = go_context_with_cancel(go_context_background());
    go(use_connection, ctx);
    go(cancel_dial, ctx);
}
