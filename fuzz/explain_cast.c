// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Who takes part in a story: goroutines, the clock, objects, and who waits for whom at the end. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "detect/facts.h"
#include "detect/waitfor.h"
#include "explain_build.h"
#include "policies.h"
#include "sched.h"

static const char *hex(struct story *story, uint64_t value)
{
    return story_text(story, "%016" PRIx64, value);
}

/* ---- Goroutines ------------------------------------------------------------------------------ */

/* Is pc the innermost one of somebody to blame? */
static bool blamed(const struct report *r, const void *pc)
{
    for (size_t i = 0; pc && i < r->culprit_count; i++)
        if (r->culprit_pc[i] == pc) return true;
    return false;
}

static bool is_culprit(const struct report *r, uint32_t number)
{
    if (!r) return false;
    if (number == r->goroutine) return true;
    if (r->previous_trace.count && number == r->previous.goroutine) return true;
    for (size_t i = 0; i < r->goroutine_count; i++) {
        const struct report_goroutine *g = &r->goroutines[i];
        if (g->number == number) return g->trace.count && blamed(r, g->trace.pc[0]);
    }
    return false;
}

/* Functions are called through pointers: their first instruction is no return address. */
static const char *function_name(struct story *story, void (*fn)(void *))
{
    const unsigned char *entry;
    memcpy(&entry, &fn, sizeof entry);
    if (trace_is_runtime(entry)) return "";
    struct source_frame frames[SOURCE_FRAMES_MAX];
    size_t count = symbolize(entry + 1, frames);
    return story_text(story, "%s", frames[count - 1].function);
}

static enum story_end end_of(const struct goroutine *g)
{
    if (g->state == GOROUTINE_ENDED) return STORY_ENDED;
    return g->wait_reason != WAIT_NONE ? STORY_BLOCKED : STORY_RUNNING;
}

static void fill_goroutine(struct build *b, struct story_goroutine *out, const struct goroutine *g)
{
    struct story *s = b->story;
    char sentence[REPORT_TEXT_BYTES];
    waitfor_sentence(sentence, sizeof sentence, g);
    struct trace trace;
    facts_trace_of(&trace, g);
    const struct report *r = b->result->report;
    if (r && r->goroutine == g->number && r->first.count) trace = r->first;
    bool blocked = end_of(g) == STORY_BLOCKED;
    *out = (struct story_goroutine){
        .number = g->number,
        .stable = hex(s, g->stable),
        .name = g->number == 1 ? "main" : function_name(s, g->fn),
        .created_at = STORY_NONE,
        .created_by = g->created_by ? g->created_by : STORY_NONE,
        .end = end_of(g),
        .state = facts_state_name(g),
        .waits_for = blocked ? build_object_of(b, g->pending.object, 0) : STORY_NONE,
        .stuck_at = STORY_NONE,
        .waiting = sentence[0] ? story_text(s, "%s", sentence) : "",
        .place =
            g->state == GOROUTINE_LIVE && trace.count ? build_place(b, trace.pc[0]) : STORY_NONE,
        .culprit = is_culprit(b->result->report, g->number),
    };
}

void build_goroutines(struct build *b)
{
    struct story *s = b->story;
    s->goroutine_count = (size_t)sched.goroutine_count + 1;
    s->goroutines = story_alloc(s, s->goroutine_count, sizeof s->goroutines[0]);
    s->goroutines[0] = (struct story_goroutine){.stable = hex(s, CLOCK_STABLE),
                                                .name = "clock",
                                                .created_at = STORY_NONE,
                                                .created_by = STORY_NONE,
                                                .end = STORY_RUNNING,
                                                .state = "running",
                                                .waits_for = STORY_NONE,
                                                .waiting = "",
                                                .stuck_at = STORY_NONE,
                                                .place = STORY_NONE};
    for (uint32_t i = 1; i < s->goroutine_count; i++)
        fill_goroutine(b, &s->goroutines[i], sched_goroutine(i));
}

/* ---- Objects --------------------------------------------------------------------------------- */

const char *build_object_name(const struct build *b, size_t object)
{
    return object == STORY_NONE ? "" : b->story->objects[object].name;
}

size_t build_object_of(const struct build *b, uint32_t number, uint64_t place)
{
    const struct story *s = b->story;
    if (number) return number - 1;
    if (!place) return STORY_NONE;
    char stable[17];
    snprintf(stable, sizeof stable, "%016" PRIx64, place);
    for (size_t i = b->object_count; i < s->object_count; i++)
        if (strcmp(s->objects[i].stable, stable) == 0) return i;
    return STORY_NONE;
}

/* The memory of accesses that were points, in the order in which they were seen. */
static void add_variable(struct build *b, uint64_t place)
{
    struct story *s = b->story;
    if (!place || build_object_of(b, 0, place) != STORY_NONE) return;
    s->objects[s->object_count] =
        (struct story_object){.name = story_text(s, "V%zu", s->object_count - b->object_count + 1),
                              .kind = "variable",
                              .stable = hex(s, place),
                              .made_by = STORY_NONE,
                              .made_at = STORY_NONE};
    s->object_count++;
}

void build_objects(struct build *b)
{
    struct story *s = b->story;
    const struct watch *w = b->watch;
    b->object_count = s->object_count = object_count();
    size_t room = s->object_count + w->access_count + 2 * w->forced_count;
    s->objects = story_alloc(s, room, sizeof s->objects[0]);
    for (uint32_t i = 1; i <= b->object_count; i++) {
        const struct object *o = object_at(i);
        char name[16];
        object_name(o, name);
        s->objects[i - 1] = (struct story_object){
            .name = story_text(s, "%s", name),
            .kind = object_kind_name(o->kind),
            .stable = hex(s, o->stable),
            .made_by = o->made_by ? o->made_by : STORY_NONE,
            .made_at = o->made.count ? build_place(b, o->made.pc[0]) : STORY_NONE};
    }
    for (size_t i = 0; i < w->access_count; i++) add_variable(b, w->accesses[i].place);
    for (size_t i = 0; i < w->forced_count; i++) {
        add_variable(b, w->forced[i].natural.place);
        add_variable(b, w->forced[i].taken.place);
    }
}

/* ---- Waits ----------------------------------------------------------------------------------- */

static size_t add_waits(struct build *b, const struct goroutine *g, struct story_wait *out)
{
    const struct goroutine *holders[WAITFOR_HOLDERS_MAX];
    if (end_of(g) != STORY_BLOCKED) return 0;
    size_t count = waitfor_holders(g, holders);
    size_t object = build_object_of(b, g->pending.object, 0);
    for (size_t i = 0; out && i < count; i++)
        out[i] = (struct story_wait){g->number, object, holders[i]->number};
    if (count) return count;
    /* A select waits on the channels of all its cases. */
    for (uint32_t i = 0; g->wait_reason == WAIT_SELECT && i < g->case_count; i++) {
        if (!g->cases[i].chan) continue;
        if (out)
            out[count] = (struct story_wait){g->number, g->cases[i].chan->number - 1, STORY_NONE};
        count++;
    }
    if (count) return count;
    if (out) out[0] = (struct story_wait){g->number, object, STORY_NONE};
    return 1;
}

void build_waits(struct build *b)
{
    struct story *s = b->story;
    size_t count = 0;
    for (uint32_t i = 1; i < s->goroutine_count; i++)
        count += add_waits(b, sched_goroutine(i), NULL);
    s->waits = story_alloc(s, count, sizeof s->waits[0]);
    for (uint32_t i = 1; i < s->goroutine_count; i++)
        s->wait_count += add_waits(b, sched_goroutine(i), &s->waits[s->wait_count]);
}
