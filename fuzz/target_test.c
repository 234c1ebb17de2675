// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The target: what it returns from and what it dies of, without an engine and under AFL++, whose
 * symbol this program defines. */
#include "target.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine.h"
#include "heddle.h"
#include "testkit.h"

/* As in a program that afl-clang-fast has compiled. */
uint8_t *__afl_area_ptr; /* NOLINT */

/* The kind of execution is data: 0 passes, 1 deadlocks, 2 spins until a limit cuts it. */
static void wait_for_nobody(void) { go_chan_recv(go_chan_make(0, 0), NULL); }

static void spin(void *arg)
{
    struct go_mutex *mutex = arg;
    for (;;) {
        go_mutex_lock(mutex);
        go_mutex_unlock(mutex);
    }
}

static void pass_deadlock_or_spin(void)
{
    switch (go_choose(3)) {
    case 1:
        wait_for_nobody();
        break;
    case 2:
        go(spin, go_new(sizeof(struct go_mutex)));
        break;
    default:
        break;
    }
}

#define DATA(value) ((const uint8_t[]){1, 0, 0, 0, 0, 0, 0, 1, (value)})
enum { DATA_BYTES = 9 };

static const char signature[] = "deadlock--wait_for_nobody";

static struct target_options make_options(void)
{
    return (struct target_options){.name = "toy",
                                   .variant = "buggy",
                                   .root = pass_deadlock_or_spin,
                                   .run = {.max_steps = 100, .fair_steps = 100},
                                   .program = "heddle replay"};
}

static void pass_and_inconclusive_return_and_are_counted(void **state)
{
    (void)state;
    struct target_options options = make_options();
    target_open(&options);
    assert_int_equal(target_run(NULL, 0), 0);
    assert_int_equal(target_run(DATA(0), DATA_BYTES), 0);
    assert_int_equal(target_run(DATA(2), DATA_BYTES), 0);
    assert_int_equal(target_counts()->executions, 3);
    assert_int_equal(target_counts()->passes, 2);
    assert_int_equal(target_counts()->inconclusive, 1);
    assert_int_equal(target_counts()->ignored, 0);
}

static void ignored_signature_returns_and_is_counted(void **state)
{
    (void)state;
    struct target_options options = make_options();
    options.ignored[0] = "deadlock--somebody_else";
    options.ignored[1] = signature;
    options.ignored_count = 2;
    target_open(&options);
    for (int i = 0; i < 3; i++) assert_int_equal(target_run(DATA(1), DATA_BYTES), 0);
    assert_int_equal(target_counts()->ignored, 3);
    assert_int_equal(target_counts()->executions, 3);
}

static void run_finding(void *options)
{
    target_open(options);
    target_run(DATA(1), DATA_BYTES);
}

static void finding_is_saved_printed_and_deadly(void **state)
{
    (void)state;
    static struct fork_end end;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES];
    fork_make_folder(folder);
    struct target_options options = make_options();
    options.artifacts = folder;
    fork_run(run_finding, &options, &end);
    assert_int_equal(end.status, ENGINE_STATUS_FINDING);
    snprintf(path, sizeof path, "%s/toy/%s/input", folder, signature);
    assert_int_equal(access(path, R_OK), 0);
    assert_non_null(strstr(end.errors, path));
    assert_non_null(strstr(end.errors, "ERROR: HeddleSanitizer: deadlock on address 0x"));
    assert_non_null(strstr(end.errors, "DEDUP_TOKEN: deadlock--wait_for_nobody\n"));
    fork_remove_folder(folder);
}

static void finding_without_a_folder_is_printed_and_deadly(void **state)
{
    (void)state;
    static struct fork_end end;
    struct target_options options = make_options();
    fork_run(run_finding, &options, &end);
    assert_int_equal(end.status, ENGINE_STATUS_FINDING);
    assert_non_null(strstr(end.errors, "DEDUP_TOKEN: deadlock--wait_for_nobody\n"));
    assert_null(strstr(end.errors, "artifact"));
}

static void finding_that_cannot_be_saved_says_so_and_is_deadly(void **state)
{
    (void)state;
    static struct fork_end end;
    struct target_options options = make_options();
    options.artifacts = "/dev/null/nowhere";
    fork_run(run_finding, &options, &end);
    assert_int_equal(end.status, ENGINE_STATUS_FINDING);
    assert_non_null(strstr(end.errors, "heddle: artifact not written: /dev/null/nowhere/toy: "));
    assert_non_null(strstr(end.errors, "DEDUP_TOKEN: deadlock--wait_for_nobody\n"));
}

static void run_finding_under_afl(void *options)
{
    setenv("__AFL_SHM_ID", "1", 1);
    run_finding(options);
}

static void finding_under_afl_is_a_signal(void **state)
{
    (void)state;
    static struct fork_end end;
    struct target_options options = make_options();
    fork_run(run_finding_under_afl, &options, &end);
    assert_int_equal(end.status, 128 + SIGTRAP);
    assert_non_null(strstr(end.errors, "DEDUP_TOKEN: deadlock--wait_for_nobody\n"));
}

static void run_finding_that_nobody_reads(void *options)
{
    struct target_options *quiet = options;
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    run_finding(quiet);
}

static void finding_that_nobody_reads_is_deadly_all_the_same(void **state)
{
    (void)state;
    static struct fork_end end;
    struct target_options options = make_options();
    fork_run(run_finding_that_nobody_reads, &options, &end);
    assert_int_equal(end.status, ENGINE_STATUS_FINDING);
    assert_string_equal(end.errors, "");
}

static void counts_can_be_shared_with_another_process(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES];
    struct target_counts seen = {0};
    struct target_options options = make_options();
    fork_make_folder(folder);
    snprintf(path, sizeof path, "%s/progress", folder);
    assert_true(target_share(path));
    target_open(&options);
    target_run(NULL, 0);
    target_run(DATA(2), DATA_BYTES);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fread(&seen, sizeof seen, 1, in), 1);
    fclose(in);
    assert_int_equal(seen.executions, 2);
    assert_int_equal(seen.passes, 1);
    assert_int_equal(seen.inconclusive, 1);
    assert_false(target_share("/dev/null/nowhere"));
    fork_remove_folder(folder);
}

static void digest_is_a_function_of_seed_and_count(void **state)
{
    (void)state;
    struct target_options options = make_options();
    uint64_t a, b, culprit;
    target_open(&options);
    assert_true(target_digest(GRAIN_SYNC, 1, 2000, &a, &culprit));
    assert_true(target_digest(GRAIN_SYNC, 1, 2000, &b, &culprit));
    assert_int_equal(a, b);
    assert_true(target_digest(GRAIN_SYNC, 2, 2000, &b, &culprit));
    assert_int_not_equal(a, b);
    assert_true(target_digest(GRAIN_SYNC, 1, 1999, &b, &culprit));
    assert_int_not_equal(a, b);
    /* Entries of three bytes have other meanings. */
    assert_true(target_digest(GRAIN_ALL, 1, 2000, &b, &culprit));
    assert_int_not_equal(a, b);
}

int main(void)
{
    unsetenv("__AFL_SHM_ID");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pass_and_inconclusive_return_and_are_counted),
        cmocka_unit_test(ignored_signature_returns_and_is_counted),
        cmocka_unit_test(finding_is_saved_printed_and_deadly),
        cmocka_unit_test(finding_without_a_folder_is_printed_and_deadly),
        cmocka_unit_test(finding_that_cannot_be_saved_says_so_and_is_deadly),
        cmocka_unit_test(finding_under_afl_is_a_signal),
        cmocka_unit_test(finding_that_nobody_reads_is_deadly_all_the_same),
        cmocka_unit_test(digest_is_a_function_of_seed_and_count),
        cmocka_unit_test(counts_can_be_shared_with_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
