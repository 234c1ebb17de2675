// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The places of a report beside its first stack, in the order of the report. */
#include <inttypes.h>
#include <string.h>

#include "explain_build.h"
#include "report/report.h"

enum { PER_GOROUTINE = 2, OBJECT_PLACES = 3 };

static void add(struct build *b, const struct trace *trace, const char *label)
{
    struct story *s = b->story;
    if (trace->count == 0) return;
    s->related[s->related_count++] =
        (struct story_related){.label = label, .place = build_place(b, trace->pc[0])};
}

static void add_object(struct build *b, const struct report *r)
{
    const struct report_object *o = &r->object;
    const char *name = o->name[0] ? o->name : "it";
    add(b, &o->made,
        story_text(b->story, "%s, a %s, was %s here%s", name, o->kind ? o->kind : "variable",
                   o->first_use ? "first used" : "made", o->beside ? " (beside the access)" : ""));
}

static void add_accesses(struct build *b, const struct report *r)
{
    const struct report_access *p = &r->previous;
    if (p->goroutine)
        add(b, &r->previous_trace,
            story_text(b->story, "previous %s of %zu bytes by goroutine %" PRIu32,
                       p->frees    ? "free"
                       : p->writes ? "write"
                                   : "read",
                       p->bytes, p->goroutine));
    if (r->freed_by)
        add(b, &r->freed, story_text(b->story, "freed by goroutine %" PRIu32, r->freed_by));
}

/* Labels of the text end with " at:". */
static void add_labelled(struct build *b, const struct report_related *related)
{
    size_t length = strlen(related->label);
    if (length > 0 && related->label[length - 1] == ':') length--;
    if (length >= 3 && strncmp(related->label + length - 3, " at", 3) == 0) length -= 3;
    add(b, &related->trace, story_text(b->story, "%.*s", (int)length, related->label));
}

static void add_goroutine(struct build *b, const struct report_goroutine *g)
{
    add(b, &g->trace,
        story_text(b->story, "goroutine %" PRIu32 " [%s]%s%s", g->number, g->state,
                   g->waits_for[0] ? " " : "", g->waits_for));
    add(b, &g->created, story_text(b->story, "goroutine %" PRIu32 " was created here", g->number));
}

void build_related(struct build *b)
{
    const struct report *r = b->result->report;
    if (!r) return;
    struct story *s = b->story;
    size_t max = OBJECT_PLACES + r->related_count + PER_GOROUTINE * r->goroutine_count;
    s->related = story_alloc(s, max, sizeof s->related[0]);
    add_object(b, r);
    add_accesses(b, r);
    for (size_t i = 0; i < r->related_count; i++) add_labelled(b, &r->related[i]);
    for (size_t i = 0; i < r->goroutine_count; i++) add_goroutine(b, &r->goroutines[i]);
}
