// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_5316, .title = "A request that outlives its timeout can never deliver its result",
       .class = KERNEL_CHAN, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/5316",
       .story = "The waiting side leaves when the timeout fires. The handler finishes later and "
                "sends its result, or its error, on an unbuffered channel without a receiver.",
       .fix = "Give both channels room for one value.",
       .expect = {"goroutine-leak--serve_request"});

enum { TIMEOUT_NS = 1000000, WORK_NS = 2 * TIMEOUT_NS };

struct request {
    struct go_chan *result; /* bool */
    struct go_chan *error;  /* int */
};

static void serve_request(void *arg)
{
    struct request *request = arg;
    go_sleep(WORK_NS);
    if (go_choose(2) == 0) {
        go_chan_send(request->result, &(bool){true}); /* Nobody is left to receive it. */
    } else {
        go_chan_send(request->error, &(int){1});
    }
}

static void finish_request(void *arg)
{
    struct request *request = arg;
    go(serve_request, request);
    bool result;
    int error;
    struct go_case cases[] = {GO_RECV(request->result, &result), GO_RECV(request->error, &error),
                              GO_RECV(go_after(TIMEOUT_NS), NULL)};
    go_select(cases, 3);
}

static void kernel_main(void)
{
    struct request *request = go_new(sizeof *request);
    size_t room = BUGGY ? 0 : 1;
    request->result = go_chan_make(sizeof(bool), room);
    request->error = go_chan_make(sizeof(int), room);
    go(finish_request, request);
}
