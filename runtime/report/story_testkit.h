// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of printers of stories share: one story with something of everything, and the JSON
 * that a printer makes of a story.
 *
 * G1 makes C1, creates G2 and sends to it; G2 holds M1 and waits for a second value, which G1
 * cannot send: it waits for M1. In between a timer fires. Names, paths and messages are as bad as
 * they can be. Included by one source of each test. */
#ifndef HEDDLE_STORY_TESTKIT_H
#define HEDDLE_STORY_TESTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "story.h"

enum { IN_MAIN, IN_WORKER, IN_HEADER, NOWHERE, NO_LINE };

static struct story_place test_places[] = {
    [IN_MAIN] = {"kernel_main", "/src/proj/pool.c", 30},
    [IN_WORKER] = {"worker", "/src/proj/a b/worker%.c", 42},
    [IN_HEADER] = {"helper", "/usr/include/helper.h", 7},
    [NOWHERE] = {"", "", 0},
    [NO_LINE] = {"gone", "/src/proj2/gone.c", 0},
};

static struct story_goroutine test_goroutines[] = {
    {.number = 0,
     .stable = "0000000000000001",
     .name = "clock",
     .created_at = STORY_NONE,
     .created_by = STORY_NONE,
     .state = "running",
     .end = STORY_RUNNING,
     .waits_for = STORY_NONE,
     .waiting = "",
     .stuck_at = STORY_NONE,
     .place = STORY_NONE},
    {.number = 1,
     .stable = "0000000000000002",
     .name = "main",
     .created_at = STORY_NONE,
     .created_by = STORY_NONE,
     .end = STORY_BLOCKED,
     .state = "sync.Mutex.Lock",
     .waits_for = 1,
     .waiting = "waits for M1, which G2 holds",
     .stuck_at = 5,
     .place = IN_MAIN,
     .culprit = true},
    {.number = 2,
     .stable = "0000000000000003",
     .name = "worker",
     .created_at = 0,
     .created_by = 1,
     .end = STORY_BLOCKED,
     .state = "chan receive",
     .waits_for = 0,
     .waiting = "waits for a sender of C1",
     .stuck_at = 7,
     .place = IN_WORKER,
     .culprit = true},
};

static struct story_object test_objects[] = {
    {"C1", "channel", "00000000000000c1", 1, IN_MAIN},
    {"M1", "mutex", "00000000000000d1", STORY_NONE, STORY_NONE},
};

#define EVENT(g, op, ph, what, ob, at, n, ...)                                                     \
    {                                                                                              \
        .goroutine = (g), .operation = (op), .phase = (ph), .detail = (what), .object = (ob),      \
        .place = (at), .ordinal = (n), .reason = "", __VA_ARGS__                                   \
    }
static struct story_event test_events[] = {
    EVENT(1, "go", "", "", STORY_NONE, IN_MAIN, 1, .turn = STORY_STAYED),
    {.goroutine = 2,
     .operation = "start",
     .phase = "",
     .detail = "",
     .object = STORY_NONE,
     .place = STORY_NONE,
     .ordinal = 1,
     .turn = STORY_FORCED,
     .preempts = true,
     .needed = true,
     .reason = "G1 preempted before its chan send"},
    EVENT(2, "sync.Mutex.Lock", "", "", 1, IN_WORKER, 2, .turn = STORY_STAYED),
    EVENT(1, "chan send", "waits", "", 0, IN_MAIN, 2, .turn = STORY_SWITCHED),
    EVENT(2, "chan receive", "", "1 queued", 0, IN_HEADER, 3, .turn = STORY_SWITCHED),
    EVENT(1, "chan send", "goes on", "", 0, IN_MAIN, 3, .turn = STORY_SWITCHED),
    EVENT(0, "timer fire", "", "", STORY_NONE, STORY_NONE, 1, .turn = STORY_SWITCHED),
    EVENT(2, "chan receive", "waits", "", 0, NO_LINE, 4, .turn = STORY_SWITCHED),
};
enum { TEST_EVENTS = sizeof test_events / sizeof test_events[0] };

static struct story_edge test_edges[] = {{STORY_EDGE_CREATE, 0, 1},
                                         {STORY_EDGE_MESSAGE, 3, 4},
                                         {STORY_EDGE_MESSAGE, 4, 5},
                                         {STORY_EDGE_SYNC, 3, 6}};
static struct story_wait test_waits[] = {{1, 1, 2}, {2, 0, STORY_NONE}};
static size_t test_stack[] = {NOWHERE, IN_WORKER, IN_MAIN};
static struct story_related test_related[] = {{"C1, a channel, was made here", IN_MAIN},
                                              {"goroutine 1 is blocked here", IN_HEADER},
                                              {"goroutine 3 was created here", NO_LINE}};

static inline struct story test_story(void)
{
    return (struct story){.target = "pool",
                          .variant = "buggy",
                          .verdict = "bug",
                          .signature = "goroutine-leak--kernel_main--worker",
                          .type = "goroutine-leak",
                          .security = "no",
                          .message = "G1 \"waits\" \xff for ever",
                          .report = "",
                          .input = "0200",
                          .replay = "heddle replay pool input",
                          .root = "/src/proj/",
                          .digest = "0123456789abcdef",
                          .steps = TEST_EVENTS,
                          .switches = 5,
                          .preemptions = 1,
                          .deviations = 1,
                          .places = test_places,
                          .place_count = sizeof test_places / sizeof test_places[0],
                          .goroutines = test_goroutines,
                          .goroutine_count = 3,
                          .objects = test_objects,
                          .object_count = 2,
                          .events = test_events,
                          .event_count = TEST_EVENTS,
                          .edges = test_edges,
                          .edge_count = sizeof test_edges / sizeof test_edges[0],
                          .waits = test_waits,
                          .wait_count = 2,
                          .stack = test_stack,
                          .stack_count = 3,
                          .related = test_related,
                          .related_count = 3,
                          .contrast = {.event = STORY_NONE, .expected = "", .sentence = ""}};
}

/* Of an execution that passes. */
static inline struct story test_story_that_passes(void)
{
    struct story story = test_story();
    story.verdict = "pass";
    story.signature = story.type = story.message = "";
    story.stack_count = story.related_count = story.wait_count = 0;
    return story;
}

/* What the printer says, read back by a library that takes no wrong JSON. Caller decrefs. */
static inline json_t *test_print(bool (*printer)(FILE *, const struct story *),
                                 const struct story *story)
{
    char *text = NULL;
    size_t bytes = 0;
    json_error_t why;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    assert_true(printer(out, story));
    assert_int_equal(fclose(out), 0);
    json_t *document = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    if (!document) fail_msg("%s in\n%s", why.text, text);
    free(text);
    return document;
}

/* The device that is always full. */
static inline void test_full_disk(bool (*printer)(FILE *, const struct story *))
{
    struct story story = test_story();
    FILE *out = fopen("/dev/full", "w");
    assert_non_null(out);
    assert_false(printer(out, &story));
    fclose(out);
}

#endif
