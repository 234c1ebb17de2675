// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: each kernel is a fuzz target of its own for libFuzzer and for AFL++, named after it, which
 * needs no option: NAME with the bug, NAME_fixed without (CMake's target `targets`, in the presets
 * fuzz and afl beside this build; skipped where they were not built).
 *
 *   gates_fuzz_targets_test [--part=I/N] [--share=N]
 *
 * Budgets: every libFuzzer target of a buggy kernel runs till it dies of its bug, at most
 * SECONDS_MAX; every fixed one FIXED_RUNS times, by share and cost (gates_testkit.h). AFL++ targets
 * take one stored crash each, of every AFL_EVERYth kernel: what differs between them is the kernel,
 * and that runs in heddle-afl in gates_roundtrip_test.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine.h"
#include "gates_testkit.h"
#include "kernel.h"
#include "status.h"
#include "testkit.h"

enum { FIXED_RUNS = 200, AFL_EVERY = 10, SHOWMAP_CRASH = 2, OPTION_BYTES = 64 };
#define SECONDS_MAX "60"

static const char fuzz[] = HEDDLE_BUILD_DIR "/../fuzz/targets";
static const char afl[] = HEDDLE_BUILD_DIR "/../afl/targets";
static struct program_end end; /* safe: tests run one after the other */

/* Is the folder there? Then a target that is not is a failure. */
static void need_targets(const char *folder)
{
    if (access(folder, X_OK) == 0) return;
    print_message("skipped: %s: target `targets` is not built\n", folder);
    skip();
}

static void path_of_target(const char *folder, const struct kernel *k,
                           char program[PROGRAM_PATH_BYTES])
{
    path_of(program, "%s/%s%s", folder, k->name, k->buggy ? "" : "_fixed");
    if (!program_is_built(program)) fail_msg("%s is not built", program);
}

/* The first listed signature whose report is in the text. */
static bool reports_it(const struct kernel *k, const char *text)
{
    char token[PROGRAM_PATH_BYTES];
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++) {
        path_of(token, "\nDEDUP_TOKEN: %s\n", k->expect[i]);
        if (strstr(text, token)) return true;
    }
    return false;
}

static void libfuzzer_target_of_a_buggy_kernel_dies_of_its_bug(void **state)
{
    (void)state;
    need_targets(fuzz);
    char program[PROGRAM_PATH_BYTES], folder[PROGRAM_PATH_BYTES], prefix[PROGRAM_PATH_BYTES];
    size_t count = 0;
    folder_make(folder);
    path_of(prefix, "-artifact_prefix=%s/", folder);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss || !gate_has(k)) continue;
        path_of_target(fuzz, k, program);
        program_run(&end, NULL,
                    (const char *const[]){program, "-seed=1", "-max_total_time=" SECONDS_MAX,
                                          prefix, NULL});
        if (end.status != ENGINE_STATUS_LIBFUZZER || !reports_it(k, end.errors) ||
            text_count(end.errors, "ERROR: HeddleSanitizer: ") != 1)
            fail_msg("%s: status %d\n%s", program, end.status, end.errors);
        count++;
    }
    folder_remove(folder);
    print_message("targets: libFuzzer, %zu with a bug: found, status %d\n", count,
                  ENGINE_STATUS_LIBFUZZER);
}

static void libfuzzer_target_of_a_fixed_kernel_is_silent(void **state)
{
    (void)state;
    need_targets(fuzz);
    char program[PROGRAM_PATH_BYTES], runs[OPTION_BYTES], done[OPTION_BYTES];
    size_t count = 0;
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (k->buggy || !gate_has(k)) continue;
        path_of_target(fuzz, k, program);
        snprintf(runs, sizeof runs, "-runs=%" PRIu64, gate_runs(k, FIXED_RUNS));
        snprintf(done, sizeof done, "Done %" PRIu64 " runs in ", gate_runs(k, FIXED_RUNS));
        program_run(&end, NULL, (const char *const[]){program, runs, "-seed=1", NULL});
        if (end.status != 0 || !strstr(end.errors, done) || strstr(end.errors, "ERROR"))
            fail_msg("%s: status %d\n%s", program, end.status, end.errors);
        count++;
    }
    print_message("targets: libFuzzer, %zu fixed: at most %" PRIu64 " runs each, silent\n", count,
                  gate_share(FIXED_RUNS));
}

/* Under afl-showmap, on an input from a file: a signal if it is a finding. */
static void run_by_afl(const char *program, const char *folder, const char *input)
{
    static const char *const shell = "exec afl-showmap -o \"$1\" -- \"$2\" <\"$3\"";
    char map[PROGRAM_PATH_BYTES];
    path_of(map, "%s/map", folder);
    program_run(&end, NULL,
                (const char *const[]){"/bin/sh", "-c", shell, "sh", map, program, input, NULL});
}

static void afl_target_dies_of_a_stored_crash_and_its_fixed_twin_does_not(void **state)
{
    (void)state;
    need_targets(afl);
    if (!gate_is_first()) skip();
    char program[PROGRAM_PATH_BYTES], folder[PROGRAM_PATH_BYTES], input[PROGRAM_PATH_BYTES];
    size_t stored = 0, count = 0;
    folder_make(folder);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss) continue;
        path_of(input, "%s/crashes/%s/%s/input", HEDDLE_SOURCE_DIR, k->name, k->expect[0]);
        if (access(input, R_OK) != 0 || stored++ % AFL_EVERY != 0) continue;
        path_of_target(afl, k, program);
        run_by_afl(program, folder, input);
        if (end.status != SHOWMAP_CRASH || !reports_it(k, end.errors))
            fail_msg("%s: status %d\n%s", program, end.status, end.errors);
        path_of_target(afl, kernel_find(k->name, false), program);
        run_by_afl(program, folder, input);
        if (end.status != 0) fail_msg("%s: status %d\n%s", program, end.status, end.errors);
        count++;
    }
    folder_remove(folder);
    assert_true(count > 0);
    print_message("targets: AFL++, %zu of them: die of a stored crash, fixed ones do not\n", count);
}

static void target_has_no_other_kernel_and_no_other_variant(void **state)
{
    (void)state;
    need_targets(fuzz);
    static const struct {
        const char *program, *option, *line;
    } cases[] = {
        {"litmus_canary", "--heddle-kernel=moby_24007", "moby_24007: no such kernel"},
        {"litmus_canary", "--heddle-variant=fixed", "has only the other variant of its kernel"},
        {"litmus_canary_fixed", "--heddle-variant=buggy", "has only the other variant"},
    };
    char program[PROGRAM_PATH_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        path_of(program, "%s/%s", fuzz, cases[i].program);
        program_run(&end, NULL, (const char *const[]){program, cases[i].option, NULL});
        if (end.status != STATUS_USAGE || !strstr(end.errors, cases[i].line))
            fail_msg("%s %s: status %d, %s", program, cases[i].option, end.status, end.errors);
    }
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libfuzzer_target_of_a_buggy_kernel_dies_of_its_bug),
        cmocka_unit_test(libfuzzer_target_of_a_fixed_kernel_is_silent),
        cmocka_unit_test(target_has_no_other_kernel_and_no_other_variant),
        cmocka_unit_test(afl_target_dies_of_a_stored_crash_and_its_fixed_twin_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
