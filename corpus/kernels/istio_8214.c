// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_8214, .title = "A counter is added to atomically, and copied by a plain read",
       .class = KERNEL_RACE, .project = "istio",
       .source = "https://github.com/istio/istio/pull/8214",
       .story = "Who writes to the cache adds to its count of writes with an atomic operation. Who "
                "asks for the statistics copies them, and with them the count, by plain reads.",
       .fix = "Load the count atomically.", .expect = {"data-race--read_stats--set_value"});

struct cache {
    uint64_t writes;
    struct go_waitgroup done;
};

static void set_value(struct cache *c) { __atomic_fetch_add(&c->writes, 1, __ATOMIC_SEQ_CST); }

static uint64_t read_stats(const struct cache *c)
{
    return BUGGY ? c->writes : __atomic_load_n(&c->writes, __ATOMIC_SEQ_CST);
}

static void use_cache(void *arg)
{
    struct cache *c = arg;
    set_value(c);
    go_observe(read_stats(c));
    go_waitgroup_done(&c->done);
}

static void run_test(void *arg)
{
    struct cache *c = arg;
    go(use_cache, c);
    go(use_cache, c);
    go_waitgroup_done(&c->done);
}

static void kernel_main(void)
{
    struct cache *c = go_new(sizeof *c);
    go_waitgroup_add(&c->done, 3);
    go(run_test, c);
    go_waitgroup_wait(&c->done);
}
