// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(syncthing_4829, .title = "Clearing a port mapping notifies with the mapping locked",
       .class = KERNEL_RWLOCK, .project = "syncthing",
       .source = "https://github.com/syncthing/syncthing/pull/4829",
       .story = "Removing the mapping write-locks it, deletes its addresses and tells those who "
                "subscribed, which read-locks it.",
       .fix = "Notify after unlocking.", .expect = {"deadlock--notify_subscribers"});

struct mapping {
    struct go_rwmutex mu;
    struct go_map *addresses;
};

struct service {
    struct go_rwmutex mu;
    struct mapping *mapping;
};

static void notify_subscribers(struct mapping *m)
{
    go_rwmutex_rlock(&m->mu);
    go_rwmutex_runlock(&m->mu);
}

static bool delete_address(uint64_t key, void *value, void *m)
{
    (void)value;
    go_map_delete(((struct mapping *)m)->addresses, key);
    return true;
}

static void clear_addresses(struct mapping *m)
{
    go_rwmutex_lock(&m->mu);
    bool any = go_map_len(m->addresses) > 0;
    go_map_range(m->addresses, delete_address, m);
    if (!BUGGY) go_rwmutex_unlock(&m->mu);
    if (any) notify_subscribers(m);
    if (BUGGY) go_rwmutex_unlock(&m->mu);
}

static void remove_mapping(struct service *s)
{
    go_rwmutex_lock(&s->mu);
    clear_addresses(s->mapping);
    go_rwmutex_unlock(&s->mu);
}

static void kernel_main(void)
{
    struct service *s = go_new(sizeof *s);
    go_rwmutex_lock(&s->mu);
    s->mapping = go_new(sizeof *s->mapping);
    s->mapping->addresses = go_map_make();
    go_rwmutex_unlock(&s->mu);
    go_map_set(s->mapping->addresses, 1, NULL);
    remove_mapping(s);
}
