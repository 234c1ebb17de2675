// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(hugo_3251, .title = "A worker waits for a URL's lock while it holds the table of locks",
       .class = KERNEL_LOCK_ORDER, .project = "hugo",
       .source = "https://github.com/gohugoio/hugo/pull/3251",
       .story = "To lock a URL, a worker write-locks the table of mutexes and, still holding it, "
                "locks the URL's mutex. To unlock the URL, its owner first read-locks the table: "
                "the two wait for each other. (Three workers at a time here, 50 there; the table "
                "is reduced to its only entry.)",
       .fix = "Unlock the table before locking the URL.",
       .expect = {"deadlock--lock_url--unlock_url"});

enum { PASSES = 2, WORKERS = 3, ROUNDS = 10, PAUSE_NS = 300 };

struct url_locks {
    struct go_rwmutex table;
    struct go_mutex *url; /* of the only URL; NULL until it is asked for */
};

struct pass {
    struct url_locks *locks;
    struct go_waitgroup workers;
};

static void lock_url(struct url_locks *l)
{
    go_rwmutex_lock(&l->table);
    if (!l->url) l->url = go_new(sizeof *l->url);
    struct go_mutex *url = l->url;
    if (!BUGGY) go_rwmutex_unlock(&l->table);
    go_mutex_lock(url);
    if (BUGGY) go_rwmutex_unlock(&l->table);
}

static void unlock_url(struct url_locks *l)
{
    go_rwmutex_rlock(&l->table);
    go_mutex_unlock(l->url);
    go_rwmutex_runlock(&l->table);
}

static void fetch(void *arg)
{
    struct pass *p = arg;
    for (int i = 0; i < ROUNDS; i++) {
        lock_url(p->locks);
        unlock_url(p->locks);
        go_sleep(PAUSE_NS);
    }
    go_waitgroup_done(&p->workers);
}

static void kernel_main(void)
{
    struct url_locks *locks = go_new(sizeof *locks);
    for (int i = 0; i < PASSES; i++) {
        struct pass *p = go_new(sizeof *p);
        p->locks = locks;
        go_waitgroup_add(&p->workers, WORKERS);
        for (int w = 0; w < WORKERS; w++) go(fetch, p);
        go_waitgroup_wait(&p->workers);
    }
}
