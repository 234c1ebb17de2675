// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Traces, from a file and from memory. What is in a file is from elsewhere: every member is
 * checked, and an operation of a name that is not known any more is OP_NONE. */
#include "trace_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "policies.h"
#include "report/report.h"
#include "run.h"
#include "sched.h"

const char *const trace_phase_names[4] = {[PHASE_DONE] = "done",
                                          [PHASE_ARRIVE] = "arrive",
                                          [PHASE_COMPLETE] = "complete",
                                          [PHASE_FAIL] = "fail"};

void trace_events_free(struct trace_events *t)
{
    free(t->events);
    free(t->goroutines);
    free(t->deviations);
    *t = (struct trace_events){0};
}

/* ---- Of the latest execution ------------------------------------------------------------- */

/* Functions are called through pointers: their first instruction is no return address. */
static void name_function(void (*fn)(void *), char out[TRACE_NAME_BYTES])
{
    struct source_frame frames[SOURCE_FRAMES_MAX];
    const unsigned char *entry;
    memcpy(&entry, &fn, sizeof entry);
    size_t count = symbolize(entry + 1, frames);
    snprintf(out, TRACE_NAME_BYTES, "%s", frames[count - 1].function);
}

void trace_events_latest(struct trace_events *out)
{
    uint64_t dropped;
    size_t count;
    const struct event *events = run_events(&count, &dropped);
    *out = (struct trace_events){0};
    out->goroutine_count = sched.goroutine_count;
    out->goroutines = policy_alloc((out->goroutine_count + 1) * sizeof out->goroutines[0]);
    for (uint32_t i = 0; i < out->goroutine_count; i++) {
        const struct goroutine *g = sched_goroutine(i + 1);
        out->goroutines[i].g = g->stable;
        if (g->number == 1)
            snprintf(out->goroutines[i].name, TRACE_NAME_BYTES, "main");
        else
            name_function(g->fn, out->goroutines[i].name);
    }
    uint32_t *places = policy_alloc((out->goroutine_count + 1) * sizeof *places);
    out->events = policy_alloc((count + 1) * sizeof out->events[0]);
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == OP_READ || events[i].kind == OP_WRITE) continue;
        out->events[out->event_count++] =
            (struct trace_event){.g = events[i].stable,
                                 .place = ++places[events[i].goroutine],
                                 .op = events[i].kind,
                                 .phase = events[i].phase};
    }
    free(places);
}

/* ---- Of a file --------------------------------------------------------------------------- */

static uint8_t op_of(const char *name)
{
    for (int op = OP_NONE; op < OP_KIND_COUNT; op++)
        if (strcmp(op_kind_name((enum op_kind)op), name) == 0) return (uint8_t)op;
    return OP_NONE;
}

static uint8_t phase_of(const char *name)
{
    for (uint8_t phase = 0; phase < 4; phase++)
        if (strcmp(trace_phase_names[phase], name) == 0) return phase;
    return PHASE_DONE;
}

static uint8_t kind_of(const char *name)
{
    for (int kind = 0; kind < CHOICE_KIND_COUNT; kind++)
        if (strcmp(choice_kind_name((enum choice_kind)kind), name) == 0) return (uint8_t)kind;
    return CHOICE_DATA;
}

static bool read_events(json_t *list, struct trace_events *out, json_error_t *why)
{
    out->events = policy_alloc((json_array_size(list) + 1) * sizeof out->events[0]);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *g, *op, *phase;
        json_int_t place;
        if (json_unpack_ex(json_array_get(list, i), why, 0, "{s:s,s:I,s:s,s:s}", "g", &g, "place",
                           &place, "op", &op, "phase", &phase) != 0)
            return false;
        uint8_t kind = op_of(op);
        if (kind == OP_READ || kind == OP_WRITE) continue;
        out->events[out->event_count++] = (struct trace_event){.g = strtoull(g, NULL, 16),
                                                               .place = (uint32_t)place,
                                                               .op = kind,
                                                               .phase = phase_of(phase)};
    }
    return true;
}

static bool read_goroutines(json_t *list, struct trace_events *out, json_error_t *why)
{
    out->goroutines = policy_alloc((json_array_size(list) + 1) * sizeof out->goroutines[0]);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *g, *name;
        if (json_unpack_ex(json_array_get(list, i), why, 0, "{s:s,s:s}", "g", &g, "name", &name))
            return false;
        struct trace_goroutine *goroutine = &out->goroutines[out->goroutine_count++];
        goroutine->g = strtoull(g, NULL, 16);
        snprintf(goroutine->name, sizeof goroutine->name, "%s", name);
    }
    return true;
}

static bool read_deviations(json_t *list, struct trace_events *out, json_error_t *why)
{
    out->has_deviations = json_is_array(list);
    out->deviations = policy_alloc((json_array_size(list) + 1) * sizeof out->deviations[0]);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *after, *kind, *op, *to;
        json_int_t place, access, occurrence;
        if (json_unpack_ex(json_array_get(list, i), why, 0, "{s:s,s:I,s:I,s:s,s:s,s:I,s:s}",
                           "after", &after, "place", &place, "access", &access, "kind", &kind, "op",
                           &op, "occurrence", &occurrence, "to", &to) != 0)
            return false;
        out->deviations[out->deviation_count++] =
            (struct deviation){.after = strtoull(after, NULL, 16),
                               .place = (uint32_t)place,
                               .access = (uint32_t)access,
                               .kind = kind_of(kind),
                               .op = op_of(op),
                               .occurrence = (uint32_t)occurrence,
                               .to = strtoull(to, NULL, 16)};
    }
    return true;
}

bool trace_events_read(const char *path, struct trace_events *out, char *error, size_t error_bytes)
{
    json_error_t why = {0};
    *out = (struct trace_events){0};
    json_t *root = json_load_file(path, 0, &why);
    bool ok = root && read_events(json_object_get(root, "events"), out, &why) &&
              read_goroutines(json_object_get(root, "goroutines"), out, &why) &&
              read_deviations(json_object_get(root, "deviations"), out, &why);
    json_decref(root);
    if (ok) return true;
    snprintf(error, error_bytes, "%s: %s", path, why.text);
    trace_events_free(out);
    return false;
}
