// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_6632,
       .title = "A frame's writer sends to the idle watcher under the lock that the watcher "
                "wants",
       .class = KERNEL_CHAN_LOCK, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/6632",
       .story = "The idle watcher is told to close and wants the write lock. A writer has it "
                "and sends on the watcher's reset channel, from which nobody receives any "
                "more.",
       .fix = "While closing, drain the channel from a goroutine of its own.",
       .expect = {"goroutine-leak--write_frame"});

struct connection {
    struct go_chan *close;
    struct go_chan *reset; /* nil once closed */
    struct go_mutex write;
};

static void request_close(void *arg) { go_chan_send(((struct connection *)arg)->close, NULL); }

static void drain_resets(void *reset)
{
    while (go_chan_recv(reset, NULL)) continue;
}

static void watch_idle(void *arg)
{
    struct connection *c = arg;
    go_chan_recv(c->close, NULL);
    if (!BUGGY) go(drain_resets, c->reset);
    go_mutex_lock(&c->write);
    go_chan_close(c->reset);
    c->reset = NULL;
    go_mutex_unlock(&c->write);
}

static void write_frame(void *arg)
{
    struct connection *c = arg;
    go_mutex_lock(&c->write);
    if (c->reset) go_chan_send(c->reset, NULL);
    go_mutex_unlock(&c->write);
}

static void kernel_main(void)
{
    struct connection *c = go_new(sizeof *c);
    c->close = go_chan_make(1, 0);
    c->reset = go_chan_make(0, 0);
    go(request_close, c);
    go(watch_idle, c);
    go(write_frame, c);
}
