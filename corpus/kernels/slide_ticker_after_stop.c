// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(slide_ticker_after_stop,
       .title = "A periodic job runs on after it was stopped, because a tick was ready as well",
       .class = KERNEL_TIMER, .project = "", .source = "https://doi.org/10.1145/3297858.3304069",
       .story = "The loop runs the job and then waits for the stop or the next tick. When both are "
                "ready the select may take the tick, and the job runs again, and so the next time.",
       .fix = "Ask for the stop, without waiting, before each run.",
       .expect = {"oracle-failure--run_job"});

enum { PERIOD_NS = 1000000 };

struct job {
    struct go_chan *stop;
    int runs_after_stop;
};

/* One run may have been decided on before the stop came; a second one was decided on after it. */
static void run_job(struct job *job)
{
    struct go_case stopped[] = {GO_RECV(job->stop, NULL)};
    if (go_select_default(stopped, 1) == 0) job->runs_after_stop++;
    go_check(job->runs_after_stop <= 1, "the job ran again after it was stopped");
}

static void job_loop(void *arg)
{
    struct job *job = arg;
    struct go_timer *ticker = go_ticker_new(PERIOD_NS);
    for (;;) {
        struct go_case asked[] = {GO_RECV(job->stop, NULL)};
        if (!BUGGY && go_select_default(asked, 1) == 0) break;
        run_job(job);
        struct go_case cases[] = {GO_RECV(job->stop, NULL), GO_RECV(go_timer_chan(ticker), NULL)};
        if (go_select(cases, 2) == 0) break;
    }
    go_timer_stop(ticker);
}

static void kernel_main(void)
{
    struct job *job = go_new(sizeof *job);
    job->stop = go_chan_make(0, 0);
    go(job_loop, job);
    go_sleep(PERIOD_NS);
    go_chan_close(job->stop);
}
