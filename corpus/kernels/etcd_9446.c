// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(
    etcd_9446, .title = "A transaction's buffer is reset while a reader looks into it",
    .class = KERNEL_RACE, .project = "etcd", .source = "https://github.com/etcd-io/etcd/pull/9446",
    .story = "Resetting deletes every key of the buffer's map; a read transaction looks up a key "
             "at the same time.",
    .fix = "Lock the buffer for both.",
    .expect = {"concurrent-map-read-write--drop_bucket--unsafe_range"});

struct buffer {
    struct go_mutex mu; /* the fix */
    struct go_map *buckets;
    struct go_waitgroup done;
};

static bool drop_bucket(uint64_t key, void *value, void *buckets)
{
    (void)value;
    go_map_delete(buckets, key);
    return true;
}

static void reset_buffer(void *arg)
{
    struct buffer *b = arg;
    if (!BUGGY) go_mutex_lock(&b->mu);
    go_map_range(b->buckets, drop_bucket, b->buckets);
    if (!BUGGY) go_mutex_unlock(&b->mu);
    go_waitgroup_done(&b->done);
}

static void unsafe_range(void *arg)
{
    struct buffer *b = arg;
    if (!BUGGY) go_mutex_lock(&b->mu);
    go_map_get(b->buckets, 1, NULL);
    if (!BUGGY) go_mutex_unlock(&b->mu);
    go_waitgroup_done(&b->done);
}

static void write_and_read(void *arg)
{
    struct buffer *b = arg;
    b->buckets = go_map_make();
    go_map_set(b->buckets, 1, NULL);
    go(reset_buffer, b);
    go(unsafe_range, b);
    go_waitgroup_done(&b->done);
}

static void kernel_main(void)
{
    struct buffer *b = go_new(sizeof *b);
    go_waitgroup_add(&b->done, 3);
    go(write_and_read, b);
    go_waitgroup_wait(&b->done);
}
