// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_4951, .title = "The set's lock is dropped for a moment, with the device's lock held",
       .class = KERNEL_LOCK_ORDER, .project = "moby",
       .source = "https://github.com/moby/moby/pull/4951",
       .story = "Deleting locks the set and then the device, and unlocks the set while it sleeps. "
                "Another goroutine locks the set meanwhile and waits for the device; the first "
                "wants the set back.",
       .fix = "Unlock the device as well for the time of the sleep.",
       .expect = {"goroutine-leak--remove_device"});

enum { RETRY_NS = 300, DELETERS = 2 };

struct device_set {
    struct go_mutex mu;
    struct go_mutex device;
};

static void remove_device(void *arg)
{
    struct device_set *d = arg;
    go_mutex_lock(&d->mu);
    go_mutex_lock(&d->device);
    if (!BUGGY) go_mutex_unlock(&d->device);
    go_mutex_unlock(&d->mu);
    go_sleep(RETRY_NS);
    go_mutex_lock(&d->mu);
    if (!BUGGY) go_mutex_lock(&d->device);
    go_mutex_unlock(&d->device);
    go_mutex_unlock(&d->mu);
}

static void kernel_main(void)
{
    struct device_set *d = go_new(sizeof *d);
    for (int i = 0; i < DELETERS; i++) go(remove_device, d);
}
