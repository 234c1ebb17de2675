// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The table of objects and where they were made. Invariants in object.h.
 *
 * Runtime code lies in a section of its own (heddle_text, renamed in the archive), so that a frame
 * of ours is told from a frame of the program under test by its address. */
#include "object.h"

#include <stdio.h>

#include "heap.h"
#include "sched.h"

_Static_assert(sizeof(struct object) * OBJECTS_MAX <= (size_t)256 << 20, "the table fits");

static struct {
    uint32_t count;
    uint32_t of_kind[OBJECT_KIND_COUNT];
} objects;

uint32_t object_epoch;

/* Bounds that the linker makes from the section's name; absent in a link without the renaming. */
extern const char __start_heddle_text[] __attribute__((weak));
extern const char __stop_heddle_text[] __attribute__((weak));
/* Start of the program's image: globals are named by their distance from it. */
extern const char __ehdr_start[] __attribute__((weak));

static inline bool in_runtime(const void *pc, uintptr_t start, uintptr_t bytes)
{
    return (uintptr_t)pc - start < bytes;
}

bool trace_is_runtime(const void *pc)
{
    uintptr_t start = (uintptr_t)__start_heddle_text;
    return in_runtime(pc, start, (uintptr_t)__stop_heddle_text - start);
}

__attribute__((no_sanitize("address"))) void trace_capture(struct trace *t, struct call_site site,
                                                           uintptr_t low, uintptr_t high)
{
    const uintptr_t start = (uintptr_t)__start_heddle_text;
    const uintptr_t bytes = (uintptr_t)__stop_heddle_text - start;
    uint32_t count = 0;
    const void *pc = site.pc;
    const void *const *frame = site.frame;
    uintptr_t above = low; /* a caller's frame lies above its callee's */
    while (pc && count < TRACE_FRAMES_MAX) {
        if (!in_runtime(pc, start, bytes)) t->pc[count++] = pc;
        if ((uintptr_t)frame < above || (uintptr_t)frame + 16 > high) break;
        above = (uintptr_t)frame + 16;
        frame = frame[0];
        if ((uintptr_t)frame < above || (uintptr_t)frame + 16 > high) break;
        pc = frame[1];
    }
    t->count = count;
}

void object_reset(void)
{
    object_epoch++;
    objects.count = 0;
    for (size_t i = 0; i < OBJECT_KIND_COUNT; i++) objects.of_kind[i] = 0;
}

static struct object *object_add(enum object_kind kind, const void *address, uint64_t stable,
                                 struct call_site site)
{
    if (objects.count == OBJECTS_MAX - 1) sched_stop_limit("max_objects");
    struct goroutine *g = sched.running;
    struct object *o = (struct object *)heap_table(REGION_OBJECTS) + ++objects.count;
    o->number = objects.count;
    o->ordinal = ++objects.of_kind[kind];
    o->stable = stable;
    o->address = address;
    o->kind = (uint8_t)kind;
    o->first_use = false;
    o->made_by = g->number;
    o->made_step = event_log.count;
    o->closed_by = 0;
    o->cancelled = false;
    o->data = NULL;
    trace_capture(&o->made, site, g->coro.stack_low, g->frames_end);
    return o;
}

struct object *object_make(enum object_kind kind, const void *address, struct call_site site)
{
    struct goroutine *g = sched.running;
    if (unlikely(!g)) fault_usage("%s made outside a running execution", object_kind_name(kind));
    return object_add(kind, address, mix64(g->stable, ++g->made), site);
}

/* Which goroutine's stack holds address? Live stacks only; newest first. */
static const struct goroutine *stack_owner(uintptr_t address)
{
    for (uint32_t number = sched.goroutine_count; number; number--) {
        const struct goroutine *g = sched_goroutine(number);
        if (g->state == GOROUTINE_LIVE && address - g->coro.stack_low < STACK_BYTES) return g;
    }
    return NULL;
}

/* A name for the place of a zero-value object that does not depend on who uses it first. */
uint64_t object_place_stable(const void *address)
{
    enum region r = heap_region_of(address);
    if (r == REGION_HEAP) {
        const struct heap_block *block = heap_block_of(address);
        if (block) return mix64(block->stable, (uintptr_t)address - block->start);
    }
    if (r == REGION_STACKS) {
        const struct goroutine *g = stack_owner((uintptr_t)address);
        if (g) return mix64(g->stable, g->coro.stack_high - (uintptr_t)address);
    }
    /* Elsewhere in a region (between blocks, on a stack of nobody), or in the image. */
    uintptr_t start = r == REGION_COUNT ? (uintptr_t)__ehdr_start : heap_region_start(r);
    return mix64(r, (uintptr_t)address - start);
}

uint32_t object_stack_owner(const void *address)
{
    if (heap_region_of(address) != REGION_STACKS) return 0;
    const struct goroutine *g = stack_owner((uintptr_t)address);
    return g ? g->number : 0;
}

struct object *object_first_used(enum object_kind kind, const void *address, struct call_site site)
{
    struct object *o = object_add(kind, address, object_place_stable(address), site);
    o->first_use = true;
    return o;
}

struct object *object_register(struct go_header *header, enum object_kind kind, const void *address,
                               struct call_site site, bool *copied)
{
    if (unlikely(!sched.running))
        fault_usage("%s used outside a running execution", object_kind_name(kind));
    const struct object *old = NULL;
    if (header->_epoch == object_epoch && header->_number <= objects.count)
        old = object_at(header->_number);
    *copied = old && old->kind == kind && old->address != address;
    struct object *o = object_first_used(kind, address, site);
    *header = (struct go_header){._epoch = object_epoch, ._number = o->number};
    return o;
}

struct object *object_at(uint32_t number)
{
    return number ? (struct object *)heap_table(REGION_OBJECTS) + number : NULL;
}

uint32_t object_count(void) { return objects.count; }

void object_name(const struct object *o, char out[16])
{
    static const char *const letters[OBJECT_KIND_COUNT] = {
        [OBJECT_CHAN] = "C",      [OBJECT_MUTEX] = "M",   [OBJECT_RWMUTEX] = "RW",
        [OBJECT_WAITGROUP] = "W", [OBJECT_ONCE] = "O",    [OBJECT_COND] = "CV",
        [OBJECT_MAP] = "MAP",     [OBJECT_TIMER] = "T",   [OBJECT_CONTEXT] = "X",
        [OBJECT_ATOMIC] = "A",    [OBJECT_TEST] = "TEST",
    };
    (void)snprintf(out, 16, "%s%u", letters[o->kind], o->ordinal);
}

const char *object_kind_name(enum object_kind kind)
{
    static const char *const names[OBJECT_KIND_COUNT] = {
        [OBJECT_CHAN] = "channel",    [OBJECT_MUTEX] = "mutex",
        [OBJECT_RWMUTEX] = "rwmutex", [OBJECT_WAITGROUP] = "waitgroup",
        [OBJECT_ONCE] = "once",       [OBJECT_COND] = "cond",
        [OBJECT_MAP] = "map",         [OBJECT_TIMER] = "timer",
        [OBJECT_CONTEXT] = "context", [OBJECT_ATOMIC] = "atomic",
        [OBJECT_TEST] = "test",
    };
    return names[kind];
}
