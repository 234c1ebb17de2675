// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* trace.json: what an artifact was run with and what happened, for programs that read it.
 *
 * Events are keyed by what does not change between schedules: the stable id of the goroutine and
 * the event's place among that goroutine's operations (from 1). A plain access at which another
 * goroutine was chosen is an event too, but no operation: its place is that of the operation before
 * it. Deviations have the keys of deviation.h, in the order in which they were taken; `to` is a
 * stable id, or the number of a select's case. One event, or deviation, is one line, so that two
 * traces can be compared with diff. Nothing of this process (addresses, times, paths) is in it.
 */
#include "trace.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "trace_read.h"

enum { SCHEMA = 2, HEX_BYTES = 17 };

static json_t *hex(uint64_t value)
{
    char text[HEX_BYTES];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    return json_string(text);
}

/* One member of the top-level object; takes value. */
static bool print_member(FILE *out, const char *key, json_t *value, const char *end)
{
    if (!value) return false;
    bool ok = fprintf(out, "\"%s\": ", key) > 0 &&
              json_dumpf(value, out, JSON_ENCODE_ANY | JSON_COMPACT) == 0 && fputs(end, out) >= 0;
    json_decref(value);
    return ok;
}

/* Zero means a default, which may be another one when this is read. waits_after_end, the youngest,
 * is left out while it is the default: so older files are equal to new ones. */
static json_t *limit_json(uint32_t value, uint32_t otherwise)
{
    return json_integer((json_int_t)(value ? value : otherwise));
}

static json_t *options_json(const struct run_options *options)
{
    uint32_t waits = options->waits_after_end ? options->waits_after_end : RUN_WAITS_AFTER_END;
    return json_pack(
        "{s:o,s:o,s:o,s:o*,s:b,s:I}", "max_steps", limit_json(options->max_steps, RUN_MAX_STEPS),
        "fair_steps", limit_json(options->fair_steps, RUN_FAIR_STEPS), "ticks_after_end",
        limit_json(options->ticks_after_end, RUN_TICKS_AFTER_END), "waits_after_end",
        waits == RUN_WAITS_AFTER_END ? NULL : json_integer(waits), "go123_timers",
        (int)options->go123_timers, "detectors_off", (json_int_t)options->detectors_off);
}

static json_t *verdict_json(const struct run_result *result)
{
    static const char *const names[] = {
        [VERDICT_PASS] = "pass", [VERDICT_BUG] = "bug", [VERDICT_INCONCLUSIVE] = "inconclusive"};
    return json_string(names[result->verdict]);
}

static json_t *event_json(const struct event *event, uint32_t place)
{
    json_t *e = json_pack("{s:o,s:I,s:s,s:s}", "g", hex(event->stable), "place", (json_int_t)place,
                          "op", op_kind_name((enum op_kind)event->kind), "phase",
                          trace_phase_names[event->phase]);
    if (!e) return NULL;
    if (event->object_stable != 0) json_object_set_new(e, "object", hex(event->object_stable));
    if (event->chosen) json_object_set_new(e, "chosen", json_true());
    return e;
}

static json_t *deviation_json(const struct deviation *d)
{
    return json_pack("{s:o,s:I,s:I,s:s,s:s,s:I,s:o}", "after", hex(d->after), "place",
                     (json_int_t)d->place, "access", (json_int_t)d->access, "kind",
                     choice_kind_name((enum choice_kind)d->kind), "op",
                     op_kind_name((enum op_kind)d->op), "occurrence", (json_int_t)d->occurrence,
                     "to", hex(d->to));
}

/* Nothing if they are not known. */
static bool print_deviations(FILE *out, const struct artifact *a)
{
    const struct deviations *d = a->deviations;
    if (!d) return true;
    bool ok = print_member(out, "minimal", json_boolean(a->minimal), ",\n") &&
              fputs(d->count ? "\"deviations\": [\n" : "\"deviations\": [", out) >= 0;
    for (size_t i = 0; ok && i < d->count; i++) {
        json_t *one = deviation_json(&d->list[i]);
        ok = one != NULL && json_dumpf(one, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 &&
             fputs(i + 1 < d->count ? ",\n" : "\n", out) >= 0;
        json_decref(one);
    }
    return ok && fputs("],\n", out) >= 0;
}

static bool is_access(const struct event *event)
{
    return event->kind == OP_READ || event->kind == OP_WRITE;
}

static bool print_events(FILE *out)
{
    uint64_t dropped;
    size_t count;
    const struct event *events = run_events(&count, &dropped);
    uint32_t goroutine_max = 0;
    for (size_t i = 0; i < count; i++)
        if (events[i].goroutine > goroutine_max) goroutine_max = events[i].goroutine;
    uint32_t *places = calloc((size_t)goroutine_max + 1, sizeof *places);
    bool ok = places != NULL && fputs("\"events\": [\n", out) >= 0;
    for (size_t i = 0; ok && i < count; i++) {
        uint32_t *place = &places[events[i].goroutine];
        if (!is_access(&events[i])) ++*place;
        json_t *e = event_json(&events[i], *place);
        ok = e != NULL && json_dumpf(e, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 &&
             fputs(i + 1 < count ? ",\n" : "\n", out) >= 0;
        json_decref(e);
    }
    free(places);
    return ok && fputs("],\n", out) >= 0 &&
           print_member(out, "events_dropped", json_integer((json_int_t)dropped), "\n");
}

static bool print_goroutines(FILE *out)
{
    struct trace_events latest;
    trace_events_latest(&latest);
    bool ok = fputs("\"goroutines\": [\n", out) >= 0;
    for (size_t i = 0; ok && i < latest.goroutine_count; i++) {
        json_t *g = json_pack("{s:o,s:s}", "g", hex(latest.goroutines[i].g), "name",
                              latest.goroutines[i].name);
        ok = g != NULL && json_dumpf(g, out, JSON_COMPACT) == 0 &&
             fputs(i + 1 < latest.goroutine_count ? ",\n" : "\n", out) >= 0;
        json_decref(g);
    }
    trace_events_free(&latest);
    return ok && fputs("],\n", out) >= 0;
}

bool trace_print(FILE *out, const struct artifact *a)
{
    const struct run_result *result = a->result;
    bool ok = fputs("{\n", out) >= 0;
    ok = ok && print_member(out, "schema", json_integer(SCHEMA), ",\n");
    ok = ok && print_member(out, "target", json_string(a->target), ",\n");
    ok = ok && print_member(out, "variant", json_string(a->variant), ",\n");
    ok = ok && print_member(out, "options", options_json(a->options), ",\n");
    ok = ok &&
         print_member(out, "grain",
                      json_string(input_grain_name(input_decode(a->input, a->input_bytes).grain)),
                      ",\n");
    ok = ok && print_member(out, "digest", hex(result->digest), ",\n");
    ok = ok && print_member(out, "verdict", verdict_json(result), ",\n");
    ok = ok && print_member(out, "signature", json_string(a->signature), ",\n");
    ok = ok && print_member(out, "switches", json_integer((json_int_t)result->switches), ",\n");
    ok = ok &&
         print_member(out, "preemptions", json_integer((json_int_t)result->preemptions), ",\n");
    ok = ok && print_goroutines(out) && print_deviations(out, a);
    return ok && print_events(out) && fputs("}\n", out) >= 0 && fflush(out) == 0;
}
