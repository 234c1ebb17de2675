// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Maps: two uses that nothing orders, one of them writing, are reported in words of their own, as
 * by Go's runtime. They order nothing, and what the values point to is memory like any other. */
#include "case.h"

ACTOR(looks_up) { go_map_get(map, 1, NULL); }
ACTOR(sets) { go_map_set(map, 1, &x); }
ACTOR(deletes) { go_map_delete(map, 2); }
ACTOR(asks_len) { use(go_map_len(map)); }

static bool sees(uint64_t key, void *value, void *arg)
{
    (void)value, (void)arg;
    use(key);
    return true;
}

ACTOR(ranges) { go_map_range(map, sees, NULL); }

ACTOR(sets_locked)
{
    go_mutex_lock(&mutex);
    sets(NULL);
    go_mutex_unlock(&mutex);
}

NEVER(two_reads_of_a_map)
{
    map = go_map_make();
    go_map_set(map, 1, NULL);
    go(looks_up, NULL);
    go(ranges, NULL);
    looks_up(NULL);
}

EXPECT(two_writes_of_a_map, .expect = {"concurrent-map-write--deletes--sets"})
{
    map = go_map_make();
    go(sets, NULL);
    go(deletes, NULL);
}

EXPECT(a_read_and_a_write_of_a_map, .expect = {"concurrent-map-read-write--looks_up--sets"})
{
    map = go_map_make();
    go(sets, NULL);
    go(looks_up, NULL);
}

EXPECT(a_range_and_a_write_of_a_map, .expect = {"concurrent-map-read-write--ranges--sets"})
{
    map = go_map_make();
    go(sets, NULL);
    go(ranges, NULL);
}

NEVER(writes_of_a_map_under_a_lock)
{
    map = go_map_make();
    go(sets_locked, NULL);
    go(sets_locked, NULL);
    sets_locked(NULL);
}

NEVER(the_length_of_a_map_is_only_read)
{
    map = go_map_make();
    go(asks_len, NULL);
    go(asks_len, NULL);
}

ACTOR(writes_through_the_map)
{
    int *value = go_map_get(map, 1, NULL);
    *value = 1;
}

EXPECT(the_value_of_a_map_is_memory,
       .expect = {"data-race--the_value_of_a_map_is_memory--writes_through_the_map"},
       .pair = {WRITE(4), WRITE(4)})
{
    map = go_map_make();
    go_map_set(map, 1, go_new(sizeof(int)));
    go(writes_through_the_map, NULL);
    *(int *)go_map_get(map, 1, NULL) = 2;
}

ACTOR(writes_sets)
{
    x = 1;
    sets(NULL);
}

EXPECT(a_map_orders_nothing, .expect = {"data-race--a_map_orders_nothing--writes_sets"},
       .pair = {WRITE(4), WRITE(4)})
{
    map = go_map_make();
    go(writes_sets, NULL);
    use(go_map_len(map));
    x = 2;
}

ACTOR(sees_whether_found) { go_map_get(map, 1, &there); }

EXPECT(a_get_writes_whether_it_found,
       .expect = {"data-race--a_get_writes_whether_it_found--sees_whether_found"},
       .pair = {WRITE(1), READ(1)})
{
    map = go_map_make();
    go(sees_whether_found, NULL);
    use(there);
}
