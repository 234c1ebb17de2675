// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the counter beside a mutex is found from an execution in which happens-before hides it, for
 * each of many seeds; and its correction stays silent, as nothing is reported that did not happen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access.h"
#include "kernel.h"
#include "policies.h"
#include "run.h"

enum { SEEDS = 20, RUNS = 100 };

/* Number of the first execution with a bug, from 1; 0: none. */
static uint64_t first_bug(const struct kernel *k, uint64_t seed)
{
    struct policy *p = policy_find("targets")->create(seed);
    uint64_t first = 0;
    for (uint64_t run = 1; run <= RUNS && !first; run++) {
        struct run_result result;
        run_execute(k->main, p, NULL, &result, NULL);
        if (result.verdict == VERDICT_BUG) first = run;
    }
    policy_destroy(p);
    return first;
}

static void the_counter_outside_the_lock_is_found_though_hidden_at_first(void **state)
{
    (void)state;
    if (!access_state.instrumented) skip(); /* nothing is seen of its accesses, under ASan */
    const struct kernel *k = kernel_find("slide_counter_outside_lock", true);
    assert_non_null(k);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) assert_in_range(first_bug(k, seed), 2, RUNS);
}

static void its_correction_is_silent(void **state)
{
    (void)state;
    const struct kernel *k = kernel_find("slide_counter_outside_lock", false);
    assert_non_null(k);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) assert_int_equal(first_bug(k, seed), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_outside_the_lock_is_found_though_hidden_at_first),
        cmocka_unit_test(its_correction_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
