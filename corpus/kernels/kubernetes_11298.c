// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    kubernetes_11298, .title = "A notifier is aborted before its waiter waits: the signal is lost",
    .class = KERNEL_COND, .project = "kubernetes",
    .source = "https://github.com/kubernetes/kubernetes/pull/11298",
    .story = "The notifier holds the lock and lets a new goroutine wait for the condition: that "
             "one unlocks it, and has locked it again when it reports back. When the signalling "
             "loop is over, the notifier signals by itself, for the last time, and waits for the "
             "report. A waiter that has not arrived yet misses that signal.",
    .fix = "The notifier waits by itself, so that it holds the lock from the check until it has "
           "arrived; whoever sees the end of the loop signals once more.",
    .expect = {"deadlock--kernel_main--service_loop--wait_for_signal"});

enum { TEST_NS = 300 };

struct notifier {
    struct go_mutex mu;
    struct go_cond cond;
    struct go_chan *done;     /* closed when the test is over */
    struct go_chan *finished; /* closed when the signalling loop has ended */
};

struct task {
    void (*run)(struct notifier *);
    struct notifier *notifier;
    struct go_chan *ended;
};

static bool is_closed(struct go_chan *c)
{
    return go_select_default((struct go_case[]){GO_RECV(c, NULL)}, 1) == 0;
}

static void run_task(void *arg)
{
    struct task *task = arg;
    task->run(task->notifier);
    go_chan_close(task->ended);
}

static struct go_chan *after(void (*run)(struct notifier *), struct notifier *notifier)
{
    struct task *task = go_new(sizeof *task);
    *task = (struct task){run, notifier, go_chan_make(0, 0)};
    go(run_task, task);
    return task->ended;
}

static void until_done(void (*run)(struct notifier *), struct notifier *n)
{
    while (!is_closed(n->done)) {
        run(n);
        go_select((struct go_case[]){GO_RECV(n->done, NULL), GO_RECV(go_after(0), NULL)}, 2);
    }
}

static void signal_once(struct notifier *n)
{
    go_mutex_lock(&n->mu);
    go_cond_signal(&n->cond);
    go_mutex_unlock(&n->mu);
}

static void signal_often(struct notifier *n)
{
    while (!is_closed(n->done)) signal_once(n);
}

static void signal_until_done(struct notifier *n) { until_done(signal_often, n); }

static void signal_when_finished(struct notifier *n)
{
    go_chan_recv(n->finished, NULL);
    signal_once(n);
}

static void wait_for_signal(struct notifier *n) { go_cond_wait(&n->cond); }

static void service_loop(struct notifier *n)
{
    go_mutex_lock(&n->mu);
    while (!is_closed(n->finished)) {
        if (!BUGGY) {
            go_cond_wait(&n->cond);
            continue;
        }
        struct go_chan *woken = after(wait_for_signal, n);
        struct go_case cases[] = {GO_RECV(n->finished, NULL), GO_RECV(woken, NULL)};
        if (go_select(cases, 2) == 1) continue;
        go_cond_signal(&n->cond);
        go_chan_recv(woken, NULL);
        break;
    }
    go_mutex_unlock(&n->mu);
}

static void notify(struct notifier *n)
{
    n->finished = after(signal_until_done, n);
    if (!BUGGY) after(signal_when_finished, n);
    until_done(service_loop, n);
}

static void end_test(void *done)
{
    go_sleep(TEST_NS);
    go_chan_close(done);
}

static void kernel_main(void)
{
    struct notifier *n = go_new(sizeof *n);
    n->cond.locker = go_mutex_locker(&n->mu);
    n->done = go_chan_make(0, 0);
    struct go_chan *notified = after(notify, n);
    go(end_test, n->done);
    go_chan_recv(notified, NULL);
}
