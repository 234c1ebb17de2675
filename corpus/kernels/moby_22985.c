// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_22985, .title = "A batch is filled again while the test still reads its last contents",
       .class = KERNEL_RACE, .project = "moby", .source = "https://github.com/moby/moby/pull/22985",
       .story = "The collector of log messages gives each batch to a mock client, which passes a "
                "reference to it on through a channel. Its answer was prepared, so the collector "
                "goes on at once and puts the next message into the same buffer, while the test "
                "reads the batch that it has received.",
       .fix = "The mock client copies the batch before it sends it.",
       .expect = {"data-race--check_batch--collect_messages", "oracle-failure--check_batch"});

enum { BATCH_MAX = 2, REQUESTS = 2 };

struct request {
    int *messages;
    int count;
};

struct logger {
    struct go_chan *messages;
    struct go_chan *requests; /* what the mock client was asked to put */
    struct go_chan *answers;  /* prepared before anything is asked */
    int batch[BATCH_MAX];     /* of the collector */
    int count;                /* of the collector */
};

/* The mock client. */
static void put_batch(struct logger *l)
{
    struct request request = {l->batch, l->count};
    if (!BUGGY) {
        request.messages = go_new((size_t)l->count * sizeof request.messages[0]);
        for (int i = 0; i < l->count; i++) request.messages[i] = l->batch[i];
    }
    go_chan_send(l->requests, &request); /* Orders what was written before it, not what follows. */
    int answer;
    go_chan_recv(l->answers, &answer);
}

static void publish_batch(struct logger *l)
{
    if (l->count == 0) return;
    put_batch(l);
    l->count = 0;
}

static void collect_messages(void *arg)
{
    struct logger *l = arg;
    int message;
    while (go_chan_recv(l->messages, &message)) {
        if (l->count == BATCH_MAX) publish_batch(l);
        l->batch[l->count] = message;
        l->count++;
    }
    publish_batch(l);
}

static void check_batch(struct logger *l, int first, int count)
{
    struct request request;
    go_chan_recv(l->requests, &request);
    go_check(request.count == count, "a batch has another number of messages");
    for (int i = 0; i < count; i++)
        go_check(request.messages[i] == first + i, "a batch has other messages");
}

static void kernel_main(void)
{
    struct logger *l = go_new(sizeof *l);
    l->messages = go_chan_make(sizeof(int), 0);
    l->requests = go_chan_make(sizeof(struct request), REQUESTS);
    l->answers = go_chan_make(sizeof(int), REQUESTS);
    for (int answer = 0; answer < REQUESTS; answer++) go_chan_send(l->answers, &answer);
    go(collect_messages, l);
    for (int message = 1; message <= 3; message++) go_chan_send(l->messages, &message);
    go_chan_close(l->messages);
    check_batch(l, 1, 2);
    check_batch(l, 3, 1);
}
