// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_18412,
       .title = "A command that timed out is still writing what its caller already reads",
       .class = KERNEL_ORDER, .project = "moby",
       .source = "https://github.com/moby/moby/pull/18412",
       .story = "On the time-out the process is killed, and its output and exit code are "
                "read at once. The goroutine that waits for the process has not come so far, "
                "and later it finds nobody to tell. (The process is a goroutine that sleeps "
                "and then writes its output; killing it ends the sleep.)",
       .fix = "After the kill receive from the waiting goroutine before reading; its "
              "channel has room for one value.",
       .expect = {"data-race--kernel_main--run_process"});

enum { TIMEOUT_NS = 1000000, WORK_NS = 3000000 };

struct command {
    struct go_chan *killed;
    struct go_chan *exited;
    struct go_chan *done;
    int output;
    int exit_code;
};

static void run_process(void *arg)
{
    struct command *c = arg;
    struct go_case cases[] = {GO_RECV(go_after(WORK_NS), NULL), GO_RECV(c->killed, NULL)};
    go_select(cases, 2);
    c->output = 1;
    go_chan_close(c->exited);
}

static void await_process(void *arg)
{
    struct command *c = arg;
    go_chan_recv(c->exited, NULL);
    c->exit_code = 1;
    go_chan_send(c->done, NULL);
}

static void kernel_main(void)
{
    struct command *c = go_new(sizeof *c);
    c->killed = go_chan_make(0, 0);
    c->exited = go_chan_make(0, 0);
    c->done = go_chan_make(0, BUGGY ? 0 : 1);
    go(run_process, c);
    go(await_process, c);
    struct go_case cases[] = {GO_RECV(go_after(TIMEOUT_NS), NULL), GO_RECV(c->done, NULL)};
    if (go_select(cases, 2) == 0) {
        go_chan_close(c->killed);
        if (!BUGGY) go_chan_recv(c->done, NULL);
    }
    go_observe((uint64_t)c->output);
    go_observe((uint64_t)c->exit_code);
}
