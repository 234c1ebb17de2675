// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_22941,
       .title = "Goroutines read the pair of the loop that starts them while it writes the next",
       .class = KERNEL_RACE, .project = "moby", .source = "https://github.com/moby/moby/pull/22941",
       .story = "For each pair the test starts a goroutine that captures the loop variable, "
                "which was one for all turns before Go 1.22. A sleep between the turns "
                "orders nothing.",
       .fix = "Each goroutine gets a copy of its own.",
       .expect = {"data-race--kernel_main--write_request"});

enum { PAIRS = 2, PAUSE_NS = 10000000 };

struct test {
    struct go_mutex writer;
    int pair[2]; /* the loop variable */
};

struct request {
    struct test *test;
    const int *pair;
};

static void write_request(void *arg)
{
    struct request *r = arg;
    int request = r->pair[0];
    go_mutex_lock(&r->test->writer);
    go_observe((uint64_t)request);
    go_mutex_unlock(&r->test->writer);
}

static void kernel_main(void)
{
    struct test *t = go_new(sizeof *t);
    for (int i = 0; i < PAIRS; i++) {
        int *pair = BUGGY ? t->pair : go_new(sizeof t->pair);
        pair[0] = i;
        pair[1] = i + 1;
        struct request *r = go_new(sizeof *r);
        r->test = t;
        r->pair = pair;
        go(write_request, r);
        go_sleep(PAUSE_NS);
    }
}
