// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Stories of small programs whose events and edges are known, of a bug that needs one preemption,
 * and of a big one. */
#include "explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain_programs.h"
#include "input.h"
#include "target.h"

static void use(void (*root)(void))
{
    struct target_options options = {
        .name = "toy", .variant = "buggy", .root = root, .program = "heddle replay"};
    target_open(&options);
}

static void tell(void (*root)(void), const uint8_t *bytes, size_t size, bool contrast,
                 struct story *story)
{
    use(root);
    explain(bytes, size, &(struct explain_options){.contrast = contrast}, story);
}

/* ---- Is it well formed? ---------------------------------------------------------------------- */

static void check_index(size_t index, size_t count) { assert_true(index < count); }

static void check_optional(size_t index, size_t count)
{
    if (index != STORY_NONE) check_index(index, count);
}

static void check_events(const struct story *s)
{
    size_t forced = 0, preemptions = 0;
    for (size_t i = 0; i < s->event_count; i++) {
        const struct story_event *e = &s->events[i];
        check_index(e->goroutine, s->goroutine_count);
        check_optional(e->object, s->object_count);
        check_optional(e->place, s->place_count);
        assert_true((e->turn == STORY_FORCED) == (e->reason[0] != '\0'));
        assert_true(e->turn == STORY_FORCED || !(e->preempts || e->needed));
        forced += e->turn == STORY_FORCED;
        preemptions += e->preempts;
    }
    assert_true(forced <= s->deviations);
    assert_int_equal(preemptions, s->preemptions);
}

static void check_story(const struct story *s)
{
    check_events(s);
    assert_int_equal(s->event_count + s->events_dropped, s->steps);
    for (size_t i = 0; i < s->goroutine_count; i++) {
        assert_int_equal(s->goroutines[i].number, i);
        check_optional(s->goroutines[i].created_at, s->event_count);
        check_optional(s->goroutines[i].created_by, s->goroutine_count);
        check_optional(s->goroutines[i].waits_for, s->object_count);
        check_optional(s->goroutines[i].place, s->place_count);
    }
    for (size_t i = 0; i < s->edge_count; i++) {
        const struct story_edge *e = &s->edges[i];
        check_index(e->to, s->event_count);
        assert_true(e->from < e->to);
        assert_int_not_equal(s->events[e->from].goroutine, s->events[e->to].goroutine);
        if (i == 0) continue;
        assert_true(e[-1].to < e->to || (e[-1].to == e->to && e[-1].from < e->from));
    }
    for (size_t i = 0; i < s->wait_count; i++) {
        check_index(s->waits[i].goroutine, s->goroutine_count);
        check_optional(s->waits[i].object, s->object_count);
        check_optional(s->waits[i].holder, s->goroutine_count);
    }
}

/* ---- Edges ----------------------------------------------------------------------------------- */

static void print_end(FILE *out, const struct story *s, size_t event)
{
    const struct story_event *e = &s->events[event];
    fprintf(out, "G%zu %s%s%s", e->goroutine, e->operation, e->phase[0] ? " " : "", e->phase);
}

/* One a line: "message: G2 chan send -> G1 chan receive goes on". */
static char *edges_of(const struct story *s)
{
    static const char *const kinds[] = {"create", "message", "lock", "sync"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < s->edge_count; i++) {
        fprintf(out, "%s: ", kinds[s->edges[i].kind]);
        print_end(out, s, s->edges[i].from);
        fputs(" -> ", out);
        print_end(out, s, s->edges[i].to);
        fputc('\n', out);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect_edges(void (*root)(void), const char *edges)
{
    struct story story;
    tell(root, NULL, 0, false, &story);
    check_story(&story);
    char *text = edges_of(&story);
    assert_string_equal(text, edges);
    free(text);
    story_free(&story);
}

static void edges_are_the_ones_that_the_memory_model_has(void **state)
{
    (void)state;
    expect_edges(program_unbuffered, "create: G1 go -> G2 start\n"
                                     "sync: G1 chan receive waits -> G2 chan send\n"
                                     "message: G2 chan send -> G1 chan receive goes on\n");
    expect_edges(program_buffered, "create: G1 go -> G2 start\n"
                                   "message: G1 chan send -> G2 chan receive\n"
                                   "message: G1 chan send waits -> G2 chan receive\n"
                                   "sync: G2 chan receive -> G1 chan send goes on\n"
                                   "sync: G2 chan receive -> G1 chan send\n"
                                   "message: G1 chan send -> G2 chan receive goes on\n"
                                   "message: G1 chan close -> G2 chan receive\n");
    expect_edges(program_close, "create: G1 go -> G2 start\n"
                                "create: G1 go -> G3 start\n"
                                "message: G1 chan close -> G2 chan receive goes on\n"
                                "message: G1 chan close -> G3 chan receive goes on\n");
    expect_edges(program_mutex, "create: G1 go -> G2 start\n"
                                "lock: G1 sync.Mutex.Unlock -> G2 sync.Mutex.Lock\n"
                                "create: G1 go -> G3 start\n"
                                "lock: G2 sync.Mutex.Unlock -> G3 sync.Mutex.Lock\n");
    expect_edges(program_waitgroup,
                 "create: G1 go -> G2 start\n"
                 "create: G1 go -> G3 start\n"
                 "sync: G2 sync.WaitGroup.Add -> G1 sync.WaitGroup.Wait goes on\n"
                 "sync: G3 sync.WaitGroup.Add -> G1 sync.WaitGroup.Wait goes on\n");
    expect_edges(program_once, "create: G1 go -> G2 start\n"
                               "sync: G1 sync.Once.Do (done) -> G2 sync.Once.Do\n");
    expect_edges(program_cond, "create: G1 go -> G2 start\n"
                               "lock: G1 sync.Mutex.Unlock -> G2 sync.Mutex.Lock\n"
                               "sync: G2 sync.Cond.Signal -> G1 sync.Cond.Wait goes on\n"
                               "lock: G2 sync.Mutex.Unlock -> G1 sync.Mutex.Lock\n");
    expect_edges(program_context, "create: G1 go -> G2 start\n"
                                  "sync: G1 context cancel -> G2 chan receive\n");
    expect_edges(program_timer, "create: G1 go -> G2 start\n"
                                "sync: G2 time.Timer.Reset -> G1 chan receive goes on\n");
    expect_edges(program_select, "");
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* "G1 chan send C1 waits, full" */
static void expect_event(const struct story *s, size_t i, const char *expected)
{
    char text[256];
    assert_true(i < s->event_count);
    const struct story_event *e = &s->events[i];
    snprintf(text, sizeof text, "G%zu %s%s%s%s%s%s%s", e->goroutine, e->operation,
             e->object == STORY_NONE ? "" : " ",
             e->object == STORY_NONE ? "" : s->objects[e->object].name, e->phase[0] ? " " : "",
             e->phase, e->detail[0] ? ", " : "", e->detail);
    assert_string_equal(text, expected);
}

static void events_say_what_came_of_them(void **state)
{
    (void)state;
    struct story s;
    tell(program_buffered, NULL, 0, false, &s);
    expect_event(&s, 1, "G1 go, G2");
    expect_event(&s, 2, "G1 chan send C1, 1 of 1 queued");
    expect_event(&s, 3, "G1 chan send C1 waits, full");
    expect_event(&s, 8, "G1 chan send C1 goes on");
    expect_event(&s, 13, "G2 chan receive C1, closed");
    assert_int_equal(s.goroutines[2].created_at, 1);
    assert_string_equal(s.goroutines[2].name, "receive_all");
    assert_string_equal(s.places[s.events[2].place].function, "program_buffered");
    story_free(&s);
    tell(program_waitgroup, NULL, 0, false, &s);
    expect_event(&s, 1, "G1 sync.WaitGroup.Add W1, counter 2");
    expect_event(&s, 6, "G2 sync.WaitGroup.Add W1, counter 1");
    story_free(&s);
    tell(program_once, NULL, 0, false, &s);
    expect_event(&s, 2, "G1 sync.Once.Do O1, runs it");
    expect_event(&s, 6, "G2 sync.Once.Do O1, is done already");
    story_free(&s);
    tell(program_cond, NULL, 0, false, &s);
    expect_event(&s, 7, "G2 sync.Cond.Signal CV1, wakes one");
    /* Cond.Wait's own unlock is where Cond.Wait is called. */
    assert_int_equal(s.events[4].place, s.events[3].place);
    story_free(&s);
    tell(program_timer, NULL, 0, false, &s);
    expect_event(&s, 6, "G2 time.NewTimer T1"); /* armed anew */
    expect_event(&s, 8, "G0 timer fires T1, at 5ms");
    story_free(&s);
    tell(program_select, NULL, 0, false, &s);
    expect_event(&s, 3, "G1 chan receive C1, case 0");
    story_free(&s);
}

/* ---- Forced answers -------------------------------------------------------------------------- */

enum { FOUND_BYTES = INPUT_HEADER_BYTES + 2 * INPUT_ENTRY_BYTES_SYNC };

/* The first input of two entries that shows a bug of this program. */
static void find_bug(void (*root)(void), uint8_t bytes[FOUND_BYTES])
{
    struct run_result result;
    use(root);
    for (unsigned i = 0; i < 16 * 2 * 16 * 2; i++) {
        uint8_t *entries = bytes + INPUT_HEADER_BYTES;
        memset(bytes, 0, FOUND_BYTES);
        bytes[0] = INPUT_VERSION;
        entries[0] = (uint8_t)(i / 4 % 16);
        entries[1] = (uint8_t)(i % 2);
        entries[2] = (uint8_t)(i / 64);
        entries[3] = (uint8_t)(i / 2 % 2);
        target_try(bytes, FOUND_BYTES, &result);
        if (result.verdict == VERDICT_BUG) return;
    }
    fail_msg("no bug found");
}

static void one_preemption_is_needed_and_without_it_all_is_well(void **state)
{
    (void)state;
    uint8_t bytes[FOUND_BYTES];
    struct story s;
    size_t at = 0, forced = 0;
    find_bug(program_lock_order, bytes);
    tell(program_lock_order, bytes, sizeof bytes, true, &s);
    check_story(&s);
    assert_string_equal(s.verdict, "bug");
    assert_string_equal(s.type, "deadlock");
    for (size_t i = 0; i < s.event_count; i++) {
        if (s.events[i].turn != STORY_FORCED) continue;
        if (!forced++) at = i;
    }
    assert_true(forced > 0);
    assert_int_equal(s.preemptions, 1);
    assert_true(s.events[at].preempts);
    assert_true(s.events[at].needed);
    assert_non_null(strstr(s.events[at].reason, "G1 preempted before its sync.Mutex.Lock on M"));
    assert_non_null(strstr(s.events[at].reason, "(explain_programs.c:"));
    assert_true(s.contrast.found);
    assert_int_equal(s.contrast.event, at);
    assert_non_null(strstr(s.contrast.sentence, "the preemption of G1"));
    assert_non_null(strstr(s.contrast.expected, "G1 sync.Mutex.Lock"));
    /* A circle of two. */
    assert_int_equal(s.wait_count, 2);
    assert_int_equal(s.waits[0].holder, s.waits[1].goroutine);
    assert_int_equal(s.waits[1].holder, s.waits[0].goroutine);
    story_free(&s);
}

static void who_closed_second_is_the_culprit(void **state)
{
    (void)state;
    uint8_t bytes[FOUND_BYTES];
    struct story s;
    find_bug(program_double_close, bytes);
    tell(program_double_close, bytes, sizeof bytes, true, &s);
    check_story(&s);
    assert_string_equal(s.signature, "close-of-closed-channel--close_unless_closed");
    const struct story_event *last = &s.events[s.event_count - 1];
    assert_string_equal(last->operation, "chan close");
    assert_string_equal(last->detail, "is closed already");
    for (size_t g = 1; g < s.goroutine_count; g++)
        assert_int_equal(s.goroutines[g].culprit, g == last->goroutine);
    assert_true(s.contrast.found);
    story_free(&s);
}

/* A leak that no schedule avoids has no answer that is needed, and no contrast. */
static void what_every_schedule_shows_has_no_contrast(void **state)
{
    (void)state;
    struct story s;
    tell(program_big, NULL, 0, false, &s);
    assert_string_equal(s.type, "goroutine-leak");
    assert_false(s.contrast.found);
    assert_int_equal(s.contrast.event, STORY_NONE);
    assert_string_equal(s.contrast.sentence, "");
    story_free(&s);
    static const uint8_t choice[] = {INPUT_VERSION, 0, 0, 0, 0, 0, 0, 0, 2, 1};
    tell(program_big, choice, sizeof choice, true, &s);
    check_story(&s);
    assert_int_equal(s.deviations, 1);
    for (size_t i = 0; i < s.event_count; i++) assert_false(s.events[i].needed);
    assert_false(s.contrast.found);
    assert_non_null(strstr(s.contrast.sentence, "executions"));
    story_free(&s);
}

static void select_and_passing_are_told(void **state)
{
    (void)state;
    static const uint8_t second[] = {INPUT_VERSION, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    struct story s;
    tell(program_select, second, sizeof second, true, &s);
    check_story(&s);
    assert_string_equal(s.verdict, "pass");
    assert_string_equal(s.signature, "");
    expect_event(&s, 3, "G1 chan receive C2, case 1");
    assert_int_equal(s.events[3].turn, STORY_FORCED);
    assert_false(s.events[3].preempts);
    assert_string_equal(s.events[3].reason, "took case 1 although case 0 was ready");
    story_free(&s);
}

/* ---- Equal, and big -------------------------------------------------------------------------- */

static char *json_of(const struct story *s)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(story_print_json(out, s));
    assert_int_equal(fclose(out), 0);
    return text;
}

static void a_story_is_the_same_whatever_ran_before(void **state)
{
    (void)state;
    uint8_t bytes[FOUND_BYTES], random[INPUT_RANDOM_BYTES_MAX];
    struct run_result result;
    struct story s;
    find_bug(program_lock_order, bytes);
    tell(program_lock_order, bytes, sizeof bytes, true, &s);
    char *first = json_of(&s);
    story_free(&s);
    for (unsigned i = 0; i < 100; i++) {
        size_t size = input_random(7, i, random);
        target_try(random, size, &result);
        explain(bytes, sizeof bytes, &(struct explain_options){.contrast = i % 4 != 3}, &s);
        assert_string_equal(s.verdict, "bug");
        char *again = json_of(&s);
        if (i % 4 != 3) assert_string_equal(again, first);
        free(again);
        story_free(&s);
    }
    free(first);
}

static void a_big_story_is_whole(void **state)
{
    (void)state;
    struct story s;
    tell(program_big, NULL, 0, true, &s);
    check_story(&s);
    assert_int_equal(s.goroutine_count, 51);
    assert_true(s.event_count > 5000);
    assert_true(s.edge_count > 2000);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(story_print_text(out, &s, NULL));
    assert_int_equal(fclose(out), 0);
    assert_true(size < 200 * s.event_count);
    free(text);
    story_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_are_the_ones_that_the_memory_model_has),
        cmocka_unit_test(events_say_what_came_of_them),
        cmocka_unit_test(one_preemption_is_needed_and_without_it_all_is_well),
        cmocka_unit_test(who_closed_second_is_the_culprit),
        cmocka_unit_test(what_every_schedule_shows_has_no_contrast),
        cmocka_unit_test(select_and_passing_are_told),
        cmocka_unit_test(a_story_is_the_same_whatever_ran_before),
        cmocka_unit_test(a_big_story_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
