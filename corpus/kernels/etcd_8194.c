// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    etcd_8194, .title = "A test lowers the lease rate while an earlier lessor's loop reads it",
    .class = KERNEL_RACE, .project = "etcd", .source = "https://github.com/etcd-io/etcd/pull/8194",
    .story = "The rate of revoking is a variable of the package. A test sets it and puts it back; "
             "the loop of a lessor that another test made reads it in each turn. (The channel that "
             "the loop closes at its end is made here; in the original it is nil.)",
    .fix = "Set the rate before any lessor runs.",
    .expect = {"data-race--revoke_leases--test_rate"});

enum { TURNS = 10, TURN_NS = 5000000, RATE = 1000, LOW_RATE = 10 };

struct package {
    int rate;
    struct go_chan *stop; /* never closed */
    struct go_chan *done;
    struct go_waitgroup tests;
};

static void revoke_leases(void *arg)
{
    struct package *p = arg;
    for (int i = 0; i < TURNS; i++) {
        int leases = 1;
        if (leases > p->rate / 2) leases = p->rate / 2;
        go_observe((uint64_t)leases); /* that many are revoked */
        struct go_case stopped[] = {GO_RECV(p->stop, NULL)};
        if (go_select_default(stopped, 1) == 0) break;
        struct go_case cases[] = {GO_RECV(go_after(TURN_NS), NULL), GO_RECV(p->stop, NULL)};
        if (go_select(cases, 2) == 1) break;
    }
    go_chan_close(p->done);
}

static void make_lessor(void *arg)
{
    struct package *p = arg;
    go(revoke_leases, p);
    go_waitgroup_done(&p->tests);
}

static void test_rate(void *arg)
{
    struct package *p = arg;
    if (BUGGY) {
        int old = p->rate;
        p->rate = LOW_RATE;
        go_observe(LOW_RATE); /* what is tested */
        p->rate = old;
    }
    go_waitgroup_done(&p->tests);
}

static void kernel_main(void)
{
    struct package *p = go_new(sizeof *p);
    p->rate = BUGGY ? RATE : LOW_RATE;
    p->done = go_chan_make(0, 0);
    go_waitgroup_add(&p->tests, 2);
    go(make_lessor, p);
    go(test_rate, p);
    go_waitgroup_wait(&p->tests);
}
