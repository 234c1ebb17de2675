// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_80284,
       .title = "Every transport sets its own callback in an authenticator that all of them share",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/80284",
       .story = "A new transport gets a dialer, and the authenticator a callback: what to close "
                "when a certificate is rotated. Two transports made at the same time write one "
                "field. (The callback is the pointer to the dialer whose method it is.)",
       .fix = "Each transport gets an authenticator of its own.",
       .expect = {"data-race--update_transport"});

enum { TRANSPORTS = 2 };

struct dialer {
    int connections;
};

struct authenticator {
    struct dialer *on_rotate; /* closes the connections of this dialer */
    struct go_waitgroup updates;
};

static void update_transport(void *arg)
{
    struct authenticator *shared = arg;
    struct dialer *dialer = go_new(sizeof *dialer);
    struct authenticator *a = BUGGY ? shared : go_new(sizeof *a);
    a->on_rotate = dialer;
    go_waitgroup_done(&shared->updates);
}

static void kernel_main(void)
{
    struct authenticator *a = go_new(sizeof *a);
    go_waitgroup_add(&a->updates, TRANSPORTS);
    for (int i = 0; i < TRANSPORTS; i++) go(update_transport, a);
    go_waitgroup_wait(&a->updates);
}
