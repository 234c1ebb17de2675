// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The measured programs. Purposes in bench_programs.h. Compiled like kernels, but what is global
 * here is set by who measures, and stays. */
#define HEDDLE_OWN_SECTIONS 1
#include "bench_programs.h"

#include <string.h>

#include "heddle.h"

struct bench_sizes bench_sizes; /* safe: set between executions */

void bench_empty(void) {}

void bench_points(void)
{
    struct go_mutex *m = go_new(sizeof *m);
    for (uint32_t i = 0; i < bench_sizes.repeats; i++) {
        go_mutex_lock(m);
        go_mutex_unlock(m);
    }
}

static void end(void *unused) { (void)unused; }

void bench_spawn(void)
{
    for (uint32_t i = 0; i < bench_sizes.repeats; i++) {
        go(end, NULL);
        go_gosched();
    }
}

static void send_all(void *c)
{
    for (uint32_t i = 0; i < bench_sizes.repeats; i++) go_chan_send(c, &i);
}

void bench_messages(void)
{
    struct go_chan *c = go_chan_make(sizeof(uint32_t), 0);
    go(send_all, c);
    for (uint32_t i = 0; i < bench_sizes.repeats; i++) go_chan_recv(c, NULL);
}

static void wait_for_close(void *c) { go_chan_recv(c, NULL); }

void bench_parked(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    for (uint32_t i = 0; i < bench_sizes.goroutines; i++) go(wait_for_close, c);
    go_gosched();
    bench_points();
    go_chan_close(c);
}

static void make_points(void *c)
{
    go_chan_recv(c, NULL);
    for (uint32_t i = 0; i < bench_sizes.repeats; i++) go_chan_len(c);
}

void bench_crowd(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    for (uint32_t i = 0; i < bench_sizes.goroutines; i++) go(make_points, c);
    go_gosched();
    go_chan_close(c);
}

/* ---- Synchronization ------------------------------------------------------------------------- */

struct counter {
    struct go_mutex lock;
    uint64_t value;
    uint32_t rounds; /* of each goroutine; read by all of them */
    struct go_chan *start;
    struct go_chan *ended;
};

static void count(void *arg)
{
    struct counter *c = arg;
    const uint32_t rounds = c->rounds;
    struct go_chan *ended = c->ended;
    go_chan_recv(c->start, NULL);
    for (uint32_t i = 0; i < rounds; i++) {
        go_mutex_lock(&c->lock);
        c->value++;
        go_mutex_unlock(&c->lock);
        go_gosched();
    }
    go_chan_send(ended, NULL);
}

/* The same, and all look at what they share. */
static void count_looking(void *arg)
{
    struct counter *c = arg;
    go_chan_recv(c->start, NULL);
    for (uint32_t i = 0; i < c->rounds; i++) {
        go_mutex_lock(&c->lock);
        go_mutex_unlock(&c->lock);
        go_gosched();
    }
    go_chan_send(c->ended, NULL);
}

static void count_with(uint32_t goroutines, uint32_t rounds, void (*each)(void *))
{
    struct counter *c = go_new(sizeof *c);
    c->rounds = rounds;
    c->start = go_chan_make(0, 0);
    c->ended = go_chan_make(0, goroutines);
    for (uint32_t i = 0; i < goroutines; i++) go(each, c);
    go_chan_close(c->start);
    for (uint32_t i = 0; i < goroutines; i++) go_chan_recv(c->ended, NULL);
}

void bench_locks(void) { count_with(bench_sizes.goroutines, bench_sizes.repeats, count); }

void bench_locks_looking(void)
{
    count_with(bench_sizes.goroutines, bench_sizes.repeats, count_looking);
}

/* All but two of the goroutines, for as long as the channel that is returned is not closed. */
static struct go_chan *park_others(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    for (uint32_t i = 2; i < bench_sizes.goroutines; i++) go(wait_for_close, c);
    go_gosched();
    return c;
}

void bench_locks_of_two(void)
{
    struct go_chan *others = park_others();
    count_with(2, bench_sizes.repeats / 2, count);
    go_chan_close(others);
}

void bench_messages_of_two(void)
{
    struct go_chan *others = park_others();
    bench_messages();
    go_chan_close(others);
}

/* ---- The kernel of 35 positions -------------------------------------------------------------- */

struct pipes {
    struct go_chan *requests;
    struct go_chan *replies;
};

static void serve(void *arg)
{
    const struct pipes *p = arg;
    uint32_t request;
    while (go_chan_recv(p->requests, &request)) go_chan_send(p->replies, &request);
    go_chan_close(p->replies);
}

static void ask(void *arg)
{
    const struct pipes *p = arg;
    for (uint32_t i = 0; i < 5; i++) go_chan_send(p->requests, &i);
    go_chan_close(p->requests);
}

void bench_kernel35(void)
{
    struct pipes p = {go_chan_make(sizeof(uint32_t), 2), go_chan_make(sizeof(uint32_t), 2)};
    go(serve, &p);
    go(ask, &p);
    (void)go_chan_len(p.replies);
    uint32_t reply;
    while (go_chan_recv(p.replies, &reply)) {}
}

/* The same control flow, so that an engine sees as many edges, with nothing behind it: its accesses
 * are not instrumented. */
#define BARE __attribute__((no_sanitize("thread")))
static volatile uint32_t left;

BARE static __attribute__((noinline)) void do_nothing(void) { left = left; }

BARE static __attribute__((noinline)) bool nothing_left(void)
{
    if (left == 0) return true;
    left--;
    return false;
}

BARE static void serve_nothing(void)
{
    left = 5;
    while (!nothing_left()) do_nothing();
    do_nothing();
}

BARE static void ask_nothing(void)
{
    for (uint32_t i = 0; i < 5; i++) do_nothing();
    do_nothing();
}

BARE void bench_skeleton35(void)
{
    serve_nothing();
    ask_nothing();
    left = 5;
    while (!nothing_left()) {}
}

bool bench_find(const char *name, void (**root)(void), bool *engine_only)
{
    *engine_only = strcmp(name, "none") == 0;
    *root = *engine_only ? bench_skeleton35 : bench_kernel35;
    return *engine_only || strcmp(name, "kernel35") == 0;
}
