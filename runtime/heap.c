// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Regions at fixed addresses and the bump allocators in two of them. Invariants in heap.h.
 *
 * Memory is zeroed when it is handed out, not when it is reset, so that a reset costs nothing. */
#include "heap.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "heap_limits.h"

#define GIB ((size_t)1 << 30)
#define MIB ((size_t)1 << 20)
#define PAGE_BYTES ((uintptr_t)4096)

const struct heap_region heap_regions[REGION_COUNT] = {
    [REGION_HEAP] = {"heap", HEAP_BYTES_MAX},
    [REGION_ARENA] = {"arena", 1 * GIB},
    [REGION_STACKS] = {"stacks", STACK_SLOT_BYTES *STACKS_MAX},
    [REGION_GOROUTINES] = {"goroutines", 256 * MIB},
    [REGION_OBJECTS] = {"objects", 256 * MIB},
    [REGION_BLOCKS] = {"blocks", 64 * MIB},
    [REGION_EVENTS] = {"events", 64 * MIB},
    [REGION_SHOWN] = {"shown", 64 * MIB},
    [REGION_SEGMENTS] = {"segments", 64 * MIB},
    [REGION_CLOCKS] = {"clocks", 256 * MIB},
    [REGION_DETAILS] = {"details", 64 * MIB},
    [REGION_ACCESSES] = {"accesses", 64 * MIB},
    [REGION_ANSWERS] = {"answers", 64 * MIB},
};
_Static_assert(STACK_SLOT_BYTES *STACKS_MAX <= 4 * GIB, "regions do not overlap");

static struct {
    bool mapped;
    uintptr_t heap_next;  /* first free address */
    uintptr_t arena_next; /* first free address */
    size_t block_count;
} heap;

_Static_assert(sizeof(struct heap_block) * HEAP_BLOCKS_MAX <= 64 * MIB, "the block table fits");

void heap_init(void)
{
    if (heap.mapped) return;
    for (enum region r = 0; r < REGION_COUNT; r++) {
        const struct heap_region *region = &heap_regions[r];
        int protection = r == REGION_STACKS ? PROT_NONE : PROT_READ | PROT_WRITE;
        uintptr_t skew = heap_region_start(r) % PAGE_BYTES;
        void *page = (char *)heap_table(r) - skew;
        void *at = mmap(page, region->bytes + skew, protection,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (at != page)
            fault_usage("cannot map region '%s' (%zu MiB at %p): %s", region->name,
                        region->bytes / MIB, page,
                        at == MAP_FAILED ? strerror(errno) : "the address is taken");
    }
    heap.mapped = true;
    heap_reset();
}

void heap_reset(void)
{
    heap.heap_next = heap_region_start(REGION_HEAP);
    heap.arena_next = heap_region_start(REGION_ARENA);
    heap.block_count = 0;
}

/* Take bytes from a region whose next free address is *next; NULL when it is used up. */
static void *bump(enum region r, uintptr_t *next, size_t bytes)
{
    size_t left = heap_regions[r].bytes - (*next - heap_region_start(r));
    if (bytes > left || left - bytes < 16) return NULL;
    void *memory = (void *)*next; /* NOLINT(performance-no-int-to-ptr): fixed address */
    *next += (bytes + 15) & ~(size_t)15;
    return memset(memory, 0, bytes);
}

struct heap_block *heap_block_make(size_t bytes)
{
    if (heap.block_count == HEAP_BLOCKS_MAX) return NULL;
    void *memory = bump(REGION_HEAP, &heap.heap_next, bytes ? bytes : 1);
    if (!memory) return NULL;
    struct heap_block *block = (struct heap_block *)heap_table(REGION_BLOCKS) + heap.block_count++;
    block->start = (uintptr_t)memory;
    block->bytes = bytes ? bytes : 1;
    return block;
}

void *arena_alloc(size_t bytes) { return bump(REGION_ARENA, &heap.arena_next, bytes); }

uintptr_t heap_end(void) { return heap.heap_next; }

uintptr_t arena_end(void) { return heap.arena_next; }

size_t heap_block_count(void) { return heap.block_count; }

const struct heap_block *heap_block_at(size_t index)
{
    rt_assert(index < heap.block_count);
    return (const struct heap_block *)heap_table(REGION_BLOCKS) + index;
}

const struct heap_block *heap_block_of(const void *address)
{
    size_t low = 0;
    size_t high = heap.block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct heap_block *block = heap_block_at(middle);
        if ((uintptr_t)address < block->start)
            high = middle;
        else if ((uintptr_t)address >= block->start + block->bytes)
            low = middle + 1;
        else
            return block;
    }
    return NULL;
}

enum region heap_region_of(const void *address)
{
    for (enum region r = 0; r < REGION_COUNT; r++)
        if ((uintptr_t)address - heap_region_start(r) < heap_regions[r].bytes) return r;
    return REGION_COUNT;
}
