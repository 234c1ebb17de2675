// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A story as Chrome trace events, which ui.perfetto.dev and chrome://tracing open.
 *
 * Invariants
 * - A step takes one microsecond, and step n begins at n - 1: the time axis counts steps. Steps are
 *   all there is: an execution has no times of its own.
 * - A track for each goroutine, numbered as in reports; the clock's is the last one.
 * - A goroutine is in one slice at a time: an event, or blocked between an event that waits (or its
 *   last one) and the one with which it goes on (or the end).
 * - A flow has an id of its own and leads from the slice of an event into the slice of a later one.
 *
 * Source: "Trace Event Format" (Chromium project), JSON object format, phases M, X, i, s and f.
 */
#include <string.h>

#include "story_parts.h"

enum { PROCESS = 1 };
static const double in_slice_us = 0.5; /* a flow belongs to the slice that is open at its time */

struct perfetto {
    const struct story *story;
    json_t *events;
    uint32_t clock_track;
};

static json_int_t track_of(const struct perfetto *p, size_t goroutine)
{
    uint32_t number = p->story->goroutines[goroutine].number;
    return number ? number : p->clock_track;
}

/* The common members; the rest is added to what is returned, which the array owns. Takes name. */
static json_t *add(const struct perfetto *p, const char *phase, json_t *name, size_t goroutine,
                   json_t *at_us)
{
    json_t *event = json_pack("{s:s,s:o,s:i,s:I,s:o}", "ph", phase, "name", name, "pid", PROCESS,
                              "tid", track_of(p, goroutine), "ts", at_us);
    json_array_append_new(p->events, event);
    return event;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0]) json_object_set_new(object, key, parts_text(text));
}

/* ---- Tracks -------------------------------------------------------------------------------- */

static json_t *add_metadata(const struct perfetto *p, const char *what, json_int_t track,
                            const char *argument, json_t *value)
{
    json_t *event =
        json_pack("{s:s,s:s,s:s,s:i,s:I,s:i,s:{s:o}}", "ph", "M", "cat", "__metadata", "name", what,
                  "pid", PROCESS, "tid", track, "ts", 0, "args", argument, value);
    json_array_append_new(p->events, event);
    return event;
}

static void add_tracks(const struct perfetto *p)
{
    const struct story *s = p->story;
    add_metadata(p, "process_name", 0, "name",
                 parts_textf("%s%s%s", s->target, s->variant[0] ? " " : "", s->variant));
    for (size_t i = 0; i < s->goroutine_count; i++) {
        json_int_t track = track_of(p, i);
        add_metadata(p, "thread_name", track, "name", parts_goroutine_text(&s->goroutines[i]));
        add_metadata(p, "thread_sort_index", track, "sort_index", json_integer(track));
    }
}

/* ---- Slices -------------------------------------------------------------------------------- */

static json_t *place_json(const struct story *s, size_t place)
{
    const struct story_place *p = &s->places[place];
    const char *below = parts_below_root(s, p->file);
    return parts_textf("%s:%d", below ? below : p->file, p->line);
}

static void add_event(const struct perfetto *p, size_t index)
{
    const struct story *s = p->story;
    const struct story_event *event = &s->events[index];
    json_t *args = json_pack("{s:I}", "step", (json_int_t)index + 1);
    if (event->place != STORY_NONE) {
        set_text(args, "function", s->places[event->place].function);
        if (s->places[event->place].file[0])
            json_object_set_new(args, "at", place_json(s, event->place));
    }
    set_text(args, "phase", event->phase);
    set_text(args, "result", event->detail);
    set_text(args, "reason", event->reason);
    if (event->needed) json_object_set_new(args, "needed", json_true());
    json_t *slice =
        add(p, "X", parts_event_text(s, event), event->goroutine, json_integer((json_int_t)index));
    json_object_set_new(slice, "dur", json_integer(1));
    set_text(slice, "cat", "operation");
    json_object_set_new(slice, "args", args);
    if (event->turn != STORY_FORCED) return;
    json_t *name = event->reason[0] ? parts_text(event->reason) : parts_text("forced switch");
    json_t *turn = add(p, "i", name, event->goroutine, json_integer((json_int_t)index));
    set_text(turn, "s", "t");
    set_text(turn, "cat", event->preempts ? "preemption" : "switch");
}

/* Takes name. */
static void add_blocked(const struct perfetto *p, size_t goroutine, json_t *name, size_t from,
                        size_t until)
{
    if (until <= from) {
        json_decref(name);
        return;
    }
    json_t *slice = add(p, "X", name, goroutine, json_integer((json_int_t)from));
    json_object_set_new(slice, "dur", json_integer((json_int_t)(until - from)));
    set_text(slice, "cat", "blocked");
    const char *waiting = p->story->goroutines[goroutine].waiting;
    if (until > p->story->event_count && waiting[0])
        json_object_set_new(slice, "args", json_pack("{s:o}", "waiting", parts_text(waiting)));
}

static json_t *blocked_name(const struct story *s, const char *reason, size_t object)
{
    const char *name = object == STORY_NONE ? "" : s->objects[object].name;
    return parts_textf("blocked [%s]%s%s", reason, name[0] ? " " : "", name);
}

/* Between an event that waits and the next one of the same goroutine. */
static void add_blocked_of(const struct perfetto *p, size_t goroutine)
{
    const struct story *s = p->story;
    size_t last = STORY_NONE;
    for (size_t i = 0; i < s->event_count; i++) {
        if (s->events[i].goroutine != goroutine) continue;
        const struct story_event *before = last == STORY_NONE ? NULL : &s->events[last];
        if (before && strcmp(before->phase, "waits") == 0)
            add_blocked(p, goroutine, blocked_name(s, before->operation, before->object), last + 1,
                        i);
        last = i;
    }
    const struct story_goroutine *g = &s->goroutines[goroutine];
    if (g->end != STORY_BLOCKED || s->events_dropped > 0) return;
    size_t from = last == STORY_NONE ? 0 : last + 1;
    add_blocked(p, goroutine, blocked_name(s, g->state, g->waits_for), from, s->event_count + 1);
}

/* ---- Flows --------------------------------------------------------------------------------- */

static void add_flow(const struct perfetto *p, size_t index)
{
    static const char *const kinds[] = {[STORY_EDGE_CREATE] = "creates",
                                        [STORY_EDGE_MESSAGE] = "message",
                                        [STORY_EDGE_LOCK] = "lock",
                                        [STORY_EDGE_SYNC] = "synchronization"};
    const struct story_edge *edge = &p->story->edges[index];
    const size_t ends[] = {edge->from, edge->to};
    for (size_t i = 0; i < 2; i++) {
        json_t *flow =
            add(p, i ? "f" : "s", json_string(kinds[edge->kind]),
                p->story->events[ends[i]].goroutine, json_real((double)ends[i] + in_slice_us));
        set_text(flow, "cat", "happens-before");
        json_object_set_new(flow, "id", json_integer((json_int_t)index + 1));
        if (i) set_text(flow, "bp", "e");
    }
}

/* ---- The whole ----------------------------------------------------------------------------- */

static void add_end(const struct perfetto *p)
{
    const struct story *s = p->story;
    if (!s->signature[0] || s->goroutine_count == 0) return;
    size_t culprit = s->goroutine_count - 1;
    for (size_t i = s->goroutine_count; i-- > 0;)
        if (s->goroutines[i].culprit) culprit = i;
    json_t *end = add(p, "i", parts_textf("%s%s%s", s->type, s->message[0] ? ": " : "", s->message),
                      culprit, json_integer((json_int_t)s->event_count));
    set_text(end, "s", "g");
    set_text(end, "cat", "report");
}

bool story_print_perfetto(FILE *out, const struct story *s)
{
    struct perfetto p = {.story = s, .events = json_array()};
    for (size_t i = 0; i < s->goroutine_count; i++)
        if (s->goroutines[i].number >= p.clock_track) p.clock_track = s->goroutines[i].number + 1;
    add_tracks(&p);
    for (size_t i = 0; i < s->event_count; i++) add_event(&p, i);
    for (size_t i = 0; i < s->goroutine_count; i++) add_blocked_of(&p, i);
    for (size_t i = 0; i < s->edge_count; i++) add_flow(&p, i);
    add_end(&p);
    json_t *about = json_pack("{s:o,s:o,s:o,s:I}", "signature", parts_text(s->signature), "verdict",
                              parts_text(s->verdict), "replay", parts_text(s->replay),
                              "events dropped", (json_int_t)s->events_dropped);
    return parts_dump(out, json_pack("{s:s,s:o,s:o}", "displayTimeUnit", "ns", "otherData", about,
                                     "traceEvents", p.events));
}
