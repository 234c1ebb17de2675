// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A story as SARIF 2.1.0, for code scanning services and editors.
 *
 * Invariants
 * - A rule is a type of report. Its id is the type with dashes for blanks and never changes, nor
 *   does what tells two results apart: the signature, as partial fingerprint "dedupToken/v1".
 * - All rules are always listed, so that a rule's index is the same in every file.
 * - Paths are relative to the root of the sources, in a form that is a URI; of a file elsewhere the
 *   absolute one.
 * - One thread flow per goroutine that did something; executionOrder is the step of the execution.
 *
 * Sources: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13,
 * 3.19, 3.27, 3.36 to 3.38, 3.49; tags of CWE as CodeQL and GitHub write them.
 */
#include <stdlib.h>
#include <string.h>

#include "story_parts.h"

enum { URI_BYTES = 4096, ID_BYTES = 64, TAG_BYTES = 32 };

static const struct rule {
    enum report_type type;
    int cwe;       /* 0: none fits */
    bool security; /* memory of others may be read or written */
    const char *description;
} rules[] = {
    {REPORT_DEADLOCK, 833, false, "All goroutines are blocked for ever."},
    {REPORT_PARTIAL_DEADLOCK, 833, false,
     "Some goroutines block each other for ever while others run on."},
    {REPORT_GOROUTINE_LEAK, 772, false,
     "A goroutine stays blocked for ever after the program's work is done."},
    {REPORT_LIVELOCK, 835, false, "Goroutines only try again and get nowhere."},
    {REPORT_CLOSE_OF_CLOSED, 675, false, "A channel is closed that is closed already."},
    {REPORT_CLOSE_OF_NIL, 476, false, "A nil channel is closed."},
    {REPORT_SEND_TO_CLOSED, 672, false, "A value is sent to a channel that is closed."},
    {REPORT_NEGATIVE_WAITGROUP, 662, false, "The counter of a WaitGroup falls below zero."},
    {REPORT_WAITGROUP_MISUSE, 662, false,
     "A WaitGroup is added to, or used again, while others wait for it."},
    {REPORT_UNLOCK_OF_UNLOCKED_MUTEX, 832, false, "A mutex is unlocked that is not locked."},
    {REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX, 832, false, "An RWMutex is unlocked that is not locked."},
    {REPORT_COPY_OF_LOCKED, 667, false, "A lock is copied while it is held."},
    {REPORT_CONCURRENT_MAP_WRITE, 362, false, "Two goroutines write a map at the same time."},
    {REPORT_CONCURRENT_MAP_READ_WRITE, 362, false,
     "A goroutine reads a map while another one writes it."},
    {REPORT_NIL_MAP_ASSIGNMENT, 476, false, "A nil map is written."},
    {REPORT_ORACLE_FAILURE, 617, false, "A check of the program under test fails."},
    {REPORT_UNRECOVERED_PANIC, 248, false, "A panic leaves the root of a goroutine."},
    {REPORT_NIL_DEREFERENCE, 476, false, "A nil pointer is dereferenced."},
    {REPORT_STACK_OVERFLOW, 674, false, "The stack of a goroutine overflows."},
    {REPORT_INVALID_ACCESS, 119, true, "Memory is accessed that is not there."},
    {REPORT_ARITHMETIC_FAULT, 682, false, "An arithmetic operation has no result."},
    {REPORT_ILLEGAL_INSTRUCTION, 758, false, "An illegal instruction or a trap is executed."},
    {REPORT_ABORT, 617, false, "The program under test aborts."},
    {REPORT_EXIT_STATUS, 0, false, "The program under test exits with a status other than 0."},
    {REPORT_DATA_RACE, 362, false,
     "Two goroutines access memory without order, and one of them writes."},
    {REPORT_USE_AFTER_FREE, 416, true, "Memory is used after it was freed."},
    {REPORT_DOUBLE_FREE, 415, true, "Memory is freed twice."},
    {REPORT_INVALID_FREE, 590, true, "Something is freed that was never allocated."},
    {REPORT_HEAP_OUT_OF_BOUNDS, 122, true, "Memory is accessed beside its block."},
    {REPORT_LOG_AFTER_TEST, 672, false, "A goroutine logs to a test that is over."},
    {REPORT_FAIL_NOW_ELSEWHERE, 573, false,
     "FailNow is called by a goroutine that does not run the test."},
};
enum { RULE_COUNT = sizeof rules / sizeof rules[0] };
/* REPORT_NONE has no rule. */
_Static_assert(RULE_COUNT == REPORT_TYPE_COUNT - 1, "each type of report is a rule");

/* ---- Rules -------------------------------------------------------------------------------- */

static void rule_id(const char *type, char out[ID_BYTES])
{
    snprintf(out, ID_BYTES, "%s", type);
    for (char *c = out; *c; c++)
        if (*c == ' ') *c = '-';
}

static json_t *tags_json(const struct rule *rule)
{
    json_t *tags = json_pack("[s]", "concurrency");
    if (rule->security) json_array_append_new(tags, json_string("security"));
    char tag[TAG_BYTES];
    snprintf(tag, sizeof tag, "external/cwe/cwe-%03d", rule->cwe);
    if (rule->cwe) json_array_append_new(tags, json_string(tag));
    return tags;
}

static json_t *rules_json(void)
{
    json_t *all = json_array();
    for (size_t i = 0; i < RULE_COUNT; i++) {
        char id[ID_BYTES];
        rule_id(report_type_info(rules[i].type)->text, id);
        json_array_append_new(all, json_pack("{s:s,s:{s:s},s:{s:s},s:{s:o}}", "id", id,
                                             "shortDescription", "text", rules[i].description,
                                             "defaultConfiguration", "level", "error", "properties",
                                             "tags", tags_json(&rules[i])));
    }
    return all;
}

static size_t rule_index(const char *type)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(report_type_info(rules[i].type)->text, type) == 0) return i;
    return STORY_NONE;
}

/* ---- Locations ---------------------------------------------------------------------------- */

/* What is neither unreserved nor a slash is escaped (RFC 3986, section 2). */
static void append_escaped(char out[URI_BYTES], const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = strlen(out);
    for (; *path && used + 4 < URI_BYTES; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("-._~/", c);
        if (plain) {
            out[used++] = (char)c;
        } else {
            out[used++] = '%';
            out[used++] = hex[c >> 4];
            out[used++] = hex[c & 15];
        }
    }
    out[used] = '\0';
}

static json_t *artifact_json(const struct story *s, const char *file)
{
    char uri[URI_BYTES] = "";
    const char *below = parts_below_root(s, file);
    if (!below) snprintf(uri, sizeof uri, "file://");
    append_escaped(uri, below ? below : file);
    json_t *artifact = json_pack("{s:s}", "uri", uri);
    if (below) json_object_set_new(artifact, "uriBaseId", json_string("%SRCROOT%"));
    return artifact;
}

static void add_place(const struct story *s, size_t place, json_t *location)
{
    if (place == STORY_NONE) return;
    const struct story_place *p = &s->places[place];
    if (p->file[0]) {
        json_t *physical = json_pack("{s:o}", "artifactLocation", artifact_json(s, p->file));
        if (p->line > 0)
            json_object_set_new(physical, "region", json_pack("{s:i}", "startLine", p->line));
        json_object_set_new(location, "physicalLocation", physical);
    }
    if (p->function[0])
        json_object_set_new(
            location, "logicalLocations",
            json_pack("[{s:o,s:s}]", "name", parts_text(p->function), "kind", "function"));
}

/* Takes message, which may be NULL. */
static json_t *location_json(const struct story *s, size_t place, json_t *message)
{
    json_t *location = json_object();
    add_place(s, place, location);
    if (message) json_object_set_new(location, "message", json_pack("{s:o}", "text", message));
    return location;
}

/* The innermost frame of the first stack that is in a file. */
static size_t main_place(const struct story *s)
{
    for (size_t i = 0; i < s->stack_count; i++)
        if (s->places[s->stack[i]].file[0]) return s->stack[i];
    return STORY_NONE;
}

static json_t *related_json(const struct story *s)
{
    json_t *all = json_array();
    for (size_t i = 0; i < s->related_count; i++) {
        json_t *location = location_json(s, s->related[i].place, parts_text(s->related[i].label));
        json_object_set_new(location, "id", json_integer((json_int_t)i + 1));
        json_array_append_new(all, location);
    }
    return all;
}

static json_t *stack_json(const struct story *s)
{
    json_t *frames = json_array();
    for (size_t i = 0; i < s->stack_count; i++)
        json_array_append_new(frames,
                              json_pack("{s:o}", "location", location_json(s, s->stack[i], NULL)));
    return json_pack("{s:o}", "frames", frames);
}

/* ---- The flow of the execution ------------------------------------------------------------- */

static json_t *step_json(const struct story *s, size_t index)
{
    const struct story_event *event = &s->events[index];
    json_t *text = event->reason[0] ? parts_textf("%s (%s)", event->operation, event->reason)
                                    : parts_event_text(s, event);
    bool essential = event->turn == STORY_FORCED || event->needed;
    return json_pack("{s:o,s:I,s:s}", "location", location_json(s, event->place, text),
                     "executionOrder", (json_int_t)index + 1, "importance",
                     essential ? "essential" : "important");
}

static json_t *goroutine_json(const struct story_goroutine *goroutine, json_t *steps)
{
    json_t *name = parts_goroutine_text(goroutine);
    json_t *id =
        goroutine->number ? parts_textf("G%u", (unsigned)goroutine->number) : parts_text("clock");
    return json_pack("{s:o,s:{s:o},s:o}", "id", id, "message", "text", name, "locations", steps);
}

/* One per goroutine that did something: a flow without locations is none. */
static json_t *flows_json(const struct story *s)
{
    json_t *steps = json_array(); /* of each goroutine, by its index */
    for (size_t i = 0; i < s->goroutine_count; i++) json_array_append_new(steps, json_array());
    for (size_t i = 0; i < s->event_count; i++)
        json_array_append_new(json_array_get(steps, s->events[i].goroutine), step_json(s, i));
    json_t *all = json_array();
    for (size_t i = 0; i < s->goroutine_count; i++) {
        json_t *own = json_array_get(steps, i);
        if (json_array_size(own) > 0)
            json_array_append_new(all, goroutine_json(&s->goroutines[i], json_incref(own)));
    }
    json_decref(steps);
    return all;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static json_t *message_json(const struct story *s)
{
    return s->message[0] ? parts_textf("%s: %s", s->type, s->message)
                         : parts_textf("%s: %s", s->type, s->signature);
}

static json_t *properties_json(const struct story *s)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:s,s:I,s:I,s:I}", "target", parts_text(s->target),
                     "variant", parts_text(s->variant), "replay", parts_text(s->replay), "input",
                     parts_text(s->input), "digest", s->digest, "steps", (json_int_t)s->steps,
                     "switches", (json_int_t)s->switches, "preemptions",
                     (json_int_t)s->preemptions);
}

static json_t *result_json(const struct story *s)
{
    char id[ID_BYTES];
    size_t place = main_place(s);
    size_t index = rule_index(s->type);
    rule_id(s->type, id);
    json_t *result = json_pack(
        "{s:s,s:s,s:{s:o},s:o,s:{s:o},s:o,s:o}", "ruleId", id, "level", "error", "message", "text",
        message_json(s), "locations",
        place == STORY_NONE ? json_array() : json_pack("[o]", location_json(s, place, NULL)),
        "partialFingerprints", "dedupToken/v1", parts_text(s->signature), "relatedLocations",
        related_json(s), "properties", properties_json(s));
    if (index != STORY_NONE)
        json_object_set_new(result, "ruleIndex", json_integer((json_int_t)index));
    if (s->stack_count > 0) json_object_set_new(result, "stacks", json_pack("[o]", stack_json(s)));
    if (s->event_count > 0)
        json_object_set_new(result, "codeFlows",
                            json_pack("[{s:o}]", "threadFlows", flows_json(s)));
    return result;
}

bool story_print_sarif(FILE *out, const struct story *s)
{
    json_t *results = json_array();
    if (s->signature[0]) json_array_append_new(results, result_json(s));
    json_t *document =
        json_pack("{s:s,s:s,s:[{s:{s:{s:s,s:o}},s:{s:o},s:{s:{s:{s:s}}},s:o}]}", "$schema",
                  "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
                  "tool", "driver", "name", "Heddle", "rules", rules_json(), "automationDetails",
                  "id", parts_textf("heddle/%s/", s->target), "originalUriBaseIds", "%SRCROOT%",
                  "description", "text", "The directory of the sources.", "results", results);
    return parts_dump(out, document);
}
