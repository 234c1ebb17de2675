// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(grpc_1460, .title = "Keepalive waits for its waker with the lock that the waker needs",
       .class = KERNEL_CHAN_LOCK, .project = "grpc",
       .source = "https://github.com/grpc/grpc-go/pull/1460",
       .story = "While no stream is active, keepalive waits to be awoken, and holds the "
                "transport's mutex all the time. A new stream takes that mutex before it wakes "
                "keepalive.",
       .fix = "Unlock before waiting. The wake-up gets a channel with room for one, so that it is "
              "not lost if it comes between the two.",
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

static void add_stream(void *arg)
{
    struct transport *t = arg;
    go_mutex_lock(&t->mu);
    t->active++;
    struct go_case awaken[] = {GO_SEND(t->awaken, NULL)};
    if (t->active == 1) go_select_default(awaken, 1);
    go_mutex_unlock(&t->mu);
}

static void kernel_main(void)
{
    struct transport *t = go_new(sizeof *t);
    t->awaken = go_chan_make(0, BUGGY ? 0 : 1);
    go(keep_alive, t);
    go(add_stream, t);
}
