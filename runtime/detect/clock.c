// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Persistent vector clocks. Invariants in clock.h.
 *
 * A reference is 0 (knows nothing) or height << 28 | index of the root node; node 0 is all zeros
 * and stands for an empty subtree of any height. */
#include "clock.h"

#include "../sched.h"

enum { SLOT_BITS = 4, SLOTS = 1 << SLOT_BITS, HEIGHT_SHIFT = 28 };

struct node {
    uint32_t slot[SLOTS]; /* height 1: segments; above: nodes */
};

_Static_assert(sizeof(struct node) == CLOCK_NODE_BYTES, "one cache line");
_Static_assert(sizeof(struct node) * CLOCK_NODES_MAX <= (size_t)256 << 20, "nodes fit");
_Static_assert(CLOCK_NODES_MAX <= 1 << HEIGHT_SHIFT, "an index leaves room for the height");

static struct {
    uint32_t node_count; /* node 0 included, once there is one */
    uint32_t done;       /* clocks of segments up to this one are known */
    bool full;           /* there was no room for a node, and no execution to be ended */
} clocks;

struct clock_findings clock_findings;

void clock_reset(void)
{
    if (unlikely(!++clock_findings.execution))
        clock_findings = (struct clock_findings){.execution = 1};
    clocks.node_count = 1;
    clocks.done = 0;
    clocks.full = false;
}

size_t clock_bytes(void) { return (size_t)clocks.node_count * sizeof(struct node); }

static inline struct node *node_at(uint32_t index)
{
    return (struct node *)heap_table(REGION_CLOCKS) + index;
}

static uint32_t node_add(const struct node *node)
{
    if (unlikely(clocks.node_count == CLOCK_NODES_MAX)) {
        if (sched.running) sched_stop_limit("max_clocks");
        clocks.full = true;
        return 0;
    }
    *node_at(clocks.node_count) = *node;
    return clocks.node_count++;
}

static inline uint32_t reference(uint32_t height, uint32_t index)
{
    return height << HEIGHT_SHIFT | index;
}
static inline uint32_t height_of(uint32_t clock) { return clock >> HEIGHT_SHIFT; }
static inline uint32_t index_of(uint32_t clock) { return clock & ((1u << HEIGHT_SHIFT) - 1); }

static inline uint32_t slot_of(uint32_t goroutine, uint32_t height)
{
    return goroutine >> (SLOT_BITS * (height - 1)) & (SLOTS - 1);
}

static uint32_t get(uint32_t clock, uint32_t goroutine)
{
    uint32_t height = height_of(clock);
    if (goroutine >> (SLOT_BITS * height)) return 0;
    uint32_t index = index_of(clock);
    for (; height > 1; height--) index = node_at(index)->slot[slot_of(goroutine, height)];
    return height ? node_at(index)->slot[slot_of(goroutine, 1)] : 0;
}

/* The same clock, at least this high. */
static uint32_t raise(uint32_t clock, uint32_t height)
{
    uint32_t index = index_of(clock);
    for (uint32_t h = height_of(clock); h < height && index; h++)
        index = node_add(&(struct node){.slot = {index}});
    return reference(height, index);
}

static uint32_t set_below(uint32_t index, uint32_t height, uint32_t goroutine, uint32_t segment)
{
    struct node copy = *node_at(index);
    uint32_t *slot = &copy.slot[slot_of(goroutine, height)];
    *slot = height == 1 ? segment : set_below(*slot, height - 1, goroutine, segment);
    return node_add(&copy);
}

static uint32_t set(uint32_t clock, uint32_t goroutine, uint32_t segment)
{
    uint32_t height = height_of(clock) ? height_of(clock) : 1;
    while (goroutine >> (SLOT_BITS * height)) height++;
    if (height != height_of(clock)) clock = raise(clock, height);
    return reference(height, set_below(index_of(clock), height, goroutine, segment));
}

/* The larger of each slot. One of the two, where it has them all. */
static uint32_t join_below(uint32_t a, uint32_t b, uint32_t height)
{
    if (a == b || !b) return a;
    if (!a) return b;
    struct node joined;
    bool is_a = true;
    bool is_b = true;
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t x = node_at(a)->slot[i];
        uint32_t y = node_at(b)->slot[i];
        joined.slot[i] = height == 1 ? (x > y ? x : y) : join_below(x, y, height - 1);
        is_a &= joined.slot[i] == x;
        is_b &= joined.slot[i] == y;
    }
    if (is_a || is_b) return is_a ? a : b;
    return node_add(&joined);
}

static uint32_t join(uint32_t a, uint32_t b)
{
    if (a == b || !index_of(b)) return a;
    if (!index_of(a)) return b;
    uint32_t height = height_of(a) > height_of(b) ? height_of(a) : height_of(b);
    uint32_t raised_a = height_of(a) < height ? raise(a, height) : a;
    uint32_t raised_b = height_of(b) < height ? raise(b, height) : b;
    uint32_t index = join_below(index_of(raised_a), index_of(raised_b), height);
    if (index == index_of(raised_a)) return a;
    return index == index_of(raised_b) ? b : reference(height, index);
}

/* What a segment of `goroutine` that knew `own` knows after learning from `joined`. */
static uint32_t learn(uint32_t own, uint32_t goroutine, uint32_t joined)
{
    const struct segment *from = order_segment(joined);
    if (from->goroutine && from->goroutine == goroutine) return own;
    uint32_t theirs = from->clock;
    uint32_t clock = theirs;
    /* What they know of us: if we have learned nothing since, they know all that we do, and we
     * cannot know them yet. */
    uint32_t ours = goroutine ? get(theirs, goroutine) : 0;
    bool they_know_us = own == 0 || (ours && order_segment(ours)->clock == own);
    if (!they_know_us) {
        if (from->goroutine && get(own, from->goroutine) >= joined) return own;
        clock = join(own, theirs);
    }
    return from->goroutine ? set(clock, from->goroutine, joined) : clock;
}

void clock_advance(uint32_t segment)
{
    while (clocks.done < segment) {
        struct segment *s = order_segment(clocks.done + 1);
        uint32_t own = s->before ? order_segment(s->before)->clock : 0;
        /* A joint segment may begin with a goroutine's own: no clock of its has that one. */
        if (s->before && !s->goroutine && order_segment(s->before)->goroutine)
            own = set(own, order_segment(s->before)->goroutine, s->before);
        s->clock = s->joined ? learn(own, s->goroutine, s->joined) : own;
        clocks.done++;
    }
}

uint32_t clock_latest(uint32_t segment, uint32_t goroutine)
{
    if (segment > clocks.done) clock_advance(segment);
    if (unlikely(clocks.full)) return UINT32_MAX;
    return get(order_segment(segment)->clock, goroutine);
}
