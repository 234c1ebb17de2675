// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Dying under libFuzzer, whose symbol this program defines: exit, so that its hook runs; and a
 * fault of ours, which must not look like a finding. */
#include "engine.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "heddle.h"
#include "target.h"
#include "testkit.h"

/* As in a program that is linked with -fsanitize=fuzzer. */
extern const char __libfuzzer_is_present; /* NOLINT */
const char __libfuzzer_is_present = 1;    /* NOLINT */

static void wait_for_nobody(void) { go_chan_recv(go_chan_make(0, 0), NULL); }
static void break_an_invariant(void) { rt_assert(go_choose(2) == 1); }

static struct target_options options = {
    .name = "toy", .variant = "", .program = "./toy --heddle-replay"};

static void hook(void) { fputs("the engine's hook ran\n", stderr); }

static void run_natural(void *arg)
{
    (void)arg;
    atexit(hook);
    target_open(&options);
    target_run((const uint8_t *)"\1", 1);
}

static void finding_exits_through_the_hook_of_libfuzzer(void **state)
{
    (void)state;
    static struct fork_end end;
    assert_int_equal(engine_present(), ENGINE_LIBFUZZER);
    options.root = wait_for_nobody;
    fork_run(run_natural, NULL, &end);
    assert_int_equal(end.status, ENGINE_STATUS_LIBFUZZER);
    const char *token = strstr(end.errors, "DEDUP_TOKEN: ");
    assert_non_null(token);
    assert_non_null(strstr(token, "the engine's hook ran")); /* After the report. */
}

static void fault_of_ours_keeps_the_input_and_is_no_finding(void **state)
{
    (void)state;
    static struct fork_end end;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES];
    fork_make_folder(folder);
    options.root = break_an_invariant;
    options.artifacts = folder;
    fork_run(run_natural, NULL, &end);
    options.artifacts = NULL;
    assert_int_equal(end.status, ENGINE_STATUS_INTERNAL);
    assert_non_null(strstr(end.errors, "INTERNAL: "));
    assert_null(strstr(end.errors, "the engine's hook ran"));
    assert_null(strstr(end.errors, "HeddleSanitizer"));
    assert_int_equal(fork_count_entries(folder), 1);
    const char *name = strstr(end.errors, "/internal-");
    assert_non_null(name);
    snprintf(path, sizeof path, "%s%.*s", folder, (int)strcspn(name, "\n"), name);
    assert_int_equal(access(path, R_OK), 0);
    fork_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding_exits_through_the_hook_of_libfuzzer),
        cmocka_unit_test(fault_of_ours_keeps_the_input_and_is_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
