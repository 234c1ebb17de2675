// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A story as one JSON object; docs/story.schema.json describes every member. Prints, decides
 * nothing.
 *
 * Events and edges are written one a line and one after the other: a big story is never in memory a
 * second time. STORY_NONE is null.
 */
#include <jansson.h>
#include <string.h>

#include "story.h"

enum { SCHEMA = 1 };

static json_t *index_json(size_t index)
{
    return index == STORY_NONE ? json_null() : json_integer((json_int_t)index);
}

/* Text that is not UTF-8 (a path can be anything) loses what is not ASCII. */
static json_t *text_json(const char *text)
{
    json_t *json = json_string(text);
    if (json) return json;
    json = json_string("");
    for (; json && *text; text++) {
        char one[2] = {(unsigned char)*text < 128 ? *text : '?', '\0'};
        json_t *longer = json_sprintf("%s%s", json_string_value(json), one);
        json_decref(json);
        json = longer;
    }
    return json;
}

static bool print_value(FILE *out, json_t *value)
{
    if (!value) return false;
    bool ok = json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT | JSON_PRESERVE_ORDER) == 0;
    json_decref(value);
    return ok;
}

static bool print_member(FILE *out, const char *key, json_t *value)
{
    return fprintf(out, "\"%s\": ", key) > 0 && print_value(out, value) && fputs(",\n", out) >= 0;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static json_t *place_json(const struct story *s, size_t i)
{
    const struct story_place *p = &s->places[i];
    return json_pack("{s:o,s:o,s:i}", "function", text_json(p->function), "file",
                     text_json(p->file), "line", p->line);
}

static json_t *goroutine_json(const struct story *s, size_t i)
{
    static const char *const ends[] = {
        [STORY_ENDED] = "ended", [STORY_BLOCKED] = "blocked", [STORY_RUNNING] = "running"};
    const struct story_goroutine *g = &s->goroutines[i];
    return json_pack(
        "{s:I,s:s,s:o,s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:b}", "number", (json_int_t)g->number,
        "stable", g->stable, "name", text_json(g->name), "created_at", index_json(g->created_at),
        "created_by", index_json(g->created_by), "end", ends[g->end], "state", g->state,
        "waits_for", index_json(g->waits_for), "waiting", text_json(g->waiting), "stuck_at",
        index_json(g->stuck_at), "place", index_json(g->place), "culprit", (int)g->culprit);
}

static json_t *object_json(const struct story *s, size_t i)
{
    const struct story_object *o = &s->objects[i];
    return json_pack("{s:s,s:s,s:s,s:o,s:o}", "name", o->name, "kind", o->kind, "stable", o->stable,
                     "made_by", index_json(o->made_by), "made_at", index_json(o->made_at));
}

static json_t *event_json(const struct story *s, size_t i)
{
    static const char *const turns[] = {
        [STORY_STAYED] = "stayed", [STORY_SWITCHED] = "switched", [STORY_FORCED] = "forced"};
    const struct story_event *e = &s->events[i];
    return json_pack("{s:o,s:s,s:s,s:o,s:o,s:o,s:I,s:s,s:b,s:b,s:o}", "goroutine",
                     index_json(e->goroutine), "operation", e->operation, "phase", e->phase,
                     "detail", text_json(e->detail), "object", index_json(e->object), "place",
                     index_json(e->place), "ordinal", (json_int_t)e->ordinal, "turn",
                     turns[e->turn], "preempts", (int)e->preempts, "needed", (int)e->needed,
                     "reason", text_json(e->reason));
}

static json_t *edge_json(const struct story *s, size_t i)
{
    static const char *const kinds[] = {[STORY_EDGE_CREATE] = "create",
                                        [STORY_EDGE_MESSAGE] = "message",
                                        [STORY_EDGE_LOCK] = "lock",
                                        [STORY_EDGE_SYNC] = "sync"};
    const struct story_edge *e = &s->edges[i];
    return json_pack("{s:s,s:o,s:o}", "kind", kinds[e->kind], "from", index_json(e->from), "to",
                     index_json(e->to));
}

static json_t *wait_json(const struct story *s, size_t i)
{
    const struct story_wait *w = &s->waits[i];
    return json_pack("{s:o,s:o,s:o}", "goroutine", index_json(w->goroutine), "object",
                     index_json(w->object), "holder", index_json(w->holder));
}

static json_t *related_json(const struct story *s, size_t i)
{
    return json_pack("{s:o,s:o}", "label", text_json(s->related[i].label), "place",
                     index_json(s->related[i].place));
}

static json_t *stack_json(const struct story *s, size_t i) { return index_json(s->stack[i]); }

static bool print_list(FILE *out, const char *key, const struct story *s, size_t count,
                       json_t *(*one)(const struct story *s, size_t i))
{
    bool ok = fprintf(out, "\"%s\": [", key) > 0;
    for (size_t i = 0; ok && i < count; i++)
        ok = fputs(i ? ",\n" : "\n", out) >= 0 && print_value(out, one(s, i));
    return ok && fputs(count ? "\n],\n" : "],\n", out) >= 0;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool print_head(FILE *out, const struct story *s)
{
    const struct {
        const char *key, *text;
    } texts[] = {
        {"target", s->target},       {"variant", s->variant}, {"verdict", s->verdict},
        {"signature", s->signature}, {"type", s->type},       {"security", s->security},
        {"message", s->message},     {"report", s->report},   {"input", s->input},
        {"replay", s->replay},       {"root", s->root},       {"digest", s->digest},
    };
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"steps", s->steps},
        {"switches", s->switches},
        {"preemptions", s->preemptions},
        {"deviations", s->deviations},
        {"events_dropped", s->events_dropped},
    };
    bool ok = print_member(out, "schema", json_integer(SCHEMA));
    for (size_t i = 0; ok && i < sizeof texts / sizeof texts[0]; i++)
        ok = print_member(out, texts[i].key, text_json(texts[i].text));
    for (size_t i = 0; ok && i < sizeof numbers / sizeof numbers[0]; i++)
        ok = print_member(out, numbers[i].key, json_integer((json_int_t)numbers[i].number));
    return ok;
}

static json_t *contrast_json(const struct story_contrast *c)
{
    return json_pack("{s:b,s:o,s:o,s:o}", "found", (int)c->found, "event", index_json(c->event),
                     "expected", text_json(c->expected), "sentence", text_json(c->sentence));
}

bool story_print_json(FILE *out, const struct story *s)
{
    return fputs("{\n", out) >= 0 && print_head(out, s) &&
           print_list(out, "places", s, s->place_count, place_json) &&
           print_list(out, "goroutines", s, s->goroutine_count, goroutine_json) &&
           print_list(out, "objects", s, s->object_count, object_json) &&
           print_list(out, "events", s, s->event_count, event_json) &&
           print_list(out, "edges", s, s->edge_count, edge_json) &&
           print_list(out, "waits", s, s->wait_count, wait_json) &&
           print_list(out, "stack", s, s->stack_count, stack_json) &&
           print_list(out, "related", s, s->related_count, related_json) &&
           fputs("\"contrast\": ", out) >= 0 && print_value(out, contrast_json(&s->contrast)) &&
           fputs("\n}\n", out) >= 0 && fflush(out) == 0;
}
