// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From an access that must not be to the data of a report. Invariants in access_report.h. */
#include "access_report.h"

#include <stdio.h>

#include "../order.h"
#include "clock.h"
#include "facts.h"
#include "recall.h"

static const void *pointer_to(uintptr_t address)
{
    return (const void *)address; /* NOLINT(performance-no-int-to-ptr) */
}

/* What the stable form prints: addresses of stacks and globals depend on compiler and link. */
static uintptr_t offset_of(uintptr_t address)
{
    if (heap_region_of(pointer_to(address)) != REGION_HEAP) return 0;
    return address - heap_region_start(REGION_HEAP);
}

static struct report_access describe(uintptr_t address, size_t bytes, uint32_t goroutine,
                                     enum access_kind kind)
{
    return (struct report_access){.address = address,
                                  .offset = offset_of(address),
                                  .bytes = bytes,
                                  .goroutine = goroutine,
                                  .writes = kind & ACCESS_WRITE,
                                  .atomic = kind & ACCESS_ATOMIC,
                                  .frees = kind & ACCESS_FREE};
}

static const char *kind_phrase(enum access_kind kind)
{
    if (kind & ACCESS_FREE) return "free";
    if (kind & ACCESS_ATOMIC) return kind & ACCESS_WRITE ? "atomic write" : "atomic read";
    return kind & ACCESS_WRITE ? "write" : "read";
}

/* ---- Where it is -------------------------------------------------------------------------- */

enum { PHRASE_BYTES = 96 };

/* Which live goroutine's stack holds address? Newest first: stacks are used again. */
static uint32_t stack_owner(uintptr_t address)
{
    for (uint32_t number = sched.goroutine_count; number; number--) {
        const struct goroutine *g = sched_goroutine(number);
        if (g->state == GOROUTINE_LIVE && address - g->coro.stack_low < STACK_BYTES) return number;
    }
    return 0;
}

/* The block that an address between blocks, or beyond them, is nearest to. */
static const struct heap_block *nearest_block(uintptr_t address)
{
    const struct heap_block *before = heap_block_before(pointer_to(address));
    size_t next = before ? (size_t)(before - heap_block_at(0)) + 1 : 0;
    if (next == heap_block_count()) return before;
    const struct heap_block *after = heap_block_at(next);
    if (!before) return after;
    bool nearer = after->start - address < address - (before->start + before->bytes);
    return nearer ? after : before;
}

static void describe_heap(struct report_object *object, uintptr_t address, char *phrase)
{
    const struct heap_block *block = heap_block_of(pointer_to(address));
    object->beside = !block || !block->bytes;
    if (!block) block = nearest_block(address);
    if (!block) {
        object->kind = "heap-address";
        (void)snprintf(phrase, PHRASE_BYTES, "the heap, of which nothing was handed out");
        return;
    }
    object->kind = "block";
    object->number = (uint32_t)(block - heap_block_at(0)) + 1;
    object->made_by = block->made_by;
    object->made = (struct trace){.count = 1, .pc = {block->site}};
    recall_want_block(object->number);
    char size[48];
    (void)snprintf(size, sizeof size, "a block of %zu byte%s", block->bytes,
                   block->bytes == 1 ? "" : "s");
    const bool before = address < block->start;
    const size_t away = before ? block->start - address : address - block->start - block->bytes;
    if (!object->beside)
        (void)snprintf(phrase, PHRASE_BYTES, "byte %zu of %s", (size_t)(address - block->start),
                       size);
    else
        (void)snprintf(phrase, PHRASE_BYTES, "memory %zu byte%s %s %s", away, away == 1 ? "" : "s",
                       before ? "before" : "after", size);
}

static bool is_global(uintptr_t address)
{
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        struct globals_range range = globals_range(i);
        if (address - range.low < range.high - range.low) return true;
    }
    return false;
}

/* The memory as the object of the report: a block, a goroutine's stack, a global. phrase
 * (PHRASE_BYTES) says the same for a sentence. */
static void describe_place(struct report_object *object, uintptr_t address, char *phrase)
{
    *object = (struct report_object){.address = address, .offset = offset_of(address)};
    enum region region = heap_region_of(pointer_to(address));
    if (region == REGION_HEAP) {
        describe_heap(object, address, phrase);
    } else if (region == REGION_STACKS) {
        object->made_by = stack_owner(address);
        object->kind = object->made_by ? "stack-variable" : "stack-address";
        if (object->made_by)
            (void)snprintf(phrase, PHRASE_BYTES, "the stack of G%u", object->made_by);
        else
            (void)snprintf(phrase, PHRASE_BYTES, "the stack of a goroutine that has ended");
    } else if (is_global(address)) {
        object->kind = "global";
        (void)snprintf(phrase, PHRASE_BYTES, "a global");
    } else {
        object->kind = "address";
        (void)snprintf(phrase, PHRASE_BYTES, "memory that is not the execution's");
    }
}

/* ---- Reports ------------------------------------------------------------------------------ */

/* All but the message. address: the first byte at which it goes wrong. */
static struct report *begin_report(enum report_type type, uintptr_t address, struct call_site site,
                                   char *phrase)
{
    const struct goroutine *g = sched.running;
    struct report *r = facts_report();
    *r = (struct report){.type = type, .goroutine = g->number, .state = "running"};
    trace_capture(&r->first, site, g->coro.stack_low, g->frames_end);
    describe_place(&r->object, address, phrase);
    if (r->first.count) r->culprit_pc[r->culprit_count++] = r->first.pc[0];
    facts_add_creation(r, g);
    return r;
}

/* Who freed the block that the report is about. */
static void add_free(struct report *r, const struct heap_block *block)
{
    r->freed_by = block->freed_by;
    r->freed = (struct trace){.count = 1, .pc = {block->freed_at}};
    if (block->freed_by != r->goroutine) facts_add_creation(r, sched_goroutine(block->freed_by));
}

static uintptr_t first_byte(const struct access *a, uint8_t mask)
{
    return (a->address & ~(uintptr_t)(CELL_BYTES - 1)) + (uintptr_t)__builtin_ctz(mask);
}

/* The report of a race with an access of `other`, of which only its own segment is known. */
static struct report *begin_race(const struct access *a, uint32_t other, enum access_kind earlier,
                                 uint8_t mask)
{
    char phrase[PHRASE_BYTES];
    const uintptr_t address = first_byte(a, mask);
    struct report *r = begin_report(REPORT_DATA_RACE, address, a->site, phrase);
    const struct access *whole = access_whole(a);
    r->access = describe(whole->address, whole->bytes, r->goroutine, whole->kind);
    r->previous = describe(address, 0, other, earlier);
    (void)snprintf(r->message, sizeof r->message,
                   "nothing orders the %s by G%u before the %s by G%u of %s", kind_phrase(earlier),
                   other, kind_phrase(whole->kind), r->goroutine, phrase);
    if (other != r->goroutine) facts_add_creation(r, sched_goroutine(other));
    return r;
}

void access_report_race(const struct access *a, uint32_t segment, enum access_kind earlier,
                        uint8_t mask)
{
    if (sched.detectors_off & DETECTOR_RACE) return;
    (void)begin_race(a, order_segment(segment)->goroutine, earlier, mask);
    recall_want_access(a->address, segment, earlier, mask);
    sched_stop(STOP_REPORT);
}

/* Was the block freed by somebody that nothing orders before the running goroutine? */
static bool free_is_unordered(const struct heap_block *block)
{
    const uint32_t now = order_current();
    if (!now || !block->freed_segment) return false;
    return !clock_ordered(block->freed_segment, now);
}

static void report_race_with_free(const struct access *a, uint8_t mask,
                                  const struct heap_block *block)
{
    struct report *r = begin_race(a, block->freed_by, ACCESS_WRITE | ACCESS_FREE, mask);
    r->previous = describe(block->start, block->bytes, block->freed_by, ACCESS_WRITE | ACCESS_FREE);
    r->previous_trace = (struct trace){.count = 1, .pc = {block->freed_at}};
    r->culprit_pc[r->culprit_count++] = block->freed_at;
}

void access_report_bad(const struct access *a, uint8_t mask)
{
    const uintptr_t address = first_byte(a, mask);
    const struct heap_block *block = heap_block_of(pointer_to(address));
    const bool freed = block && block->freed_by;
    if (freed && free_is_unordered(block) && !(sched.detectors_off & DETECTOR_RACE)) {
        report_race_with_free(a, mask, block);
        sched_stop(STOP_REPORT);
    }
    if (sched.detectors_off & DETECTOR_MEMORY) return;
    char phrase[PHRASE_BYTES];
    struct report *r = begin_report(freed ? REPORT_USE_AFTER_FREE : REPORT_HEAP_OUT_OF_BOUNDS,
                                    address, a->site, phrase);
    const struct access *whole = access_whole(a);
    r->access = describe(whole->address, whole->bytes, r->goroutine, whole->kind);
    if (freed) {
        add_free(r, block);
        (void)snprintf(r->message, sizeof r->message, "the %s is of %s, which G%u had freed",
                       kind_phrase(whole->kind), phrase, block->freed_by);
    } else {
        (void)snprintf(r->message, sizeof r->message, "the %s is of %s", kind_phrase(whole->kind),
                       phrase);
    }
    sched_stop(STOP_REPORT);
}

void access_report_free(enum report_type type, const void *memory, struct call_site site)
{
    if (sched.detectors_off & DETECTOR_MEMORY) return;
    char phrase[PHRASE_BYTES];
    struct report *r = begin_report(type, (uintptr_t)memory, site, phrase);
    if (type == REPORT_DOUBLE_FREE) {
        const struct heap_block *block = heap_block_of(memory);
        add_free(r, block);
        (void)snprintf(r->message, sizeof r->message,
                       "G%u frees a block of %zu bytes that G%u had freed", r->goroutine,
                       block->bytes, block->freed_by);
    } else {
        (void)snprintf(r->message, sizeof r->message,
                       "G%u frees what is not the start of a block: %s", r->goroutine, phrase);
    }
    sched_stop(STOP_REPORT);
}

void access_report_recalled(struct report *r, bool same)
{
    if (!same) {
        facts_add_note(r, "executed again with the same choices, the program took another way: it "
                          "depends on something that is not controlled here");
        return;
    }
    facts_recalled(r);
    if (recall_state.made.count) r->object.made = recall_state.made;
    if (recall_state.freed.count && r->freed_by) r->freed = recall_state.freed;
    if (recall_state.freed.count && r->previous.frees) r->previous_trace = recall_state.freed;
    if (recall_state.segment && recall_state.access.count) {
        r->previous.address = recall_state.address;
        r->previous.offset = offset_of(recall_state.address);
        r->previous.bytes = recall_state.bytes;
        r->previous_trace = recall_state.access;
        r->culprit_pc[r->culprit_count++] = recall_state.access.pc[0];
    }
}
