// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Shadow memory: for each 8 bytes of the program's memory one cell that says who accessed them
 * last, and which of them must not be accessed.
 *
 * Directly mapped: the cell of an address is found by arithmetic alone. Stacks and heap lie next to
 * each other at a fixed address, and so do their cells; cells of globals, which lie where the
 * system loaded the program, have a place of their own.
 *
 * Invariants
 * - A cell of zeros is memory that nobody has accessed.
 * - For each byte a cell knows the last plain write and all plain reads and atomic accesses that
 *   are not ordered before a later access that stands for them: one read and one write in the cell
 *   itself, the rest as a list of details.
 * - The fast path compares the first words with the running goroutine's segment: equal means that
 *   this access was checked before and nothing can have come between.
 * - Bytes that are not accessible (freed, beyond a block) are never marked as accessed, so every
 *   access to them leaves the fast path.
 * - When an execution begins, and when a goroutine starts on a used stack, the cells are zeros.
 */
#ifndef HEDDLE_SHADOW_H
#define HEDDLE_SHADOW_H

#include "../access.h"
#include "../globals.h"
#include "../heap.h"
#include "../heap_limits.h"

enum { CELL_SHIFT = 3, CELL_BYTES = 1 << CELL_SHIFT };

struct shadow_cell {
    uint32_t read_segment; /* 0: no read is kept here */
    uint8_t read_mask;     /* which of the 8 bytes it read */
    uint8_t bad;           /* bytes that must not be accessed */
    uint16_t unused;
    uint32_t write_segment;
    uint8_t write_mask;
    uint8_t detail[3]; /* number of the first detail, little-endian; 0: none */
};
_Static_assert(sizeof(struct shadow_cell) == 16, "two words: read, write");

struct shadow_detail {
    uint32_t segment;
    uint32_t next; /* number; 0: none */
    uint8_t mask;
    uint8_t kind;   /* enum access_kind */
    uint16_t spare; /* of the first detail: plain reads that may still come before the list, which
                       is of plain reads alone, is gone through again; else 0 */
};

/* Covered memory at fixed addresses: from the first stack to the end of the heap. */
#define SHADOW_COVERED_LOW heap_region_start(REGION_STACKS)
#define SHADOW_COVERED_BYTES (heap_region_start(REGION_HEAP) + HEAP_BYTES_MAX - SHADOW_COVERED_LOW)
/* Where the cells lie: far above all regions. */
#define SHADOW_LOW ((uintptr_t)0x208000000000)
#define SHADOW_GLOBALS_LOW ((uintptr_t)0x209000000000)
#define SHADOW_GLOBALS_BYTES ((uintptr_t)1 << 30) /* of each section of globals, at most */

static inline bool shadow_is_fixed(uintptr_t address)
{
    return address - SHADOW_COVERED_LOW < SHADOW_COVERED_BYTES;
}

/* The cell of an address for which shadow_is_fixed holds. */
static inline struct shadow_cell *shadow_fixed(uintptr_t address)
{
    uintptr_t at = SHADOW_LOW - 2 * SHADOW_COVERED_LOW + 2 * (address & ~(uintptr_t)7);
    return (struct shadow_cell *)at; /* NOLINT(performance-no-int-to-ptr): fixed address */
}

/* The cell of an address in this section of globals (globals.h) is here, and twice the address of
 * its 8 bytes further. */
uintptr_t shadow_globals(int section);

/* The cell of any covered address, or NULL. */
struct shadow_cell *shadow_of(uintptr_t address);

/* Which bytes of its cell an access of this many bytes (at most to the cell's end) touches. */
static inline uint8_t shadow_mask(uintptr_t address, size_t bytes)
{
    return (uint8_t)(((1u << bytes) - 1) << (address & 7));
}

static inline uint32_t shadow_detail_number(const struct shadow_cell *c)
{
    return (uint32_t)c->detail[0] | (uint32_t)c->detail[1] << 8 | (uint32_t)c->detail[2] << 16;
}
static inline void shadow_set_detail(struct shadow_cell *c, uint32_t number)
{
    c->detail[0] = (uint8_t)number;
    c->detail[1] = (uint8_t)(number >> 8);
    c->detail[2] = (uint8_t)(number >> 16);
}
static inline struct shadow_detail *shadow_detail_at(uint32_t number)
{
    return (struct shadow_detail *)heap_table(REGION_DETAILS) + number;
}

/* Put an access in front of the cell's details. Ends the execution with limit max_shadow. */
void shadow_add_detail(struct shadow_cell *c, uint32_t segment, uint8_t mask, uint8_t kind);
/* Take back the detail that *link names; *link then names the one after it. */
void shadow_drop_detail(uint32_t *link);

/* Map the shadow, once per process. */
void shadow_init(void);

/* An execution begins: cells of heap and globals are cleared as far as they were used. */
void shadow_reset(void);

/* A goroutine starts on this stack: clear what the one before left. */
void shadow_stack_begin(int32_t slot, uintptr_t low, uintptr_t high);

/* Called when a cell leaves its zero state for the first time: how far clearing must go. */
void shadow_touch(uintptr_t address);

/* Forget all accesses to [address, address + bytes), and make them accessible or not. */
void shadow_set_bad(uintptr_t address, size_t bytes, bool bad);

/* Bytes of shadow that the running or latest execution used; for bench. */
size_t shadow_bytes(void);

#endif
