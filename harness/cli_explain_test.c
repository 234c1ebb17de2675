// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle explain as its users meet it: what the text of two bugs says, the JSON of every stored
 * crash, the program of a target, and one line for whatever is wrong. */
#include <glob.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "status.h"
#include "testkit.h"

static struct program_end end, again; /* safe: tests run one after the other */
static char folder[PROGRAM_PATH_BYTES];

/* One preemption, after a taken default. */
static const uint8_t moby_24007[] = {2, 0, 0, 0, 0, 0, 0, 0, 240, 1};

static const char *put(const char *name, const uint8_t *bytes, size_t size)
{
    static char path[PROGRAM_PATH_BYTES];
    path_of(path, "%s/%s", folder, name);
    file_put(path, bytes, size);
    return path;
}

static void expect(const char *part)
{
    if (strstr(end.output, part)) return;
    print_message("%s%s", end.errors, end.output);
    fail_msg("it does not have: %s", part);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void a_double_close_is_told(void **state)
{
    (void)state;
    const char *input = put("close", moby_24007, sizeof moby_24007);
    heddle_run(&end, "explain", "moby_24007", input);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_string_equal(end.errors, "");
    expect("moby_24007 (buggy): close-of-closed-channel\n");
    expect("close of the closed channel C1\n");
    expect(" >>> G2 preempted after its select default (moby_24007.c:");
    expect("[without this the bug");
    expect("close C1, is ");
    expect("** reported **");
    expect("Channel previously closed by goroutine 3 at:\n");
    expect("the execution passes without the preemption of G2 at step ");
    heddle_run(&again, "explain", "moby_24007", input);
    assert_string_equal(again.output, end.output);
    heddle_run(&end, "explain", "moby_24007", input, "--width", "60");
    expect(" step who and what ");
    heddle_run(&end, "explain", "moby_24007", input, "--variant", "fixed");
    assert_int_equal(end.status, STATUS_OK);
    expect("moby_24007 (fixed): pass\n");
}

static void a_deadlock_is_told(void **state)
{
    (void)state;
    const char *input = put("empty", moby_24007, 0);
    heddle_run(&end, "explain", "cockroach_1055", input);
    assert_int_equal(end.status, STATUS_FOUND);
    expect("cockroach_1055 (buggy): deadlock\n");
    expect("Wait W4:");
    expect("  * G5 stop_cluster, blocked in sync.WaitGroup.Wait W4 at quiesce_stopper:");
    expect("  G1 -> C4 -> nobody\n");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static size_t length_of(const json_t *story, const char *list)
{
    return json_array_size(json_object_get(story, list));
}

static void check_index(const json_t *object, const char *key, size_t count, bool optional)
{
    const json_t *value = json_object_get(object, key);
    if (optional && json_is_null(value)) return;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (size_t)json_integer_value(value) >= count)
        fail_msg("%s is no index below %zu", key, count);
}

static void check_events(const json_t *story, size_t goroutines, size_t events)
{
    size_t i, preemptions = 0;
    const json_t *e;
    json_array_foreach(json_object_get(story, "events"), i, e)
    {
        check_index(e, "goroutine", goroutines, false);
        check_index(e, "object", length_of(story, "objects"), true);
        check_index(e, "place", length_of(story, "places"), true);
        preemptions += json_is_true(json_object_get(e, "preempts"));
    }
    assert_int_equal(json_integer_value(json_object_get(story, "preemptions")), preemptions);
    json_array_foreach(json_object_get(story, "edges"), i, e)
    {
        check_index(e, "to", events, false);
        check_index(e, "from", (size_t)json_integer_value(json_object_get(e, "to")), false);
    }
}

static void check_story(const json_t *story)
{
    size_t i, goroutines = length_of(story, "goroutines"), events = length_of(story, "events");
    const json_t *g;
    assert_int_equal(json_integer_value(json_object_get(story, "steps")), events);
    check_events(story, goroutines, events);
    json_array_foreach(json_object_get(story, "goroutines"), i, g)
    {
        check_index(g, "created_at", events, true);
        check_index(g, "created_by", goroutines, true);
        check_index(g, "stuck_at", events, true);
        check_index(g, "place", length_of(story, "places"), true);
    }
    json_array_foreach(json_object_get(story, "waits"), i, g)
    {
        check_index(g, "goroutine", goroutines, false);
        check_index(g, "holder", goroutines, true);
        check_index(g, "object", length_of(story, "objects"), true);
    }
    check_index(json_object_get(story, "contrast"), "event", events, true);
}

/* <crashes>/<kernel>/<signature>/input */
static void check_crash(const char *input)
{
    json_error_t error;
    heddle_run(&end, "explain", "--json", input);
#if !HEDDLE_ASAN /* sees no atomics: some bugs are none there */
    if (end.status != STATUS_FOUND || end.errors[0])
        fail_msg("%s: status %d: %s", input, end.status, end.errors);
#endif
    json_t *story = json_loads(end.output, JSON_REJECT_DUPLICATES, &error);
    if (!story) fail_msg("%s: %s", input, error.text);
    check_story(story);
    const char *signature = json_string_value(json_object_get(story, "signature"));
    if (end.status == STATUS_FOUND && !strstr(input, signature))
        fail_msg("%s: %s", input, signature);
    json_decref(story);
}

static void every_stored_crash_has_a_story(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(HEDDLE_SOURCE_DIR "/crashes/*/*/input", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 50);
    for (size_t i = 0; i < found.gl_pathc; i++) check_crash(found.gl_pathv[i]);
    globfree(&found);
}

/* ---- Files and programs ---------------------------------------------------------------------- */

static char text[PROGRAM_TEXT_BYTES]; /* safe, as above */

static void forms_go_to_files(void **state)
{
    (void)state;
    char out[PROGRAM_PATH_BYTES], page[PROGRAM_PATH_BYTES];
    size_t size;
    path_of(out, "%s/out", folder);
    path_of(page, "%s/page.html", folder);
    const char *input = put("close", moby_24007, sizeof moby_24007);
    heddle_run(&again, "explain", "moby_24007", input);
    heddle_run(&end, "explain", "moby_24007", input, "-o", out, "--html", page);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_string_equal(end.output, "");
    file_get(out, text, sizeof text, &size);
    assert_string_equal(text, again.output);
    file_get(page, text, sizeof text, &size);
    assert_non_null(strstr(text, "<html"));
}

/* A program of its own: here the one of all kernels, told which. */
static void targets_explain_by_themselves(void **state)
{
    (void)state;
    static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
    char program[PROGRAM_PATH_BYTES], script[2 * PROGRAM_PATH_BYTES];
    program_need(libfuzzer);
    const char *input = put("close", moby_24007, sizeof moby_24007);
    program_run(&end, NULL,
                (const char *const[]){libfuzzer, "--heddle-kernel=moby_24007", "--heddle-explain",
                                      input, NULL});
    assert_int_equal(end.status, STATUS_FOUND);
    expect("moby_24007 (buggy): close-of-closed-channel\n");
    path_of(program, "%s/target", folder);
    int length = snprintf(script, sizeof script,
                          "#!/bin/sh\nexec %s --heddle-kernel=moby_24007 \"$@\"\n", libfuzzer);
    file_put(program, script, (size_t)length);
    assert_int_equal(chmod(program, 0755), 0);
    heddle_run(&again, "explain", "--target", program, input);
    assert_int_equal(again.status, STATUS_FOUND);
    assert_string_equal(again.output, end.output);
    heddle_run(&again, "explain", "--target", program, input, "--json", "--variant", "fixed");
    assert_int_equal(again.status, STATUS_OK);
    assert_non_null(strstr(again.output, "\"variant\": \"fixed\""));
}

static void check_usage(const char *const arguments[], const char *line)
{
    program_run_with(&end, NULL, HEDDLE_BUILD_DIR "/heddle", arguments);
    if (end.status != STATUS_USAGE || !strstr(end.errors, line) || !text_is_one_line(end.errors))
        fail_msg("status %d, \"%s\", expected \"%s\"", end.status, end.errors, line);
}

#define usage(line, ...) check_usage((const char *const[]){"explain", __VA_ARGS__, NULL}, (line))

static void what_is_wrong_is_one_line(void **state)
{
    (void)state;
    const char *input = put("close", moby_24007, sizeof moby_24007);
    check_usage((const char *const[]){"explain", NULL}, "which file?");
    usage("No such file", "moby_24007", "/nowhere/input");
    usage("nobody: no such kernel", "nobody", input);
    usage("which kernel?", input);
    usage("one file at a time", "moby_24007", input, input);
    usage("--width 5: expected a number", "moby_24007", input, "--width", "5");
    usage("--variant both: expected", "moby_24007", input, "--variant", "both");
    usage("unrecognized option", "moby_24007", input, "--nothing");
    usage("/nowhere/out: No such file", "moby_24007", input, "-o", "/nowhere/out");
    usage("/dev/full: No space left", "moby_24007", input, "-o", "/dev/full");
    usage("/dev/full: No space left", "moby_24007", input, "--html", "/dev/full");
    usage("/nowhere/program: No such file", "--target", "/nowhere/program", input);
    heddle_run_into(&end, "/dev/full", "explain", "moby_24007", input);
    assert_int_not_equal(end.status, STATUS_OK);
    assert_true(text_is_one_line(end.errors));
}

static int make(void **state)
{
    (void)state;
    folder_make(folder);
    return 0;
}

static int removed(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_double_close_is_told),
        cmocka_unit_test(a_deadlock_is_told),
        cmocka_unit_test(every_stored_crash_has_a_story),
        cmocka_unit_test(forms_go_to_files),
        cmocka_unit_test(targets_explain_by_themselves),
        cmocka_unit_test(what_is_wrong_is_one_line),
    };
    return cmocka_run_group_tests(tests, make, removed);
}
