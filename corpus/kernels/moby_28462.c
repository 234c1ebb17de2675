// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    moby_28462, .title = "The stop of a health probe is sent with the lock that the probe takes",
    .class = KERNEL_CHAN_LOCK, .project = "moby",
    .source = "https://github.com/moby/moby/pull/28462",
    .story = "Stopping a container holds its lock and sends on the monitor's unbuffered channel. "
             "The monitor has just decided to probe, and waits for the lock.",
    .fix = "Close the channel instead of sending.", .expect = {"goroutine-leak--stop_container"});

struct container {
    struct go_mutex mu;
    struct go_chan *stop;
};

static void monitor_health(void *arg)
{
    struct container *c = arg;
    for (;;) {
        struct go_case stopped[] = {GO_RECV(c->stop, NULL)};
        if (go_select_default(stopped, 1) == 0) return;
        go_mutex_lock(&c->mu);
        go_mutex_unlock(&c->mu);
    }
}

static void stop_container(void *arg)
{
    struct container *c = arg;
    go_mutex_lock(&c->mu);
    if (BUGGY)
        go_chan_send(c->stop, NULL);
    else
        go_chan_close(c->stop);
    go_mutex_unlock(&c->mu);
}

static void kernel_main(void)
{
    struct container *c = go_new(sizeof *c);
    c->stop = go_chan_make(0, 0);
    go(monitor_health, c);
    go(stop_container, c);
}
