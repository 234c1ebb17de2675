// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the gates have eyes. With one detector switched off the gate of the kernels must fail, for
 * the kernels that only this detector sees, and for no other.
 *
 *   gates_canary_test [deadlock|leak|misuse|oracle|race]     this detector; all in turn
 *
 * Budget: a CANARY_SHARE of the gate's for what must stay silent; every bug is searched for in the
 * gate's whole budget, under each policy and seed, as whether it is found is what is asked here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel.h"
#include "testkit.h"

#define CANARY_SHARE "--share=50"

static struct program_end end; /* safe: tests run one after the other */

/* A detector and the types of what it reports. */
struct canary {
    const char *option;
    const char *types[10];
    bool hides; /* what such a bug would lead to, and its kernel does not list */
};

static bool reports(const struct canary *canary, const char *signature)
{
    for (size_t i = 0; i < sizeof canary->types / sizeof canary->types[0] && canary->types[i]; i++)
        if (strncmp(signature, canary->types[i], strlen(canary->types[i])) == 0) return true;
    return false;
}

/* Does this detector alone see the bug? */
static bool sees(const struct canary *canary, const struct kernel *k)
{
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++)
        if (!reports(canary, k->expect[i])) return false;
    return true;
}

static void check_blindness(const struct canary *canary)
{
    char line[256];
    size_t missed = 0;
    program_run(&end, NULL,
                (const char *const[]){HEDDLE_BUILD_DIR "/gates_kernels_test", canary->option,
                                      CANARY_SHARE, NULL});
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss) continue;
        snprintf(line, sizeof line, "kernels: %s buggy, policy pct, seed 1: not found\n", k->name);
        bool is_missed = strstr(end.errors, line) != NULL;
        /* A race that ends every execution hides what comes after it: that is seen instead. And
         * what comes after one that is listed may need a finer grain. */
        if (canary->hides && !is_missed && sees(canary, k)) {
            snprintf(line, sizeof line, "kernels: %s buggy, policy pct, seed 1: not expected\n",
                     k->name);
            is_missed = strstr(end.errors, line) != NULL;
        }
        bool may_be_missed = sees(canary, k) || (canary->hides && reports(canary, k->expect[0]));
        if (is_missed ? !may_be_missed : sees(canary, k))
            fail_msg("%s: %s is %s\n%s", canary->option, k->name,
                     is_missed ? "not found" : "found all the same", end.errors);
        missed += is_missed;
    }
    /* Which of the gate's three tests fail is their affair: cmocka's status is their number. */
    assert_in_range(end.status, 1, 3);
    assert_true(missed > 0);
    if (!canary->hides) assert_null(strstr(end.errors, "not expected"));
    print_message("canary: %s: the gate fails, %zu kernels not found\n", canary->option, missed);
}

static const struct canary canaries[] = {
    {.option = "--detectors-off=deadlock", .types = {"deadlock--"}},
    {.option = "--detectors-off=leak", .types = {"goroutine-leak--"}},
    {.option = "--detectors-off=misuse",
     .types = {"close-of-", "send-to-closed-", "negative-waitgroup-", "waitgroup-misuse--",
               "unlock-of-", "copy-of-locked", "concurrent-map-", "assignment-to-nil-map",
               "log-after-test--"}},
    {.option = "--detectors-off=oracle", .types = {"oracle-failure--"}},
    /* A log and the end of its test race for the mark that the end leaves. */
    {.option = "--detectors-off=race", .types = {"data-race--", "log-after-test--"}, .hides = true},
};
enum { CANARY_COUNT = sizeof canaries / sizeof canaries[0] };

static const char *name_of(const struct canary *canary) { return strchr(canary->option, '=') + 1; }

static void gate_fails_without_the_detector(void **state) { check_blindness(*state); }

int main(int argc, char **argv)
{
    struct CMUnitTest tests[CANARY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        if (argc > 1 && strcmp(argv[1], name_of(&canaries[i])) != 0) continue;
        tests[count++] = (struct CMUnitTest){.name = canaries[i].option,
                                             .test_func = gate_fails_without_the_detector,
                                             .initial_state = (void *)&canaries[i]};
    }
    if (count == 0) fprintf(stderr, "%s: no such detector\n", argv[1]);
    return count == 0 ? 2 : _cmocka_run_group_tests("canaries", tests, count, NULL, NULL);
}
