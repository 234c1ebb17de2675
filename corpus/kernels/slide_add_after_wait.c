// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    slide_add_after_wait, .title = "A sender adds itself to a group nobody waits for any more",
    .class = KERNEL_WAITGROUP, .project = "", .source = "https://doi.org/10.1145/3297858.3304069",
    .story = "The peer starts a goroutine for each message, and that goroutine adds itself to "
             "the group. Stop waits for the group: if it comes first, it sees an empty group and "
             "returns while the message is still to be sent.",
    .fix = "Add before the go statement, under the lock.",
    .expect = {"waitgroup-misuse--peer_stop--post_message"});

struct peer {
    struct go_mutex mutex;
    struct go_waitgroup group;
    bool stopped;
};

static void post_message(void *arg)
{
    struct peer *p = arg;
    if (BUGGY) go_waitgroup_add(&p->group, 1); /* Stop may be waiting, or gone, by now. */
    go_gosched();
    go_waitgroup_done(&p->group);
}

static void peer_send(struct peer *p)
{
    go_mutex_lock(&p->mutex);
    if (!p->stopped) {
        if (!BUGGY) go_waitgroup_add(&p->group, 1);
        go(post_message, p);
    }
    go_mutex_unlock(&p->mutex);
}

static void peer_stop(struct peer *p)
{
    go_mutex_lock(&p->mutex);
    p->stopped = true;
    go_mutex_unlock(&p->mutex);
    go_waitgroup_wait(&p->group);
}

static void kernel_main(void)
{
    struct peer *p = go_new(sizeof *p);
    peer_send(p);
    peer_stop(p);
}
