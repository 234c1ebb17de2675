// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    istio_17860, .title = "The agent stops listening before the last proxy has told its status",
    .class = KERNEL_CHAN, .project = "istio", .source = "https://github.com/istio/istio/pull/17860",
    .story = "Each restart starts a proxy that sends its status on an unbuffered channel when it "
             "exits. The agent leaves its loop when no proxy is active, or when its context is "
             "cancelled; a proxy that exits later sends to nobody. Meanwhile a restart holds the "
             "agent's lock while it waits in vain for the former proxy to become live.",
    .fix = "A status that nobody takes is dropped once the agent's context is cancelled; wait "
           "for the former proxy without the lock.",
    .expect = {"goroutine-leak--run_proxy"});

enum { POLL_NS = 30, LIVE_TIMEOUT_NS = 100, TEST_NS = 200, EPOCHS_MAX = 3 };

struct agent {
    struct go_mutex mu;
    struct go_chan *status; /* of int: the epoch that has exited */
    struct go_context *ctx;
    int epoch;
    bool active[EPOCHS_MAX];
};

struct proxy {
    struct agent *agent;
    int epoch;
};

static int count_active(const struct agent *agent)
{
    int count = 0;
    for (int i = 0; i < EPOCHS_MAX; i++) count += agent->active[i];
    return count;
}

static void run_agent(void *arg)
{
    struct agent *agent = arg;
    int epoch = 0;
    for (;;) {
        struct go_case cases[] = {GO_RECV(agent->status, &epoch),
                                  GO_RECV(go_context_done(agent->ctx), NULL)};
        if (go_select(cases, 2) == 1) return;
        go_mutex_lock(&agent->mu);
        agent->active[epoch] = false;
        int count = count_active(agent);
        go_mutex_unlock(&agent->mu);
        if (count == 0) return;
    }
}

static void run_proxy(void *arg)
{
    struct proxy *proxy = arg;
    struct go_chan *gives_up = BUGGY ? NULL : go_context_done(proxy->agent->ctx);
    struct go_case cases[] = {GO_SEND(proxy->agent->status, &proxy->epoch),
                              GO_RECV(gives_up, NULL)};
    go_select(cases, 2);
}

/* The former proxy never becomes live: this waits until the time is over. */
static void wait_until_live(void)
{
    struct go_timer *ticker = go_ticker_new(POLL_NS);
    struct go_timer *timeout = go_timer_new(LIVE_TIMEOUT_NS);
    struct go_case cases[] = {GO_RECV(go_timer_chan(timeout), NULL),
                              GO_RECV(go_timer_chan(ticker), NULL)};
    while (go_select(cases, 2) != 0) {}
    go_timer_stop(ticker);
    go_timer_stop(timeout);
}

static void restart(void *arg)
{
    struct agent *agent = arg;
    go_mutex_lock(&agent->mu);
    if (count_active(agent) > 0) {
        if (!BUGGY) go_mutex_unlock(&agent->mu);
        wait_until_live();
        if (!BUGGY) go_mutex_lock(&agent->mu);
    }
    struct proxy *proxy = go_new(sizeof *proxy);
    *proxy = (struct proxy){agent, ++agent->epoch};
    agent->active[proxy->epoch] = true;
    go(run_proxy, proxy);
    go_mutex_unlock(&agent->mu);
}

static void kernel_main(void)
{
    struct agent *agent = go_new(sizeof *agent);
    agent->status = go_chan_make(sizeof(int), 0);
    agent->ctx = go_context_with_cancel(go_context_background());
    go(run_agent, agent);
    restart(agent);
    go(restart, agent);
    go_sleep(TEST_NS);
    go_context_cancel(agent->ctx);
}
