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
    struct go_chan *result;
    struct go_chan *error;
};

static void serve_request(void *arg)
{
    struct request *request = arg;
    go_sleep(WORK_NS);
    struct go_chan *answer = go_choose(2) == 0 ? request->result : request->error;
    go_chan_send(answer, NULL); /* Nobody is left to receive it. */
}

static void finish_request(void *arg)
{
    struct request *request = arg;
    go(serve_request, request);
    struct go_case cases[] = {GO_RECV(request->result, NULL), GO_RECV(request->error, NULL),
                              GO_RECV(go_after(TIMEOUT_NS), NULL)};
    go_select(cases, 3);
}

static void kernel_main(void)
{
    struct request *request = go_new(sizeof *request);
    size_t room = BUGGY ? 0 : 1;
    request->result = go_chan_make(0, room);
    request->error = go_chan_make(0, room);
    go(finish_request, request);
}
