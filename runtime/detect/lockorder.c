// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Edges of the lock-order graph, and a bounded search for cycles. Rules in lockorder.h. */
#include "lockorder.h"

#include "../sched.h"
#include "held.h"
#include "weak.h"

struct edge {
    struct held_lock outer; /* held */
    struct held_lock inner; /* acquired */
    uint32_t goroutine;
    uint32_t held;    /* set of locks held before, outer among them */
    uint32_t segment; /* the latest of those that are alike */
    uint32_t done;
    const void *site;
    uint8_t kind; /* enum op_kind */
};

/* Somebody locked an RWMutex for writing. */
struct writer {
    uint32_t object;
    uint32_t goroutine;
    uint32_t held;
    uint32_t segment;
};

static struct {
    struct edge *edges;
    size_t edge_count;
    size_t capacity; /* of both tables */
    struct writer *writers;
    size_t writer_count;
    uint32_t work;
    struct predictions *out;
} graph;

bool lockorder_begin(void)
{
    graph.edge_count = graph.writer_count = 0;
    graph.capacity = 4 * event_kept();
    if (graph.capacity > LOCKORDER_EDGES_MAX) graph.capacity = LOCKORDER_EDGES_MAX;
    graph.edges = arena_alloc(graph.capacity * sizeof *graph.edges);
    graph.writers = arena_alloc(graph.capacity * sizeof *graph.writers);
    return graph.edges && graph.writers;
}

/* The same but for the segment, and nothing learned between the two: the later one stands for both,
 * as it is ordered before no more than the other. */
static bool is_alike(const struct edge *a, const struct edge *b)
{
    return a->goroutine == b->goroutine && a->site == b->site && a->held == b->held &&
           a->outer.object == b->outer.object && a->inner.object == b->inner.object &&
           weak_known(a->segment) == weak_known(b->segment);
}

static bool add_edge(const struct edge *e)
{
    for (size_t i = graph.edge_count; i--;) {
        struct edge *old = &graph.edges[i];
        if (!is_alike(old, e)) continue;
        old->segment = e->segment;
        old->done = e->done;
        return true;
    }
    if (graph.edge_count == graph.capacity) return false;
    graph.edges[graph.edge_count++] = *e;
    return true;
}

static bool add_writer(const struct writer *w)
{
    for (size_t i = graph.writer_count; i--;) {
        struct writer *old = &graph.writers[i];
        if (old->object != w->object || old->goroutine != w->goroutine || old->held != w->held ||
            weak_known(old->segment) != weak_known(w->segment))
            continue;
        old->segment = w->segment;
        return true;
    }
    if (graph.writer_count == graph.capacity) return false;
    graph.writers[graph.writer_count++] = *w;
    return true;
}

bool lockorder_note(const struct event_record *r, uint32_t done)
{
    struct edge e = {.goroutine = r->goroutine,
                     .held = held_now(r->goroutine),
                     .segment = r->segment,
                     .done = done,
                     .site = r->site,
                     .kind = (uint8_t)event_kind(r)};
    bool room = true;
    if (!held_is_acquisition(r, &e.inner)) return true;
    if (e.kind == OP_RWMUTEX_LOCK)
        room = add_writer(&(struct writer){e.inner.object, e.goroutine, e.held, e.segment});
    if (e.kind == OP_MUTEX_TRYLOCK || e.kind == OP_RWMUTEX_TRYLOCK || e.kind == OP_RWMUTEX_TRYRLOCK)
        return room; /* it does not wait */
    const struct held_set *set = held_set_at(e.held);
    for (size_t i = 0; i < set->count; i++) {
        e.outer = set->locks[i];
        room &= add_edge(&e);
    }
    return room;
}

/* ---- Cycles ------------------------------------------------------------------------------- */

/* Could somebody else want to write while these two goroutines are at their locks? */
static bool is_written_beside(uint32_t object, const struct edge *a, const struct edge *b)
{
    for (size_t i = 0; i < graph.writer_count; i++) {
        const struct writer *w = &graph.writers[i];
        if (w->object == object && w->goroutine != a->goroutine && w->goroutine != b->goroutine &&
            !held_excludes(w->held, a->held) && !held_excludes(w->held, b->held) &&
            weak_concurrent(w->segment, a->segment) && weak_concurrent(w->segment, b->segment))
            return true;
    }
    return false;
}

/* Would a, at its acquisition, wait for what b holds at its own? */
static bool waits_for(const struct edge *a, const struct edge *b)
{
    if (a->inner.object != b->outer.object) return false;
    return !(a->inner.reads && b->outer.reads) || is_written_beside(a->inner.object, a, b);
}

static bool may_meet(const struct edge *a, const struct edge *b)
{
    return a->goroutine != b->goroutine && !held_excludes(a->held, b->held) &&
           weak_concurrent(a->segment, b->segment);
}

static void predict(const size_t *path, uint32_t length)
{
    struct prediction p = {.stop_count = length, .deadlock = true};
    for (uint32_t i = 0; i < length; i++) {
        const struct edge *e = &graph.edges[path[i]];
        p.stops[i] = (struct prediction_stop){.goroutine = sched_goroutine(e->goroutine)->stable,
                                              .object = object_at(e->inner.object)->stable,
                                              .site = e->site,
                                              .done = e->done,
                                              .kind = e->kind};
    }
    targets_add(graph.out, &p);
}

/* Extend the path, which begins at its smallest edge, in every way. */
static void extend(size_t path[TARGETS_STOPS_MAX], uint32_t length)
{
    const struct edge *last = &graph.edges[path[length - 1]];
    if (length > 1 && waits_for(last, &graph.edges[path[0]])) predict(path, length);
    if (length == TARGETS_STOPS_MAX) return;
    for (size_t i = path[0] + 1; i < graph.edge_count; i++) {
        if (++graph.work > LOCKORDER_WORK_MAX) return;
        const struct edge *e = &graph.edges[i];
        if (!waits_for(last, e)) continue;
        bool fits = true;
        for (uint32_t j = 0; j < length && fits; j++) fits = may_meet(&graph.edges[path[j]], e);
        if (!fits) continue;
        path[length] = i;
        extend(path, length + 1);
    }
}

/* A goroutine that reads and reads again, while somebody else may begin to wait for writing. */
static bool is_cycle_of_its_own(const struct edge *e)
{
    return e->outer.object == e->inner.object && waits_for(e, e);
}

void lockorder_predict(struct predictions *out)
{
    graph.out = out;
    graph.work = 0;
    for (size_t i = 0; i < graph.edge_count; i++) {
        size_t path[TARGETS_STOPS_MAX] = {i};
        if (is_cycle_of_its_own(&graph.edges[i]))
            predict(path, 1);
        else
            extend(path, 1);
    }
    if (graph.work > LOCKORDER_WORK_MAX) out->dropped++;
}
