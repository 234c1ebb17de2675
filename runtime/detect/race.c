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
 * kept now that `a`, by segment `now`, has come. */
static inline uint8_t meet(const struct access *a, uint8_t mask, uint32_t now,
                           enum access_kind earlier, uint32_t segment, uint8_t earlier_mask)
{
    uint8_t common = mask & earlier_mask;
    if (!common) return earlier_mask;
    if (!clock_ordered(segment, now)) {
        if (conflict(a->kind, earlier)) access_report_race(a, segment, earlier, common);
        return earlier_mask;
    }
    return stands_for(a->kind, earlier) ? (uint8_t)(earlier_mask & ~mask) : earlier_mask;
}

static void meet_details(struct shadow_cell *c, const struct access *a, uint8_t mask, uint32_t now)
{
    uint32_t first = shadow_detail_number(c);
    uint32_t *link = &first;
    while (*link) {
        struct shadow_detail *d = shadow_detail_at(*link);
        d->mask = meet(a, mask, now, (enum access_kind)d->kind, d->segment, d->mask);
        if (d->mask)
            link = &d->next;
        else
            shadow_drop_detail(link);
    }
    shadow_set_detail(c, first);
}

static void remember_read(struct shadow_cell *c, uint8_t mask, uint32_t now)
{
    if (c->read_segment == now) {
        c->read_mask |= mask;
        return;
    }
    if (c->read_mask) shadow_add_detail(c, c->read_segment, c->read_mask, ACCESS_READ);
    c->read_segment = now;
    c->read_mask = mask;
}

static void remember_write(struct shadow_cell *c, uint8_t mask, uint32_t now)
{
    if (c->write_segment == now) {
        c->write_mask |= mask;
        return;
    }
    if (c->write_mask) shadow_add_detail(c, c->write_segment, c->write_mask, ACCESS_WRITE);
    c->write_segment = now;
    c->write_mask = mask;
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

void race_access_cell(struct shadow_cell *c, const struct access *a)
{
    const uint8_t mask = shadow_mask(a->address, a->bytes);
    const uint32_t now = order_current();
    if (unlikely(recall_state.active)) recall_access(a, mask, now);
    if (unlikely(c->bad & mask)) access_report_bad(a);
    if (unlikely(!now)) return; /* detector off */
    if (!c->read_mask && !c->write_mask && !shadow_detail_number(c)) shadow_touch(a->address);
    if (c->read_mask) {
        c->read_mask = meet(a, mask, now, ACCESS_READ, c->read_segment, c->read_mask);
        if (!c->read_mask) c->read_segment = 0;
    }
    if (c->write_mask) {
        c->write_mask = meet(a, mask, now, ACCESS_WRITE, c->write_segment, c->write_mask);
        if (!c->write_mask) c->write_segment = 0;
    }
    if (unlikely(shadow_detail_number(c))) meet_details(c, a, mask, now);
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
    for (uintptr_t at = whole->address; at < end;) {
        size_t here = CELL_BYTES - (at & 7);
        if (here > end - at) here = end - at;
        struct shadow_cell *c = shadow_of(at);
        if (likely(c)) {
            struct access part = *whole;
            part.address = at;
            part.bytes = here;
            race_access_cell(c, &part);
        }
        at += here;
    }
}
