// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_5865, .title = "A watcher closes the channel of destinations that another sends on",
       .class = KERNEL_CLOSE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/5865",
       .story = "When the watcher of a revision ends, it closes the channel of destinations. Who "
                "handles the endpoints sends on that channel, and panics, whether it is blocked in "
                "the send already or comes later.",
       .fix = "The watcher says on a channel of its own that it has ended; the sender looks for "
              "that too.",
       .expect = {"send-to-closed-channel--update_endpoints"});

struct backends {
    struct go_rwmutex mu;
    struct go_chan *destinations;
    struct go_chan *done; /* with the fix: closed by the watcher */
};

static void run_watcher(void *arg)
{
    struct backends *b = arg;
    go_chan_close(BUGGY ? b->destinations : b->done);
}

static void update_endpoints(struct backends *b)
{
    struct go_case cases[] = {GO_SEND(b->destinations, NULL), GO_RECV(b->done, NULL)};
    if (BUGGY)
        go_chan_send(b->destinations, NULL);
    else
        go_select(cases, 2);
}

static void kernel_main(void)
{
    struct backends *b = go_new(sizeof *b);
    go_rwmutex_lock(&b->mu);
    b->destinations = go_chan_make(1, 0);
    b->done = go_chan_make(0, 0);
    go(run_watcher, b);
    go_rwmutex_unlock(&b->mu);
    update_endpoints(b);
}
