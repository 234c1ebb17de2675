// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Memory of one execution, in regions at fixed addresses.
 *
 * Invariants
 * - Every region lies at the same address in every process, so that addresses of what an execution
 *   makes depend on the execution alone, not on ASLR or on earlier executions.
 * - heap_reset() forgets everything at once; nothing is freed one by one.
 * - Memory handed out is zeroed and 16-byte aligned.
 * - Blocks are handed out at ascending addresses: the table of blocks is sorted, look-ups are
 *   binary.
 * - Before the first block and after each there are at least HEAP_RED_BYTES that belong to no
 *   block, zeroed too. What is freed is not handed out again in the same execution: an address
 *   names one block for ever, and a stale pointer never meets another's data.
 */
#ifndef HEDDLE_HEAP_H
#define HEDDLE_HEAP_H

#include "base.h"
#include "heap_limits.h"

enum region {
    REGION_STACKS,     /* goroutine stacks with their guards; the first: it begins at a page */
    REGION_HEAP,       /* memory of the program under test: go_new, go_malloc */
    REGION_ARENA,      /* what the runtime makes for an execution: channels, timers, contexts */
    REGION_GOROUTINES, /* struct goroutine, by number */
    REGION_OBJECTS,    /* struct object, by number */
    REGION_BLOCKS,     /* struct heap_block */
    REGION_EVENTS,     /* the event log */
    REGION_SHOWN,      /* the same as struct event, for who looks at a whole execution */
    REGION_SEGMENTS,   /* struct segment, by number (order.h) */
    REGION_CLOCKS,     /* nodes of vector clocks (detect/clock.h) */
    REGION_DETAILS,    /* what does not fit into shadow cells (detect/shadow.h) */
    REGION_ACCESSES,   /* the log of plain accesses (detect/access_log.h) */
    REGION_ANSWERS,    /* what was chosen, for recalling (detect/recall.h) */
    REGION_COUNT
};

/* Regions are 4 GiB apart from 0x2000_0000_0000 on: free under ASan's shadow layout
 * (0x1000_0000_0000 is not), and far from where Linux maps programs. Each begins a little further
 * than the one before: with equal low bits, what is used most in each would fall on one line of the
 * first-level cache, whose way predictor looks at bits 12 to 27 (measured: 16 ns for a Lock, 5 ns
 * with the skew). */
static inline uintptr_t heap_region_start(enum region r)
{
    return 0x200000000000u + ((uintptr_t)r << 32) + (uintptr_t)r * (0x13000 + 0x1c0);
}

struct heap_region {
    const char *name;
    size_t bytes; /* reserved; touched pages only count as memory */
};
extern const struct heap_region heap_regions[REGION_COUNT];

/* One go_new or go_malloc; memory.c fills in all but the first two. */
struct heap_block {
    uintptr_t start;
    size_t bytes;           /* as asked for: may be 0 */
    uint64_t stable;        /* hash(stable id of who made it, how many it made before) */
    const void *site;       /* return address of the allocation */
    const void *freed_at;   /* return address of the free */
    uint32_t made_by;       /* G number */
    uint32_t freed_by;      /* G number; 0: not freed */
    uint32_t freed_segment; /* order.h: in which it was freed; 0 without the race detector */
};

enum { HEAP_BLOCKS_MAX = 1 << 20, HEAP_RED_BYTES = 16, HEAP_ALIGNMENT = 16 };

/* Map all regions, once per process. A region that cannot be mapped is a fault_usage. */
void heap_init(void);

/* Forget all blocks and arena memory of the last execution. */
void heap_reset(void);

/* A block for the program under test, or NULL when max_heap or max_blocks is reached. */
struct heap_block *heap_block_make(size_t bytes);
/* The same at a multiple of alignment, a power of two. */
struct heap_block *heap_block_make_aligned(size_t bytes, size_t alignment);

/* Zeroed runtime memory, 16-byte aligned, or NULL when the arena is used up. */
void *arena_alloc(size_t bytes);

/* First free address of the heap: behind the red zone of the last block. */
uintptr_t heap_end(void);

/* Is address in the heap, where nothing was ever handed out? */
static inline bool heap_is_beyond(uintptr_t address);

/* First free address of the arena. */
uintptr_t arena_end(void);

/* The block that holds address, or NULL. A block of no bytes holds its start. */
struct heap_block *heap_block_of(const void *address);
/* The last block that starts at address or before it, or NULL. */
struct heap_block *heap_block_before(const void *address);
size_t heap_block_count(void);
struct heap_block *heap_block_at(size_t index);

/* Region of an address, or REGION_COUNT. */
enum region heap_region_of(const void *address);

/* Base of a region that is used as a table. */
static inline void *heap_table(enum region r)
{
    return (void *)heap_region_start(r); /* NOLINT(performance-no-int-to-ptr): fixed address */
}

static inline bool heap_is_beyond(uintptr_t address)
{
    return address - heap_region_start(REGION_HEAP) < HEAP_BYTES_MAX && address >= heap_end();
}

#endif
