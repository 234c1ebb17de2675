// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A Go map: entries in order of insertion, an index over them, and the concurrent-use check.
 *
 * Invariants
 * - entries[0..used) are all that were ever inserted, oldest first; a removed one stays as a dead
 *   entry, so that a running range keeps its place. The index holds the live ones and some dead.
 * - users holds every goroutine whose next operation is to read or write the map. A state in which
 *   one of them writes and another one is there is misuse: nothing orders the two, so both can be
 *   inside at once. No such state outlives the publishing of the later of the two.
 * - The same is misuse in any schedule if happens-before does not order the two: `written` and
 *   `readers` are the latest write and the reads since, as segments (order.h; known only where
 *   instrumented code is linked in, like races).
 * - Len only reads a word, as in Go: it is visible, but never inside. A nil map is read without a
 *   point: nobody can change it.
 */
#include <string.h>

#include "detect/clock.h"
#include "detect/facts.h"
#include "detect/recall.h"
#include "panic.h"

struct map_entry {
    uint64_t key;
    void *value;
    bool live;
};

/* An earlier use: the latest write, or a goroutine's latest read since. */
struct map_use {
    struct map_use *next;
    const struct goroutine *goroutine;
    uint32_t segment;
    uint32_t step; /* number of its event */
};

struct go_map {
    struct object *object;
    struct go_list users;
    struct map_use written;  /* segment 0: never */
    struct map_use *readers; /* since then, one for each goroutine */
    struct map_entry *entries;
    uint32_t used;     /* entries, dead ones included */
    uint32_t capacity; /* of entries; the index has twice as many slots */
    uint32_t live;
    uint32_t *index; /* open addressing, linear; number of an entry from 1, 0 for a free slot */
};

enum { MAP_CAPACITY_FIRST = 8 };

/* ---- The table, without points ------------------------------------------------------------ */

static uint32_t slot_of(const struct go_map *m, uint64_t key)
{
    return (uint32_t)(mix64(0, key) >> 32) & (m->capacity * 2 - 1);
}

static struct map_entry *find(const struct go_map *m, uint64_t key)
{
    if (!m->capacity) return NULL;
    for (uint32_t slot = slot_of(m, key);; slot = (slot + 1) & (m->capacity * 2 - 1)) {
        if (!m->index[slot]) return NULL;
        struct map_entry *entry = &m->entries[m->index[slot] - 1];
        if (entry->live && entry->key == key) return entry;
    }
}

static void index_entry(struct go_map *m, uint32_t number)
{
    uint32_t slot = slot_of(m, m->entries[number - 1].key);
    while (m->index[slot]) slot = (slot + 1) & (m->capacity * 2 - 1);
    m->index[slot] = number;
}

static void grow(struct go_map *m)
{
    uint32_t capacity = m->capacity ? m->capacity * 2 : MAP_CAPACITY_FIRST;
    struct map_entry *entries = sched_alloc(capacity * sizeof *entries);
    if (m->used) memcpy(entries, m->entries, m->used * sizeof *entries);
    m->index = sched_alloc((size_t)capacity * 2 * sizeof *m->index);
    m->entries = entries;
    m->capacity = capacity;
    for (uint32_t number = 1; number <= m->used; number++)
        if (entries[number - 1].live) index_entry(m, number);
}

static void set(struct go_map *m, uint64_t key, void *value)
{
    struct map_entry *entry = find(m, key);
    if (entry) {
        entry->value = value;
        return;
    }
    if (m->used == m->capacity) grow(m);
    m->entries[m->used++] = (struct map_entry){.key = key, .value = value, .live = true};
    m->live++;
    index_entry(m, m->used);
}

/* ---- Who is inside ------------------------------------------------------------------------ */

/* Nothing orders g's pending use and one of this kind by other: its pending one too if other_step
 * is 0, else the event of that number. */
static _Noreturn void misuse(const struct go_map *m, const struct goroutine *g,
                             const struct goroutine *other, enum op_kind other_kind,
                             uint32_t other_step)
{
    bool other_writes = other_kind == OP_MAP_WRITE;
    bool both = other_writes && g->pending.kind == OP_MAP_WRITE;
    struct facts_panic *panic = sched_alloc(sizeof *panic);
    *panic = (struct facts_panic){
        .type = both ? REPORT_CONCURRENT_MAP_WRITE : REPORT_CONCURRENT_MAP_READ_WRITE,
        .object = m->object,
        .goroutine = g,
        .message = "nothing orders these two uses of the map: both can be inside at once",
        .other = other,
        .other_step = other_step,
        .other_label = other_writes ? "Concurrent map write" : "Concurrent map read"};
    facts_trace_of(&panic->trace, g);
    facts_report_panic(panic);
}

/* The running goroutine has published: ends the execution if it can be inside together with another
 * one, and one of them writes. */
static void check_misuse(const struct go_map *m, const struct goroutine *g)
{
    const struct goroutine *other = NULL;
    list_each(node, &m->users)
    {
        const struct goroutine *user = container_of(node, struct goroutine, want_link);
        if (g->pending.kind == OP_MAP_READ && user->pending.kind == OP_MAP_READ) continue;
        if (!other || user->number < other->number) other = user;
    }
    if (likely(!other)) return;
    bool g_first = g->pending.kind == OP_MAP_WRITE &&
                   (other->pending.kind != OP_MAP_WRITE || g->number < other->number);
    if (g_first)
        misuse(m, g, other, (enum op_kind)other->pending.kind, 0);
    else
        misuse(m, other, g, (enum op_kind)g->pending.kind, 0);
}

static void remember_read(struct go_map *m, const struct map_use *use)
{
    struct map_use *r = m->readers;
    while (r && r->goroutine != use->goroutine) r = r->next;
    struct map_use *next = r ? r->next : m->readers;
    if (!r) r = m->readers = sched_alloc(sizeof *r);
    *r = *use;
    r->next = next;
}

/* The running goroutine is inside: ends the execution if an earlier use is not ordered before. */
static void check_order(struct go_map *m, struct goroutine *g, struct call_site site)
{
    recall_step(event_log.count + 1, site);
    if (!order_state.on) return;
    const struct map_use use = {
        .goroutine = g, .segment = order_current(), .step = event_log.count + 1};
    if (!clock_ordered(m->written.segment, use.segment))
        misuse(m, g, m->written.goroutine, OP_MAP_WRITE, m->written.step);
    if (g->pending.kind == OP_MAP_READ) {
        remember_read(m, &use);
        return;
    }
    for (const struct map_use *r = m->readers; r; r = r->next)
        if (!clock_ordered(r->segment, use.segment))
            misuse(m, g, r->goroutine, OP_MAP_READ, r->step);
    m->written = use;
    m->readers = NULL;
}

static void enter(struct go_map *m, enum op_kind kind, struct call_site site)
{
    enum op_mode mode = kind == OP_MAP_READ ? OP_MODE_READ : OP_MODE_WRITE;
    struct goroutine *g = sched_publish(kind, mode, m->object, site);
    check_misuse(m, g);
    list_push_back(&m->users, &g->want_link);
    sched_point();
    list_remove(&g->want_link);
    check_order(m, g, site);
}

/* ---- The public calls --------------------------------------------------------------------- */

GO_API struct go_map *go_map_make(void)
{
    struct call_site site = CALL_SITE();
    if (!sched.running) fault_usage("a map made outside a running execution");
    struct go_map *m = sched_alloc(sizeof *m);
    m->object = object_make(OBJECT_MAP, m, site);
    m->object->data = m;
    return m;
}

GO_API void *go_map_get(struct go_map *m, uint64_t key, bool *found)
{
    struct call_site site = CALL_SITE();
    const struct map_entry *entry = NULL;
    if (m) {
        enter(m, OP_MAP_READ, site);
        entry = find(m, key);
        sched_executed(PHASE_DONE, entry != NULL);
    }
    access_runtime(found, sizeof *found, ACCESS_WRITE, site);
    if (found) *found = entry;
    return entry ? entry->value : NULL;
}

GO_API void go_map_set(struct go_map *m, uint64_t key, void *value)
{
    struct call_site site = CALL_SITE();
    if (unlikely(!m)) {
        sched_publish(OP_MAP_WRITE, OP_MODE_WRITE, NULL, site);
        sched_point();
        sched_executed(PHASE_DONE, 0);
        panic_raise(REPORT_NIL_MAP_ASSIGNMENT, NULL, site, "assignment to an entry of a nil map");
    }
    enter(m, OP_MAP_WRITE, site);
    set(m, key, value);
    sched_executed(PHASE_DONE, m->live);
}

GO_API void go_map_delete(struct go_map *m, uint64_t key)
{
    if (!m) return;
    enter(m, OP_MAP_WRITE, CALL_SITE());
    struct map_entry *entry = find(m, key);
    if (entry) {
        entry->live = false;
        m->live--;
    }
    sched_executed(PHASE_DONE, m->live);
}

GO_API size_t go_map_len(struct go_map *m)
{
    if (!m) return 0;
    sched_publish(OP_MAP_READ, OP_MODE_READ, m->object, CALL_SITE());
    sched_point();
    size_t live = m->live;
    sched_executed(PHASE_DONE, live);
    return live;
}

GO_API void go_map_range(struct go_map *m, bool (*fn)(uint64_t key, void *value, void *arg),
                         void *arg)
{
    struct call_site site = CALL_SITE();
    for (uint32_t i = 0; m;) {
        enter(m, OP_MAP_READ, site); /* each step is a read, also the one that finds the end */
        while (i < m->used && !m->entries[i].live) i++;
        bool more = i < m->used;
        sched_executed(PHASE_DONE, more);
        if (!more) return;
        struct map_entry entry = m->entries[i++];
        if (!fn(entry.key, entry.value, arg)) return;
    }
}
