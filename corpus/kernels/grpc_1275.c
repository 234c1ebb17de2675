// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1275, .title = "Closing a stream does not wake the reader of its buffer",
       .class = KERNEL_CHAN, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1275",
       .story = "A reader waits for the stream's receive buffer. Closing the stream puts nothing "
                "into the buffer, so the reader never learns that the stream has ended. The test "
                "stops waiting for it after 300 ns.",
       .fix = "Closing the stream closes its receive buffer.",
       .expect = {"goroutine-leak--read_stream"});

enum { TIMEOUT_NS = 300 };

struct stream {
    struct go_chan *buffer;
    struct go_chan *done;
};

static void read_stream(void *arg)
{
    struct stream *s = arg;
    go_chan_recv(s->buffer, NULL);
    go_chan_close(s->done);
}

static void close_stream(struct stream *s)
{
    if (!BUGGY) go_chan_close(s->buffer);
}

static void kernel_main(void)
{
    struct stream *s = go_new(sizeof *s);
    s->buffer = go_chan_make(1, 0);
    s->done = go_chan_make(0, 0);
    go(read_stream, s);
    close_stream(s);
    struct go_timer *timer = go_timer_new(TIMEOUT_NS);
    struct go_case cases[] = {GO_RECV(s->done, NULL), GO_RECV(go_timer_chan(timer), NULL)};
    if (go_select(cases, 2) == 0 && !go_timer_stop(timer)) go_chan_recv(go_timer_chan(timer), NULL);
}
