// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(istio_16742, .title = "Labels of a connection are updated as soon as it is in the table",
       .class = KERNEL_RACE, .project = "istio",
       .source = "https://github.com/istio/istio/pull/16742",
       .story = "A new connection is put into the table under the lock and goes on reading its "
                "node's labels without. An update holds the read lock, and writes the labels.",
       .fix = "Labels have a lock of their own.",
       .expect = {"data-race--set_labels--stream_endpoints"});

struct node {
    struct go_mutex mu; /* the fix */
    const char *labels;
};

struct server {
    struct go_rwmutex mu;
    struct go_map *connections;
    struct go_waitgroup done;
};

static void set_labels(struct node *node, const char *labels)
{
    if (!BUGGY) go_mutex_lock(&node->mu);
    node->labels = labels;
    if (!BUGGY) go_mutex_unlock(&node->mu);
}

static void stream_endpoints(void *arg)
{
    struct server *s = arg;
    struct node *node = go_new(sizeof *node);
    go_rwmutex_lock(&s->mu);
    go_map_set(s->connections, 1, node);
    go_rwmutex_unlock(&s->mu);
    if (!BUGGY) go_mutex_lock(&node->mu);
    go_observe(node->labels != NULL);
    if (!BUGGY) go_mutex_unlock(&node->mu);
    go_waitgroup_done(&s->done);
}

static bool clear_labels(uint64_t key, void *node, void *unused)
{
    (void)key, (void)unused;
    set_labels(node, NULL);
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
