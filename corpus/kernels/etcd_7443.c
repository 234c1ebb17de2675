// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(etcd_7443,
       .title = "The balancer sends, with its lock held, to a watcher that may want that lock",
       .class = KERNEL_CHAN_LOCK, .project = "etcd",
       .source = "https://github.com/etcd-io/etcd/pull/7443",
       .story = "Pinning or unpinning an address sends the new list on a channel of capacity 1, "
                "with the balancer's mutex held. Its only receiver, the watcher, tears down the "
                "connections that are not in a list, which may unpin. When another list is in the "
                "channel by then, the watcher waits for itself, or for whoever sends to it. "
                "(Connecting is only taking a place in the table; a list is a set of bits.)",
       .fix = "Send from a goroutine of its own, without the lock.",
       .expect = {"deadlock--kernel_main--send_list"});

enum { ADDRESSES = 3, ALL = (1 << ADDRESSES) - 1 };

struct client {
    struct go_mutex mu;
    struct connection *connections[ADDRESSES];
    bool closed; /* there is no table of connections any more */
    struct go_chan *balancer_closed;
    struct balancer {
        struct go_mutex mu;
        struct go_chan *lists;
        int pin; /* 0 also means none, so address 0 pins nothing */
        bool closed;
    } balancer;
};

struct connection {
    struct balancer *balancer;
    int address;
    struct go_mutex mu;
    bool up; /* tells the balancer when it goes down */
};

struct notice {
    struct go_chan *lists;
    int list;
};

static void send_list(void *arg)
{
    struct notice *n = arg;
    go_chan_send(n->lists, &n->list);
}

/* Lists may be closed when a connection goes down. */
static void send_list_recovering(void *notice) { go_protect(send_list, notice, NULL); }

/* Pin address, or nothing (0), and send what to connect to from now on. */
static void pin(struct balancer *b, int address, int list)
{
    struct notice *n = go_new(sizeof *n);
    *n = (struct notice){b->lists, list};
    b->pin = address;
    if (BUGGY)
        send_list_recovering(n);
    else
        go(send_list_recovering, n);
}

static void bring_up(void *arg)
{
    struct connection *ac = arg;
    struct balancer *b = ac->balancer;
    go_mutex_lock(&ac->mu);
    go_mutex_lock(&b->mu);
    ac->up = !b->closed;
    if (ac->up && b->pin == 0) pin(b, ac->address, 1 << ac->address);
    go_mutex_unlock(&b->mu);
    go_mutex_unlock(&ac->mu);
}

static void tear_down(struct connection *ac)
{
    struct balancer *b = ac->balancer;
    go_mutex_lock(&ac->mu);
    if (ac->up) {
        go_mutex_lock(&b->mu);
        if (b->pin == ac->address) pin(b, 0, ALL);
        go_mutex_unlock(&b->mu);
    }
    ac->up = false;
    go_mutex_unlock(&ac->mu);
}

static void add_connection(struct client *cc, int address)
{
    struct connection *ac = go_new(sizeof *ac);
    *ac = (struct connection){.balancer = &cc->balancer, .address = address};
    go_mutex_lock(&cc->mu);
    bool closed = cc->closed;
    if (!closed) cc->connections[address] = ac;
    go_mutex_unlock(&cc->mu);
    if (!closed) go(bring_up, ac);
}

/* Take what is not listed out of the table; returns what is listed and not in the table. */
static int take_unlisted(struct client *cc, int list, struct connection *taken[ADDRESSES])
{
    for (int a = 0; a < ADDRESSES; a++) {
        taken[a] = list >> a & 1 ? NULL : cc->connections[a];
        if (taken[a]) cc->connections[a] = NULL;
        if (cc->connections[a]) list &= ~(1 << a);
    }
    return list;
}

static void watch_lists(void *arg)
{
    struct client *cc = arg;
    struct connection *taken[ADDRESSES];
    for (int list; go_chan_recv(cc->balancer.lists, &list);) {
        go_mutex_lock(&cc->mu);
        int missing = take_unlisted(cc, list, taken);
        go_mutex_unlock(&cc->mu);
        for (int a = 0; a < ADDRESSES; a++)
            if (missing >> a & 1) add_connection(cc, a);
        for (int a = 0; a < ADDRESSES; a++)
            if (taken[a]) tear_down(taken[a]);
    }
}

static void close_balancer(struct balancer *b)
{
    go_mutex_lock(&b->mu);
    if (!b->closed) go_chan_close(b->lists);
    b->closed = true;
    b->pin = 0;
    go_mutex_unlock(&b->mu);
}

static void close_balancer_only(void *arg)
{
    struct client *cc = arg;
    close_balancer(&cc->balancer);
    go_chan_close(cc->balancer_closed);
}

static void close_client(void *arg)
{
    struct client *cc = arg;
    struct connection *taken[ADDRESSES];
    go_mutex_lock(&cc->mu);
    take_unlisted(cc, 0, taken);
    cc->closed = true;
    go_mutex_unlock(&cc->mu);
    close_balancer(&cc->balancer);
    for (int a = 0; a < ADDRESSES; a++)
        if (taken[a]) tear_down(taken[a]);
}

static void kernel_main(void)
{
    struct client *cc = go_new(sizeof *cc);
    cc->balancer_closed = go_chan_make(0, 0);
    cc->balancer.lists = go_chan_make(sizeof(int), 1);
    go_chan_send(cc->balancer.lists, &(int){ALL});
    go(watch_lists, cc);
    go(close_balancer_only, cc);
    go(close_client, cc);
    go_chan_recv(cc->balancer_closed, NULL);
}
