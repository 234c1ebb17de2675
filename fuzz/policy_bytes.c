// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy bytes: plays an input. The form, and the rule of its entries, are in input.h.
 *
 * Invariants
 * - An execution is a function of the program and the bytes: nothing is kept from the one before.
 * - What the tail policy answers at a position does not depend on the entries before it (random is
 *   drawn from seed and position), so that one entry more or less does not move all others.
 * - With the natural tail all positions before the next entry are quiet and cost nothing; with the
 *   tail pct the policy is not blind, as priorities belong to stable ids.
 * - pct's k must not be learned here, so the seed draws it too: a power of two from 8 to 1024.
 */
#include "policy_bytes.h"

#include "policies.h"

/* Which number of rng_at each use takes; positions count from 1 and stay below these. */
enum draw { DRAW_PCT_POINTS = 0 };

/* The nominal position of entry next_entry into next_position. */
static void plan_entry(struct policy_bytes *p, uint64_t previous_position)
{
    if (p->next_entry < p->input.entry_count) {
        uint8_t gap = p->input.entries[p->next_entry * INPUT_ENTRY_BYTES];
        p->next_position = previous_position + 1 + input_gap(gap);
    } else {
        p->next_position = UINT64_MAX;
    }
    p->policy.quiet_until = p->input.tail == INPUT_TAIL_NATURAL ? p->next_position : 0;
}

static void begin_bytes(struct policy *self)
{
    struct policy_bytes *p = (struct policy_bytes *)self;
    if (p->generates) {
        size_t size = input_random(p->seed, p->run++, p->generated);
        p->input = input_decode(p->generated, size);
    }
    p->next_entry = 0;
    p->next_data = 0;
    p->policy.blind = p->input.tail != INPUT_TAIL_PCT;
    if (p->input.tail == INPUT_TAIL_PCT) {
        uint64_t points = (uint64_t)8 << (rng_at(p->input.seed, DRAW_PCT_POINTS) % 8);
        pct_begin(&p->pct, rng_of(p->input.seed, 0), points);
    }
    plan_entry(p, 0);
}

static uint8_t next_byte(struct policy_bytes *p)
{
    return p->next_data < p->input.data_bytes ? p->input.data[p->next_data++] : 0;
}

static size_t choose_data(struct policy_bytes *p, size_t n)
{
    unsigned bytes = n <= 256 ? 1 : n <= 65536 ? 2 : 4;
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) value |= (uint64_t)next_byte(p) << (8 * i);
    return (size_t)(value % n);
}

static size_t choose_bytes(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    struct policy_bytes *p = (struct policy_bytes *)self;
    if (kind == CHOICE_DATA) return choose_data(p, n);
    if (self->position >= p->next_position) {
        size_t choice = p->input.entries[p->next_entry * INPUT_ENTRY_BYTES + 1];
        p->next_entry++;
        plan_entry(p, p->next_position);
        return choice % n;
    }
    switch (p->input.tail) {
    case INPUT_TAIL_NATURAL:
        return 0;
    case INPUT_TAIL_RANDOM:
        return rng_scale(rng_at(p->input.seed, self->position), n);
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
