// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From an access that must not be to the data of a report. Invariants in access_report.h. */
#include "access_report.h"

#include <stdio.h>

#include "../order.h"
#include "facts.h"
#include "recall.h"

/* What a report says of an access: "WRITE", "atomic read", "free". */
static struct report_access describe(const struct access *a)
{
    return (struct report_access){.address = a->address,
                                  .bytes = a->bytes,
                                  .goroutine = sched.running->number,
                                  .writes = a->kind & ACCESS_WRITE,
                                  .atomic = a->kind & ACCESS_ATOMIC,
                                  .frees = a->kind & ACCESS_FREE};
}

/* The memory as the object of the report: a block, a goroutine's stack, or a global. */
static void describe_place(struct report *r, uintptr_t address)
{
    struct report_object *object = &r->object;
    *object = (struct report_object){.kind = "global", .address = address};
    enum region region = heap_region_of((const void *)address); /* NOLINT */
    if (region == REGION_HEAP) {
        const struct heap_block *block = heap_block_of((const void *)address); /* NOLINT */
        object->kind = "block";
        object->offset = address - heap_region_start(REGION_HEAP);
        if (!block) return;
        object->number = (uint32_t)(block - heap_block_at(0)) + 1;
        object->made_by = block->made_by;
        object->made = (struct trace){.count = 1, .pc = {block->site}};
        recall_want_block(object->number);
    } else if (region == REGION_STACKS) {
        object->kind = "stack-variable";
    }
}

static void begin_report(const struct access *a, enum report_type type)
{
    const struct goroutine *g = sched.running;
    struct report *r = facts_report();
    *r = (struct report){.type = type, .goroutine = g->number, .state = "running"};
    trace_capture(&r->first, a->site, g->coro.stack_low, g->frames_end);
    r->access = describe(access_whole(a));
    describe_place(r, a->address);
    if (r->first.count) r->culprit_pc[r->culprit_count++] = r->first.pc[0];
}

void access_report_race(const struct access *a, uint32_t segment, enum access_kind earlier,
                        uint8_t mask)
{
    if (sched.detectors_off & DETECTOR_RACE) return;
    const struct goroutine *other = sched_goroutine(order_segment(segment)->goroutine);
    begin_report(a, REPORT_DATA_RACE);
    struct report *r = facts_report();
    recall_want_access(a->address, segment, earlier, mask);
    r->previous = (struct report_access){.address = a->address,
                                         .goroutine = other->number,
                                         .writes = earlier & ACCESS_WRITE,
                                         .atomic = earlier & ACCESS_ATOMIC,
                                         .frees = earlier & ACCESS_FREE};
    facts_add_creation(r, sched.running);
    facts_add_creation(r, other);
    sched_stop(STOP_REPORT);
}

void access_report_bad(const struct access *a)
{
    if (sched.detectors_off & DETECTOR_MEMORY) return;
    begin_report(a, REPORT_HEAP_OUT_OF_BOUNDS);
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
    if (recall_state.segment && recall_state.access.count) {
        r->previous.address = recall_state.address;
        r->previous.bytes = recall_state.bytes;
        r->previous_trace = recall_state.access;
        r->culprit_pc[r->culprit_count++] = recall_state.access.pc[0];
    }
}
