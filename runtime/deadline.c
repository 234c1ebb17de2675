// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A binary heap of deadlines, 1-based. Invariants in deadline.h. */
#include "deadline.h"

#include <string.h>

#include "heap.h"

static bool before(const struct deadline *a, const struct deadline *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void place(struct deadline_queue *q, size_t slot, struct deadline *d)
{
    q->slots[slot] = d;
    d->slot = slot;
}

static void sift_up(struct deadline_queue *q, size_t slot, struct deadline *d)
{
    for (; slot > 1 && before(d, q->slots[slot / 2]); slot /= 2) place(q, slot, q->slots[slot / 2]);
    place(q, slot, d);
}

static void sift_down(struct deadline_queue *q, size_t slot, struct deadline *d)
{
    for (size_t child; (child = slot * 2) <= q->count; slot = child) {
        if (child < q->count && before(q->slots[child + 1], q->slots[child])) child++;
        if (!before(q->slots[child], d)) break;
        place(q, slot, q->slots[child]);
    }
    place(q, slot, d);
}

bool deadline_push(struct deadline_queue *q, struct deadline *d, int64_t at_ns)
{
    rt_assert(!d->slot);
    if (q->count + 1 >= q->capacity) {
        size_t capacity = q->capacity ? q->capacity * 2 : 8;
        struct deadline **slots = arena_alloc(capacity * sizeof(*slots));
        if (!slots) return false;
        if (q->count) memcpy(slots, q->slots, (q->count + 1) * sizeof(struct deadline *));
        q->slots = slots;
        q->capacity = capacity;
    }
    d->at_ns = at_ns;
    d->order = q->orders++;
    sift_up(q, ++q->count, d);
    return true;
}

bool deadline_remove(struct deadline_queue *q, struct deadline *d)
{
    size_t slot = d->slot;
    if (!slot) return false;
    rt_assert(q->slots[slot] == d);
    struct deadline *moved = q->slots[q->count--];
    d->slot = 0;
    if (moved == d) return true;
    if (slot > 1 && before(moved, q->slots[slot / 2]))
        sift_up(q, slot, moved);
    else
        sift_down(q, slot, moved);
    return true;
}

struct deadline *deadline_first(const struct deadline_queue *q)
{
    return q->count ? q->slots[1] : NULL;
}

size_t deadline_equal(const struct deadline_queue *q, struct deadline **out, size_t max)
{
    /* Equal to the top form a subtree at the top: walk it, keep the output sorted by order. A full
     * output keeps the earliest armed. */
    size_t stack[128];
    size_t depth = 0;
    size_t n = 0;
    if (q->count) stack[depth++] = 1;
    while (depth) {
        size_t slot = stack[--depth];
        struct deadline *d = q->slots[slot];
        if (d->at_ns != q->slots[1]->at_ns) continue;
        size_t i = n < max ? n++ : max;
        for (; i && d->order < out[i - 1]->order; i--)
            if (i < max) out[i] = out[i - 1];
        if (i < max) out[i] = d;
        for (size_t child = slot * 2; child <= slot * 2 + 1 && child <= q->count; child++)
            if (depth < sizeof stack / sizeof *stack) stack[depth++] = child;
    }
    return n;
}
