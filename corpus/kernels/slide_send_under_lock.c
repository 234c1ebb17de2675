// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(slide_send_under_lock,
       .title = "A send waits, with the lock held, for a receiver that wants the lock first",
       .class = KERNEL_CHAN_LOCK, .project = "",
       .source = "https://doi.org/10.1145/3297858.3304069",
       .story = "The sender locks and sends on an unbuffered channel before it unlocks. The "
                "receiver locks and unlocks before each receive: if the sender is inside then, "
                "each waits for the other.",
       .fix = "Send in a select with default: never wait under the lock.",
       .expect = {"goroutine-leak--send_request"});

struct queue {
    struct go_mutex mutex;
    struct go_chan *requests;
};

static void send_request(void *arg)
{
    struct queue *q = arg;
    go_mutex_lock(&q->mutex);
    if (BUGGY) {
        go_chan_send(q->requests, NULL); /* Blocks while the receiver waits for the lock. */
    } else {
        struct go_case cases[] = {GO_SEND(q->requests, NULL)};
        go_select_default(cases, 1);
    }
    go_mutex_unlock(&q->mutex);
    go_chan_close(q->requests);
}

static void receive_requests(void *arg)
{
    struct queue *q = arg;
    do {
        go_mutex_lock(&q->mutex);
        go_mutex_unlock(&q->mutex);
    } while (go_chan_recv(q->requests, NULL));
}

static void kernel_main(void)
{
    struct queue *q = go_new(sizeof *q);
    q->requests = go_chan_make(0, 0);
    go(receive_requests, q);
    go(send_request, q);
}
