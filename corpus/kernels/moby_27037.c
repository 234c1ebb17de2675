// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_27037, .title = "Goroutines read the variable of the loop that starts them",
       .class = KERNEL_RACE, .project = "moby", .source = "https://github.com/moby/moby/pull/27037",
       .story = "The test asks for versions 1.17 to 1.21 of the interface, each in a goroutine of "
                "its own. The function that it starts captures the variable of the loop, so it "
                "reads what the loop counts on meanwhile: some versions are never asked for.",
       .fix = "Pass the value to the goroutine.",
       .expect = {"data-race--ask_all_versions--ask_version"});

enum { OLDEST = 17, NEWEST = 21 };

struct test {
    struct go_waitgroup wg;
    int minor; /* the variable of the loop: captured, so it outlives its statement */
};

/* What the goroutine is given: the variable itself, or its value at the go statement. */
struct asking {
    struct test *test;
    int minor;
};

static void ask_version(void *arg)
{
    struct asking *a = arg;
    int minor = BUGGY ? a->test->minor : a->minor;
    go_observe((uint64_t)minor); /* The request for "v1.<minor>". */
    go_waitgroup_done(&a->test->wg);
}

static void ask_all_versions(struct test *t)
{
    t->minor = OLDEST;
    do {
        struct asking *a = go_new(sizeof *a);
        *a = (struct asking){t, t->minor};
        go_waitgroup_add(&t->wg, 1);
        go(ask_version, a);
        t->minor++;
    } while (t->minor <= NEWEST);
    go_waitgroup_wait(&t->wg);
}

static void kernel_main(void) { ask_all_versions(go_new(sizeof(struct test))); }
