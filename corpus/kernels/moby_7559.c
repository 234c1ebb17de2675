// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_7559, .title = "A failed dial goes on with the proxy's table locked",
       .class = KERNEL_DOUBLE_LOCK, .project = "moby",
       .source = "https://github.com/moby/moby/pull/7559",
       .story =
           "The UDP proxy locks its table of connections, dials, and on an error takes the next "
           "packet without unlocking: the next turn locks again.",
       .fix = "Unlock before going on.", .expect = {"goroutine-leak--run_proxy"});

enum { PACKETS = 2 };

static bool dial_backend(void) { return false; /* there is none */ }

static void run_proxy(void *arg)
{
    struct go_mutex *table = arg;
    for (int i = 0; i < PACKETS; i++) {
        go_mutex_lock(table);
        if (!dial_backend()) {
            if (!BUGGY) go_mutex_unlock(table);
            continue;
        }
        go_mutex_unlock(table);
    }
}

static void kernel_main(void) { go(run_proxy, go_new(sizeof(struct go_mutex))); }
