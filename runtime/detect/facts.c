// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Filling reports. Invariants in facts.h. Everything is copied out of the regions here, on whatever
 * stack the detector runs; nothing is symbolized or printed. */
#include "facts.h"

#include <stdarg.h>
#include <stdio.h>

#include "recall.h"
#include "waitfor.h"

/* What a panic's other step was: its stack comes from the second execution. */
static struct {
    uint32_t goroutine;
    const char *label;
} earlier;

static struct report report; /* safe: one execution at a time */

struct report *facts_report(void) { return &report; }

void facts_reset(void) { report.type = REPORT_NONE; }

void facts_object(struct report_object *out, const struct object *o)
{
    *out = (struct report_object){0};
    if (!o) return;
    out->number = o->number;
    object_name(o, out->name);
    out->kind = object_kind_name(o->kind);
    out->address = (uintptr_t)o->address;
    enum region r = heap_region_of(o->address);
    if (r != REGION_COUNT) out->offset = out->address - heap_region_start(r);
    out->made_by = o->made_by;
    out->first_use = o->first_use;
    out->made = o->made;
}

void facts_add_note(struct report *r, const char *format, ...)
{
    if (r->note_count == REPORT_NOTES_MAX) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->notes[r->note_count++], REPORT_TEXT_BYTES, format, arguments);
    va_end(arguments);
}

void facts_add_related(struct report *r, const struct trace *trace, const char *format, ...)
{
    if (r->related_count == REPORT_RELATED_MAX || !trace->count) return;
    struct report_related *related = &r->related[r->related_count++];
    related->trace = *trace;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(related->label, sizeof related->label, format, arguments);
    va_end(arguments);
}

void facts_trace_of(struct trace *out, const struct goroutine *g)
{
    *out = (struct trace){0};
    if (g->state == GOROUTINE_LIVE) trace_capture(out, g->site, g->coro.stack_low, g->frames_end);
    if (!out->count && g->pending.kind == OP_START) *out = g->created;
}

const char *facts_state_name(const struct goroutine *g)
{
    if (g->state == GOROUTINE_ENDED) return "ended";
    return g->wait_reason ? wait_reason_name(g->wait_reason) : "running";
}

void facts_object_phrase(char out[48], const struct object *o)
{
    char name[16];
    object_name(o, name);
    (void)snprintf(out, 48, "%s %s", object_kind_name(o->kind), name);
}

void facts_add_goroutine(struct report *r, const struct goroutine *g, bool leaked)
{
    if (r->goroutine_count == REPORT_GOROUTINES_MAX) {
        r->goroutines_omitted++;
        return;
    }
    struct report_goroutine *out = &r->goroutines[r->goroutine_count++];
    *out = (struct report_goroutine){
        .number = g->number, .leaked = leaked, .created_by = g->created_by, .created = g->created};
    (void)snprintf(out->state, sizeof out->state, "%s", facts_state_name(g));
    waitfor_sentence(out->waits_for, sizeof out->waits_for, g);
    facts_trace_of(&out->trace, g);
}

void facts_add_creation(struct report *r, const struct goroutine *g)
{
    if (!g->created.count) return;
    facts_add_related(r, &g->created, "Goroutine %u was created by goroutine %u at:", g->number,
                      g->created_by);
}

static void fill_panic(struct report *r, const struct facts_panic *panic)
{
    *r = (struct report){.type = panic->type,
                         .goroutine = panic->goroutine->number,
                         .state = "running",
                         .first = panic->trace};
    facts_object(&r->object, panic->object);
    (void)snprintf(r->message, sizeof r->message, "%s", panic->message);
    if (panic->trace.count) r->culprit_pc[r->culprit_count++] = panic->trace.pc[0];
    if (panic->object && panic->object->closed_by)
        facts_add_related(
            r, &panic->object->closed,
            "Channel previously closed by goroutine %u at:", panic->object->closed_by);
    if (panic->other_step) {
        recall_want_step(panic->other_step);
        earlier.goroutine = panic->other->number;
        earlier.label = panic->other_label;
    } else if (panic->other) {
        struct trace trace;
        facts_trace_of(&trace, panic->other);
        if (trace.count) r->culprit_pc[r->culprit_count++] = trace.pc[0];
        facts_add_related(r, &trace, "%s by goroutine %u at:", panic->other_label,
                          panic->other->number);
    }
    facts_add_creation(r, panic->goroutine);
}

void facts_recalled(struct report *r)
{
    const struct trace *trace = &recall_state.at_step;
    if (!trace->count) return;
    r->culprit_pc[r->culprit_count++] = trace->pc[0];
    facts_add_related(r, trace, "%s by goroutine %u at:", earlier.label, earlier.goroutine);
}

_Noreturn void facts_report_panic(const struct facts_panic *panic)
{
    unsigned off = panic->type == REPORT_ORACLE_FAILURE ? DETECTOR_ORACLE : DETECTOR_MISUSE;
    if (sched.detectors_off & off) sched_stop(STOP_EXIT);
    fill_panic(&report, panic);
    sched_stop(STOP_REPORT);
}
