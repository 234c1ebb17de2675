// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The mutator of schedules, for every form that is compared.
 *
 * How far away a new deviation is drawn: half of them soon after an old one, as bugs need a few
 * switches close together; else uniformly below a power of two that is drawn first, so that short
 * programs and long ones are hit alike. It knows nothing of the program, as engines' mutators do
 * not either.
 */
#include "form_mutate.h"

#include <string.h>

#include "base.h"

enum { FAR_BITS_SYNC = 9, FAR_BITS_FINE = 12, NEAR = 8, ACCESS_BITS = 8, DATA_RARITY = 8 };

static bool has_accesses(enum form form, enum grain grain)
{
    return (form == FORM_GAP || form == FORM_WIDE) && grain != GRAIN_SYNC;
}

/* ---- Lists -------------------------------------------------------------------------------- */

static int compare(const struct form_deviation *a, const struct form_deviation *b)
{
    if (a->position != b->position) return a->position < b->position ? -1 : 1;
    if (a->access != b->access) return a->access < b->access ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

/* Put it where it belongs, in place of one that is there. A full list stays as it is. */
static void put(struct form_deviations *list, struct form_deviation deviation)
{
    size_t at = list->count;
    while (at > 0 && compare(&list->entries[at - 1], &deviation) > 0) at--;
    if (at > 0 && compare(&list->entries[at - 1], &deviation) == 0) {
        list->entries[at - 1] = deviation;
        return;
    }
    if (list->count == DEVIATIONS_MAX) return;
    memmove(&list->entries[at + 1], &list->entries[at],
            (list->count - at) * sizeof list->entries[0]);
    list->entries[at] = deviation;
    list->count++;
}

static void take(struct form_deviations *list, size_t at)
{
    list->count--;
    memmove(&list->entries[at], &list->entries[at + 1],
            (list->count - at) * sizeof list->entries[0]);
}

/* ---- Reading and writing ------------------------------------------------------------------ */

static void read_gaps(struct form_deviations *list, enum form form, enum grain grain,
                      const uint8_t *entries, size_t count)
{
    bool fine = grain != GRAIN_SYNC;
    struct form_deviation at = {.position = fine};
    for (size_t i = 0; i < count; i++, entries += input_entry_bytes(grain)) {
        uint64_t gap = form_gap(form, entries[0]);
        uint64_t before = gap == 0 && i > 0 ? at.access + 1 : 0;
        if (fine) at.access = before + form_gap(form, entries[1]);
        at.position += gap + !fine;
        at.choice = entries[1 + fine];
        if (at.choice) put(list, at);
    }
}

static void read_keyed(struct form_deviations *list, const uint8_t *entries, size_t count)
{
    uint64_t before[FORM_KEYS] = {0};
    for (size_t i = 0; i < count; i++, entries += FORM_KEYED_BYTES) {
        uint8_t key = entries[0] % FORM_KEYS;
        before[key] += 1 + input_gap(entries[1]);
        if (entries[2])
            put(list,
                (struct form_deviation){.position = before[key], .key = key, .choice = entries[2]});
    }
}

void deviations_read(struct form_deviations *list, enum form form, enum grain grain,
                     const uint8_t *entries, size_t size)
{
    size_t count = size / form_entry_bytes(form, grain);
    list->count = 0;
    if (form == FORM_GAP || form == FORM_WIDE) {
        read_gaps(list, form, grain, entries, count);
    } else if (form_has_keys(form)) {
        read_keyed(list, entries, count);
    } else {
        for (size_t i = 0; i < count; i++)
            if (entries[i])
                put(list, (struct form_deviation){.position = i + 1, .choice = entries[i]});
    }
}

/* One entry towards d, of which it becomes the entry if it gets there. */
static bool write_step(const struct form_deviation *d, struct form_deviation *at, bool is_first,
                       enum form form, bool fine, uint8_t *entry)
{
    uint64_t ahead = d->position - at->position - !fine;
    entry[0] = form_gap_byte(form, ahead);
    uint64_t gap = form_gap(form, entry[0]);
    bool arrives = gap == ahead;
    at->position += gap + !fine;
    if (fine) {
        uint64_t before = gap == 0 && !is_first ? at->access + 1 : 0;
        entry[1] = arrives ? form_gap_byte(form, d->access - before) : 0;
        at->access = before + form_gap(form, entry[1]);
        arrives = arrives && at->access == d->access;
    }
    entry[1 + fine] = arrives ? d->choice : 0;
    return arrives;
}

/* Entries of choice 0 go where no gap byte goes at once. */
static size_t write_gaps(const struct form_deviations *list, enum form form, enum grain grain,
                         uint8_t *entries, size_t size)
{
    bool fine = grain != GRAIN_SYNC;
    size_t each = input_entry_bytes(grain);
    size_t used = 0;
    struct form_deviation at = {.position = fine};
    for (size_t next = 0; next < list->count && size - used >= each; used += each)
        next += write_step(&list->entries[next], &at, used == 0, form, fine, entries + used);
    return used;
}

static size_t write_keyed(const struct form_deviations *list, uint8_t *entries, size_t size)
{
    uint64_t before[FORM_KEYS] = {0};
    size_t used = 0;
    for (size_t next = 0; next < list->count && size - used >= FORM_KEYED_BYTES;) {
        const struct form_deviation *d = &list->entries[next];
        uint64_t ahead = d->position - before[d->key] - 1;
        uint8_t gap = input_gap_byte(ahead);
        bool arrives = input_gap(gap) == ahead;
        before[d->key] += 1 + input_gap(gap);
        entries[used++] = d->key;
        entries[used++] = gap;
        entries[used++] = arrives ? d->choice : 0;
        next += arrives;
    }
    return used;
}

static size_t write_bytes(const struct form_deviations *list, uint8_t *entries, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < list->count && list->entries[i].position <= size; i++) {
        const struct form_deviation *d = &list->entries[i];
        memset(entries + used, 0, d->position - used);
        used = d->position;
        entries[used - 1] = d->choice;
    }
    return used;
}

size_t deviations_write(const struct form_deviations *list, enum form form, enum grain grain,
                        uint8_t *entries, size_t size)
{
    if (form == FORM_GAP || form == FORM_WIDE) return write_gaps(list, form, grain, entries, size);
    if (form_has_keys(form)) return write_keyed(list, entries, size);
    return write_bytes(list, entries, size);
}

/* ---- Operators ---------------------------------------------------------------------------- */

static uint8_t draw_choice(struct rng *rng)
{
    return (uint8_t)(1 + rng_below(rng, rng_below(rng, 4) ? 3 : UINT8_MAX));
}

static uint64_t draw_below_power(struct rng *rng, size_t bits)
{
    return rng_below(rng, (size_t)1 << (1 + rng_below(rng, bits)));
}

static void draw_point(const struct form_deviations *list, struct form_deviation *out,
                       enum form form, enum grain grain, struct rng *rng)
{
    size_t far_bits =
        grain == GRAIN_SYNC || has_accesses(form, grain) ? FAR_BITS_SYNC : FAR_BITS_FINE;
    out->position = 1 + draw_below_power(rng, far_bits);
    out->key = form_has_keys(form) ? (uint8_t)rng_below(rng, FORM_KEYS) : 0;
    if (list->count > 0 && rng_below(rng, 2)) {
        const struct form_deviation *old = &list->entries[rng_below(rng, list->count)];
        out->position = old->position + rng_below(rng, NEAR);
    }
    out->access = 0;
    if (has_accesses(form, grain) && rng_below(rng, 2))
        out->access = 1 + draw_below_power(rng, ACCESS_BITS);
}

static void insert(struct form_deviations *list, enum form form, enum grain grain, struct rng *rng)
{
    struct form_deviation added = {.choice = draw_choice(rng)};
    draw_point(list, &added, form, grain, rng);
    put(list, added);
}

/* A few points back or forth. */
static void move(struct form_deviations *list, size_t at, enum form form, enum grain grain,
                 struct rng *rng)
{
    struct form_deviation moved = list->entries[at];
    uint64_t distance = 1 + rng_below(rng, NEAR);
    bool back = rng_below(rng, 2);
    uint64_t *where = &moved.position;
    if (has_accesses(form, grain) && rng_below(rng, 2)) where = &moved.access;
    uint64_t least = where == &moved.access ? 0 : 1;
    if (back)
        *where = *where > least + distance ? *where - distance : least;
    else
        *where += distance;
    take(list, at);
    put(list, moved);
}

void deviations_mutate(struct form_deviations *list, enum deviation_operator op, enum form form,
                       enum grain grain, struct rng *rng)
{
    if (op == DEVIATION_INSERT) {
        insert(list, form, grain, rng);
        return;
    }
    if (list->count == 0) return;
    size_t at = rng_below(rng, list->count);
    switch (op) {
    case DEVIATION_DELETE:
        take(list, at);
        break;
    case DEVIATION_MOVE:
        move(list, at, form, grain, rng);
        break;
    case DEVIATION_CHOOSE: {
        uint8_t old = list->entries[at].choice;
        uint8_t drawn = draw_choice(rng);
        list->entries[at].choice = drawn != old ? drawn : old == 1 ? 2 : (uint8_t)(old - 1);
        break;
    }
    case DEVIATION_INSERT:
    case DEVIATION_OPERATORS:
        break;
    }
}

void deviations_splice(struct form_deviations *list, const struct form_deviations *other,
                       struct rng *rng)
{
    struct form_deviation cut = {0};
    if (list->count > 0) cut = list->entries[rng_below(rng, list->count)];
    cut.key = 0; /* all of its point */
    size_t kept = 0;
    while (kept < list->count && compare(&list->entries[kept], &cut) < 0) kept++;
    list->count = kept;
    for (size_t i = 0; i < other->count && list->count < DEVIATIONS_MAX; i++)
        if (compare(&other->entries[i], &cut) >= 0)
            list->entries[list->count++] = other->entries[i];
}

/* ---- Inputs ------------------------------------------------------------------------------- */

/* Header and data of an input, with room for what is missing. */
struct head {
    uint8_t bytes[INPUT_HEADER_BYTES + INPUT_DATA_BYTES_MAX];
    size_t size;
};

enum { DATA_BYTES_AT = INPUT_HEADER_BYTES - 1 };

static void read_head(struct head *head, const uint8_t *bytes, size_t size)
{
    size_t at = form_entries_at(bytes, size);
    memset(head->bytes, 0, INPUT_HEADER_BYTES);
    head->bytes[0] = INPUT_VERSION;
    if (at > 0) memcpy(head->bytes, bytes, at);
    head->size = at < INPUT_HEADER_BYTES ? INPUT_HEADER_BYTES : at;
    head->bytes[DATA_BYTES_AT] = (uint8_t)(head->size - INPUT_HEADER_BYTES);
}

/* Data is numbers that a harness asks for, in order: change one, or add or drop the last. */
static void mutate_data(struct head *head, struct rng *rng)
{
    size_t count = head->size - INPUT_HEADER_BYTES;
    uint8_t value = (uint8_t)rng_next(rng);
    size_t kind = rng_below(rng, 4);
    if (kind == 0 && count > 0) {
        count--;
    } else if ((kind == 1 || count == 0) && count < INPUT_DATA_BYTES_MAX) {
        head->bytes[INPUT_HEADER_BYTES + count++] = value;
    } else {
        head->bytes[INPUT_HEADER_BYTES + rng_below(rng, count)] = value;
    }
    head->size = INPUT_HEADER_BYTES + count;
    head->bytes[DATA_BYTES_AT] = (uint8_t)count;
}

static size_t write_input(struct head *head, const struct form_deviations *list, enum form form,
                          enum grain grain, uint8_t *out, size_t size_max)
{
    rt_assert(size_max >= INPUT_HEADER_BYTES);
    if (head->size > size_max) {
        head->size = size_max;
        head->bytes[DATA_BYTES_AT] = (uint8_t)(size_max - INPUT_HEADER_BYTES);
    }
    memcpy(out, head->bytes, head->size);
    return head->size +
           deviations_write(list, form, grain, out + head->size, size_max - head->size);
}

size_t form_mutate(enum form form, enum grain grain, uint8_t *bytes, size_t size, size_t size_max,
                   uint64_t seed)
{
    struct rng rng = rng_of(seed, size);
    struct head head;
    struct form_deviations list;
    size_t at = form_entries_at(bytes, size);
    read_head(&head, bytes, size);
    deviations_read(&list, form, grain, bytes + at, size - at);
    if (rng_below(&rng, DATA_RARITY) == 0) {
        mutate_data(&head, &rng);
    } else {
        enum deviation_operator op = DEVIATION_INSERT;
        if (list.count > 0) op = (enum deviation_operator)rng_below(&rng, DEVIATION_OPERATORS);
        deviations_mutate(&list, op, form, grain, &rng);
    }
    return write_input(&head, &list, form, grain, bytes, size_max);
}

size_t form_splice(enum form form, enum grain grain, const uint8_t *a, size_t a_size,
                   const uint8_t *b, size_t b_size, uint8_t *out, size_t size_max, uint64_t seed)
{
    struct rng rng = rng_of(seed, a_size + b_size);
    struct head head;
    struct form_deviations list, other;
    size_t a_at = form_entries_at(a, a_size);
    size_t b_at = form_entries_at(b, b_size);
    read_head(&head, a, a_size);
    deviations_read(&list, form, grain, a + a_at, a_size - a_at);
    deviations_read(&other, form, grain, b + b_at, b_size - b_at);
    deviations_splice(&list, &other, &rng);
    return write_input(&head, &list, form, grain, out, size_max);
}
