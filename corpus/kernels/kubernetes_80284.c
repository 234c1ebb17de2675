// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_80284,
       .title = "Two clients share a configuration, and each sets its callback in it",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/80284",
       .story = "Making an authenticator's client config writes the callback for a rotated "
                "certificate into an object that all configs share.",
       .fix = "Each config gets an object of its own.", .expect = {"data-race--update_transport"});

enum { CLIENTS = 2 };

struct authenticator {
    void (*on_rotate)(void);
    struct go_waitgroup clients;
};

static void close_all(void) { go_observe(1); }

static void update_transport(void *arg)
{
    struct authenticator *shared = arg;
    struct authenticator *a = BUGGY ? shared : go_new(sizeof *a);
    a->on_rotate = close_all;
    go_waitgroup_done(&shared->clients);
}

static void kernel_main(void)
{
    struct authenticator *a = go_new(sizeof *a);
    go_waitgroup_add(&a->clients, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) go(update_transport, a);
    go_waitgroup_wait(&a->clients);
}
