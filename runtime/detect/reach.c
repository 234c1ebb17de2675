// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Conservative marking from the roots outside a stuck cycle. What it finds may be a stale word:
 * then the verdict is inconclusive, never wrong.
 *
 * Roots: stacks of live goroutines that are not on the cycle, arguments of goroutines that have not
 * started, arena memory (channel buffers, timers), the program's globals (sections heddle_data and
 * heddle_bss, where heddle.h puts them). Heap blocks are followed. Words are compared as addresses
 * of regions at fixed places, so the result is the same in every process. */
#include "reach.h"

#include <string.h>

#include "../globals.h"
#include "waitfor.h"

enum { TARGETS_MAX = 256 };

static struct {
    struct range {
        uintptr_t low;
        uintptr_t high;
    } targets[TARGETS_MAX]; /* what must not be reached */
    size_t target_count;
    bool found;
    uint32_t todo_count;
    uint32_t todo[HEAP_BLOCKS_MAX]; /* blocks marked and not yet scanned */
    uint8_t marked[HEAP_BLOCKS_MAX / 8];
} reach; /* safe: judged on one thread */

static bool on_cycle(const struct goroutine *g)
{
    return g->state == GOROUTINE_LIVE && g->wait_reason != WAIT_NONE &&
           g->parked_step <= sched.fair_start && waitfor_on_cycle(g);
}

static void see_word(uintptr_t word)
{
    for (size_t i = 0; i < reach.target_count; i++)
        if (word - reach.targets[i].low < reach.targets[i].high - reach.targets[i].low)
            reach.found = true;
    if (word - heap_region_start(REGION_HEAP) >= heap_regions[REGION_HEAP].bytes) return;
    const struct heap_block *block = heap_block_of((const void *)word); /* NOLINT */
    if (!block) return;
    uint32_t index = (uint32_t)(block - heap_block_at(0));
    if (reach.marked[index / 8] >> (index % 8) & 1) return;
    reach.marked[index / 8] |= (uint8_t)(1u << (index % 8));
    reach.todo[reach.todo_count++] = index;
}

__attribute__((no_sanitize("address"))) static void scan(uintptr_t low, uintptr_t high)
{
    for (uintptr_t at = (low + 7) & ~(uintptr_t)7; at + 8 <= high && !reach.found; at += 8)
        see_word(*(const uintptr_t *)at); /* NOLINT(performance-no-int-to-ptr) */
}

/* The memory whose reaching proves that somebody could still act on o; false: it cannot be bounded.
 */
static bool target_of(const struct object *o, struct range *out)
{
    const struct heap_block *block = heap_block_of(o->address);
    if (block) {
        *out = (struct range){block->start, block->start + block->bytes};
        return true;
    }
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (g->state != GOROUTINE_LIVE) continue;
        if ((uintptr_t)o->address - g->coro.stack_low >= STACK_BYTES) continue;
        *out = (struct range){g->coro.stack_low, g->coro.stack_high};
        return true;
    }
    return false;
}

/* Where g's live frames begin. The goroutine that ran last has no saved stack pointer: all of it.
 */
static uintptr_t stack_from(const struct goroutine *g)
{
    uintptr_t sp = (uintptr_t)g->coro.sp;
    return sp - g->coro.stack_low < STACK_BYTES ? sp : g->coro.stack_low;
}

static void scan_roots(void)
{
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (g->state != GOROUTINE_LIVE || on_cycle(g)) continue;
        see_word((uintptr_t)g->arg);
        scan(stack_from(g), g->coro.stack_high);
    }
    scan(heap_region_start(REGION_ARENA), arena_end());
    for (int i = 0; i < GLOBALS_COUNT; i++) scan(globals_range(i).low, globals_range(i).high);
}

bool reach_cycle_from_outside(void)
{
    reach.found = false;
    reach.target_count = reach.todo_count = 0;
    memset(reach.marked, 0, heap_block_count() / 8 + 1);
    for (uint32_t n = 1; n <= sched.goroutine_count; n++) {
        const struct goroutine *g = sched_goroutine(n);
        if (!on_cycle(g)) continue;
        const struct object *o = object_at(g->pending.object);
        if (!o || reach.target_count == TARGETS_MAX) return true;
        if (!target_of(o, &reach.targets[reach.target_count++])) return true;
    }
    scan_roots();
    while (reach.todo_count && !reach.found) {
        const struct heap_block *block = heap_block_at(reach.todo[--reach.todo_count]);
        scan(block->start, block->start + block->bytes);
    }
    return reach.found;
}
