// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_35931, .title = "Cancelling a flow blocks on the stream whose buffer is full",
       .class = KERNEL_CHAN, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/35931",
       .story = "The registry pushes the cancellation to each inbound stream in turn. The left "
                "one's only slot is taken, so the push blocks, and the right one may never hear. "
                "(Only after that would the left one's consumer read; this end is ours.)",
       .fix = "Push to each stream from a goroutine of its own.",
       .expect = {"deadlock--push_cancellation"});

enum { LEFT, RIGHT, STREAMS };

struct registry {
    struct go_mutex mu;
    struct go_map *flow; /* of streams; in Go in any order */
};

static void push_cancellation(void *stream) { go_chan_send(stream, NULL); }

static void cancel_flow(struct registry *r)
{
    struct go_chan *streams[STREAMS];
    go_mutex_lock(&r->mu);
    size_t first = go_choose(STREAMS);
    for (size_t i = 0; i < STREAMS; i++)
        streams[i] = go_map_get(r->flow, (first + i) % STREAMS, NULL);
    go_mutex_unlock(&r->mu);
    for (size_t i = 0; i < STREAMS; i++) {
        if (BUGGY)
            push_cancellation(streams[i]);
        else
            go(push_cancellation, streams[i]);
    }
}

static void kernel_main(void)
{
    struct registry *r = go_new(sizeof *r);
    r->flow = go_map_make();
    for (uint64_t i = 0; i < STREAMS; i++) go_map_set(r->flow, i, go_chan_make(0, 1));
    struct go_chan *left = go_map_get(r->flow, LEFT, NULL);
    go_chan_send(left, NULL);
    cancel_flow(r);
    go_chan_recv(left, NULL); /* the consumer */
}
