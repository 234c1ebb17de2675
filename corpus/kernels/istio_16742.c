// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_16742, .title = "A node's labels are updated while its new connection reads them",
       .class = KERNEL_RACE, .project = "istio",
       .source = "https://github.com/istio/istio/pull/16742",
       .story = "A new connection enters the table under the write lock, and then reads its node's "
                "labels without a lock. An update of all connections, which holds the read lock "
                "only, writes the labels as soon as it finds the connection there.",
       .fix = "Each node has a lock for its labels.",
       .expect = {"data-race--clear_labels--stream_endpoints"});

struct node {
    struct go_mutex mu; /* with the fix: of the labels */
    const char *labels;
};

struct connection {
    struct node *node;
};

struct server {
    struct go_rwmutex mu;
    struct go_map *connections;
    struct go_waitgroup done;
};

static struct connection *make_connection(void)
{
    struct connection *c = go_new(sizeof *c);
    c->node = go_new(sizeof *c->node);
    return c;
}

static void stream_endpoints(void *arg)
{
    struct server *s = arg;
    struct connection *c = make_connection();
    go_rwmutex_lock(&s->mu);
    go_map_set(s->connections, 1, c);
    go_rwmutex_unlock(&s->mu);
    if (!BUGGY) go_mutex_lock(&c->node->mu);
    go_observe(c->node->labels != NULL);
    if (!BUGGY) go_mutex_unlock(&c->node->mu);
    go_waitgroup_done(&s->done);
}

static bool clear_labels(uint64_t key, void *value, void *arg)
{
    (void)key, (void)arg;
    struct connection *c = value;
    if (!BUGGY) go_mutex_lock(&c->node->mu);
    c->node->labels = NULL;
    if (!BUGGY) go_mutex_unlock(&c->node->mu);
    return true;
}

static void update_labels(void *arg)
{
    struct server *s = arg;
    go_rwmutex_rlock(&s->mu);
    go_map_range(s->connections, clear_labels, NULL);
    go_rwmutex_runlock(&s->mu);
    go_waitgroup_done(&s->done);
}

static void run_server(void *arg)
{
    struct server *s = arg;
    go(stream_endpoints, s);
    go(update_labels, s);
    go_waitgroup_done(&s->done);
}

static void kernel_main(void)
{
    struct server *s = go_new(sizeof *s);
    s->connections = go_map_make();
    go_waitgroup_add(&s->done, 3);
    go(run_server, s);
    go_waitgroup_wait(&s->done);
}
