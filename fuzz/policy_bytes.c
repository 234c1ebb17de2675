// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy bytes: plays an input. The form, and the rule of its entries, are in input.h.
 *
 * Invariants
 * - An execution is a function of the program and the bytes: nothing is kept from the one before.
 * - What the tail policy answers at a point does not depend on the entries before it (random is
 *   drawn from seed, position and access), so that one entry more or less does not move all others.
 * - With the natural tail all points before the next entry are quiet and cost nothing; with the
 *   tail pct the policy is not blind, as priorities belong to stable ids.
 * - The tail random is uniform at positions, but leaves most accesses alone: a switch at every one
 *   would not let anybody get far. The seed draws how rare its switches there are, 1 in 1 to 128.
 * - pct's k must not be learned here, so the seed draws it too: a power of two from 8 to 1024, and
 *   to 16384 in the finer grains, where it counts accesses as well.
 */
#include "policy_bytes.h"

#include "policies.h"

/* Which number of rng_at each use takes; positions count from 1. */
enum draw { DRAW_TAIL = 0 };

enum { RATES = 8, PCT_POINTS_MIN = 8, PCT_SIZES_SYNC = 8, PCT_SIZES_FINE = 12 };

static bool has_entry(const struct policy_bytes *p) { return p->next_entry < p->input.entry_count; }

/* The entry number next_entry is the next one now; previous is the one before, or NULL. */
static void plan_entry(struct policy_bytes *p, const struct input_entry *previous)
{
    bool planned = has_entry(p);
    if (planned) p->entry = input_entry_at(&p->input, p->next_entry, previous);
    if (p->input.tail != INPUT_TAIL_NATURAL) return;
    p->policy.quiet_until = planned ? p->entry.position : UINT64_MAX;
    p->policy.quiet_accesses = planned ? p->entry.access : UINT64_MAX;
}

static void begin_tail(struct policy_bytes *p)
{
    uint64_t draw = rng_at(p->input.seed, DRAW_TAIL);
    p->policy.blind = p->input.tail != INPUT_TAIL_PCT;
    p->policy.quiet_until = 0;
    p->policy.quiet_accesses = 0;
    p->rate_mask = ((uint64_t)1 << draw % RATES) - 1;
    if (p->input.tail != INPUT_TAIL_PCT) return;
    unsigned sizes = p->input.grain == GRAIN_SYNC ? PCT_SIZES_SYNC : PCT_SIZES_FINE;
    pct_begin(&p->pct, rng_of(p->input.seed, 0), (uint64_t)PCT_POINTS_MIN << draw % sizes);
}

static void begin_bytes(struct policy *self)
{
    struct policy_bytes *p = (struct policy_bytes *)self;
    if (p->generates) {
        size_t size = input_random_in(self->grain, p->seed, p->run++, p->generated);
        p->input = input_decode(p->generated, size);
    } else {
        self->grain = p->input.grain;
    }
    p->next_entry = 0;
    p->next_data = 0;
    begin_tail(p);
    plan_entry(p, NULL);
}

/* Each candidate of a position is equally likely; at an access nothing happens, or the same. */
static size_t choose_at_random(const struct policy_bytes *p, size_t n)
{
    uint64_t draw = rng_at(p->input.seed, p->policy.position);
    if (p->policy.access == 0) return rng_scale(draw, n);
    draw = rng_at(draw, p->policy.access);
    return (draw & p->rate_mask) == 0 ? rng_scale(draw, n) : 0;
}

static size_t choose_bytes(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    struct policy_bytes *p = (struct policy_bytes *)self;
    if (kind == CHOICE_DATA)
        return input_data_take(p->input.data, p->input.data_bytes, &p->next_data, n);
    if (has_entry(p) && input_is_due(&p->entry, self->position, self->access)) {
        struct input_entry used = p->entry;
        p->next_entry++;
        plan_entry(p, &used);
        return used.choice % n;
    }
    switch (p->input.tail) {
    case INPUT_TAIL_NATURAL:
        return 0;
    case INPUT_TAIL_RANDOM:
        return choose_at_random(p, n);
    case INPUT_TAIL_PCT:
        return pct_choose(&p->pct, kind, c, n);
    }
    return 0;
}

void policy_bytes_init(struct policy_bytes *p)
{
    *p = (struct policy_bytes){
        .policy = {.name = "bytes", .blind = true, .begin = begin_bytes, .choose = choose_bytes}};
}

void policy_bytes_play(struct policy_bytes *p, const uint8_t *bytes, size_t size)
{
    p->generates = false;
    p->input = input_decode(bytes, size);
}

struct policy *policy_bytes_new(uint64_t seed)
{
    struct policy_bytes *p = policy_alloc(sizeof *p);
    policy_bytes_init(p);
    p->generates = true;
    p->seed = seed;
    return &p->policy;
}
