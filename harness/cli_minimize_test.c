// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle minimize as a user meets it: what it prints and writes, for kernels and for programs, what
 * it says when it cannot; and that the engines' own minimizers do something sensible with our
 * inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli.h"
#include "status.h"
#include "testkit.h"

static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
static const char afl[] = HEDDLE_BUILD_DIR "/../afl/heddle-afl";
static const char kernel[] = "slide_send_under_lock";
static const char signature[] = "goroutine-leak--send_request";

static struct program_end end; /* safe: tests run one after the other */
static char folder[PROGRAM_PATH_BYTES];
static char crash[PROGRAM_PATH_BYTES], smallest[PROGRAM_PATH_BYTES];

/* A finding with more in it than it needs. */
static const uint8_t long_crash[] = {2, 0, 0, 0, 0, 0, 0, 2, 9, 9, 0, 0, 1, 0, 1, 1,
                                     1, 1, 0, 0, 1, 0, 1, 1, 2, 0, 2, 1, 1, 0, 2, 0};

static int make_folder(void **state)
{
    (void)state;
    folder_make(folder);
    path_of(crash, "%s/crash", folder);
    path_of(smallest, "%s/crash.min", folder);
    file_put(crash, long_crash, sizeof long_crash);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static size_t size_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (size_t)status.st_size;
}

static void check_signature(const char *path)
{
    char token[PROGRAM_PATH_BYTES];
    path_of(token, "DEDUP_TOKEN: %s\n", signature);
    heddle_run(&end, "replay", kernel, path);
    assert_int_equal(end.status, STATUS_FOUND);
    if (!strstr(end.output, token)) fail_msg("%s: another bug:\n%s", path, end.output);
}

static void result_is_beside_the_file_and_said_to_be_minimal(void **state)
{
    (void)state;
    check_signature(crash);
    heddle_run(&end, "minimize", kernel, crash);
    assert_int_equal(end.status, STATUS_OK);
    assert_string_equal(end.errors, "");
    assert_non_null(strstr(end.output, signature));
    assert_non_null(strstr(end.output, " deviations -> 1, "));
    assert_non_null(strstr(end.output, "32 bytes -> 10;"));
    assert_non_null(strstr(end.output, "1-minimal: "));
    assert_non_null(strstr(end.output, smallest));
    assert_int_equal(size_of(smallest), 10);
    check_signature(smallest);
    assert_int_equal(size_of(crash), sizeof long_crash);
}

static void result_can_go_elsewhere_and_minimizing_it_changes_nothing(void **state)
{
    (void)state;
    char first[64] = {0}, second[64] = {0}, path[PROGRAM_PATH_BYTES];
    size_t size, again;
    path_of(path, "%s/out", folder);
    heddle_run(&end, "minimize", kernel, crash, "-o", path);
    assert_int_equal(end.status, STATUS_OK);
    file_get(path, first, sizeof first, &size);
    heddle_run(&end, "minimize", kernel, path, "-o", path);
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "1 deviations -> 1, "));
    file_get(path, second, sizeof second, &again);
    assert_int_equal(size, again);
    assert_memory_equal(first, second, size);
    assert_int_equal(access(smallest, F_OK), -1);
}

/* A program with an engine's main minimizes what is its own. */
static void target_minimizes_by_itself(void **state)
{
    (void)state;
    char program[PROGRAM_PATH_BYTES], text[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    program_need(libfuzzer);
    path_of(program, "%s/target", folder);
    path_of(text, "#!/bin/sh\nexec %s --heddle-kernel=%s \"$@\"\n", libfuzzer, kernel);
    file_put(program, text, strlen(text));
    assert_int_equal(chmod(program, 0755), 0);
    heddle_run(&end, "minimize", "--target", program, crash);
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "1-minimal: "));
    assert_int_equal(size_of(smallest), 10);
    path_of(path, "%s/out", folder);
    heddle_run(&end, "minimize", "--target", program, crash, "-o", path);
    assert_int_equal(end.status, STATUS_OK);
    assert_int_equal(size_of(path), 10);
    check_signature(path);
}

/* One line that has these words, status 2, and nothing written. */
#define check_refused(words, ...)                                                                  \
    do {                                                                                           \
        heddle_run(&end, "minimize", __VA_ARGS__);                                                 \
        assert_int_equal(end.status, STATUS_USAGE);                                                \
        assert_true(text_is_one_line(end.errors));                                                 \
        if (!strstr(end.errors, (words))) fail_msg("expected %s in: %s", (words), end.errors);     \
        assert_string_equal(end.output, "");                                                       \
        assert_int_equal(access(smallest, F_OK), -1);                                              \
    } while (0)

static void what_cannot_be_minimized_is_one_line_and_status_2(void **state)
{
    (void)state;
    char path[PROGRAM_PATH_BYTES];
    path_of(path, "%s/natural", folder);
    file_put(path, "", 0);
    check_refused("it shows no bug", kernel, path);
    check_refused("No such file", kernel, "/nowhere/input");
    check_refused("Is a directory", kernel, folder);
    check_refused("no such kernel", "nobody", crash);
    check_refused("give NAME", crash);
    check_refused("which file?", "--variant", "buggy");
    check_refused("is for kernels", "--variant", "buggy", "--target", "x", crash);
    check_refused("one file at a time", kernel, crash, crash, "-o", path);
    check_refused("/nowhere/heddle-target", "--target", "/nowhere/heddle-target", crash);
    check_refused("No such file", kernel, crash, "-o", "/nowhere/out");
    check_refused("No space left", kernel, crash, "-o", "/dev/full");
}

static void minimizer_of_libfuzzer_keeps_the_bug_and_cuts(void **state)
{
    (void)state;
    char option[128], exact[PROGRAM_PATH_BYTES];
    program_need(libfuzzer);
    snprintf(option, sizeof option, "--heddle-kernel=%s", kernel);
    path_of(exact, "-exact_artifact_path=%s", smallest);
    program_run(&end, NULL,
                (const char *const[]){libfuzzer, option, "-minimize_crash=1", "-runs=500",
                                      "-max_total_time=20", exact, crash, NULL});
    assert_true(size_of(smallest) < sizeof long_crash);
    check_signature(smallest);
}

static void minimizer_of_afl_keeps_the_bug_and_cuts(void **state)
{
    (void)state;
    char option[128];
    program_need(afl);
    snprintf(option, sizeof option, "--heddle-kernel=%s", kernel);
    setenv("AFL_SKIP_CPUFREQ", "1", 1);
    setenv("AFL_NO_AFFINITY", "1", 1);
    program_run(
        &end, NULL,
        (const char *const[]){"afl-tmin", "-i", crash, "-o", smallest, "--", afl, option, NULL});
    assert_int_equal(end.status, 0);
    assert_true(size_of(smallest) < sizeof long_crash);
    check_signature(smallest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(result_is_beside_the_file_and_said_to_be_minimal,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(result_can_go_elsewhere_and_minimizing_it_changes_nothing,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(target_minimizes_by_itself, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_minimized_is_one_line_and_status_2,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(minimizer_of_libfuzzer_keeps_the_bug_and_cuts, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(minimizer_of_afl_keeps_the_bug_and_cuts, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
