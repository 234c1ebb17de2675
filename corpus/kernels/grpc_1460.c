// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1460, .title = "The keepalive goroutine sleeps with the lock that its waker needs",
       .class = KERNEL_CHAN_LOCK, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1460",
       .story = "Without an active stream keepalive waits to be awoken, and keeps the transport's "
                "mutex. A new stream needs the mutex to wake it.",
       .fix = "Unlock before waiting, and give the wake-up a slot where it cannot be lost.",
       .expect = {"goroutine-leak--keep_alive"});

struct transport {
    struct go_mutex mu;
    struct go_chan *awaken;
    int active;
};

static void keep_alive(void *arg)
{
    struct transport *t = arg;
    go_mutex_lock(&t->mu);
    bool idle = t->active == 0;
    if (!BUGGY || !idle) go_mutex_unlock(&t->mu);
    if (!idle) return;
    go_chan_recv(t->awaken, NULL);
    if (BUGGY) go_mutex_unlock(&t->mu);
}

static void new_stream(void *arg)
{
    struct transport *t = arg;
    go_mutex_lock(&t->mu);
    struct go_case awaken[] = {GO_SEND(t->awaken, NULL)};
    if (++t->active == 1) go_select_default(awaken, 1);
    go_mutex_unlock(&t->mu);
}

static void kernel_main(void)
{
    struct transport *t = go_new(sizeof *t);
    t->awaken = go_chan_make(0, BUGGY ? 0 : 1);
    go(keep_alive, t);
    go(new_stream, t);
}
