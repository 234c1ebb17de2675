// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the engines as somebody else starts them, without `heddle fuzz`: libFuzzer ends its runs
 * quietly on fixed kernels and leaves a folder and its own status on buggy ones; afl-fuzz calls
 * fixed kernels perfectly stable. (What `heddle fuzz` makes of them: smoke_test.)
 *
 *   gates_engines_test [--part=I/N] [--share=N]
 *
 * Budgets: libFuzzer runs every fixed kernel LIBFUZZER_RUNS times, by share and cost
 * (gates_testkit.h), and searches every buggy one for at most a minute; the saved input of each is
 * replayed. afl-fuzz sleeps for seconds of its own at each start: it runs AFL_RUNS inputs of four
 * kernels that stand for all, in the first part. (That every kernel runs in every engine's program
 * as it does in heddle is harness/digests' claim; that each finding is a signal to AFL++ is
 * gates_roundtrip_test's.)
 */
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
#include "input.h"
#include "kernel.h"
#include "status.h"
#include "testkit.h"

enum {
    SEEDS = 20,
    OPTION_BYTES = PROGRAM_PATH_BYTES + 64,
    LIBFUZZER_RUNS = 2000,
    AFL_RUNS = 5000,
};

static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
static const char afl[] = HEDDLE_BUILD_DIR "/../afl/heddle-afl";
static struct program_end end; /* safe: tests run one after the other */

static void option_of(char out[OPTION_BYTES], const char *name, const char *value)
{
    snprintf(out, OPTION_BYTES, "%s%s", name, value);
}

/* ---- libFuzzer ---------------------------------------------------------------------------- */

static void libfuzzer_ends_quietly_on_fixed_kernels(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char kernel[OPTION_BYTES], runs[OPTION_BYTES], done[OPTION_BYTES];
    size_t count = 0;
    uint64_t all = 0;
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (k->buggy || !gate_has(k)) continue;
        uint64_t own = gate_runs(k, LIBFUZZER_RUNS);
        snprintf(runs, sizeof runs, "-runs=%" PRIu64, own);
        snprintf(done, sizeof done, "Done %" PRIu64 " runs in ", own);
        option_of(kernel, "--heddle-kernel=", k->name);
        program_run(&end, NULL,
                    (const char *const[]){libfuzzer, kernel, "--heddle-variant=fixed", runs,
                                          "-seed=1", "-detect_leaks=0", NULL});
        if (end.status != 0 || !strstr(end.errors, done) || strstr(end.errors, "ERROR"))
            fail_msg("%s: status %d\n%s", k->name, end.status, end.errors);
        count++;
        all += own;
    }
    print_message("engines: libFuzzer, %zu fixed kernels: %" PRIu64 " runs, at most %d each, "
                  "silent\n",
                  count, all, LIBFUZZER_RUNS);
}

/* The input in our folder is what libFuzzer calls a crash, which it names after its hash. */
static void check_saved(const struct kernel *k, const char *folder)
{
    char input[PROGRAM_PATH_BYTES], crash[PROGRAM_PATH_BYTES];
    static char ours[PROGRAM_TEXT_BYTES], theirs[PROGRAM_TEXT_BYTES];
    size_t our_bytes, their_bytes;
    static const char wrote[] = "Test unit written to ";
    path_of(input, "%s/%s/%s/input", folder, k->name, k->expect[0]);
    file_get(input, ours, sizeof ours, &our_bytes);
    const char *name = strstr(end.errors, wrote);
    if (!name) fail_msg("%s: libFuzzer saved nothing\n%s", k->name, end.errors);
    name += strlen(wrote);
    path_of(crash, "%.*s", (int)strcspn(name, "\n"), name);
    assert_non_null(strstr(crash, "/crash-"));
    file_get(crash, theirs, sizeof theirs, &their_bytes);
    assert_int_equal(our_bytes, their_bytes);
    assert_memory_equal(ours, theirs, our_bytes);
    heddle_run(&end, "replay", input);
    assert_int_equal(end.status, STATUS_FOUND);
    assert_true(text_says_reproduced(end.errors));
}

static void libfuzzer_finds_saves_and_dies_on_buggy_kernels(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES];
    char kernel[OPTION_BYTES], artifacts[OPTION_BYTES], prefix[OPTION_BYTES];
    size_t count = 0;
    folder_make(folder);
    option_of(artifacts, "--heddle-artifacts=", folder);
    snprintf(prefix, sizeof prefix, "-artifact_prefix=%s/", folder);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss || !gate_has(k)) continue;
        option_of(kernel, "--heddle-kernel=", k->name);
        program_run(&end, NULL,
                    (const char *const[]){libfuzzer, kernel, artifacts, prefix, "-seed=1",
                                          "-max_total_time=60", NULL});
        if (end.status != ENGINE_STATUS_LIBFUZZER ||
            text_count(end.errors, "ERROR: HeddleSanitizer: ") != 1)
            fail_msg("%s: status %d\n%s", k->name, end.status, end.errors);
        check_saved(k, folder);
        count++;
    }
    folder_remove(folder);
    print_message("engines: libFuzzer, %zu buggy kernels: found, saved, status %d\n", count,
                  ENGINE_STATUS_LIBFUZZER);
}

/* ---- AFL++ -------------------------------------------------------------------------------- */

static void put_seeds(const char *folder)
{
    char path[PROGRAM_PATH_BYTES];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    for (uint64_t i = 0; i < SEEDS; i++) {
        size_t size = input_random(1, i, bytes);
        if (size == 0) continue; /* afl-fuzz takes no empty file. */
        path_of(path, "%s/%d", folder, (int)i);
        file_put(path, bytes, size);
    }
}

/* The value of a line "name : value" of fuzzer_stats. */
static void statistic(const char *stats, const char *name, char value[OPTION_BYTES])
{
    const char *line = strstr(stats, name);
    const char *colon = line ? strchr(line, ':') : NULL;
    if (!colon) fail_msg("no %s in fuzzer_stats:\n%s", name, stats);
    colon += strspn(colon, ": ");
    snprintf(value, OPTION_BYTES, "%.*s", (int)strcspn(colon, "\n"), colon);
}

static void check_stability(const struct kernel *k, const char *folder)
{
    static char stats[PROGRAM_TEXT_BYTES];
    char in[PROGRAM_PATH_BYTES], out[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    char kernel[OPTION_BYTES], runs[OPTION_BYTES];
    char stability[OPTION_BYTES], crashes[OPTION_BYTES], hangs[OPTION_BYTES];
    size_t size;
    assert_non_null(k);
    path_of(in, "%s/in", folder);
    path_of(out, "%s/%s", folder, k->name);
    path_of(path, "%s/default/fuzzer_stats", out);
    option_of(kernel, "--heddle-kernel=", k->name);
    snprintf(runs, sizeof runs, "%d", AFL_RUNS);
    program_run(&end, NULL,
                (const char *const[]){"afl-fuzz", "-i", in, "-o", out, "-s", "1", "-V", "60", "-E",
                                      runs, "--", afl, kernel, "--heddle-variant=fixed", NULL});
    if (end.status != 0) fail_msg("%s: status %d\n%s", k->name, end.status, end.output);
    file_get(path, stats, sizeof stats, &size);
    statistic(stats, "\nstability ", stability);
    statistic(stats, "\nsaved_crashes ", crashes);
    statistic(stats, "\nsaved_hangs ", hangs);
    print_message("engines: afl-fuzz, %-26s fixed: stability %s, crashes %s, hangs %s\n", k->name,
                  stability, crashes, hangs);
    assert_string_equal(stability, "100.00%");
    assert_string_equal(crashes, "0");
    assert_string_equal(hangs, "0");
}

static void afl_finds_fixed_kernels_stable_and_silent(void **state)
{
    (void)state;
    program_need(afl);
    if (!gate_is_first()) skip();
    static const char *const names[] = {"kubernetes_5316", "moby_24007",
                                        "slide_context_overwritten", "slide_ticker_after_stop"};
    static const char *const settings[] = {"AFL_SKIP_CPUFREQ",
                                           "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "AFL_NO_UI",
                                           "AFL_NO_AFFINITY", "AFL_NO_COLOR"};
    char folder[PROGRAM_PATH_BYTES], in[PROGRAM_PATH_BYTES];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) setenv(settings[i], "1", 1);
    folder_make(folder);
    path_of(in, "%s/in", folder);
    assert_int_equal(mkdir(in, 0777), 0);
    put_seeds(in);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_stability(kernel_find(names[i], false), folder);
    folder_remove(folder);
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libfuzzer_ends_quietly_on_fixed_kernels),
        cmocka_unit_test(libfuzzer_finds_saves_and_dies_on_buggy_kernels),
        cmocka_unit_test(afl_finds_fixed_kernels_stable_and_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
