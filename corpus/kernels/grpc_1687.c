// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1687, .title = "A transport closes its channel of writes, and then writes once more",
       .class = KERNEL_CLOSE, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1687",
       .story = "The handler's transport hands functions to the goroutine that writes. Writing the "
                "status closes the channel for them, but does not mark the transport as closed: "
                "the next write goes on to send on the closed channel.",
       .fix = "Writing the status leaves the channel of writes open, and marks the transport as "
              "closed.",
       .expect = {"send-to-closed-channel--do_write"});

enum { GRACE_NS = 10000000 };

typedef void write_fn(void);

struct transport {
    struct go_chan *closed;
    struct go_chan *writes; /* of write_fn * */
};

static void write_header(void) { go_observe(1); }

static void do_write(struct transport *t, write_fn *fn)
{
    struct go_case closed[] = {GO_RECV(t->closed, NULL)};
    if (go_select_default(closed, 1) == 0) return;
    struct go_case cases[] = {GO_SEND(t->writes, &fn), GO_RECV(t->closed, NULL)};
    go_select(cases, 2);
}

static void handle_stream(void *arg)
{
    struct transport *t = arg;
    do_write(t, write_header);
    go_chan_close(BUGGY ? t->writes : t->closed);
    do_write(t, write_header);
}

static void run_writes(struct transport *t)
{
    for (;;) {
        write_fn *fn;
        struct go_case cases[] = {GO_RECV(t->writes, &fn), GO_RECV(t->closed, NULL)};
        if (go_select(cases, 2) == 1 || !cases[0].ok) return;
        fn();
    }
}

static void kernel_main(void)
{
    struct transport *t = go_new(sizeof *t);
    t->closed = go_chan_make(0, 0);
    t->writes = go_chan_make(sizeof(write_fn *), 0);
    go(handle_stream, t);
    run_writes(t);
    go_sleep(GRACE_NS);
}
