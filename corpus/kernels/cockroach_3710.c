// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_3710,
       .title = "A replica's status takes the store's read lock again while a writer waits",
       .class = KERNEL_RWLOCK, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/3710",
       .story =
           "Forcing log checks holds the store's read lock, goes through the replicas and asks "
           "for each one's status, which takes the read lock again. A writer that waits for "
           "the first lock blocks the second.",
       .fix = "The status does not lock: its caller has.",
       .expect = {"goroutine-leak--process_raft--raft_status"});

enum { REPLICAS = 2 };

struct store {
    struct go_rwmutex mu;
    struct go_mutex queue;
};

static void raft_status(struct store *s)
{
    if (!BUGGY) return;
    go_rwmutex_rlock(&s->mu);
    go_rwmutex_runlock(&s->mu);
}

static void force_log_checks(void *arg)
{
    struct store *s = arg;
    size_t replicas = 1 + go_choose(REPLICAS); /* keys of the map can fall together */
    go_rwmutex_rlock(&s->mu);
    for (size_t i = 0; i < replicas; i++) {
        go_mutex_lock(&s->queue);
        raft_status(s);
        go_mutex_unlock(&s->queue);
    }
    go_rwmutex_runlock(&s->mu);
}

static void process_raft(void *arg)
{
    struct store *s = arg;
    go_rwmutex_lock(&s->mu);
    go_rwmutex_unlock(&s->mu);
}

static void start_raft(void *arg) { go(process_raft, arg); }

static void kernel_main(void)
{
    struct store *s = go_new(sizeof *s);
    go(force_log_checks, s);
    go(start_raft, s);
}
