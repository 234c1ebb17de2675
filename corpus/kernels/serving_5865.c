// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(serving_5865, .title = "The watcher closes the channel of destinations that others send on",
       .class = KERNEL_CLOSE, .project = "serving",
       .source = "https://github.com/knative/serving/pull/5865",
       .story = "When the revision's watcher ends it closes the channel. The endpoints' handler "
                "sends on it, before or after.",
       .fix = "The watcher has a channel of its own to say that it has ended.",
       .expect = {"send-to-closed-channel--update_endpoints"});

struct backends {
    struct go_mutex mu;
    struct go_chan *destinations;
    struct go_chan *done; /* the fix */
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
    go_mutex_lock(&b->mu);
    b->destinations = go_chan_make(1, 0);
    b->done = go_chan_make(0, 0);
    go(run_watcher, b);
    go_mutex_unlock(&b->mu);
    update_endpoints(b);
}
