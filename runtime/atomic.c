// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Atomic operations: performing them, failed tries, and the edges they make. Rules in atomic.h.
 *
 * What a location's latest value has released is one segment: a goroutine's own, if one release
 * sequence holds that value, or a joint one, to which each further head was merged. Following its
 * predecessors gives all heads, newest first; that is how a store finds the one of its goroutine.
 */
#include "atomic.h"

#include <string.h>

#include "detect/shadow.h"
#include "sched.h"
#include "subject.h"

/* ---- Performing them ---------------------------------------------------------------------- */

/* Of sizes that the machine does not do at once, and at addresses that it does not. */
static bool busy; /* safe: taken by __atomic_test_and_set */

static void lock_others(void)
{
    while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE)) {}
}

static void unlock_others(void) { __atomic_clear(&busy, __ATOMIC_RELEASE); }

static size_t bytes_at_once(const void *address, size_t bytes)
{
    bool is_power = (bytes & (bytes - 1)) == 0;
    return is_power && bytes <= 8 && (uintptr_t)address % bytes == 0 ? bytes : 0;
}

#define EACH_SIZE(what) what(uint8_t) what(uint16_t) what(uint32_t) what(uint64_t)

static void perform_load(const void *address, size_t bytes, void *value)
{
    switch (bytes_at_once(address, bytes)) {
#define LOAD(type)                                                                                 \
    case sizeof(type): {                                                                           \
        type now = __atomic_load_n((const type *)address, __ATOMIC_SEQ_CST);                       \
        memcpy(value, &now, sizeof now);                                                           \
        return;                                                                                    \
    }
        EACH_SIZE(LOAD)
    default:
        lock_others();
        memcpy(value, address, bytes);
        unlock_others();
    }
}

/* old may be NULL. */
static void perform_exchange(void *address, size_t bytes, const void *value, void *old)
{
    switch (bytes_at_once(address, bytes)) {
#define EXCHANGE(type)                                                                             \
    case sizeof(type): {                                                                           \
        type next;                                                                                 \
        memcpy(&next, value, sizeof next);                                                         \
        next = __atomic_exchange_n((type *)address, next, __ATOMIC_SEQ_CST);                       \
        if (old) memcpy(old, &next, sizeof next);                                                  \
        return;                                                                                    \
    }
        EACH_SIZE(EXCHANGE)
    default:
        lock_others();
        if (old) memcpy(old, address, bytes);
        memcpy(address, value, bytes);
        unlock_others();
    }
}

static bool perform_compare_exchange(void *address, size_t bytes, void *expected,
                                     const void *desired)
{
    switch (bytes_at_once(address, bytes)) {
#define COMPARE_EXCHANGE(type)                                                                     \
    case sizeof(type): {                                                                           \
        type from;                                                                                 \
        type to;                                                                                   \
        memcpy(&from, expected, sizeof from);                                                      \
        memcpy(&to, desired, sizeof to);                                                           \
        bool stored = __atomic_compare_exchange_n((type *)address, &from, to, false,               \
                                                  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);             \
        if (!stored) memcpy(expected, &from, sizeof from);                                         \
        return stored;                                                                             \
    }
        EACH_SIZE(COMPARE_EXCHANGE)
    default:
        break;
    }
    lock_others();
    bool equal = memcmp(address, expected, bytes) == 0;
    if (equal)
        memcpy(address, desired, bytes);
    else
        memcpy(expected, address, bytes);
    unlock_others();
    return equal;
}

static atomic_value value_of(const void *bytes, size_t count)
{
    atomic_value value = 0;
    memcpy(&value, bytes, count); /* little-endian: sched.h asserts it */
    return value;
}

static atomic_value changed(enum atomic_rmw rmw, atomic_value value, atomic_value operand)
{
    switch (rmw) {
    case ATOMIC_EXCHANGE:
        return operand;
    case ATOMIC_ADD:
        return value + operand;
    case ATOMIC_SUB:
        return value - operand;
    case ATOMIC_AND:
        return value & operand;
    case ATOMIC_OR:
        return value | operand;
    case ATOMIC_XOR:
        return value ^ operand;
    case ATOMIC_NAND:
        return ~(value & operand);
    }
    return value;
}

static void perform_rmw(enum atomic_rmw rmw, void *address, size_t bytes, const void *operand,
                        void *old)
{
    if (rmw == ATOMIC_EXCHANGE) {
        perform_exchange(address, bytes, operand, old);
        return;
    }
    atomic_value next;
    perform_load(address, bytes, old);
    do {
        next = changed(rmw, value_of(old, bytes), value_of(operand, bytes));
    } while (!perform_compare_exchange(address, bytes, old, &next));
}

/* ---- Locations, and who saw what there ------------------------------------------------------ */

/* Records by key: open addressing, linear; a record begins with its key. */
struct table {
    uint64_t **slots;
    uint32_t used;
    uint32_t capacity; /* a power of 2, or 0 */
};

struct location {
    uint64_t address;
    struct object *object;
    uint32_t released; /* what its value has released; 0: nothing */
    uint32_t stack_of; /* G number; 0: it is not on a stack */
};

/* What a goroutine found at a location last. */
struct seen {
    uint64_t key;
    uint64_t value;   /* as it is, or mixed if it is longer */
    uint32_t effects; /* of the goroutine, then */
};

static struct {
    struct table locations;
    struct table seen;
} atomics;

void atomic_reset(void)
{
    atomics.locations = (struct table){0};
    atomics.seen = (struct table){0};
}

static uint64_t **slot_of(const struct table *t, uint64_t key)
{
    size_t i = mix64(3, key) & (t->capacity - 1);
    while (t->slots[i] && *t->slots[i] != key) i = (i + 1) & (t->capacity - 1);
    return &t->slots[i];
}

static void grow(struct table *t)
{
    const struct table old = *t;
    t->capacity = old.capacity ? old.capacity * 2 : 64;
    t->slots = sched_alloc(t->capacity * sizeof(uint64_t *));
    for (uint32_t i = 0; i < old.capacity; i++)
        if (old.slots[i]) *slot_of(t, *old.slots[i]) = old.slots[i];
}

/* The record of key; a new one has zeros behind it. */
static void *record(struct table *t, uint64_t key, size_t bytes, bool *is_new)
{
    if (2 * t->used >= t->capacity) grow(t);
    uint64_t **slot = slot_of(t, key);
    *is_new = !*slot;
    if (*slot) return *slot;
    *slot = sched_alloc(bytes);
    **slot = key;
    t->used++;
    return *slot;
}

static void register_location(struct location *l, struct call_site site)
{
    const void *address = (const void *)(uintptr_t)l->address; /* NOLINT */
    l->object = object_first_used(OBJECT_ATOMIC, address, site);
    l->released = 0;
    l->stack_of = object_stack_owner(address);
}

static struct location *location_at(const void *address, struct call_site site)
{
    bool is_new;
    struct location *l =
        record(&atomics.locations, (uintptr_t)address, sizeof(struct location), &is_new);
    const struct goroutine *owner = sched_goroutine(l->stack_of);
    if (unlikely(is_new || (owner && owner->state == GOROUTINE_ENDED))) register_location(l, site);
    return l;
}

static struct seen *seen_by(const struct goroutine *g, const struct location *l)
{
    bool is_new;
    uint64_t key = (uint64_t)l->object->number << 32 | g->number;
    struct seen *s = record(&atomics.seen, key, sizeof(struct seen), &is_new);
    if (is_new) s->effects = g->effects - 1; /* nothing was seen */
    return s;
}

/* ---- Edges -------------------------------------------------------------------------------- */

enum { ORDER_MASK = 0xff }; /* above it are hints (gcc's __ATOMIC_HLE_ACQUIRE) */

static bool acquires(int order)
{
    order &= ORDER_MASK;
    return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static bool releases(int order)
{
    order &= ORDER_MASK;
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* g reads the value of l: rules 1 and 4. */
static void learn(struct goroutine *g, const struct location *l, int order)
{
    if (!l->released || order_segment(l->released)->goroutine == g->number) return;
    if (acquires(order)) {
        order_acquire(l->released);
    } else if (g->fence_last != l->released) {
        g->fence_learns = order_merge(g->fence_learns, l->released);
        g->fence_last = l->released;
    }
}

/* The latest head that `goroutine` has among those of `released`; 0: none. */
static uint32_t head_of(uint32_t released, uint32_t goroutine)
{
    while (released) {
        const struct segment *s = order_segment(released);
        if (s->goroutine) return s->goroutine == goroutine ? released : 0;
        if (order_segment(s->joined)->goroutine == goroutine) return s->joined;
        released = s->before;
    }
    return 0;
}

/* g has stored: rules 1 to 3. */
static void released_by_store(struct goroutine *g, struct location *l, int order)
{
    if (releases(order)) {
        l->released = order_release();
        return;
    }
    uint32_t head = head_of(l->released, g->number);
    l->released = head > g->fence_released ? head : g->fence_released;
}

static uint32_t newest_head(uint32_t released)
{
    const struct segment *s = order_segment(released);
    return released && !s->goroutine ? s->joined : released;
}

static void released_by_rmw(struct goroutine *g, struct location *l, int order)
{
    uint32_t head = releases(order) ? order_release() : g->fence_released;
    if (!head || newest_head(l->released) == head) return;
    bool own = l->released && order_segment(l->released)->goroutine == g->number;
    if (!own)
        l->released = order_merge(l->released, head);
    else if (head > l->released)
        l->released = head; /* which knows all that the earlier one knew */
}

/* ---- Visible operations --------------------------------------------------------------------- */

static bool is_visible(const void *address)
{
    return sched.running && shadow_of((uintptr_t)address);
}

/* One operation on covered memory between its publication and its event. */
struct visible {
    struct goroutine *g;
    struct location *location;
    struct seen *seen;
    const void *address;
    size_t bytes;
    struct call_site site;
};

static uint64_t value_at(const void *address, size_t bytes)
{
    uint64_t value = 0;
    if (bytes <= sizeof value) {
        memcpy(&value, address, bytes);
        return value;
    }
    for (size_t i = 0; i < bytes; i++) value = mix64(value, ((const uint8_t *)address)[i]);
    return value;
}

/* Has g found this before, and done nothing since? */
static bool is_repeated(const struct visible *v)
{
    return v->seen->effects == v->g->effects && v->seen->value == value_at(v->address, v->bytes);
}

static struct visible publish(enum op_kind kind, const void *address, size_t bytes,
                              struct call_site site)
{
    struct visible v = {.address = address, .bytes = bytes, .site = site};
    v.location = location_at(address, site);
    enum op_mode mode = kind == OP_ATOMIC_LOAD ? OP_MODE_READ : OP_MODE_WRITE;
    v.g = sched_publish(kind, mode, v.location->object, site);
    v.seen = seen_by(v.g, v.location);
    return v;
}

/* changes: the operation would change the value that is there now. */
static void point(const struct visible *v, bool changes)
{
    if (unlikely(!changes && is_repeated(v)))
        sched_point_yielding();
    else
        sched_point();
}

static void check(const struct visible *v, enum access_kind kind)
{
    access_runtime(v->address, v->bytes, kind | ACCESS_ATOMIC, v->site);
}

static void executed(const struct visible *v, enum event_phase phase, uint64_t value, bool changes)
{
    uint32_t effects = v->g->effects;
    sched_executed(phase, value);
    if (changes) return;
    v->g->effects = effects; /* whoever only looked has done nothing */
    v->seen->value = value_at(v->address, v->bytes);
    v->seen->effects = effects;
}

void atomic_op_load(const void *address, size_t bytes, void *value, int order,
                    struct call_site site)
{
    if (!is_visible(address)) {
        subject_touches = 1;
        perform_load(address, bytes, value);
        subject_touches = 0;
        return;
    }
    struct visible v = publish(OP_ATOMIC_LOAD, address, bytes, site);
    point(&v, false);
    bool again = is_repeated(&v);
    learn(v.g, v.location, order);
    check(&v, ACCESS_READ);
    perform_load(address, bytes, value);
    executed(&v, again ? PHASE_FAIL : PHASE_DONE, 0, false);
}

void atomic_op_store(void *address, size_t bytes, const void *value, int order,
                     struct call_site site)
{
    if (!is_visible(address)) {
        subject_touches = 1;
        perform_exchange(address, bytes, value, NULL);
        subject_touches = 0;
        return;
    }
    struct visible v = publish(OP_ATOMIC_STORE, address, bytes, site);
    point(&v, true);
    check(&v, ACCESS_WRITE);
    released_by_store(v.g, v.location, order);
    perform_exchange(address, bytes, value, NULL);
    executed(&v, PHASE_DONE, 0, true);
}

static bool rmw_changes(enum atomic_rmw rmw, const void *address, size_t bytes, const void *operand)
{
    if (rmw == ATOMIC_EXCHANGE) return memcmp(address, operand, bytes) != 0;
    atomic_value next = changed(rmw, value_of(address, bytes), value_of(operand, bytes));
    return memcmp(&next, address, bytes) != 0;
}

void atomic_op_rmw(enum atomic_rmw rmw, void *address, size_t bytes, const void *operand, void *old,
                   int order, struct call_site site)
{
    rt_assert(rmw == ATOMIC_EXCHANGE || bytes <= ATOMIC_VALUE_BYTES);
    if (!is_visible(address)) {
        subject_touches = 1;
        perform_rmw(rmw, address, bytes, operand, old);
        subject_touches = 0;
        return;
    }
    struct visible v = publish(OP_ATOMIC_RMW, address, bytes, site);
    point(&v, rmw_changes(rmw, address, bytes, operand));
    bool changes = rmw_changes(rmw, address, bytes, operand);
    bool again = !changes && is_repeated(&v);
    learn(v.g, v.location, order);
    check(&v, ACCESS_WRITE);
    released_by_rmw(v.g, v.location, order);
    perform_rmw(rmw, address, bytes, operand, old);
    executed(&v, again ? PHASE_FAIL : PHASE_DONE, 0, changes);
}

bool atomic_op_compare_exchange(void *address, size_t bytes, void *expected, const void *desired,
                                int success, int failure, struct call_site site)
{
    if (!is_visible(address)) {
        subject_touches = 1;
        bool stored = perform_compare_exchange(address, bytes, expected, desired);
        subject_touches = 0;
        return stored;
    }
    struct visible v = publish(OP_ATOMIC_RMW, address, bytes, site);
    point(&v, memcmp(address, expected, bytes) == 0);
    bool equal = memcmp(address, expected, bytes) == 0;
    bool changes = equal && memcmp(address, desired, bytes) != 0;
    bool again = !changes && is_repeated(&v);
    learn(v.g, v.location, equal ? success : failure);
    check(&v, equal ? ACCESS_WRITE : ACCESS_READ);
    if (equal) {
        released_by_rmw(v.g, v.location, success);
    } else { /* it has only read */
        sched_publish(OP_ATOMIC_RMW, OP_MODE_READ, v.location->object, site);
    }
    (void)perform_compare_exchange(address, bytes, expected, desired);
    executed(&v, equal && !again ? PHASE_DONE : PHASE_FAIL, equal, changes);
    return equal;
}

void atomic_op_fence(int order, struct call_site site)
{
    if (!sched.running) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        return;
    }
    if (!acquires(order) && !releases(order)) return;
    struct goroutine *g = sched_publish(OP_ATOMIC_FENCE, OP_MODE_NONE, NULL, site);
    sched_point();
    if (acquires(order)) {
        order_acquire(g->fence_learns);
        g->fence_learns = 0;
    }
    if (releases(order)) g->fence_released = order_release();
    uint32_t effects = g->effects;
    sched_executed(g->fence_effects == effects ? PHASE_FAIL : PHASE_DONE, 0);
    g->effects = g->fence_effects = effects; /* a fence in a loop that spins ends no spin */
}
