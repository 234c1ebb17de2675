// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Regions at fixed addresses and the bump allocators in two of them. Invariants in heap.h.
 *
 * Memory is zeroed when it is handed out, not when it is reset, so that a reset costs nothing. */
#include "heap.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

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

/* The next multiple of a power of two. */
static uintptr_t round_up(uintptr_t address, size_t multiple)
{
    return (address + multiple - 1) & ~(uintptr_t)(multiple - 1);
}

/* Large pieces by giving their pages back: a program that asks for much and uses little of it pays
 * for what it uses. */
static void clear(uintptr_t low, uintptr_t high)
{
    enum { LARGE_BYTES = 1 << 20 };
    if (high - low >= LARGE_BYTES) {
        uintptr_t page = round_up(low, PAGE_BYTES);
        uintptr_t end = high & ~(PAGE_BYTES - 1);
        int status = madvise((void *)page, end - page, MADV_DONTNEED); /* NOLINT */
        rt_assert(status == 0);
        clear(low, page);
        low = end;
    }
    memset((void *)low, 0, high - low); /* NOLINT(performance-no-int-to-ptr): fixed address */
}

struct heap_block *heap_block_make_aligned(size_t bytes, size_t alignment)
{
    rt_assert(alignment && !(alignment & (alignment - 1)));
    if (alignment < HEAP_ALIGNMENT) alignment = HEAP_ALIGNMENT;
    if (heap.block_count == HEAP_BLOCKS_MAX) return NULL;
    const uintptr_t low = heap.heap_next;
    const uintptr_t start = round_up(low + (heap.block_count ? 0 : HEAP_RED_BYTES), alignment);
    const uintptr_t end = heap_region_start(REGION_HEAP) + heap_regions[REGION_HEAP].bytes;
    if (start > end || bytes > end - start) return NULL;
    if (end - start - bytes < HEAP_RED_BYTES + HEAP_ALIGNMENT) return NULL;
    heap.heap_next = round_up(start + bytes + HEAP_RED_BYTES, HEAP_ALIGNMENT);
    clear(low, heap.heap_next);
    struct heap_block *block = (struct heap_block *)heap_table(REGION_BLOCKS) + heap.block_count++;
    *block = (struct heap_block){.start = start, .bytes = bytes};
    return block;
}

struct heap_block *heap_block_make(size_t bytes)
{
    return heap_block_make_aligned(bytes, HEAP_ALIGNMENT);
}

void *arena_alloc(size_t bytes)
{
    size_t left =
        heap_regions[REGION_ARENA].bytes - (heap.arena_next - heap_region_start(REGION_ARENA));
    if (bytes > left || left - bytes < HEAP_ALIGNMENT) return NULL;
    void *memory = (void *)heap.arena_next; /* NOLINT(performance-no-int-to-ptr): fixed address */
    heap.arena_next += round_up(bytes, HEAP_ALIGNMENT);
    return memset(memory, 0, bytes);
}

uintptr_t heap_end(void) { return heap.heap_next; }

uintptr_t arena_end(void) { return heap.arena_next; }

size_t heap_block_count(void) { return heap.block_count; }

struct heap_block *heap_block_at(size_t index)
{
    rt_assert(index < heap.block_count);
    return (struct heap_block *)heap_table(REGION_BLOCKS) + index;
}

struct heap_block *heap_block_before(const void *address)
{
    size_t low = 0; /* how many blocks are known to start at address or before it */
    size_t high = heap.block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heap_block_at(middle)->start <= (uintptr_t)address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? heap_block_at(low - 1) : NULL;
}

struct heap_block *heap_block_of(const void *address)
{
    struct heap_block *block = heap_block_before(address);
    if (!block) return NULL;
    size_t held = block->bytes ? block->bytes : 1;
    return (uintptr_t)address - block->start < held ? block : NULL;
}

enum region heap_region_of(const void *address)
{
    for (enum region r = 0; r < REGION_COUNT; r++)
        if ((uintptr_t)address - heap_region_start(r) < heap_regions[r].bytes) return r;
    return REGION_COUNT;
}
