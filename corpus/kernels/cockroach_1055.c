// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    cockroach_1055, .title = "A stopper waits, with its lock held, for tasks that are never over",
    .class = KERNEL_WAITGROUP, .project = "cockroach",
    .source = "https://github.com/cockroachdb/cockroach/pull/1055",
    .story = "A worker looks at the draining flag, atomically, and registers its task under the "
             "stopper's mutex; nothing ever ends that task. Quiesce sets the flag and then waits "
             "for the tasks, for ever and with the mutex held. It sets the flag by plain stores, "
             "which race with the look of a worker that comes later.",
    .fix = "Look at the flag and register under the lock, end the task, and wait without the "
           "lock.",
    .expect = {"deadlock--kernel_main--quiesce_stopper--run_worker",
               "data-race--quiesce_stopper--start_task"});

enum { STOPPERS = 3 };

struct stopper {
    struct go_chan *stopping;
    struct go_waitgroup workers;
    struct go_waitgroup tasks;
    struct go_mutex mu;
    int draining; /* accessed atomically, but not by quiesce_stopper */
};

struct cluster {
    struct stopper stoppers[STOPPERS];
    struct go_chan *done;
};

static void start_task(struct stopper *s)
{
    if (__atomic_load_n(&s->draining, __ATOMIC_SEQ_CST)) return;
    go_mutex_lock(&s->mu);
    go_waitgroup_add(&s->tasks, 1);
    go_mutex_unlock(&s->mu);
}

/* The fix. */
static void run_task(struct stopper *s)
{
    go_mutex_lock(&s->mu);
    bool starts = !s->draining;
    if (starts) go_waitgroup_add(&s->tasks, 1);
    go_mutex_unlock(&s->mu);
    if (starts) go_waitgroup_done(&s->tasks);
}

static void run_worker(void *arg)
{
    struct stopper *s = arg;
    if (BUGGY)
        start_task(s);
    else
        run_task(s);
    go_chan_recv(s->stopping, NULL);
    go_waitgroup_done(&s->workers);
}

static void quiesce_stopper(struct stopper *s)
{
    go_mutex_lock(&s->mu);
    s->draining = 1;
    if (!BUGGY) go_mutex_unlock(&s->mu);
    go_waitgroup_wait(&s->tasks);
    if (BUGGY) {
        s->draining = 0;
        go_mutex_unlock(&s->mu);
    }
}

static void stop_stopper(struct stopper *s)
{
    if (BUGGY) {
        go_mutex_lock(&s->mu);
        __atomic_store_n(&s->draining, 1, __ATOMIC_SEQ_CST);
        go_waitgroup_wait(&s->tasks);
    }
    go_chan_close(s->stopping);
    go_waitgroup_wait(&s->workers);
    if (BUGGY) go_mutex_unlock(&s->mu);
}

static void stop_cluster(void *arg)
{
    struct cluster *c = arg;
    for (int i = 0; i < STOPPERS; i++) quiesce_stopper(&c->stoppers[i]);
    for (int i = 0; i < STOPPERS; i++) stop_stopper(&c->stoppers[i]);
    go_chan_close(c->done);
}

static void kernel_main(void)
{
    struct cluster *c = go_new(sizeof *c);
    for (int i = 0; i < STOPPERS; i++) {
        struct stopper *s = &c->stoppers[i];
        s->stopping = go_chan_make(0, 0);
        go_waitgroup_add(&s->workers, 1);
        go(run_worker, s);
    }
    c->done = go_chan_make(0, 0);
    go(stop_cluster, c);
    go_chan_recv(c->done, NULL);
}
