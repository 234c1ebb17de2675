// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Lost updates: the smallest programs whose outcome depends on who goes on between two accesses. */
#include "grain_programs.h"

#include "heddle.h"

enum { MANY = 20 };

struct counter {
    volatile int x; /* or the compiler would add once */
    struct go_waitgroup done;
};

static int x;

static void increment_global(void *arg)
{
    (void)arg;
    x++;
}

void program_two_increments(void)
{
    go(increment_global, NULL);
    go(increment_global, NULL);
}

static void increment(void *arg)
{
    struct counter *c = arg;
    c->x++;
    go_waitgroup_done(&c->done);
}

static void increment_often(void *arg)
{
    struct counter *c = arg;
    volatile int own = 0; /* on this goroutine's stack: a point in grain all alone */
    while (own++ < MANY) c->x++;
    go_waitgroup_done(&c->done);
}

static void run_two(void (*count)(void *))
{
    struct counter *c = go_new(sizeof *c);
    go_waitgroup_add(&c->done, 2);
    go(count, c);
    go(count, c);
    go_waitgroup_wait(&c->done);
    go_observe((uint64_t)c->x);
}

void program_two_increments_observed(void) { run_two(increment); }
void program_many_increments_observed(void) { run_two(increment_often); }
