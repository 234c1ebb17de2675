// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Mapping and clearing shadow memory. Invariants in shadow.h.
 *
 * What has to be cleared is known: of heap and globals the cells between the lowest and the highest
 * one used, of each stack those down to its lowest one used. */
#include "shadow.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../coro.h"
#include "../sched.h"

_Static_assert(sizeof(struct shadow_detail) * SHADOW_DETAILS_MAX <= (size_t)64 << 20, "they fit");
_Static_assert(SHADOW_DETAILS_MAX <= 1 << 24, "a cell's number has 24 bits");

/* Sections of globals, and all at fixed addresses above the stacks: the heap, and addresses beyond
 * its end that a faulty program comes to. */
enum { AREA_HEAP = GLOBALS_COUNT, AREA_COUNT };

struct used {
    uintptr_t low;
    uintptr_t high;
};
static const struct used UNUSED = {.low = UINTPTR_MAX};

static struct {
    bool mapped;
    uint32_t detail_count;
    uint32_t detail_free; /* list of those dropped */
    /* Whose cells were used, per area; low is above high while there is none. */
    struct used used[AREA_COUNT];
    uintptr_t stack_low[STACKS_MAX]; /* by slot: lowest address whose cell was used; 0: none */
    size_t stack_cells;              /* cleared since the execution began */
} shadow;

static void map(uintptr_t at, size_t bytes)
{
    void *want = (void *)at; /* NOLINT(performance-no-int-to-ptr): fixed address */
    void *got = mmap(want, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != want)
        fault_usage("cannot map the shadow memory (%zu MiB at %p): %s", bytes >> 20, want,
                    got == MAP_FAILED ? strerror(errno) : "the address is taken");
    (void)madvise(want, bytes, MADV_NOHUGEPAGE); /* cells in use are few and scattered */
    (void)madvise(want, bytes, MADV_DONTDUMP);
}

static uintptr_t globals_cells(int section)
{
    return SHADOW_GLOBALS_LOW + (uintptr_t)section * 2 * SHADOW_GLOBALS_BYTES;
}

void shadow_init(void)
{
    if (shadow.mapped) return;
    map(SHADOW_LOW, 2 * SHADOW_COVERED_BYTES);
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        struct globals_range range = globals_range(i);
        if (range.high - range.low > SHADOW_GLOBALS_BYTES - CELL_BYTES)
            fault_usage("more than %zu MiB of globals", SHADOW_GLOBALS_BYTES >> 20);
        map(globals_cells(i), 2 * SHADOW_GLOBALS_BYTES);
    }
    for (int i = 0; i < AREA_COUNT; i++) shadow.used[i] = UNUSED;
    shadow.mapped = true;
}

uintptr_t shadow_globals(int section)
{
    return globals_cells(section) - 2 * (globals_range(section).low & ~(uintptr_t)7);
}

static struct shadow_cell *cell_of_global(int section, uintptr_t address)
{
    uintptr_t at = shadow_globals(section) + 2 * (address & ~(uintptr_t)7);
    return (struct shadow_cell *)at; /* NOLINT(performance-no-int-to-ptr): fixed address */
}

static int section_of(uintptr_t address)
{
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        struct globals_range range = globals_range(i);
        if (address - range.low < range.high - range.low) return i;
    }
    return GLOBALS_COUNT;
}

struct shadow_cell *shadow_of(uintptr_t address)
{
    if (shadow_is_fixed(address)) return shadow_fixed(address);
    int section = section_of(address);
    return section == GLOBALS_COUNT ? NULL : cell_of_global(section, address);
}

/* ---- Clearing ----------------------------------------------------------------------------- */

/* Cells from..to-1. Giving back pages costs a call of the kernel and a fault for each that is used
 * again; it pays off, also in memory that stays ours, where most of them were not used at all. */
static void clear(struct shadow_cell *from, struct shadow_cell *to)
{
    enum { GIVEN_BACK_BYTES = 8 << 20, PAGE_BYTES = 4096 };
    size_t bytes = (size_t)((char *)to - (char *)from);
    if (bytes >= GIVEN_BACK_BYTES) {
        size_t before = -(uintptr_t)from % PAGE_BYTES;
        size_t after = (uintptr_t)to % PAGE_BYTES;
        if (!madvise((char *)from + before, bytes - before - after, MADV_DONTNEED)) {
            memset(from, 0, before);
            memset((char *)to - after, 0, after);
            return;
        }
    }
    memset(from, 0, bytes);
}

void shadow_reset(void)
{
    if (!shadow.mapped) return;
    for (int i = 0; i < AREA_COUNT; i++) {
        const struct used *used = &shadow.used[i];
        if (used->low > used->high) continue;
        clear(shadow_of(used->low), shadow_of(used->high) + 1);
        shadow.used[i] = UNUSED;
    }
    shadow.detail_count = 0;
    shadow.detail_free = 0;
    shadow.stack_cells = 0;
}

static bool all_zero(const struct shadow_cell *from, const struct shadow_cell *to)
{
    static const struct shadow_cell zero;
    for (; from < to; from++)
        if (memcmp(from, &zero, sizeof zero) != 0) return false;
    return true;
}

void shadow_stack_begin(int32_t slot, uintptr_t low, uintptr_t high)
{
    if (likely(!shadow.mapped)) return;
    uintptr_t used = shadow.stack_low[slot];
    if (used) {
        struct shadow_cell *from = shadow_fixed(used);
        clear(from, shadow_fixed(high));
        shadow.stack_cells += (size_t)(shadow_fixed(high) - from);
        shadow.stack_low[slot] = 0;
    }
    /* Where frames of kernels lie; all of it at each start would be most of a test's time. */
    enum { CHECKED_BYTES = 4096 };
    rt_check3(all_zero(shadow_fixed(high - CHECKED_BYTES), shadow_fixed(high)));
    (void)low;
}

void shadow_touch(uintptr_t address)
{
    uintptr_t offset = address - SHADOW_COVERED_LOW;
    if (offset < heap_regions[REGION_STACKS].bytes) {
        uintptr_t *lowest = &shadow.stack_low[offset / STACK_SLOT_BYTES];
        if (!*lowest || address < *lowest) *lowest = address & ~(uintptr_t)7;
        return;
    }
    int i = shadow_is_fixed(address) ? AREA_HEAP : section_of(address);
    rt_assert(i < AREA_COUNT);
    struct used *used = &shadow.used[i];
    if (address < used->low) used->low = address;
    if (address > used->high) used->high = address;
}

void shadow_set_bad(uintptr_t address, size_t bytes, bool bad)
{
    if (likely(!shadow.mapped) || !bytes) return;
    shadow_touch(address);
    shadow_touch(address + bytes - 1);
    for (uintptr_t end = address + bytes; address < end;) {
        size_t here = CELL_BYTES - (address & 7);
        if (here > end - address) here = end - address;
        uint8_t mask = shadow_mask(address, here);
        struct shadow_cell *c = shadow_fixed(address);
        uint8_t bytes_bad = (uint8_t)(bad ? c->bad | mask : c->bad & ~mask);
        *c = (struct shadow_cell){.bad = bytes_bad};
        address += here;
    }
}

/* ---- Details ------------------------------------------------------------------------------ */

void shadow_add_detail(struct shadow_cell *c, uint32_t segment, uint8_t mask, uint8_t kind)
{
    uint32_t number = shadow.detail_free;
    if (number) {
        shadow.detail_free = shadow_detail_at(number)->next;
    } else {
        if (unlikely(shadow.detail_count == SHADOW_DETAILS_MAX - 1)) sched_stop_limit("max_shadow");
        number = ++shadow.detail_count;
    }
    *shadow_detail_at(number) = (struct shadow_detail){
        .segment = segment, .next = shadow_detail_number(c), .mask = mask, .kind = kind};
    shadow_set_detail(c, number);
}

void shadow_drop_detail(uint32_t *link)
{
    uint32_t number = *link;
    struct shadow_detail *d = shadow_detail_at(number);
    *link = d->next;
    d->next = shadow.detail_free;
    shadow.detail_free = number;
}

size_t shadow_bytes(void)
{
    if (!shadow.mapped) return 0;
    size_t cells = shadow.stack_cells;
    for (size_t slot = 0; slot < STACKS_MAX; slot++)
        if (shadow.stack_low[slot])
            cells += (size_t)(SHADOW_COVERED_LOW + (slot + 1) * STACK_SLOT_BYTES -
                              shadow.stack_low[slot]) /
                     CELL_BYTES;
    for (int i = 0; i < AREA_COUNT; i++)
        if (shadow.used[i].low <= shadow.used[i].high)
            cells += (shadow.used[i].high - shadow.used[i].low) / CELL_BYTES + 1;
    return cells * sizeof(struct shadow_cell) + shadow.detail_count * sizeof(struct shadow_detail);
}
