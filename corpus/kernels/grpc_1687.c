// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    grpc_1687, .title = "A handler's transport takes one more write after it was closed",
    .class = KERNEL_CLOSE, .project = "grpc", .source = "https://github.com/grpc/grpc-go/pull/1687",
    .story = "Writing the status closes the channel of writes. A later write finds the transport "
             "open and selects on the closed channel.",
    .fix = "Writing the status closes nothing; the end has a channel of its own.",
    .expect = {"send-to-closed-channel--do_write"});

enum { GRACE_NS = 10000000 };

struct transport {
    struct go_chan *closed;
    struct go_chan *writes;
};

static void do_write(struct transport *t)
{
    struct go_case closed[] = {GO_RECV(t->closed, NULL)};
    if (go_select_default(closed, 1) == 0) return;
    struct go_case cases[] = {GO_SEND(t->writes, NULL), GO_RECV(t->closed, NULL)};
    go_select(cases, 2);
}

static void handle_stream(void *arg)
{
    struct transport *t = arg;
    do_write(t);
    go_chan_close(BUGGY ? t->writes : t->closed);
    do_write(t);
}

static void kernel_main(void)
{
    struct transport *t = go_new(sizeof *t);
    t->closed = go_chan_make(0, 0);
    t->writes = go_chan_make(1, 0);
    go(handle_stream, t);
    struct go_case cases[2];
    do {
        cases[0] = GO_RECV(t->writes, NULL);
        cases[1] = GO_RECV(t->closed, NULL);
    } while (go_select(cases, 2) == 0 && cases[0].ok);
    go_sleep(GRACE_NS);
}
