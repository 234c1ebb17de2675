// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_16167,
       .title = "A callee takes a read lock again while a writer waits for the first to end",
       .class = KERNEL_RWLOCK, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/16167",
       .story = "Preparing a statement holds the system configuration's read lock through the "
                "locker of a condition; the function called takes the read lock again. A writer "
                "that asks in between blocks the second reader, and the first blocks the writer.",
       .fix = "Do not lock again in the callee.",
       .expect = {"deadlock--read_config--update_config"});

struct executor {
    struct go_rwmutex config;
    struct go_cond changed; /* its locker is the read side of config; never waited for */
};

static void update_config(void *arg)
{
    struct executor *e = arg;
    go_rwmutex_lock(&e->config);
    go_rwmutex_unlock(&e->config);
}

static void read_config(struct executor *e)
{
    if (!BUGGY) return; /* the caller has it locked */
    go_rwmutex_rlock(&e->config);
    go_rwmutex_runlock(&e->config);
}

static void kernel_main(void)
{
    struct executor *e = go_new(sizeof *e);
    e->changed.locker = go_rwmutex_rlocker(&e->config);
    go(update_config, e);
    e->changed.locker.lock(e->changed.locker.object);
    read_config(e);
    e->changed.locker.unlock(e->changed.locker.object);
}
