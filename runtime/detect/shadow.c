// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Mapping and clearing shadow memory. Invariants in shadow.h.
 *
 * What has to be cleared is known exactly: the heap up to its end, globals between the lowest and
 * the highest cell used, each stack down to its lowest cell used. */
#include "shadow.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../coro.h"
#include "../sched.h"

_Static_assert(sizeof(struct shadow_detail) * SHADOW_DETAILS_MAX <= (size_t)64 << 20, "they fit");
_Static_assert(SHADOW_DETAILS_MAX <= 1 << 24, "a cell's number has 24 bits");

static struct {
    bool mapped;
    uint32_t detail_count;
    uint32_t detail_free; /* list of those dropped */
    struct {
        uintptr_t low; /* lowest address whose cell was used; above high: none */
        uintptr_t high;
    } globals[GLOBALS_COUNT];
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
        shadow.globals[i].low = UINTPTR_MAX;
    }
    shadow.mapped = true;
}

/* The cell of an address in a section of globals. */
static struct shadow_cell *cell_of_global(int section, uintptr_t address)
{
    uintptr_t low = globals_range(section).low & ~(uintptr_t)7;
    uintptr_t at = globals_cells(section) + 2 * ((address & ~(uintptr_t)7) - low);
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

static void clear(struct shadow_cell *from, const struct shadow_cell *to)
{
    memset(from, 0, (size_t)((const char *)to - (const char *)from));
}

void shadow_reset(uintptr_t heap_end)
{
    if (!shadow.mapped) return;
    uintptr_t heap_low = heap_region_start(REGION_HEAP);
    if (heap_end > heap_low) clear(shadow_fixed(heap_low), shadow_fixed(heap_end + CELL_BYTES));
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        if (shadow.globals[i].low > shadow.globals[i].high) continue;
        clear(cell_of_global(i, shadow.globals[i].low),
              cell_of_global(i, shadow.globals[i].high) + 1);
        shadow.globals[i].low = UINTPTR_MAX;
        shadow.globals[i].high = 0;
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
    if (shadow_is_fixed(address)) return;
    int i = section_of(address);
    rt_assert(i < GLOBALS_COUNT);
    if (address < shadow.globals[i].low) shadow.globals[i].low = address;
    if (address > shadow.globals[i].high) shadow.globals[i].high = address;
}

void shadow_set_bad(uintptr_t address, size_t bytes, bool bad)
{
    if (likely(!shadow.mapped)) return;
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
    size_t cells = shadow.stack_cells;
    for (size_t slot = 0; slot < STACKS_MAX; slot++)
        if (shadow.stack_low[slot])
            cells += (size_t)(STACK_BYTES -
                              (shadow.stack_low[slot] - SHADOW_COVERED_LOW) % STACK_SLOT_BYTES) /
                     CELL_BYTES;
    for (int i = 0; i < GLOBALS_COUNT; i++)
        if (shadow.globals[i].low <= shadow.globals[i].high)
            cells += (shadow.globals[i].high - shadow.globals[i].low) / CELL_BYTES + 1;
    cells += (heap_end() - heap_region_start(REGION_HEAP)) / CELL_BYTES;
    return cells * sizeof(struct shadow_cell) + shadow.detail_count * sizeof(struct shadow_detail);
}
