// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_17176,
       .title = "Cleaning up returns with the device set locked when nothing is deleted",
       .class = KERNEL_DOUBLE_LOCK, .project = "moby",
       .source = "https://github.com/moby/moby/pull/17176",
       .story = "The early return for an empty set comes between lock and unlock. Whoever locks "
                "next waits for ever; the test leaves by its time-out.",
       .fix = "Unlock before the early return. (The channel has room for a value that nobody "
              "receives because the time-out has won.)",
       .expect = {"goroutine-leak--lock_devices"});

enum { TIMEOUT_NS = 1000000 };

struct device_set {
    struct go_mutex mu;
    int deleted;
    struct go_chan *done;
};

static void cleanup_deleted(struct device_set *d)
{
    go_mutex_lock(&d->mu);
    if (d->deleted == 0) {
        if (!BUGGY) go_mutex_unlock(&d->mu);
        return;
    }
    go_mutex_unlock(&d->mu);
}

static void lock_devices(void *arg)
{
    struct device_set *d = arg;
    go_mutex_lock(&d->mu);
    go_chan_send(d->done, NULL);
    go_mutex_unlock(&d->mu);
}

static void kernel_main(void)
{
    struct device_set *d = go_new(sizeof *d);
    d->done = go_chan_make(0, BUGGY ? 0 : 1);
    cleanup_deleted(d);
    go(lock_devices, d);
    struct go_case cases[] = {GO_RECV(go_after(TIMEOUT_NS), NULL), GO_RECV(d->done, NULL)};
    go_select(cases, 2);
}
