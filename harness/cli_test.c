// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The command line as its users meet it: what it prints, what it returns, and that whatever is
 * wrong with an argument, a file or a disk gets one clear line and the right status. */
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

#include "kernel.h"
#include "status.h"
#include "testkit.h"

static struct program_end end; /* safe: tests run one after the other */

static void check_usage(const char *const arguments[], const char *line)
{
    program_run_with(&end, NULL, HEDDLE_BUILD_DIR "/heddle", arguments);
    if (end.status != STATUS_USAGE || !strstr(end.errors, line) || !text_is_one_line(end.errors))
        fail_msg("status %d, \"%s\", expected \"%s\"", end.status, end.errors, line);
}

#define usage(line, ...) check_usage((const char *const[]){__VA_ARGS__, NULL}, (line))

static void wrong_arguments_are_one_line_and_status_2(void **state)
{
    (void)state;
    check_usage((const char *const[]){NULL}, "which command?");
    usage("nobody: no such command", "nobody");
    usage("nobody: no such command", "help", "nobody");
    usage("unrecognized option '--nothing'", "list", "--nothing");
    usage("requires an argument", "list", "--class");
    usage("--class nothing: no such class", "list", "--class", "nothing");
    usage("surplus: heddle list takes no names", "list", "surplus");
    usage("--json and --markdown: which one?", "list", "--json", "--markdown");
    usage("which kernel?", "sample");
    usage("nobody: no such kernel", "sample", "nobody");
    usage("nobody: no such kernel", "sample", "litmus_canary", "nobody");
    usage("--policy nothing: no such policy", "sample", "all", "--policy", "nothing");
    usage("--grain fine: expected sync, shared or all", "sample", "all", "--grain", "fine");
    usage("--runs 0: expected a number", "sample", "all", "--runs", "0");
    usage("--runs 5x: expected a number", "sample", "all", "--runs", "5x");
    usage("--runs -1: expected a number", "sample", "all", "--runs", "-1");
    usage("--runs 99999999999999999999: expected", "sample", "all", "--runs",
          "99999999999999999999");
    usage("--seed 3..1: expected", "sample", "all", "--seed", "3..1");
    usage("--seed 1..: expected", "sample", "all", "--seed", "1..");
    usage("--variant none: expected", "sample", "all", "--variant", "none");
    usage("unrecognized option '--nothing'", "sample", "all", "--nothing");
    usage("which file?", "replay");
    usage("--variant both: expected buggy or fixed", "replay", "x", "--variant", "both");
    usage("which kernel?", "fuzz");
    usage("nobody: no such kernel", "fuzz", "nobody");
    usage("--engine nothing: expected", "fuzz", "all", "--engine", "nothing");
    usage("--time 0: expected a number", "fuzz", "all", "--time", "0");
    usage("unrecognized option '--nothing'", "bench", "--nothing");
    usage("which kernel?", "seeds");
    usage("nobody: no such kernel", "seeds", "nobody");
    usage("--out: expected a directory", "seeds", "all", "--out", "");
    usage("requires an argument", "seeds", "all", "--out");
    usage("/dev/null/seeds: Not a directory", "seeds", "all", "--out", "/dev/null/seeds");
}

static void help_and_version_are_for_stdout(void **state)
{
    (void)state;
    static const char *const commands[] = {"list", "fuzz", "sample", "replay", "seeds", "bench"};
    heddle_run(&end, "--version");
    assert_int_equal(end.status, STATUS_OK);
    assert_true(text_is_one_line(end.output));
    heddle_run(&end, "help");
    assert_int_equal(end.status, STATUS_OK);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        heddle_run(&end, "help");
        assert_non_null(strstr(end.output, commands[i]));
        static struct program_end other;
        heddle_run(&end, commands[i], "--help");
        heddle_run(&other, "help", commands[i]);
        assert_int_equal(end.status, STATUS_OK);
        assert_non_null(strstr(end.output, "usage: heddle "));
        assert_string_equal(end.output, other.output);
        assert_string_equal(end.errors, "");
    }
}

/* ---- list --------------------------------------------------------------------------------- */

static size_t kernel_count(void)
{
    size_t count = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) count += k->buggy;
    return count;
}

/* Each line of text is an object; their number. */
static size_t check_objects(char *text, void (*check)(const json_t *object))
{
    size_t count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        if (!json_is_object(object)) fail_msg("%s: %s", error.text, line);
        check(object);
        json_decref(object);
        count++;
    }
    return count;
}

static void check_listed(const json_t *object)
{
    const struct kernel *k =
        kernel_find(json_string_value(json_object_get(object, "kernel")), true);
    assert_non_null(k);
    assert_string_equal(json_string_value(json_object_get(object, "title")), k->title);
    assert_string_equal(json_string_value(json_object_get(object, "source")), k->source);
    assert_string_equal(json_string_value(json_object_get(object, "class")),
                        kernel_class_name(k->class));
    const json_t *expect = json_object_get(object, "expect");
    assert_string_equal(json_string_value(json_array_get(expect, 0)), k->expect[0]);
    assert_int_equal(json_array_size(json_object_get(object, "variants")), 2);
    const json_t *natural_fails = json_object_get(object, "natural_fails");
    assert_true(json_is_boolean(natural_fails));
    if (strcmp(k->name, "litmus_canary") == 0) assert_true(json_is_true(natural_fails));
    if (strcmp(k->name, "moby_24007") == 0) assert_true(json_is_false(natural_fails));
}

static void list_has_each_kernel_once(void **state)
{
    (void)state;
    heddle_run(&end, "list", "--json");
    assert_int_equal(end.status, STATUS_OK);
    assert_int_equal(check_objects(end.output, check_listed), kernel_count());
    heddle_run(&end, "list");
    for (const struct kernel *k = kernel_first(); k; k = k->next)
        assert_non_null(strstr(end.output, k->name));
}

static void list_can_be_narrowed(void **state)
{
    (void)state;
    heddle_run(&end, "list", "--json", "--class", "close");
    assert_non_null(strstr(end.output, "moby_24007"));
    assert_null(strstr(end.output, "litmus_canary"));
    heddle_run(&end, "list", "--json", "--project", "kubernetes");
    assert_non_null(strstr(end.output, "kubernetes_5316"));
    assert_null(strstr(end.output, "moby_24007"));
}

/* ---- sample ------------------------------------------------------------------------------- */

static void check_sampled(const json_t *object)
{
    static const char *const fields[] = {
        "kernel", "variant",          "policy",     "seed",         "runs",     "found",
        "first",  "signatures",       "unexpected", "inconclusive", "distinct", "complete",
        "digest", "executions_per_s", "grain"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!json_object_get(object, fields[i])) fail_msg("no %s", fields[i]);
    assert_int_equal(json_object_size(object), sizeof fields / sizeof fields[0]);
    assert_int_equal(json_integer_value(json_object_get(object, "runs")), 50);
    json_int_t found = json_integer_value(json_object_get(object, "found"));
    bool buggy = strcmp(json_string_value(json_object_get(object, "variant")), "buggy") == 0;
    const json_t *first = json_object_get(object, "first");
    const json_t *signatures = json_object_get(object, "signatures");
    if (buggy) {
        assert_int_equal(found, 50);
        assert_int_equal(json_integer_value(first), 1);
        assert_int_equal(json_integer_value(json_object_get(signatures, "deadlock--canary_wait")),
                         50);
    } else {
        assert_int_equal(found, 0);
        assert_true(json_is_null(first));
        assert_int_equal(json_object_size(signatures), 0);
    }
}

static void sample_prints_an_object_for_each_kernel_variant_and_seed(void **state)
{
    (void)state;
    heddle_run(&end, "sample", "litmus_canary", "--variant", "both", "--runs", "50", "--seed",
               "3..5", "--json");
    assert_int_equal(end.status, STATUS_FOUND);
    assert_string_equal(end.errors, "");
    assert_int_equal(text_count(end.output, "\"grain\":\"sync\""), 6);
    assert_int_equal(check_objects(end.output, check_sampled), 6);
    heddle_run(&end, "sample", "litmus_canary", "--variant", "both", "--runs", "50", "--grain",
               "shared", "--json");
    assert_int_equal(text_count(end.output, "\"grain\":\"shared\""), 2);
}

static void sample_says_by_its_status_whether_a_bug_was_found(void **state)
{
    (void)state;
    heddle_run(&end, "sample", "litmus_canary", "--runs", "5");
    assert_int_equal(end.status, STATUS_FOUND);
    heddle_run(&end, "sample", "litmus_canary", "--runs", "5", "--variant", "fixed");
    assert_int_equal(end.status, STATUS_OK);
    heddle_run(&end, "sample", "litmus_canary", "--runs", "5", "--variant", "both", "--check");
    assert_int_equal(end.status, STATUS_OK);
    /* The natural schedule does not show this bug: not as promised. */
    heddle_run(&end, "sample", "moby_24007", "--policy", "natural", "--runs", "1", "--check");
    assert_int_equal(end.status, STATUS_UNEXPECTED);
    assert_non_null(strstr(end.errors, "moby_24007 buggy: found with 0 of 1 seeds"));
}

static void check_left_at_first(const json_t *object)
{
    json_int_t runs = json_integer_value(json_object_get(object, "runs"));
    assert_int_equal(json_integer_value(json_object_get(object, "found")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "first")), runs);
    assert_in_range(runs, 1, 999);
}

static void sample_first_leaves_a_seed_at_its_first_bug(void **state)
{
    (void)state;
    heddle_run(&end, "sample", "moby_24007", "--runs", "1000", "--seed", "1..9", "--first",
               "--json");
    assert_int_equal(end.status, STATUS_FOUND);
    assert_int_equal(check_objects(end.output, check_left_at_first), 9);
    heddle_run(&end, "sample", "moby_24007", "--runs", "100", "--first", "--variant", "fixed",
               "--json");
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "\"runs\":100,"));
}

static void sample_with_dfs_says_when_it_is_complete(void **state)
{
    (void)state;
    heddle_run(&end, "sample", "moby_25384", "--policy", "dfs", "--variant", "fixed");
    assert_null(strstr(end.output, "complete"));
    heddle_run(&end, "sample", "moby_25384", "--policy", "dfs", "--variant", "fixed", "--runs",
               "100000");
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "silent; complete, "));
}

/* ---- replay ------------------------------------------------------------------------------- */

static void any_input_file_can_be_replayed(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    static uint8_t bytes[1 << 20];
    static const size_t sizes[] = {0, 1, 2, 7, 8, 9, 300, sizeof bytes};
    folder_make(folder);
    path_of(path, "%s/file", folder);
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)((x = x * 1664525 + 1) >> 24);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        file_put(path, bytes, sizes[i]);
        heddle_run(&end, "replay", "litmus_canary", path);
        assert_int_equal(end.status, STATUS_FOUND);
        assert_non_null(strstr(end.output, "DEDUP_TOKEN: deadlock--canary_wait\n"));
        heddle_run(&end, "replay", "litmus_canary", path, "--variant", "fixed");
        assert_int_equal(end.status, STATUS_OK);
        assert_true(text_is_one_line(end.output));
    }
    folder_remove(folder);
}

static void file_that_cannot_be_run_is_one_line_and_status_2(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    folder_make(folder);
    usage("Is a directory", "replay", "litmus_canary", folder);
    path_of(path, "%s/nothing", folder);
    usage("No such file or directory", "replay", "litmus_canary", path);
    usage("No such file or directory", "replay", path);
    file_put(path, "x", 1);
    usage("nobody: no such kernel", "replay", "nobody", path);
    usage("which kernel?", "replay", path);
    if (geteuid() != 0) {
        assert_int_equal(chmod(path, 0), 0);
        usage("Permission denied", "replay", "litmus_canary", path);
    }
    char json[PROGRAM_PATH_BYTES];
    path_of(json, "%s/nothing.json", folder);
    file_put(json, "{}", 2);
    usage("nothing.json: ", "replay", path);
    folder_remove(folder);
}

static void name_is_found_by_the_folder_or_the_json(void **state)
{
    (void)state;
    static const char json[] =
        "{\"target\":\"litmus_canary\",\"variant\":\"fixed\",\"signature\":\"\",\"digest\":\"0\","
        "\"options\":{\"max_steps\":9,\"fair_steps\":9,\"ticks_after_end\":2,"
        "\"go123_timers\":false,\"detectors_off\":0}}";
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(path, "%s/litmus_canary", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    path_of(path, "%s/litmus_canary/some-signature", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    path_of(path, "%s/litmus_canary/some-signature/input", folder);
    file_put(path, "", 0);
    heddle_run(&end, "replay", path);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_string_equal(end.errors, "");

    path_of(path, "%s/alone", folder);
    file_put(path, "", 0);
    path_of(path, "%s/alone.json", folder);
    file_put(path, json, sizeof json - 1);
    path_of(path, "%s/alone", folder);
    heddle_run(&end, "replay", path);
    assert_int_equal(end.status, STATUS_OK); /* The fixed variant, as recorded. */
    assert_non_null(strstr(end.errors, "not the recorded execution"));
    heddle_run(&end, "replay", path, "--variant", "buggy");
    assert_int_equal(end.status, STATUS_FOUND);
    folder_remove(folder);
}

static void several_files_give_the_worst_status(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], pass[PROGRAM_PATH_BYTES], bug[PROGRAM_PATH_BYTES];
    static const char data[] = {1, 0, 0, 0, 0, 0, 0, 1, 1};
    folder_make(folder);
    path_of(pass, "%s/pass", folder);
    path_of(bug, "%s/bug", folder);
    file_put(pass, "", 0);
    file_put(bug, data, sizeof data);
    heddle_run(&end, "replay", "slide_context_overwritten", pass, pass);
    assert_int_equal(end.status, STATUS_OK);
    heddle_run(&end, "replay", "slide_context_overwritten", pass, bug, pass);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_int_equal(text_count(end.output, ": pass: "), 2);
    assert_int_equal(text_count(end.output, "==ABORTING"), 1);
    folder_remove(folder);
}

/* ---- Lost output -------------------------------------------------------------------------- */

static void full_disk_is_one_line_and_no_success(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(path, "%s/file", folder);
    file_put(path, "", 0);
    heddle_run_into(&end, "/dev/full", "list");
    assert_int_equal(end.status, STATUS_USAGE);
    assert_string_equal(end.errors, "heddle: standard output: No space left on device\n");
    heddle_run_into(&end, "/dev/full", "list", "--markdown", "--class", "close");
    assert_int_equal(end.status, STATUS_USAGE);
    assert_true(text_is_one_line(end.errors));
    heddle_run_into(&end, "/dev/full", "--version");
    assert_int_equal(end.status, STATUS_USAGE);
    heddle_run_into(&end, "/dev/full", "sample", "litmus_canary", "--variant", "fixed");
    assert_int_equal(end.status, STATUS_USAGE);
    assert_true(text_is_one_line(end.errors));
    heddle_run_into(&end, "/dev/full", "replay", "litmus_canary", path);
    assert_int_equal(end.status, STATUS_FOUND); /* The bug is still the news. */
    assert_true(text_is_one_line(end.errors));
    folder_remove(folder);
}

/* ---- bench -------------------------------------------------------------------------------- */

/* Figures are this machine's; that they are there, and cannot be nonsense, is everyone's. */
static void bench_measures_accesses(void **state)
{
    (void)state;
    static const char *const loops[] = {"read of 8 bytes  ", "read and write of 4 bytes  ",
                                        "walk along a list  ", "function entry and exit  "};
    heddle_run(&end, "bench", "access");
    assert_int_equal(end.status, STATUS_OK);
    assert_string_equal(end.errors, "");
    if (strstr(end.output, "accesses are not instrumented")) return;
    bool libtsan = !strstr(end.output, "bench-libtsan was not built");
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        double ours, theirs = 1, native;
        const char *row = strstr(end.output, loops[i]);
        assert_non_null(row);
        row += strlen(loops[i]);
        if (libtsan)
            assert_int_equal(sscanf(row, "%lf %lf %lf", &ours, &theirs, &native), 3);
        else
            assert_int_equal(sscanf(row, "%lf - %lf", &ours, &native), 2);
        assert_true(ours > 0 && theirs > 0 && native > 0);
        assert_true(ours < 1000);
    }
}

static void bench_tells_the_memory_of_the_race_detector(void **state)
{
    (void)state;
    size_t shadow, segments, clocks;
    heddle_run(&end, "bench", "memory");
    assert_int_equal(end.status, STATUS_OK);
    const char *row = strstr(end.output, "kernel of 35 positions");
    assert_non_null(row);
    row += strlen("kernel of 35 positions");
    assert_int_equal(sscanf(row, "%zu %zu %zu", &shadow, &segments, &clocks), 3);
    assert_true(shadow < 1 << 20); /* some cells, or none where nothing is instrumented */
    assert_true(segments < 1 << 20);
    assert_true(clocks < 1 << 20);
    assert_true((shadow == 0) == (segments == 0));
}

static void statuses_join_to_the_one_that_matters_most(void **state)
{
    (void)state;
    static const enum status order[] = {STATUS_INTERNAL, STATUS_USAGE,        STATUS_UNEXPECTED,
                                        STATUS_FOUND,    STATUS_INCONCLUSIVE, STATUS_OK};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            assert_int_equal(status_join(order[i], order[j]), order[i < j ? i : j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_are_one_line_and_status_2),
        cmocka_unit_test(help_and_version_are_for_stdout),
        cmocka_unit_test(list_has_each_kernel_once),
        cmocka_unit_test(list_can_be_narrowed),
        cmocka_unit_test(sample_prints_an_object_for_each_kernel_variant_and_seed),
        cmocka_unit_test(sample_says_by_its_status_whether_a_bug_was_found),
        cmocka_unit_test(sample_first_leaves_a_seed_at_its_first_bug),
        cmocka_unit_test(sample_with_dfs_says_when_it_is_complete),
        cmocka_unit_test(any_input_file_can_be_replayed),
        cmocka_unit_test(file_that_cannot_be_run_is_one_line_and_status_2),
        cmocka_unit_test(name_is_found_by_the_folder_or_the_json),
        cmocka_unit_test(several_files_give_the_worst_status),
        cmocka_unit_test(full_disk_is_one_line_and_no_success),
        cmocka_unit_test(bench_measures_accesses),
        cmocka_unit_test(bench_tells_the_memory_of_the_race_detector),
        cmocka_unit_test(statuses_join_to_the_one_that_matters_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
