// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_82550,
       .title = "A provider of credentials is made lazily, by several goroutines at once",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/82550",
       .story =
           "The lazy provider is asked by ten goroutines. Each makes the actual provider if it "
           "sees none, and nothing orders them.",
       .fix = "A Once makes the actual provider.", .expect = {"data-race--lazy_provide"});

enum { CALLERS = 10 };

struct provider {
    struct go_once once; /* the fix */
    void *actual;
};

static void make_actual(void *arg)
{
    struct provider *p = arg;
    p->actual = go_new(1);
}

static void lazy_provide(void *arg)
{
    struct provider *p = arg;
    if (!BUGGY)
        go_once_do(&p->once, make_actual, p);
    else if (!p->actual)
        p->actual = go_new(1);
    go_observe(p->actual != NULL);
}

static void kernel_main(void)
{
    struct provider *p = go_new(sizeof *p);
    for (int i = 0; i < CALLERS; i++) go(lazy_provide, p);
}
