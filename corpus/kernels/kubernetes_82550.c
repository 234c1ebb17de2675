// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_82550, .title = "Credentials are provided lazily, by whoever comes first",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/82550",
       .story = "Providers are asked from several goroutines; each makes the actual provider if it "
                "sees none.",
       .fix = "A Once makes it.", .expect = {"data-race--lazy_provide"});

enum { CALLERS = 10 };

struct provider {
    struct go_once once; /* the fix */
    void *actual;
};

static void make_actual(void *arg)
{
    struct provider *p = arg;
    if (!p->actual) p->actual = go_new(1);
}

static void lazy_provide(void *arg)
{
    struct provider *p = arg;
    if (!BUGGY) go_once_do(&p->once, make_actual, p);
    if (BUGGY && !p->actual) p->actual = go_new(1);
    go_observe(p->actual != NULL);
}

static void kernel_main(void)
{
    struct provider *p = go_new(sizeof *p);
    for (int i = 0; i < CALLERS; i++) go(lazy_provide, p);
}
