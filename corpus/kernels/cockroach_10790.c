// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_10790,
       .title = "After a cancellation, drains wait for commands that nobody will finish",
       .class = KERNEL_CHAN_CONTEXT, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/10790",
       .story = "A replica waits for commands in turn. When its context is cancelled it starts a "
                "goroutine that receives from every command, and goes on to the next. Whoever "
                "should finish the commands has left, because of the same cancellation.",
       .fix = "Return when the context is done.", .expect = {"goroutine-leak--drain_commands"});

enum { COMMANDS = 2 };

struct replica {
    struct go_chan *commands[COMMANDS];
    struct go_context *ctx;
    struct go_mutex mu; /* of the stopper */
    bool stopping;
    struct go_chan *quiescer;
};

static void finish_commands(void *arg)
{
    struct replica *r = arg;
    for (int i = 0; i < COMMANDS; i++) {
        struct go_case cases[] = {GO_SEND(r->commands[i], NULL),
                                  GO_RECV(go_context_done(r->ctx), NULL)};
        if (go_select(cases, 2) == 1) return;
    }
}

static void drain_commands(void *arg)
{
    struct replica *r = arg;
    for (int i = 0; i < COMMANDS; i++) go_chan_recv(r->commands[i], NULL);
}

static void begin_commands(void *arg)
{
    struct replica *r = arg;
    for (int i = 0; i < COMMANDS; i++) {
        struct go_case cases[] = {GO_RECV(r->commands[i], NULL),
                                  GO_RECV(go_context_done(r->ctx), NULL)};
        if (go_select(cases, 2) == 0) continue;
        if (!BUGGY) return;
        go(drain_commands, r);
    }
}

static void cancel_commands(void *arg) { go_context_cancel(((struct replica *)arg)->ctx); }

static void stop_replica(struct replica *r)
{
    go_mutex_lock(&r->mu);
    r->stopping = true;
    go_chan_close(r->quiescer);
    go_mutex_unlock(&r->mu);
}

static void kernel_main(void)
{
    struct replica *r = go_new(sizeof *r);
    for (int i = 0; i < COMMANDS; i++) r->commands[i] = go_chan_make(1, 0);
    r->quiescer = go_chan_make(0, 0);
    r->ctx = go_context_with_cancel(go_context_background());
    go(finish_commands, r);
    go(begin_commands, r);
    go(cancel_commands, r);
    stop_replica(r);
}
