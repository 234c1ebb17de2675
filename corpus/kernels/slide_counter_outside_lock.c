// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(slide_counter_outside_lock,
       .title = "One of two counters is incremented beside the mutex, not under it",
       .class = KERNEL_RACE, .project = "", .source = "https://doi.org/10.1145/3297858.3304069",
       .story = "Both goroutines increment a under the mutex and b outside of it, the first one "
                "before its critical section and the second one after its own. As long as the "
                "critical sections come in this order, they order the increments of b as well, and "
                "a detector that goes by happens-before alone sees nothing.",
       .fix = "Increment b under the mutex too.",
       .expect = {"data-race--count_after--count_before"});

struct counters {
    struct go_mutex mutex;
    int a; /* under mutex */
    int b;
};

static void count_before(void *arg)
{
    struct counters *c = arg;
    if (BUGGY) c->b += 1;
    go_mutex_lock(&c->mutex);
    if (!BUGGY) c->b += 1;
    c->a += 1;
    go_mutex_unlock(&c->mutex);
}

static void count_after(void *arg)
{
    struct counters *c = arg;
    go_mutex_lock(&c->mutex);
    c->a += 1;
    if (!BUGGY) c->b += 1;
    go_mutex_unlock(&c->mutex);
    if (BUGGY) c->b += 1; /* Ordered after the other one only if its critical section is. */
}

static void kernel_main(void)
{
    struct counters *c = go_new(sizeof *c);
    go(count_before, c);
    go(count_after, c);
}
