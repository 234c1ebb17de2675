// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the fast path leaves: comparing an access with the cell's memory, and updating that.
 * Invariants in race.h and shadow.h. */
#include "race.h"

#include "../order.h"
#include "../sched.h"
#include "access_report.h"
#include "clock.h"
#include "recall.h"

static inline bool conflict(enum access_kind a, enum access_kind b)
{
    return ((a | b) & ACCESS_WRITE) && !(a & b & ACCESS_ATOMIC);
}

/* May a later access of kind `later`, ordered after one of kind `earlier`, stand for it? It must
 * conflict with all that the earlier one conflicts with. */
static inline bool stands_for(enum access_kind later, enum access_kind earlier)
{
    if ((later & ACCESS_ATOMIC) && !(earlier & ACCESS_ATOMIC)) return false;
    return (later & ACCESS_WRITE) || !(earlier & ACCESS_WRITE);
}

/* One access of the past: a slot of the cell or a detail. Returns the bytes for which it must be
 * kept now that `a`, by segment `now`, has come. Of two that do not conflict, the earlier one may
 * be kept even if it is ordered: `exact` decides whether that is worth a clock. */
static inline uint8_t meet(const struct access *a, uint8_t mask, uint32_t now, bool exact,
                           enum access_kind earlier, uint32_t segment, uint8_t earlier_mask)
{
    uint8_t common = mask & earlier_mask;
    if (!common) return earlier_mask;
    if (conflict(a->kind, earlier)) {
        if (!clock_ordered_now(segment, now)) {
            access_report_race(a, segment, earlier, common);
            return earlier_mask;
        }
    } else if (exact ? !clock_ordered_now(segment, now)
                     : !clock_is_known(segment, order_segment(now)->goroutine)) {
        return earlier_mask;
    }
    return stands_for(a->kind, earlier) ? (uint8_t)(earlier_mask & ~mask) : earlier_mask;
}

/* Of a goroutine's reads the latest stands for those before. */
static struct {
    uint32_t walk;
    struct {
        uint32_t walk; /* the latest one in which a read by this goroutine was met */
        struct shadow_detail *read;
    } by_goroutine[GOROUTINES_MAX + 1];
} readers;

/* Does another detail of this walk say what d says? It does afterwards, if it is only older. */
static bool is_stood_for(struct shadow_detail *d)
{
    uint32_t goroutine = order_segment(d->segment)->goroutine;
    if (d->kind != ACCESS_READ) return false;
    if (readers.by_goroutine[goroutine].walk == readers.walk) {
        struct shadow_detail *met = readers.by_goroutine[goroutine].read;
        if (met->segment >= d->segment) return !(d->mask & ~met->mask);
        if (met->mask & ~d->mask) return false;
        met->segment = d->segment;
        met->mask = d->mask;
        return true;
    }
    readers.by_goroutine[goroutine].walk = readers.walk;
    readers.by_goroutine[goroutine].read = d;
    return false;
}

/* Reads by many goroutines that know nothing of each other: the list is as long as they are many,
 * so going through it is for every so many reads that come. */
static void plan_walk(const struct shadow_cell *c)
{
    uint32_t length = 0;
    uint32_t n = shadow_detail_number(c);
    if (!n) return;
    for (uint32_t i = n; i; i = shadow_detail_at(i)->next, length++)
        if (shadow_detail_at(i)->kind != ACCESS_READ) return;
    shadow_detail_at(n)->spare = (uint16_t)(length < UINT16_MAX ? length : UINT16_MAX);
}

static void meet_details(struct shadow_cell *c, const struct access *a, uint8_t mask, uint32_t now)
{
    /* To look at a few costs less than to know which of them are ordered. Of many, some are asked
     * about at each access: more than it adds. */
    enum { FEW = 4, SOME = 8 };
    uint32_t first = shadow_detail_number(c);
    uint32_t *link = &first;
    readers.walk++;
    for (uint32_t seen = 1; *link; seen++) {
        struct shadow_detail *d = shadow_detail_at(*link);
        d->spare = 0;
        if (a->kind == ACCESS_READ && is_stood_for(d)) {
            shadow_drop_detail(link);
            continue;
        }
        d->mask = meet(a, mask, now, seen > FEW && seen <= FEW + SOME, (enum access_kind)d->kind,
                       d->segment, d->mask);
        if (d->mask)
            link = &d->next;
        else
            shadow_drop_detail(link);
    }
    shadow_set_detail(c, first);
    if (a->kind == ACCESS_READ) plan_walk(c);
}

static void remember_read(struct shadow_cell *c, uint8_t mask, uint32_t now)
{
    const uint32_t n = shadow_detail_number(c);
    const uint16_t spare = n ? shadow_detail_at(n)->spare : 0;
    if (c->read_segment == now) {
        mask |= c->read_mask;
    } else if (c->read_mask) {
        shadow_add_detail(c, c->read_segment, c->read_mask, ACCESS_READ);
        if (spare) shadow_detail_at(shadow_detail_number(c))->spare = (uint16_t)(spare - 1);
    }
    const uint64_t word = (uint64_t)c->bad << RACE_WORD_BITS | (uint64_t)mask << 32 | now;
    memcpy(&c->read_segment, &word, sizeof word);
}

static void remember_write(struct shadow_cell *c, uint8_t mask, uint32_t now)
{
    if (c->write_segment == now)
        mask |= c->write_mask;
    else if (c->write_mask)
        shadow_add_detail(c, c->write_segment, c->write_mask, ACCESS_WRITE);
    const uint64_t word =
        (uint64_t)shadow_detail_number(c) << RACE_WORD_BITS | (uint64_t)mask << 32 | now;
    memcpy(&c->write_segment, &word, sizeof word);
}

/* A goroutine keeps one detail of each atomic kind: those of its earlier segments say no more. */
static void remember_atomic(struct shadow_cell *c, const struct access *a, uint8_t mask,
                            uint32_t now)
{
    for (uint32_t n = shadow_detail_number(c); n; n = shadow_detail_at(n)->next) {
        struct shadow_detail *d = shadow_detail_at(n);
        if (d->segment != now || d->kind != a->kind) continue;
        d->mask |= mask;
        return;
    }
    shadow_add_detail(c, now, mask, (uint8_t)a->kind);
}

/* Words are written whole: the fast path reads them whole, and a load that spans several narrower
 * stores waits for all of them to leave the store buffer. */
static inline uint64_t word_of(uint32_t segment, uint8_t mask)
{
    return (uint64_t)mask << 32 | segment;
}
static inline uint8_t mask_of(uint64_t word) { return (uint8_t)(word >> 32); }
static inline void put_read(struct shadow_cell *c, uint64_t word)
{
    memcpy(&c->read_segment, &word, sizeof word);
}

/* Nothing is to be told of the order between an access to these bytes and the remembered one. */
static inline bool is_settled(uint64_t word, uint8_t bytes, uint32_t knower)
{
    return !(mask_of(word) & bytes) || clock_is_known((uint32_t)word, knower);
}

/* A goroutine reads again from a cell that several read: the detail of its earlier read is where
 * the read in the cell goes. False if there is anything but a few plain reads. */
static bool read_among_others(struct shadow_cell *c, struct race_words w, uint64_t read,
                              uint32_t knower)
{
    enum { FEW = 4 };
    struct shadow_detail *mine = NULL;
    uint32_t seen = 0;
    for (uint32_t n = (uint32_t)(w.write >> RACE_WORD_BITS); n;) {
        struct shadow_detail *d = shadow_detail_at(n);
        if (d->kind != ACCESS_READ || ++seen > FEW) return false;
        if (order_segment(d->segment)->goroutine == knower) mine = d;
        n = d->next;
    }
    if (mask_of(w.read) && !race_is_own(w.read)) {
        if (!mine || (mine->mask & ~mask_of(read))) return false;
        mine->segment = (uint32_t)w.read;
        mine->mask = mask_of(w.read);
    } else if (mask_of(w.read) & ~mask_of(read)) {
        return false;
    }
    put_read(c, read);
    return true;
}

/* What is known without a clock, in a cell without details. */
static bool known_access(struct shadow_cell *c, struct race_words w, uint64_t word,
                         enum access_kind kind, uint32_t knower)
{
    const uint8_t bytes = mask_of(word);
    if (mask_of(w.read) & ~bytes || !is_settled(w.read, bytes, knower)) return false;
    if (kind == ACCESS_READ) {
        if (!is_settled(w.write, bytes, knower)) return false;
        put_read(c, word);
        return true;
    }
    if (mask_of(w.write) & ~bytes || !is_settled(w.write, bytes, knower)) return false;
    put_read(c, 0);
    memcpy(&c->write_segment, &word, sizeof word);
    return true;
}

/* Stacks only: on the heap it may be beyond a block. */
static bool is_on_stack(uintptr_t address)
{
    return address - SHADOW_COVERED_LOW < STACKS_MAX * STACK_SLOT_BYTES;
}

bool race_seldom(struct shadow_cell *c, uintptr_t address, uint8_t bytes, enum access_kind kind)
{
    const uint32_t knower = order_goroutine();
    const uint64_t word = word_of(order_current(), bytes);
    const struct race_words w = race_words_of(c);
    if (unlikely(!knower || recall_state.active || kind > ACCESS_WRITE)) return false;
    if (w.read >> RACE_WORD_BITS) return false; /* something bad */
    if (!(w.read | w.write)) {
        if (!is_on_stack(address)) return false;
        shadow_touch(address);
        memcpy(kind == ACCESS_WRITE ? &c->write_segment : &c->read_segment, &word, sizeof word);
        return true;
    }
    if (!(w.write >> RACE_WORD_BITS)) return known_access(c, w, word, kind, knower);
    return kind == ACCESS_READ && is_settled(w.write, bytes, knower) &&
           read_among_others(c, w, word, knower);
}

void race_access_cell(struct shadow_cell *c, const struct access *a)
{
    const uint8_t mask = shadow_mask(a->address, a->bytes);
    const uint32_t now = order_current();
    if (unlikely(recall_state.active)) recall_access(a, mask, now);
    const bool untouched = !c->read_mask && !c->write_mask && !shadow_detail_number(c);
    if (unlikely(c->bad & mask) || (untouched && unlikely(heap_is_beyond(a->address)))) {
        access_report_bad(a, c->bad & mask ? c->bad & mask : mask);
        return; /* the detector of memory errors is off: such accesses are not remembered */
    }
    if (unlikely(!now)) return; /* detector off */
    if (untouched) shadow_touch(a->address);
    if (c->read_mask) {
        c->read_mask = meet(a, mask, now, false, ACCESS_READ, c->read_segment, c->read_mask);
        if (!c->read_mask) c->read_segment = 0;
    }
    if (c->write_mask) {
        c->write_mask = meet(a, mask, now, false, ACCESS_WRITE, c->write_segment, c->write_mask);
        if (!c->write_mask) c->write_segment = 0;
    }
    const uint32_t details = shadow_detail_number(c);
    if (unlikely(details) && !(a->kind == ACCESS_READ && shadow_detail_at(details)->spare))
        meet_details(c, a, mask, now);
    if (a->kind & ACCESS_ATOMIC)
        remember_atomic(c, a, mask, now);
    else if (a->kind & ACCESS_WRITE)
        remember_write(c, mask, now);
    else
        remember_read(c, mask, now);
}

void race_access(const struct access *whole)
{
    uintptr_t end = whole->address + whole->bytes;
    if (likely(shadow_is_fixed(whole->address) &&
               (whole->address & 7) + whole->bytes <= CELL_BYTES)) {
        race_access_cell(shadow_fixed(whole->address), whole);
        return;
    }
    for (uintptr_t at = whole->address; at < end;) {
        size_t here = CELL_BYTES - (at & 7);
        if (here > end - at) here = end - at;
        struct shadow_cell *c = shadow_of(at);
        if (likely(c)) {
            struct access part = *whole;
            part.address = at;
            part.bytes = here;
            part.whole = whole;
            race_access_cell(c, &part);
        }
        at += here;
    }
}
