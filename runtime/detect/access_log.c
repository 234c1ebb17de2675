// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The log of plain accesses. Invariants in access_log.h. */
#include "access_log.h"

#include "../order.h"
#include "../sched.h"

_Static_assert(sizeof(struct access_record) * ACCESSES_MAX <= (size_t)64 << 20, "the log fits");

static struct {
    bool on;
    uint32_t count;
    uint64_t dropped;
} access_log;

void access_log_switch(bool on) { access_log.on = on; }
bool access_log_is_on(void) { return access_log.on; }

void access_log_reset(void)
{
    if (!access_log.on) return; /* the latest logged one stays readable */
    access_log.count = 0;
    access_log.dropped = 0;
}

static struct access_record *record_at(uint32_t i)
{
    return (struct access_record *)heap_table(REGION_ACCESSES) + i;
}

static bool is_repeated(const struct access_record *r)
{
    enum { LOOK_BACK = 8 };
    for (uint32_t i = access_log.count; i && i + LOOK_BACK > access_log.count; i--) {
        const struct access_record *old = record_at(i - 1);
        if (old->goroutine != r->goroutine || old->step != r->step) return false;
        if (old->pc == r->pc && old->address == r->address && old->kind == r->kind &&
            old->segment == r->segment && old->bytes == r->bytes)
            return true;
    }
    return false;
}

static void add(const struct access_record *r)
{
    if (is_repeated(r)) return;
    if (access_log.count == ACCESSES_MAX) {
        access_log.dropped++;
        return;
    }
    *record_at(access_log.count++) = *r;
}

void access_log_add(const void *address, size_t bytes, enum access_kind kind, struct call_site site)
{
    const struct goroutine *g = sched.running;
    struct access_record r = {.address = (uintptr_t)address,
                              .pc = site.pc,
                              .goroutine = g->number,
                              .segment = order_current(),
                              .step = event_log.count,
                              .kind = (uint8_t)kind,
                              .owner = object_stack_owner(address),
                              .stable = g->stable};
    while (bytes) {
        r.bytes = (uint16_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX);
        add(&r);
        r.address += r.bytes;
        bytes -= r.bytes;
    }
}

const struct access_record *access_log_records(size_t *count, uint64_t *dropped)
{
    *count = access_log.count;
    if (dropped) *dropped = access_log.dropped;
    return record_at(0);
}

uint64_t access_place_stable(uintptr_t address)
{
    return object_place_stable((const void *)(address & ~(uintptr_t)7)); /* NOLINT */
}
