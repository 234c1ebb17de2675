// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Locks held, from events. Invariants in held.h. */
#include "held.h"

#include "../sched.h"

struct holder {
    struct held_set set;
    uint32_t number; /* of the set; UNKNOWN: to be looked up */
};

enum { UNKNOWN = UINT16_MAX, SLOTS = 4 * HELD_SETS_MAX };

static struct {
    struct holder *holders; /* by goroutine */
    struct held_set *sets;
    uint16_t *slots; /* open addressing: number of a set, 0: free (the empty set is not in it) */
    size_t set_count;
    size_t set_capacity;
} held;

bool held_begin(void)
{
    held.holders = arena_alloc(((size_t)sched.goroutine_count + 1) * sizeof *held.holders);
    size_t events = event_kept();
    held.set_capacity = 1 + (events < HELD_SETS_MAX - 1 ? events : HELD_SETS_MAX - 1);
    held.sets = arena_alloc(held.set_capacity * sizeof *held.sets);
    held.slots = arena_alloc(SLOTS * sizeof *held.slots);
    held.set_count = 1;
    return held.holders && held.sets && held.slots;
}

bool held_is_acquisition(const struct event_record *r, struct held_lock *lock)
{
    enum event_phase phase = event_phase_of(r);
    *lock = (struct held_lock){.object = event_object(r)};
    if (phase != PHASE_DONE && phase != PHASE_COMPLETE) return false;
    switch (event_kind(r)) {
    case OP_RWMUTEX_RLOCK:
    case OP_RWMUTEX_TRYRLOCK:
        lock->reads = true;
        return true;
    case OP_MUTEX_LOCK:
    case OP_MUTEX_TRYLOCK:
    case OP_RWMUTEX_LOCK:
    case OP_RWMUTEX_TRYLOCK:
        return true;
    default:
        return false;
    }
}

static bool is_release(const struct event_record *r, struct held_lock *lock)
{
    enum op_kind kind = event_kind(r);
    *lock = (struct held_lock){.object = event_object(r), .reads = kind == OP_RWMUTEX_RUNLOCK};
    return kind == OP_MUTEX_UNLOCK || kind == OP_RWMUTEX_UNLOCK || kind == OP_RWMUTEX_RUNLOCK;
}

static bool is_same(struct held_lock a, struct held_lock b)
{
    return a.object == b.object && a.reads == b.reads;
}

static bool drop(struct holder *holder, struct held_lock lock)
{
    struct held_set *set = &holder->set;
    for (size_t i = set->count; i--;) {
        if (!is_same(set->locks[i], lock)) continue;
        for (set->count--; i < set->count; i++) set->locks[i] = set->locks[i + 1];
        holder->number = UNKNOWN;
        return true;
    }
    return false;
}

void held_play(const struct event_record *r)
{
    struct held_lock lock;
    struct holder *holder = &held.holders[r->goroutine];
    if (held_is_acquisition(r, &lock)) {
        if (holder->set.count == HELD_MAX) return;
        holder->set.locks[holder->set.count++] = lock;
        holder->number = UNKNOWN;
    } else if (is_release(r, &lock) && !drop(holder, lock)) {
        for (uint32_t g = 1; g <= sched.goroutine_count; g++)
            if (drop(&held.holders[g], lock)) return;
    }
}

/* ---- Sets --------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct held_set *set)
{
    uint64_t hash = set->count;
    for (size_t i = 0; i < set->count; i++)
        hash = mix64(hash, (uint64_t)set->locks[i].object << 1 | set->locks[i].reads);
    return hash;
}

static bool is_equal(const struct held_set *a, const struct held_set *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same(a->locks[i], b->locks[i])) return false;
    return true;
}

static uint32_t number_of(const struct held_set *set)
{
    if (!set->count) return 0;
    size_t slot = hash_of(set) % SLOTS;
    for (; held.slots[slot]; slot = (slot + 1) % SLOTS)
        if (is_equal(&held.sets[held.slots[slot]], set)) return held.slots[slot];
    if (held.set_count == held.set_capacity) return 0;
    held.sets[held.set_count] = *set;
    held.slots[slot] = (uint16_t)held.set_count;
    return (uint32_t)held.set_count++;
}

uint32_t held_now(uint32_t goroutine)
{
    struct holder *holder = &held.holders[goroutine];
    if (holder->number == UNKNOWN) holder->number = number_of(&holder->set);
    return holder->number;
}

const struct held_set *held_set_at(uint32_t set) { return &held.sets[set]; }

bool held_excludes(uint32_t a, uint32_t b)
{
    const struct held_set *of_a = held_set_at(a);
    const struct held_set *of_b = held_set_at(b);
    for (size_t i = 0; i < of_a->count; i++)
        for (size_t j = 0; j < of_b->count; j++)
            if (of_a->locks[i].object == of_b->locks[j].object &&
                !(of_a->locks[i].reads && of_b->locks[j].reads))
                return true;
    return false;
}
