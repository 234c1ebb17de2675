// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From an input to a story: run it while looking on, then write down what the execution has left.
 * The parts are in explain_*.c; what is said of the execution as a whole is here. */
#include "explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain_build.h"
#include "explain_contrast.h"
#include "explain_watch.h"
#include "policies.h"
#include "policy_bytes.h"
#include "target.h"

static const char *verdict_text(struct story *story, const struct run_result *result)
{
    switch (result->verdict) {
    case VERDICT_PASS:
        return "pass";
    case VERDICT_BUG:
        return "bug";
    default:
        return story_text(story, "inconclusive: %s", result->limit);
    }
}

/* For ClusterFuzz these are issues of security; all else it is told, or knows, that they are none.
 */
static bool is_security(enum report_type type)
{
    switch (type) {
    case REPORT_USE_AFTER_FREE:
    case REPORT_DOUBLE_FREE:
    case REPORT_INVALID_FREE:
    case REPORT_HEAP_OUT_OF_BOUNDS:
    case REPORT_INVALID_ACCESS:
        return true;
    default:
        return false;
    }
}

static const char *report_text(struct story *story, const struct run_result *result)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return "";
    target_print(out, result, true, "input");
    const char *copy = fclose(out) == 0 ? story_text(story, "%s", text) : "";
    free(text);
    return copy;
}

/* What happened, in one sentence: the detector's own, or what it found of the first goroutine. */
static const char *message_of(struct story *story, const struct report *r)
{
    if (r->message[0]) return story_text(story, "%s", r->message);
    if (r->note_count) return story_text(story, "%s", r->notes[0]);
    return "";
}

static void build_report(struct build *b)
{
    struct story *s = b->story;
    const struct report *r = b->result->report;
    char signature[TARGET_SIGNATURE_BYTES];
    s->signature = s->type = s->message = s->report = "";
    s->security = "no";
    if (!r) return;
    report_signature(r, signature, sizeof signature);
    s->signature = story_text(s, "%s", signature);
    s->type = report_type_info(r->type)->text;
    s->security = is_security(r->type) ? "yes" : "no";
    s->message = message_of(s, r);
    s->report = report_text(s, b->result);
    s->stack = story_alloc(s, r->first.count, sizeof s->stack[0]);
    for (uint32_t i = 0; i < r->first.count; i++)
        s->stack[s->stack_count++] = build_place(b, r->first.pc[i]);
}

static const char *hex_of(struct story *story, const uint8_t *bytes, size_t size)
{
    char *text = story_alloc(story, 2 * size + 1, 1);
    for (size_t i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static const char *replay_of(struct story *story, const struct target_options *options,
                             const char *input)
{
    const char *program = options->program ? options->program : "heddle replay";
    const char *name = program;
    for (const char *c = program; *c && *c != ' '; c++)
        if (*c == '/') name = c + 1;
    return story_text(story, "%s %s", name, input ? input : "input");
}

static void build_head(struct build *b, const uint8_t *bytes, size_t size, const char *input)
{
    const struct target_options *options = target_options();
    const struct run_result *result = b->result;
    struct story *s = b->story;
    s->target = story_text(s, "%s", options->name);
    s->variant = story_text(s, "%s", options->variant);
    s->verdict = verdict_text(s, result);
    s->input = hex_of(s, bytes, size);
    s->replay = replay_of(s, options, input);
    s->root = options->source_root ? story_text(s, "%s", options->source_root) : "";
    s->digest = story_text(s, "%016" PRIx64, result->digest);
    s->steps = result->events;
    s->switches = result->switches;
    s->preemptions = result->preemptions;
    s->deviations = b->watch->forced_count;
    s->contrast = (struct story_contrast){
        .found = false, .event = STORY_NONE, .expected = "", .sentence = ""};
}

/* One execution of the bytes, watched. */
static void run(const uint8_t *bytes, size_t size, struct policy_bytes *player, struct watch *watch,
                struct run_result *result)
{
    const struct target_options *options = target_options();
    policy_bytes_init(player);
    policy_bytes_play(player, bytes, size);
    watch_init(watch, &player->policy);
    run_execute(options->root, &watch->policy, &options->run, result, NULL);
}

static void find_contrast(const uint8_t *bytes, size_t size, struct contrast *contrast)
{
    struct policy_bytes player;
    struct watch watch;
    struct run_result result;
    run(bytes, size, &player, &watch, &result);
    if (result.verdict == VERDICT_BUG) contrast_find(bytes, size, &watch, &result, contrast);
    watch_free(&watch);
}

void explain(const uint8_t *bytes, size_t size, const struct explain_options *options,
             struct story *story)
{
    struct policy_bytes player;
    struct watch watch;
    struct run_result result;
    struct contrast contrast = {0};
    if (options->contrast) find_contrast(bytes, size, &contrast);
    run(bytes, size, &player, &watch, &result);
    *story = (struct story){0};
    struct build b = {.story = story, .watch = &watch, .result = &result};
    build_head(&b, bytes, size, options->input);
    build_report(&b);
    build_related(&b);
    build_objects(&b);
    build_goroutines(&b);
    build_waits(&b);
    build_events(&b);
    build_edges(&b);
    if (options->contrast && result.verdict == VERDICT_BUG) build_contrast(&b, &contrast);
    build_places_free(&b);
    contrast_free(&contrast);
    watch_free(&watch);
}
