// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(etcd_10492, .title = "Renewing a lease calls, with the lock held, a checkpointer that locks",
       .class = KERNEL_DOUBLE_LOCK, .project = "etcd",
       .source = "https://github.com/etcd-io/etcd/pull/10492",
       .story = "Renew holds the lessor's write lock until it returns, and calls back the "
                "checkpointer, which locks the lessor.",
       .fix = "Unlock before calling back.", .expect = {"deadlock--checkpoint_lease"});

struct lessor {
    struct go_rwmutex mu;
    void (*checkpointer)(struct lessor *);
};

static void checkpoint_lease(struct lessor *le)
{
    go_rwmutex_lock(&le->mu);
    go_rwmutex_unlock(&le->mu);
}

static void renew_lease(struct lessor *le)
{
    go_rwmutex_lock(&le->mu);
    void (*checkpointer)(struct lessor *) = le->checkpointer;
    if (!BUGGY) go_rwmutex_unlock(&le->mu);
    if (checkpointer) checkpointer(le);
    if (BUGGY) go_rwmutex_unlock(&le->mu);
}

static void kernel_main(void)
{
    struct lessor *le = go_new(sizeof *le);
    go_rwmutex_lock(&le->mu);
    le->checkpointer = checkpoint_lease;
    go_rwmutex_unlock(&le->mu);
    go_rwmutex_lock(&le->mu); /* a grant */
    go_rwmutex_unlock(&le->mu);
    renew_lease(le);
}
