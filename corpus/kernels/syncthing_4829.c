// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(syncthing_4829, .title = "Clearing a port mapping notifies while the mapping is locked",
       .class = KERNEL_DOUBLE_LOCK, .project = "syncthing",
       .source = "https://github.com/syncthing/syncthing/pull/4829",
       .story = "Removing a mapping write-locks it, deletes its addresses and, if there were some, "
                "notifies those who subscribed. To do so it read-locks the mapping, which it still "
                "holds.",
       .fix = "Unlock the mapping before notifying.", .expect = {"deadlock--notify_subscribers"});

struct mapping {
    struct go_rwmutex mu;
    struct go_map *addresses;
};

struct service {
    struct go_rwmutex mu;
    struct mapping *mapping; /* the only one */
};

static void notify_subscribers(struct mapping *m)
{
    go_rwmutex_rlock(&m->mu);
    go_rwmutex_runlock(&m->mu);
}

static bool remove_address(uint64_t key, void *value, void *m)
{
    (void)value;
    go_map_delete(((struct mapping *)m)->addresses, key);
    return true;
}

static void clear_addresses(struct mapping *m)
{
    go_rwmutex_lock(&m->mu);
    size_t removed = go_map_len(m->addresses);
    go_map_range(m->addresses, remove_address, m);
    if (!BUGGY) go_rwmutex_unlock(&m->mu);
    if (removed > 0) notify_subscribers(m);
    if (BUGGY) go_rwmutex_unlock(&m->mu);
}

static struct mapping *add_mapping(struct service *s)
{
    struct mapping *m = go_new(sizeof *m);
    m->addresses = go_map_make();
    go_rwmutex_lock(&s->mu);
    s->mapping = m;
    go_rwmutex_unlock(&s->mu);
    return m;
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
    struct mapping *m = add_mapping(s);
    go_map_set(m->addresses, 1, NULL);
    remove_mapping(s);
}
