// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Small programs with known edges. The comments name them under the natural schedule. */
#include "explain_programs.h"

#include "heddle.h"

static void send_one(void *channel) { go_chan_send(channel, NULL); }

/* The receiver waits: it is told by the send, and its waiting lets the send go on. */
void program_unbuffered(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(send_one, c);
    go_chan_recv(c, NULL);
}

static void receive_all(void *channel)
{
    while (go_chan_recv(channel, NULL)) {}
}

/* Three sends over one slot, then a close. */
void program_buffered(void)
{
    struct go_chan *c = go_chan_make(0, 1);
    go(receive_all, c);
    for (int i = 0; i < 3; i++) go_chan_send(c, NULL);
    go_chan_close(c);
}

static void receive_one(void *channel) { go_chan_recv(channel, NULL); }

/* One close tells both. */
void program_close(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(receive_one, c);
    go(receive_one, c);
    go_gosched();
    go_chan_close(c);
}

struct pair {
    struct go_mutex first, second;
    struct go_waitgroup done;
    struct go_once once;
    struct go_cond cond;
    struct go_chan *chan, *other;
    bool ready;
};

static void lock_first(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->first);
    go_mutex_unlock(&p->first);
}

/* Each unlock is before the next lock of somebody else. */
void program_mutex(void)
{
    struct pair *p = go_new(sizeof *p);
    go(lock_first, p);
    go(lock_first, p);
    lock_first(p);
}

static void done(void *arg)
{
    struct pair *p = arg;
    go_waitgroup_done(&p->done);
}

void program_waitgroup(void)
{
    struct pair *p = go_new(sizeof *p);
    go_waitgroup_add(&p->done, 2);
    go(done, p);
    go(done, p);
    go_waitgroup_wait(&p->done);
}

static void nothing(void *arg) { (void)arg; }

static void do_once(void *arg)
{
    struct pair *p = arg;
    go_once_do(&p->once, nothing, NULL);
}

/* Who finds it done knows of who did it. */
void program_once(void)
{
    struct pair *p = go_new(sizeof *p);
    go(do_once, p);
    do_once(p);
}

static void make_ready(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->first);
    p->ready = true;
    go_cond_signal(&p->cond);
    go_mutex_unlock(&p->first);
}

void program_cond(void)
{
    struct pair *p = go_new(sizeof *p);
    p->cond.locker = go_mutex_locker(&p->first);
    go(make_ready, p);
    go_mutex_lock(&p->first);
    while (!p->ready) go_cond_wait(&p->cond);
    go_mutex_unlock(&p->first);
}

static void wait_for_cancel(void *arg) { go_chan_recv(go_context_done(arg), NULL); }

void program_context(void)
{
    struct go_context *ctx = go_context_with_cancel(go_context_background());
    go(wait_for_cancel, ctx);
    go_context_cancel(ctx);
}

static void reset_timer(void *timer) { go_timer_reset(timer, 5000000); }

/* What was done before the timer was armed is before what it sends. */
void program_timer(void)
{
    struct go_timer *t = go_timer_new(10000000);
    go(reset_timer, t);
    go_chan_recv(go_timer_chan(t), NULL);
}

/* Both cases are ready. */
void program_select(void)
{
    struct go_chan *a = go_chan_make(0, 1), *b = go_chan_make(0, 1);
    go_chan_send(a, NULL);
    go_chan_send(b, NULL);
    go_select((struct go_case[]){GO_RECV(a, NULL), GO_RECV(b, NULL)}, 2);
}

static void lock_second_first(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->second);
    go_mutex_lock(&p->first);
    go_mutex_unlock(&p->first);
    go_mutex_unlock(&p->second);
}

void program_lock_order(void)
{
    struct pair *p = go_new(sizeof *p);
    go(lock_second_first, p);
    go_mutex_lock(&p->first);
    go_mutex_lock(&p->second);
    go_mutex_unlock(&p->second);
    go_mutex_unlock(&p->first);
}

static void close_unless_closed(void *channel)
{
    if (go_select_default((struct go_case[]){GO_RECV(channel, NULL)}, 1) == 1)
        go_chan_close(channel);
}

void program_double_close(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(close_unless_closed, c);
    go(close_unless_closed, c);
}

enum { BIG_GOROUTINES = 50, BIG_ROUNDS = 25 };

static void work(void *arg)
{
    struct pair *p = arg;
    for (int i = 0; i < BIG_ROUNDS; i++) {
        go_mutex_lock(&p->first);
        go_mutex_unlock(&p->first);
        go_chan_send(p->chan, NULL);
        go_gosched();
    }
    go_waitgroup_done(&p->done);
}

static void wait_for_nobody(void *arg)
{
    const struct pair *p = arg;
    go_chan_recv(p->other, NULL);
}

void program_big(void)
{
    struct pair *p = go_new(sizeof *p);
    p->chan = go_chan_make(0, 3);
    p->other = go_chan_make(0, 0);
    go_waitgroup_add(&p->done, BIG_GOROUTINES - 2);
    go(wait_for_nobody, p);
    for (int i = 0; i < BIG_GOROUTINES - 2; i++) go(work, p);
    for (int i = 0; i < (BIG_GOROUTINES - 2) * BIG_ROUNDS; i++) go_chan_recv(p->chan, NULL);
    go_waitgroup_wait(&p->done);
}
