// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Happens-before of an execution between its events, read off its segments (runtime/order.h).
 *
 * A segment that learns from another begins while an operation has its effect; the operation's
 * event is logged just after. So the later end of an edge is the first event in the segment that
 * learned. The earlier end is the operation that ended the released segment: the goroutine's first
 * event behind it, but where a channel operation waits (its event comes first, then it releases),
 * or where the event itself was logged too late (a go statement is logged when its goroutine goes
 * on): then it is the last one in it.
 *
 * Left out is what an edge that is there already implies together with program order: an older
 * event of the same two goroutines. Nothing else is.
 */
#include <stdlib.h>
#include <string.h>

#include "explain_build.h"
#include "policies.h"
#include "sched.h"

/* What a goroutine knows of another by edges made so far. */
struct known {
    uint64_t pair; /* knower and known; 0: free */
    size_t event;  /* latest one known, plus 1 */
};

struct edges {
    struct build *b;
    size_t *first;       /* by G number: where its events begin in `own` */
    uint32_t *own;       /* indices of events, by goroutine, then in order */
    struct known *known; /* open addressing, at most half full */
    size_t known_capacity, known_count;
    uint32_t *stack; /* segments still to be looked at */
    size_t stack_capacity, stack_count;
    size_t capacity; /* of story.edges */
};

/* ---- Events by goroutine --------------------------------------------------------------------- */

static void sort_events(struct edges *x)
{
    const struct story *s = x->b->story;
    x->first = policy_alloc((s->goroutine_count + 1) * sizeof *x->first);
    x->own = policy_alloc((s->event_count + 1) * sizeof *x->own);
    for (size_t i = 0; i < s->event_count; i++) x->first[s->events[i].goroutine + 1]++;
    for (size_t g = 0; g < s->goroutine_count; g++) x->first[g + 1] += x->first[g];
    size_t *next = policy_alloc(s->goroutine_count * sizeof *next);
    memcpy(next, x->first, s->goroutine_count * sizeof *next);
    for (size_t i = 0; i < s->event_count; i++)
        x->own[next[s->events[i].goroutine]++] = (uint32_t)i;
    free(next);
}

/* Index in `own` of the goroutine's first event whose segment is at least this one; the end of its
 * events if there is none. */
static size_t first_since(const struct edges *x, uint32_t goroutine, uint32_t segment)
{
    size_t low = x->first[goroutine], high = x->first[goroutine + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (event_record(x->own[middle])->segment < segment)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool waits_on_channel(const struct event_record *r)
{
    enum op_kind kind = event_kind(r);
    return event_phase_of(r) == PHASE_ARRIVE &&
           (kind == OP_CHAN_SEND || kind == OP_CHAN_RECV || kind == OP_SELECT);
}

/* The event that released this segment to the event `to`, or STORY_NONE. */
static size_t released_by(const struct edges *x, uint32_t segment, size_t to)
{
    uint32_t goroutine = order_segment(segment)->goroutine;
    size_t begin = x->first[goroutine];
    size_t after = first_since(x, goroutine, segment + 1);
    bool has_last = after > begin;
    if (has_last && waits_on_channel(event_record(x->own[after - 1]))) return x->own[after - 1];
    if (after < x->first[goroutine + 1] && x->own[after] < to) return x->own[after];
    return has_last && x->own[after - 1] < to ? x->own[after - 1] : STORY_NONE;
}

/* ---- What is known --------------------------------------------------------------------------- */

static struct known *slot_of(struct known *table, size_t capacity, uint64_t pair)
{
    size_t i = (size_t)mix64(0, pair) & (capacity - 1);
    while (table[i].pair && table[i].pair != pair) i = (i + 1) & (capacity - 1);
    return &table[i];
}

static void grow_known(struct edges *x)
{
    size_t capacity = x->known_capacity ? 2 * x->known_capacity : 1024;
    struct known *table = policy_alloc(capacity * sizeof *table);
    for (size_t i = 0; i < x->known_capacity; i++)
        if (x->known[i].pair) *slot_of(table, capacity, x->known[i].pair) = x->known[i];
    free(x->known);
    x->known = table;
    x->known_capacity = capacity;
}

/* Remember that `knower` knows number `value` of `of`; false if it knew as much before. */
static bool learn(struct edges *x, uint64_t knower, uint64_t of, size_t value)
{
    if (2 * (x->known_count + 1) > x->known_capacity) grow_known(x);
    uint64_t pair = knower << 32 | of;
    struct known *k = slot_of(x->known, x->known_capacity, pair);
    if (!k->pair) x->known_count++;
    k->pair = pair;
    if (k->event > value) return false;
    k->event = value + 1;
    return true;
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static bool is_channel(enum op_kind kind)
{
    return kind == OP_CHAN_SEND || kind == OP_CHAN_CLOSE || kind == OP_SELECT;
}

static bool is_lock(enum op_kind kind)
{
    return kind == OP_MUTEX_LOCK || kind == OP_MUTEX_TRYLOCK || kind == OP_RWMUTEX_RLOCK ||
           kind == OP_RWMUTEX_TRYRLOCK || kind == OP_RWMUTEX_LOCK || kind == OP_RWMUTEX_TRYLOCK;
}

static enum story_edge_kind kind_of(size_t from, size_t to)
{
    enum op_kind first = event_kind(event_record(from));
    enum op_kind second = event_kind(event_record(to));
    if (second == OP_START) return STORY_EDGE_CREATE;
    if (is_lock(second)) return STORY_EDGE_LOCK;
    if (second == OP_CHAN_RECV && is_channel(first)) return STORY_EDGE_MESSAGE;
    if (second == OP_CHAN_SEND && first == OP_CHAN_CLOSE) return STORY_EDGE_MESSAGE;
    return STORY_EDGE_SYNC;
}

static void add_edge(struct edges *x, size_t from, size_t to)
{
    struct story *story = x->b->story;
    size_t own = story->events[to].goroutine, other = story->events[from].goroutine;
    if (own == other || !learn(x, own, other, from)) return;
    if (story->edge_count == x->capacity) {
        x->capacity = x->capacity ? 2 * x->capacity : 256;
        struct story_edge *edges = story_alloc(story, x->capacity, sizeof *edges);
        if (story->edge_count) memcpy(edges, story->edges, story->edge_count * sizeof *edges);
        story->edges = edges;
    }
    story->edges[story->edge_count++] =
        (struct story_edge){.kind = kind_of(from, to), .from = from, .to = to};
}

static void push(struct edges *x, uint32_t segment)
{
    if (!segment) return;
    if (x->stack_count == x->stack_capacity) {
        x->stack_capacity = x->stack_capacity ? 2 * x->stack_capacity : 256;
        x->stack = policy_realloc(x->stack, x->stack_capacity * sizeof *x->stack);
    }
    x->stack[x->stack_count++] = segment;
}

/* A joint segment stands for all that were merged into it, the latest first. What this goroutine
 * has seen of it before is passed over: joint segments are known like goroutines, by a number that
 * no goroutine has. */
static void follow(struct edges *x, const struct segment *s, size_t to)
{
    size_t knower = x->b->story->events[to].goroutine;
    push(x, s->joined);
    while (x->stack_count) {
        uint32_t number = x->stack[--x->stack_count];
        const struct segment *from = order_segment(number);
        if (from->goroutine) {
            size_t event = released_by(x, number, to);
            if (event != STORY_NONE) add_edge(x, event, to);
        } else if (learn(x, knower, (uint64_t)GOROUTINES_MAX + number, 0)) {
            push(x, from->before);
            push(x, from->joined);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const struct story_edge *x = a, *y = b;
    if (x->to != y->to) return x->to < y->to ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

void build_edges(struct build *b)
{
    struct edges x = {.b = b};
    if (!order_state.on) return;
    sort_events(&x);
    for (uint32_t i = 1; i <= order_state.count; i++) {
        const struct segment *s = order_segment(i);
        if (!s->goroutine || !s->joined) continue;
        size_t at = first_since(&x, s->goroutine, i);
        if (at < x.first[s->goroutine + 1]) follow(&x, s, x.own[at]);
    }
    if (b->story->edge_count)
        qsort(b->story->edges, b->story->edge_count, sizeof b->story->edges[0], compare);
    free(x.first);
    free(x.own);
    free(x.known);
    free(x.stack);
}
