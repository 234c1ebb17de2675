// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Whatever is wrong with an input, a file, a disk or the memory: a clear line, the right status,
 * and nothing is lost. Of every program that runs inputs; the arguments of `heddle` are cli_test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../fuzz/testkit.h"
#include "base.h"
#include "cli.h"
#include "engine.h"
#include "gates_testkit.h"
#include "report/report.h"
#include "rng.h"
#include "status.h"
#include "target.h"
#include "testkit.h"

/* As in a program that afl-clang-fast has compiled; only a child says that it runs under AFL++. */
uint8_t *__afl_area_ptr; /* NOLINT */

enum { LARGE_BYTES = 1 << 20, INPUTS = 500, INPUT_BYTES_MAX = 4096, PROGRAM_COUNT = 2 };

static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
static const char afl[] = HEDDLE_BUILD_DIR "/../afl/heddle-afl";
static const char *const programs[] = {libfuzzer, afl};
static struct program_end end; /* safe: tests run one after the other */
static uint8_t large[LARGE_BYTES];

static void fill(uint8_t *bytes, size_t size, uint64_t seed)
{
    struct rng rng = rng_of(seed, 0);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)rng_next(&rng);
}

/* ---- Bytes -------------------------------------------------------------------------------- */

static void check_run(const struct kernel *k, const uint8_t *bytes, size_t size)
{
    struct run_result result;
    char signature[TARGET_SIGNATURE_BYTES];
    target_try(bytes, size, &result);
    if (result.verdict != VERDICT_BUG) return;
    report_signature(result.report, signature, sizeof signature);
    if (gate_promises(k) && !kernel_expects(k, signature))
        fail_msg("%s %s, %zu bytes: %s", k->name, k->buggy ? "buggy" : "fixed", size, signature);
}

static void check_kernel(const struct kernel *k)
{
    struct target_options options = {0};
    uint8_t bytes[INPUT_BYTES_MAX];
    cli_target_of(k, &options);
    target_open(&options);
    check_run(k, NULL, 0);
    for (int i = 0; i < 256; i++) check_run(k, (const uint8_t[]){(uint8_t)i}, 1);
    for (uint64_t i = 0; i < INPUTS; i++) {
        size_t size = (size_t)(rng_at(0, i) % sizeof bytes);
        fill(bytes, size, i);
        check_run(k, bytes, size);
    }
    for (int byte = 0; byte < 256; byte += 85) {
        memset(large, byte, sizeof large);
        check_run(k, large, sizeof large);
    }
    fill(large, sizeof large, 1);
    check_run(k, large, sizeof large);
}

static void any_bytes_are_a_legal_run_of_every_kernel(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) check_kernel(k);
}

static void any_file_is_a_legal_input_of_every_program(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 300, LARGE_BYTES};
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(path, "%s/file", folder);
    fill(large, sizeof large, 2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] * PROGRAM_COUNT; i++) {
        const char *program = programs[i % PROGRAM_COUNT];
        if (!program_is_built(program)) continue;
        file_put(path, large, sizes[i / PROGRAM_COUNT]);
        program_run(&end, NULL,
                    (const char *const[]){program, "--heddle-kernel=moby_24007",
                                          "--heddle-variant=fixed", path, NULL});
        if (end.status != 0 || strstr(end.errors, "ERROR") || strstr(end.errors, "heddle:"))
            fail_msg("%s: status %d\n%s", program, end.status, end.errors);
        program_run(&end, NULL,
                    (const char *const[]){program, "--heddle-kernel=moby_24007",
                                          "--heddle-variant=fixed", "--heddle-replay", path, NULL});
        if (end.status != STATUS_OK || !text_is_one_line(end.output) || end.errors[0])
            fail_msg("%s: status %d\n%s%s", program, end.status, end.output, end.errors);
    }
    folder_remove(folder);
}

/* ---- Files -------------------------------------------------------------------------------- */

static void check_bad_file(const char *program, const char *path, const char *why)
{
    program_run(&end, NULL,
                (const char *const[]){program, "--heddle-kernel=litmus_canary", "--heddle-replay",
                                      path, NULL});
    if (end.status != STATUS_USAGE || !text_is_one_line(end.errors) || !strstr(end.errors, why) ||
        strncmp(end.errors, "heddle: ", 8) != 0)
        fail_msg("%s: status %d, \"%s\", expected \"%s\"", program, end.status, end.errors, why);
    if (program != afl) return;
    program_run(&end, NULL,
                (const char *const[]){program, "--heddle-kernel=litmus_canary", path, NULL});
    if (end.status != STATUS_USAGE || !text_is_one_line(end.errors) || !strstr(end.errors, why))
        fail_msg("%s: status %d, \"%s\", expected \"%s\"", program, end.status, end.errors, why);
}

static void file_that_cannot_be_read_is_one_line_and_status_2(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], nothing[PROGRAM_PATH_BYTES], secret[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(nothing, "%s/nothing", folder);
    path_of(secret, "%s/secret", folder);
    file_put(secret, "", 0);
    assert_int_equal(chmod(secret, 0), 0);
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (!program_is_built(programs[i])) continue;
        check_bad_file(programs[i], folder, "Is a directory");
        check_bad_file(programs[i], nothing, "nothing: No such file or directory");
        if (geteuid() == 0) continue; /* Root may read everything. */
        check_bad_file(programs[i], secret, "secret: Permission denied");
    }
    folder_remove(folder);
}

static void bad_file_among_good_ones_does_not_hide_their_reports(void **state)
{
    (void)state;
    program_need(libfuzzer);
    program_run(&end, NULL,
                (const char *const[]){libfuzzer, "--heddle-kernel=litmus_canary", "--heddle-replay",
                                      "/dev/null", "/nothing", "/dev/null", NULL});
    assert_int_equal(end.status, STATUS_USAGE);
    assert_true(text_is_one_line(end.errors));
    assert_int_equal(text_count(end.output, "DEDUP_TOKEN: deadlock--canary_wait\n"), 2);
}

/* ---- Limits ------------------------------------------------------------------------------- */

static void run_that_a_limit_cuts_is_status_3_and_nothing_to_an_engine(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (!program_is_built(programs[i])) continue;
        program_run(&end, NULL,
                    (const char *const[]){programs[i], "--heddle-kernel=kubernetes_5316",
                                          "--heddle-max-steps=3", "--heddle-fair-steps=3",
                                          "--heddle-replay", "/dev/null", NULL});
        assert_int_equal(end.status, STATUS_INCONCLUSIVE);
        assert_true(text_is_one_line(end.output));
        assert_non_null(strstr(end.output, ": inconclusive: max_steps: "));
        assert_string_equal(end.errors, "");
    }
    program_need(libfuzzer);
    program_run(&end, NULL,
                (const char *const[]){libfuzzer, "--heddle-kernel=kubernetes_5316",
                                      "--heddle-max-steps=3", "--heddle-fair-steps=3", "-runs=1000",
                                      NULL});
    assert_int_equal(end.status, 0);
    assert_non_null(strstr(end.errors, "Done 1000 runs in "));
    assert_null(strstr(end.errors, "ERROR"));
}

/* ---- Memory ------------------------------------------------------------------------------- */

static void memory_that_cannot_be_had_is_one_line_and_status_2(void **state)
{
    (void)state;
#ifndef HEDDLE_JEMALLOC
    print_message("skipped: a sanitizer needs its address space\n");
    skip();
#endif
    static const char *const shell = "ulimit -v 300000; exec \"$0\" \"$@\"";
    program_run(&end, NULL,
                (const char *const[]){"/bin/sh", "-c", shell, HEDDLE_BUILD_DIR "/heddle", "replay",
                                      "litmus_canary", "/dev/null", NULL});
    if (end.status != STATUS_USAGE || !text_is_one_line(end.errors) ||
        !strstr(end.errors, "heddle: cannot map region '") || end.output[0])
        fail_msg("status %d\n%s%s", end.status, end.output, end.errors);
}

/* ---- Disks -------------------------------------------------------------------------------- */

/* A file system of its own with no room left, at $0, for a command; afterwards what is on it. */
static const char on_full_disk[] = "mount -t tmpfs -o size=16k none \"$0\" || exit 125\n"
                                   "head -c 100000 /dev/zero >\"$0/full\" 2>/dev/null\n"
                                   "\"$@\"\n"
                                   "status=$?\n"
                                   "ls -AR \"$0\"\n"
                                   "exit $status";

static bool can_mount(const char *folder)
{
    program_run(&end, NULL,
                (const char *const[]){"unshare", "-rm", "/bin/sh", "-c", on_full_disk, folder,
                                      "true", NULL});
    return end.status == 0;
}

static void full_disk_loses_no_report_and_no_status(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], artifacts[PROGRAM_PATH_BYTES], prefix[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(artifacts, "--heddle-artifacts=%s", folder);
    path_of(prefix, "-artifact_prefix=%s/", folder);
    if (!can_mount(folder)) {
        folder_remove(folder);
        print_message("skipped: no disk can be mounted here\n");
        skip();
    }
    program_run(&end, NULL,
                (const char *const[]){"unshare", "-rm", "/bin/sh", "-c", on_full_disk, folder,
                                      libfuzzer, "--heddle-kernel=litmus_canary", artifacts, prefix,
                                      "-runs=1", NULL});
    folder_remove(folder);
    if (end.status != ENGINE_STATUS_LIBFUZZER ||
        text_count(end.errors, "heddle: artifact not written: ") != 1 ||
        !strstr(end.errors, ": No space left on device; the input in hexadecimal: (none)\n") ||
        !strstr(end.errors, "DEDUP_TOKEN: deadlock--canary_wait\n"))
        fail_msg("status %d\n%s", end.status, end.errors);
    /* Half a finding is none. */
    if (strstr(end.output, "report.txt") || strstr(end.output, "input"))
        fail_msg("left behind:\n%s", end.output);
}

static void report_that_cannot_be_printed_is_still_saved_and_deadly(void **state)
{
    (void)state;
    program_need(libfuzzer);
    char folder[PROGRAM_PATH_BYTES], artifacts[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    char prefix[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(artifacts, "--heddle-artifacts=%s", folder);
    path_of(prefix, "-artifact_prefix=%s/", folder);
    program_run(&end, NULL,
                (const char *const[]){"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>/dev/full", libfuzzer,
                                      "--heddle-kernel=litmus_canary", artifacts, prefix, "-runs=1",
                                      NULL});
    assert_int_equal(end.status, ENGINE_STATUS_LIBFUZZER);
    path_of(path, "%s/litmus_canary/deadlock--canary_wait/report.txt", folder);
    assert_int_equal(access(path, R_OK), 0);
    folder_remove(folder);
}

/* ---- Faults of ours ----------------------------------------------------------------------- */

/* With data in the input only: the empty one is executed before, to learn the grain shared. */
static void break_down(void)
{
    if (go_choose(256)) rt_assert(kernel_first() == NULL);
}

static void run_fault(void *artifacts)
{
    static const uint8_t bytes[] = "the input";
    struct target_options options = {
        .name = "faulty", .variant = "", .root = break_down, .artifacts = artifacts, .program = ""};
    setenv("__AFL_SHM_ID", "1", 1);
    target_open(&options);
    target_run(bytes, sizeof bytes - 1);
}

static void fault_of_ours_keeps_the_bytes_or_says_that_it_could_not(void **state)
{
    (void)state;
    static struct fork_end fault;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES], kept[64];
    char nowhere[] = "/dev/null/nowhere";
    size_t size;
    folder_make(folder);
    fork_run(run_fault, folder, &fault);
    assert_int_equal(fault.status, STATUS_INTERNAL);
    const char *name = strstr(fault.errors, "/internal-");
    assert_non_null(name);
    path_of(path, "%s%.*s", folder, (int)strcspn(name, "\n"), name);
    file_get(path, kept, sizeof kept, &size);
    assert_string_equal(kept, "the input");
    folder_remove(folder);
    fork_run(run_fault, nowhere, &fault);
    assert_int_equal(fault.status, STATUS_INTERNAL);
    assert_non_null(strstr(fault.errors, "could not be written: /dev/null/nowhere/internal-"));
}

int main(void)
{
    unsetenv("__AFL_SHM_ID");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_a_legal_run_of_every_kernel),
        cmocka_unit_test(any_file_is_a_legal_input_of_every_program),
        cmocka_unit_test(file_that_cannot_be_read_is_one_line_and_status_2),
        cmocka_unit_test(bad_file_among_good_ones_does_not_hide_their_reports),
        cmocka_unit_test(run_that_a_limit_cuts_is_status_3_and_nothing_to_an_engine),
        cmocka_unit_test(memory_that_cannot_be_had_is_one_line_and_status_2),
        cmocka_unit_test(full_disk_loses_no_report_and_no_status),
        cmocka_unit_test(report_that_cannot_be_printed_is_still_saved_and_deadly),
        cmocka_unit_test(fault_of_ours_keeps_the_bytes_or_says_that_it_could_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
