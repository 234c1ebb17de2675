// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Each engine for real, for a few seconds, as far as it was built: libFuzzer beside `heddle`,
 * AFL++ in the preset beside this one.
 *
 *   smoke_test [--share=N]
 *
 * Budgets: every buggy kernel is searched for a minute at most, until its first finding; every
 * fixed one runs FIXED_RUNS times, by share; EQUAL_RUNS inputs of a kernel run in every program
 * (more of them: harness/digests).
 */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine.h"
#include "gates_testkit.h"
#include "kernel.h"
#include "status.h"
#include "testkit.h"

enum { FIXED_RUNS = 1000, EQUAL_RUNS = 200 };

static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
static const char afl[] = HEDDLE_BUILD_DIR "/../afl/heddle-afl";
static struct program_end end; /* safe: tests run one after the other */

static bool is_to_be_found(const struct kernel *k)
{
    return k->buggy && !k->miss && gate_promises(k);
}

static size_t kernel_count(void)
{
    size_t count = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) count += is_to_be_found(k);
    return count;
}

/* heddle fuzz with these options, up to NULL, and the names of all kernels that promise something.
 */
static void fuzz_all(const char *const options[])
{
    const char *arguments[PROGRAM_ARGUMENTS_MAX] = {HEDDLE_BUILD_DIR "/heddle", "fuzz"};
    size_t count = 2;
    for (size_t i = 0; options[i]; i++) arguments[count++] = options[i];
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || !gate_promises(k)) continue;
        assert_true(count + 1 < PROGRAM_ARGUMENTS_MAX);
        arguments[count++] = k->name;
    }
    program_run(&end, NULL, arguments);
}

static void libfuzzer_finds_every_buggy_kernel(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES], sum[64];
    folder_make(folder);
    fuzz_all((const char *const[]){"--first", "--time", "60", "--artifacts", folder, NULL});
    snprintf(sum, sizeof sum, "\n%zu of %zu kernels found, ", kernel_count(), kernel_count());
    if (end.status != STATUS_FOUND || !strstr(end.output, sum) || strstr(end.output, "UNEXPECTED"))
        fail_msg("status %d\n%s%s", end.status, end.output, end.errors);
    assert_string_equal(end.errors, "");
    assert_int_equal(text_count(end.output, "==ABORTING\n"), kernel_count());
    assert_int_equal(text_count(end.output, "; saved in "), kernel_count() + 1);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!is_to_be_found(k)) continue;
        path_of(path, "%s/%s", folder, k->name);
        assert_int_equal(access(path, R_OK), 0);
    }
    folder_remove(folder);
}

static void libfuzzer_goes_on_after_a_finding(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES];
    folder_make(folder);
    heddle_run(&end, "fuzz", "litmus_canary", "--runs", "5000", "--seed", "1", "--time", "20",
               "--artifacts", folder);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_int_equal(text_count(end.output, "==ABORTING\n"), 1);
    assert_non_null(strstr(end.output, "1 of 1 kernels found, 1 findings, "));
    assert_null(strstr(end.output, " 1 executions in ")); /* It did not stop at the first. */
    folder_remove(folder);
}

/* Each session finds the bug by another schedule; all file the same one, in one folder. */
static void sessions_file_one_bug_once_in_its_smallest_form(void **state)
{
    (void)state;
    static const char kernel[] = "cockroach_1462";
    static const char signature[] = "deadlock--publish_events--stop_workers";
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES], trace[4096], seed[24];
    char first[64], second[64];
    size_t size, size_first = 0;
    folder_make(folder);
    for (int i = 1; i <= 3; i++) {
        snprintf(seed, sizeof seed, "%d", i);
        path_of(path, "%s/%d", folder, i % 2); /* the third one where the first has been */
        heddle_run(&end, "fuzz", kernel, "--first", "--seed", seed, "--time", "20", "--artifacts",
                   path);
        assert_int_equal(end.status, STATUS_FOUND);
        assert_int_equal(text_count(end.output, "minimized: "), i < 3);
        path_of(path, "%s/%d/%s/%s/trace.json", folder, i % 2, kernel, signature);
        file_get(path, trace, sizeof trace, &size);
        assert_non_null(strstr(trace, "\"minimal\": true"));
        path_of(path, "%s/%d/%s/%s/input", folder, i % 2, kernel, signature);
        file_get(path, i == 1 ? first : second, sizeof first, &size);
        if (i == 1) size_first = size;
        assert_int_equal(size, size_first);
        if (i > 1) assert_memory_equal(first, second, size);
    }
    folder_remove(folder);
}

static void libfuzzer_finds_nothing_in_a_fixed_kernel(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], runs[24];
    folder_make(folder);
    snprintf(runs, sizeof runs, "%" PRIu64, gate_share(FIXED_RUNS));
    fuzz_all((const char *const[]){"--variant", "fixed", "--runs", runs, "--time", "60",
                                   "--artifacts", folder, NULL});
    if (end.status != STATUS_OK) fail_msg("status %d\n%s%s", end.status, end.output, end.errors);
    assert_string_equal(end.errors, "");
    folder_remove(folder);
}

/* Files in the folder of a kernel's seeds. */
static size_t seed_count(const char *kernel)
{
    char path[PROGRAM_PATH_BYTES];
    struct dirent **entries;
    size_t seeds = 0;
    path_of(path, HEDDLE_SOURCE_DIR "/corpus/seeds/%s", kernel);
    int count = scandir(path, &entries, NULL, NULL);
    for (int i = 0; i < count; i++) {
        seeds += entries[i]->d_name[0] != '.';
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return seeds;
}

/* libFuzzer runs the empty input and what is in the folders that it is given, whatever -runs says.
 */
static void libfuzzer_starts_from_the_seeds(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], sum[64];
    folder_make(folder);
    snprintf(sum, sizeof sum, " %zu executions in ", 1 + seed_count("moby_24007"));
    heddle_run(&end, "fuzz", "moby_24007", "--variant", "fixed", "--runs", "1", "--seed", "1",
               "--artifacts", folder);
    if (!strstr(end.output, sum)) fail_msg("expected%s\n%s%s", sum, end.output, end.errors);
    folder_remove(folder);
}

static void fuzzing_into_nowhere_still_reports(void **state)
{
    (void)state;
    program_need(libfuzzer);
    heddle_run(&end, "fuzz", "litmus_canary", "--first", "--artifacts", "/dev/null/nowhere");
    assert_int_equal(end.status, STATUS_FOUND);
    assert_non_null(strstr(end.output, "heddle: artifact not written: /dev/null/nowhere"));
    assert_non_null(strstr(end.output, "DEDUP_TOKEN: deadlock--canary_wait\n"));
    const char *kept = strstr(end.output, "the engine's own files are kept in ");
    assert_non_null(kept);
    char folder[PROGRAM_PATH_BYTES];
    kept = strchr(kept, '/');
    path_of(folder, "%.*s", (int)strcspn(kept, "\n"), kept);
    folder_remove(folder);
}

/* The report of one run of a target on a file: in the stable form, from the artifact it writes. */
static void report_of_target(const char *program, const char *kernel, const char *file, int status,
                             char *report, size_t report_bytes)
{
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    char kernel_option[128], artifacts_option[PROGRAM_PATH_BYTES + 32];
    size_t size;
    folder_make(folder);
    snprintf(kernel_option, sizeof kernel_option, "--heddle-kernel=%s", kernel);
    snprintf(artifacts_option, sizeof artifacts_option, "--heddle-artifacts=%s", folder);
    program_run(&end, NULL,
                (const char *const[]){program, kernel_option, artifacts_option, file, NULL});
    if (end.status != status) fail_msg("%s: status %d\n%s", program, end.status, end.errors);
    path_of(path, "%s/%s/%s/report.txt", folder, kernel, kernel_find(kernel, true)->expect[0]);
    file_get(path, report, report_bytes, &size);
    folder_remove(folder);
}

/* A real afl-fuzz, until its first crash; the crash file. */
static void find_with_afl(const char *folder, const char *kernel, char crash[PROGRAM_PATH_BYTES])
{
    char in[PROGRAM_PATH_BYTES], out[PROGRAM_PATH_BYTES], option[128];
    snprintf(option, sizeof option, "--heddle-kernel=%s", kernel);
    path_of(out, "%s/in", folder);
    assert_int_equal(mkdir(out, 0777), 0);
    path_of(in, "%s/in/natural", folder);
    file_put(in, "\1", 1);
    path_of(in, "%s/in", folder);
    path_of(out, "%s/out", folder);
    static const char *const settings[] = {"AFL_SKIP_CPUFREQ",
                                           "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "AFL_NO_UI",
                                           "AFL_NO_AFFINITY", "AFL_BENCH_UNTIL_CRASH"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) setenv(settings[i], "1", 1);
    program_run(&end, NULL,
                (const char *const[]){"afl-fuzz", "-i", in, "-o", out, "-s", "1", "-V", "60", "--",
                                      afl, option, NULL});
    path_of(in, "%s/out/default/crashes", folder);
    struct dirent **entries;
    int count = scandir(in, &entries, NULL, alphasort);
    crash[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (strncmp(entries[i]->d_name, "id:", 3) == 0 && !crash[0])
            path_of(crash, "%s/%s", in, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    if (!crash[0]) fail_msg("afl-fuzz found nothing\n%s%s", end.output, end.errors);
}

static void crash_of_afl_gives_one_report_everywhere(void **state)
{
    (void)state;
    static const char *const kernels[] = {"moby_24007", "slide_send_under_lock"};
    static char from_libfuzzer[PROGRAM_TEXT_BYTES], from_afl[PROGRAM_TEXT_BYTES];
    program_need(libfuzzer);
    program_need(afl);
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        char folder[PROGRAM_PATH_BYTES], crash[PROGRAM_PATH_BYTES];
        folder_make(folder);
        find_with_afl(folder, kernels[i], crash);
        report_of_target(libfuzzer, kernels[i], crash, ENGINE_STATUS_LIBFUZZER, from_libfuzzer,
                         sizeof from_libfuzzer);
        report_of_target(afl, kernels[i], crash, ENGINE_STATUS_FINDING, from_afl, sizeof from_afl);
        heddle_run(&end, "replay", kernels[i], "--stable", crash);
        assert_int_equal(end.status, STATUS_FOUND);
        assert_string_equal(end.output, from_libfuzzer);
        assert_string_equal(end.output, from_afl);
        folder_remove(folder);
    }
}

static void afl_session_finds_and_files(void **state)
{
    (void)state;
    program_need(afl);
    char folder[PROGRAM_PATH_BYTES];
    folder_make(folder);
    heddle_run(&end, "fuzz", "moby_24007", "litmus_canary", "--engine", "afl", "--time", "6",
               "--artifacts", folder);
    if (end.status != STATUS_FOUND || !strstr(end.output, "2 of 2 kernels found"))
        fail_msg("status %d\n%s%s", end.status, end.output, end.errors);
    assert_non_null(strstr(end.output, "litmus_canary: all 64 seeds fail"));
    char start[64];
    size_t seeds = seed_count("moby_24007");
    snprintf(start, sizeof start, "moby_24007: afl-fuzz starts from %zu seeds of %zu\n", seeds,
             seeds);
    if (!strstr(end.output, start)) fail_msg("expected %s%s", start, end.output);
    assert_string_equal(end.errors, "");
    folder_remove(folder);
}

/* The same digest in every program that is built. */
static void engines_run_equal_executions(void **state)
{
    (void)state;
    static const char *const programs[] = {libfuzzer, afl};
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!gate_promises(k)) continue; /* AFL++'s program sees what this build does not. */
        char digest[17] = "", option[128], digests[64], runs[24];
        uint64_t own = gate_runs(k, EQUAL_RUNS);
        snprintf(digests, sizeof digests, "--heddle-digests=%" PRIu64 ":7", own);
        snprintf(runs, sizeof runs, "%" PRIu64, own);
        snprintf(option, sizeof option, "--heddle-kernel=%s", k->name);
        for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
            if (!program_is_built(programs[i])) continue;
            program_run(&end, NULL,
                        (const char *const[]){programs[i], option,
                                              k->buggy ? "--" : "--heddle-variant=fixed", digests,
                                              NULL});
            assert_int_equal(end.status, STATUS_OK);
            if (digest[0] && memcmp(end.output, digest, 16) != 0)
                fail_msg("%s: %sexpected %s; was it built from the same sources?", programs[i],
                         end.output, digest);
            memcpy(digest, end.output, 16);
        }
        heddle_run(&end, "sample", k->name, "--policy", "bytes", "--runs", runs, "--seed", "7",
                   "--json", "--variant", k->buggy ? "buggy" : "fixed");
        if (digest[0] && !strstr(end.output, digest)) fail_msg("%s: %s", digest, end.output);
    }
}

static void wrong_options_of_a_target_are_one_line_and_status_2(void **state)
{
    (void)state;
    program_need(libfuzzer);
    static const struct {
        const char *option;
        const char *line;
    } cases[] = {
        {"--heddle-nothing", "--heddle-nothing: no such option"},
        {"--heddle-kernel=nobody", "nobody: no such kernel"},
        {"--heddle-kernel", "expected --heddle-kernel=NAME"},
        {"--heddle-variant=none", "expected --heddle-variant=buggy or fixed"},
        {"--heddle-max-steps=0", "expected --heddle-max-steps="},
        {"--heddle-digests=x", "expected --heddle-digests=N[:SEED[:GRAIN]]"},
        {"--heddle-form=dense", "expected --heddle-form=gap, wide, byte, keyed or named[:GRAIN]"},
        {"--heddle-form=gap:fine", "expected --heddle-form=gap, wide"},
        {"--heddle-mutator=other", "expected --heddle-mutator=engine or schedule"},
        {"--heddle-digests=5:1:fine", "expected --heddle-digests=N[:SEED[:GRAIN]]"},
        {"--heddle-progress=/dev/null/x", "/dev/null/x: Not a directory"},
        {"--", "which kernel? Give --heddle-kernel=NAME"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        program_run(&end, NULL, (const char *const[]){libfuzzer, cases[i].option, NULL});
        if (end.status != STATUS_USAGE || !strstr(end.errors, cases[i].line) ||
            !text_is_one_line(end.errors))
            fail_msg("%s: status %d, %s", cases[i].option, end.status, end.errors);
    }
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libfuzzer_finds_every_buggy_kernel),
        cmocka_unit_test(libfuzzer_goes_on_after_a_finding),
        cmocka_unit_test(sessions_file_one_bug_once_in_its_smallest_form),
        cmocka_unit_test(libfuzzer_finds_nothing_in_a_fixed_kernel),
        cmocka_unit_test(libfuzzer_starts_from_the_seeds),
        cmocka_unit_test(fuzzing_into_nowhere_still_reports),
        cmocka_unit_test(wrong_options_of_a_target_are_one_line_and_status_2),
        cmocka_unit_test(engines_run_equal_executions),
        cmocka_unit_test(afl_session_finds_and_files),
        cmocka_unit_test(crash_of_afl_gives_one_report_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
