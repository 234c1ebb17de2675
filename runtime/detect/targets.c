// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Predicting races, and the walk over an execution that predictions of all kinds need. Rules in
 * targets.h.
 *
 * Accesses and events are two logs; an access says how many events came before it. The walk plays
 * them in their order and notes the uses of each cell that several goroutines share. */
#include "targets.h"

#include "../sched.h"
#include "access_log.h"
#include "held.h"
#include "lockorder.h"
#include "weak.h"

/* Accesses of one goroutine that are alike: site, kind, bytes, locks held, and nothing learned
 * between them. The latest stands for all of them: it is ordered before no more than the others. */
struct use {
    uint32_t next; /* use of the same cell; 0: none */
    uint32_t record;
    uint32_t done;
    uint32_t held;
    uint8_t mask;
};

struct cell {
    uintptr_t address; /* >> 3; 0: free slot */
    uint32_t goroutine;
    bool several; /* goroutines */
    bool written;
    uint32_t uses; /* the first; 0: none */
    uint32_t use_count;
};

static struct {
    const struct access_record *records;
    size_t record_count;
    struct cell *cells; /* open addressing */
    size_t cell_slots;  /* a power of two */
    size_t cell_count;
    struct use *uses; /* from 1 */
    size_t use_count;
    size_t use_capacity;
    uint32_t *done; /* by goroutine: operations completed */
    struct predictions *out;
} walk;

/* ---- Predictions -------------------------------------------------------------------------- */

bool targets_equal(const struct prediction *a, const struct prediction *b)
{
    if (a->stop_count != b->stop_count || a->deadlock != b->deadlock) return false;
    unsigned matched = 0;
    for (uint32_t i = 0; i < a->stop_count; i++) {
        uint32_t j = 0;
        while (j < b->stop_count && ((matched >> j & 1) || a->stops[i].site != b->stops[j].site))
            j++;
        if (j == b->stop_count) return false;
        matched |= 1u << j;
    }
    return true;
}

void targets_add(struct predictions *out, const struct prediction *p)
{
    for (size_t i = 0; i < out->count; i++)
        if (targets_equal(&out->items[i], p)) return;
    if (out->count == TARGETS_MAX)
        out->dropped++;
    else
        out->items[out->count++] = *p;
}

/* ---- Cells -------------------------------------------------------------------------------- */

static uintptr_t last_cell(const struct access_record *r)
{
    return (r->address + r->bytes - 1) >> 3;
}

/* The cell, made if it is new; NULL: no room. */
static struct cell *cell_of(uintptr_t address)
{
    size_t i = mix64(3, address) & (walk.cell_slots - 1);
    while (walk.cells[i].address && walk.cells[i].address != address)
        i = (i + 1) & (walk.cell_slots - 1);
    struct cell *c = &walk.cells[i];
    if (!c->address) {
        if (walk.cell_count >= walk.cell_slots / 2) return NULL;
        walk.cell_count++;
        c->address = address;
    }
    return c;
}

/* Which cells there are, and who shares them; room for their uses. False if there is no memory. */
static bool note_cells(void)
{
    size_t wanted = 0;
    for (size_t i = 0; i < walk.record_count && wanted < TARGETS_CELLS_MAX; i++)
        wanted += last_cell(&walk.records[i]) - (walk.records[i].address >> 3) + 1;
    walk.use_capacity = wanted < TARGETS_USES_MAX ? wanted : TARGETS_USES_MAX;
    walk.uses = arena_alloc((walk.use_capacity + 1) * sizeof *walk.uses);
    if (wanted > TARGETS_CELLS_MAX) wanted = TARGETS_CELLS_MAX;
    for (walk.cell_slots = 16; walk.cell_slots < 2 * wanted;) walk.cell_slots *= 2;
    walk.cell_count = 0;
    walk.cells = arena_alloc(walk.cell_slots * sizeof *walk.cells);
    if (!walk.cells || !walk.uses) return false;
    for (size_t i = 0; i < walk.record_count; i++) {
        const struct access_record *r = &walk.records[i];
        for (uintptr_t address = r->address >> 3; address <= last_cell(r); address++) {
            struct cell *c = cell_of(address);
            if (!c) {
                walk.out->dropped++;
                break;
            }
            if (!c->goroutine) c->goroutine = r->goroutine;
            c->several |= c->goroutine != r->goroutine;
            c->written |= r->kind & ACCESS_WRITE;
        }
    }
    return true;
}

/* Bytes of the cell that the access touches, one bit each. */
static uint8_t mask_of(const struct access_record *r, uintptr_t cell)
{
    uintptr_t low = cell << 3;
    uintptr_t first = r->address > low ? r->address - low : 0;
    uintptr_t end = r->address + r->bytes - low;
    if (end > 8) end = 8;
    return (uint8_t)((1u << end) - (1u << first));
}

static bool is_alike(const struct use *u, const struct access_record *r, uint32_t held,
                     uint8_t mask)
{
    const struct access_record *old = &walk.records[u->record];
    return old->goroutine == r->goroutine && old->pc == r->pc && old->kind == r->kind &&
           u->held == held && u->mask == mask && weak_known(old->segment) == weak_known(r->segment);
}

static void note_use(struct cell *c, uint32_t record, uint32_t held)
{
    const struct access_record *r = &walk.records[record];
    uint8_t mask = mask_of(r, c->address);
    uint32_t done = walk.done[r->goroutine];
    for (uint32_t n = c->uses; n; n = walk.uses[n].next) {
        struct use *u = &walk.uses[n];
        if (!is_alike(u, r, held, mask)) continue;
        if (walk.records[u->record].segment != r->segment) { /* the first one of this segment */
            u->record = record;
            u->done = done;
        }
        return;
    }
    if (walk.use_count == walk.use_capacity || c->use_count == TARGETS_USES_OF_CELL_MAX) {
        walk.out->dropped++;
        return;
    }
    uint32_t number = (uint32_t)++walk.use_count;
    walk.uses[number] = (struct use){c->uses, record, done, held, mask};
    c->uses = number;
    c->use_count++;
}

/* ---- The walk ----------------------------------------------------------------------------- */

static void play(const struct event_record *r)
{
    if (r->goroutine == CLOCK_ID) return;
    /* Recalling a report has executed the program again; what went another way then is no guide. */
    if (r->goroutine > sched.goroutine_count || r->segment > order_state.count) return;
    if (!lockorder_note(r, walk.done[r->goroutine])) walk.out->dropped++;
    held_play(r);
    walk.done[r->goroutine] += targets_counts(event_kind(r), event_phase_of(r));
}

static void walk_all(void)
{
    size_t event = 0;
    size_t events = event_kept();
    for (size_t i = 0; i < walk.record_count; i++) {
        const struct access_record *r = &walk.records[i];
        while (event < events && event < r->step) play(event_record(event++));
        uint32_t held = held_now(r->goroutine);
        for (uintptr_t address = r->address >> 3; address <= last_cell(r); address++) {
            struct cell *c = cell_of(address);
            if (!c) break;
            if (c->several && c->written) note_use(c, (uint32_t)i, held);
        }
    }
    while (event < events) play(event_record(event++));
}

/* ---- Races -------------------------------------------------------------------------------- */

static bool may_race(const struct use *a, const struct use *b)
{
    const struct access_record *x = &walk.records[a->record];
    const struct access_record *y = &walk.records[b->record];
    return x->goroutine != y->goroutine && ((x->kind | y->kind) & ACCESS_WRITE) &&
           !(x->kind & y->kind & ACCESS_ATOMIC) && (a->mask & b->mask) &&
           !held_excludes(a->held, b->held) && weak_concurrent(x->segment, y->segment);
}

static struct prediction_stop stop_at(const struct use *u)
{
    const struct access_record *r = &walk.records[u->record];
    return (struct prediction_stop){.goroutine = r->stable,
                                    .object = access_place_stable(r->address),
                                    .site = r->pc,
                                    .done = u->done,
                                    .kind = r->kind & ACCESS_WRITE ? OP_WRITE : OP_READ};
}

static void predict_cell(const struct cell *c)
{
    for (uint32_t a = c->uses; a; a = walk.uses[a].next)
        for (uint32_t b = walk.uses[a].next; b; b = walk.uses[b].next) {
            if (!may_race(&walk.uses[a], &walk.uses[b])) continue;
            /* Uses are listed latest first; who came first is the first to be stopped. */
            struct prediction p = {.stop_count = 2,
                                   .stops = {stop_at(&walk.uses[b]), stop_at(&walk.uses[a])}};
            targets_add(walk.out, &p);
        }
}

/* Cells in order of their latest new use, so that slots, which addresses choose, do not show. */
static void predict_races(void)
{
    for (size_t i = 1; i <= walk.use_count; i++) {
        const struct access_record *r = &walk.records[walk.uses[i].record];
        for (uintptr_t address = r->address >> 3; address <= last_cell(r); address++) {
            const struct cell *c = cell_of(address);
            if (c && c->uses == i) predict_cell(c);
        }
    }
}

void targets_predict(struct predictions *out)
{
    out->count = 0;
    walk.out = out;
    walk.records = access_log_records(&walk.record_count, &out->dropped);
    walk.use_count = 0;
    if (!sched.goroutine_count) return; /* there was no execution */
    /* Without edges no race is reported, so there is no use in one. */
    if (!order_state.on) walk.record_count = 0;
    walk.done = arena_alloc(((size_t)sched.goroutine_count + 1) * sizeof *walk.done);
    if (!walk.done || !weak_prepare() || !held_begin() || !lockorder_begin() || !note_cells()) {
        out->dropped++;
        return;
    }
    walk_all();
    lockorder_predict(out);
    predict_races();
}
