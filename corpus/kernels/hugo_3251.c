// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(hugo_3251, .title = "A lock for one URL is waited for while holding the lock of the table",
       .class = KERNEL_LOCK_ORDER, .project = "hugo",
       .source = "https://github.com/gohugoio/hugo/pull/3251",
       .story =
           "To lock a URL a worker locks the table for writing and, still holding it, the "
           "URL's mutex. To unlock it needs the table for reading. Who owns the URL then waits "
           "for who waits for the URL. (Three workers and two rounds here, 50 and 10 there.)",
       .fix = "Unlock the table before locking the URL.",
       .expect = {"deadlock--lock_url--unlock_url"});

enum { WORKERS = 3, ROUNDS = 2 };

struct remote {
    struct go_rwmutex table;
    struct go_mutex *url; /* of the only URL; NULL until it is asked for */
    struct go_waitgroup workers;
};

static void lock_url(struct remote *r)
{
    go_rwmutex_lock(&r->table);
    if (!r->url) r->url = go_new(sizeof *r->url);
    struct go_mutex *url = r->url;
    if (!BUGGY) go_rwmutex_unlock(&r->table);
    go_mutex_lock(url);
    if (BUGGY) go_rwmutex_unlock(&r->table);
}

static void unlock_url(struct remote *r)
{
    go_rwmutex_rlock(&r->table);
    go_mutex_unlock(r->url);
    go_rwmutex_runlock(&r->table);
}

static void fetch(void *arg)
{
    struct remote *r = arg;
    for (int i = 0; i < ROUNDS; i++) {
        lock_url(r);
        unlock_url(r);
        go_sleep(300);
    }
    go_waitgroup_done(&r->workers);
}

static void kernel_main(void)
{
    struct remote *r = go_new(sizeof *r);
    for (int i = 0; i < WORKERS; i++) {
        go_waitgroup_add(&r->workers, 1);
        go(fetch, r);
    }
    go_waitgroup_wait(&r->workers);
}
