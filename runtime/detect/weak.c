// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Dense vectors of the weak order. Invariants in weak.h. */
#include "weak.h"

#include "../sched.h"

static struct {
    size_t width; /* goroutines and one: slot 0 is nobody's */
    size_t words; /* of vectors so far */
    uint32_t count;
    const uint32_t **known; /* by segment: latest segment of each goroutine that comes before it */
} weak;

/* A vector to write to, with the content of `from`; NULL when there are too many. */
static uint32_t *copy_of(const uint32_t *from)
{
    weak.words += weak.width;
    if (weak.words > WEAK_WORDS_MAX) return NULL;
    uint32_t *copy = arena_alloc(weak.width * sizeof *copy);
    if (copy && from) memcpy(copy, from, weak.width * sizeof *copy);
    return copy;
}

/* own and what theirs adds to it; own itself if that is nothing. */
static const uint32_t *join(const uint32_t *own, const uint32_t *theirs)
{
    uint32_t *joined = NULL;
    for (size_t i = 0; i < weak.width && own != theirs; i++) {
        if (theirs[i] <= own[i]) continue;
        if (!joined && !(joined = copy_of(own))) return NULL;
        joined[i] = theirs[i];
    }
    return joined ? joined : own;
}

/* own with the segment `number` of a goroutine. */
static const uint32_t *with(const uint32_t *own, uint32_t number)
{
    uint32_t goroutine = order_segment(number)->goroutine;
    if (!own || !goroutine || own[goroutine] >= number) return own;
    uint32_t *copy = copy_of(own);
    if (copy) copy[goroutine] = number;
    return copy;
}

static const uint32_t *work_out(const struct segment *s)
{
    const uint32_t *own = weak.known[s->before];
    /* A joint segment may begin with a goroutine's own, which its vector does not have. */
    if (!s->goroutine && s->before) own = with(own, s->before);
    if (!own || !s->joined || s->by_lock) return own;
    return with(join(own, weak.known[s->joined]), s->joined);
}

bool weak_prepare(void)
{
    weak.width = (size_t)sched.goroutine_count + 1;
    weak.words = 0;
    weak.count = order_state.count;
    weak.known = arena_alloc(((size_t)weak.count + 1) * sizeof *weak.known);
    if (!weak.known || !(weak.known[0] = copy_of(NULL))) return false;
    for (uint32_t number = 1; number <= weak.count; number++)
        if (!(weak.known[number] = work_out(order_segment(number)))) return false;
    return true;
}

const uint32_t *weak_known(uint32_t segment)
{
    rt_assert(segment <= weak.count);
    return weak.known[segment];
}

bool weak_concurrent(uint32_t a, uint32_t b)
{
    if (!a || !b) return true;
    const struct segment *of_a = order_segment(a);
    const struct segment *of_b = order_segment(b);
    return weak_known(b)[of_a->goroutine] < a && weak_known(a)[of_b->goroutine] < b;
}
