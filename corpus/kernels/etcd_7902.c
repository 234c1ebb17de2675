// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    etcd_7902, .title = "Followers wait for their leader's round with the lock that it needs",
    .class = KERNEL_CHAN_LOCK, .project = "etcd",
    .source = "https://github.com/etcd-io/etcd/pull/7902",
    .story = "Each round ends when the leader closes its channel. A follower that releases first "
             "waits for that close with the mutex held that the leader must lock before. (Where "
             "an election kept the clients in step, channels are numbered here. The leader is "
             "recognised as it was meant to be; before Go 1.22 nobody was, since all shared the "
             "variable of a loop, and the first release blocked.)",
    .fix = "Release outside the lock.", .expect = {"goroutine-leak--release_round--run_clients"});

enum { CLIENTS = 3, ROUNDS = 100 };

struct round_table {
    struct go_mutex mu;
    struct go_chan *rounds[ROUNDS]; /* made by the first that comes, closed by the leader */
    struct go_waitgroup clients;
};

struct client {
    struct round_table *table;
    bool leads;
    struct go_chan *round;
    int progress;
};

static void take_round(struct client *c)
{
    struct go_chan **round = &c->table->rounds[c->progress];
    if (!*round) *round = go_chan_make(0, 0);
    c->round = *round;
}

static void release_round(struct client *c) { go_chan_recv(c->round, NULL); }

static void run_rounds(void *arg)
{
    struct client *c = arg;
    struct round_table *t = c->table;
    while (c->progress < ROUNDS) {
        go_mutex_lock(&t->mu);
        take_round(c);
        go_mutex_unlock(&t->mu);
        c->progress++;
        go_mutex_lock(&t->mu);
        if (c->leads) go_chan_close(c->round);
        if (BUGGY) release_round(c);
        go_mutex_unlock(&t->mu);
        if (!BUGGY) release_round(c);
    }
    go_waitgroup_done(&t->clients);
}

static void run_clients(void *arg)
{
    struct round_table *t = arg;
    go_waitgroup_add(&t->clients, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        struct client *c = go_new(sizeof *c);
        c->table = t;
        c->leads = i == 0;
        go(run_rounds, c);
    }
    go_waitgroup_wait(&t->clients);
}

static void kernel_main(void) { go(run_clients, go_new(sizeof(struct round_table))); }
