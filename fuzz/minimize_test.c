// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The minimizer on small programs whose smallest schedules are known. That it does well by all
 * kernels is harness/gates_minimize_test.c's. */
#include "minimize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deviation.h"
#include "heddle.h"
#include "input.h"
#include "report/report.h"
#include "run.h"
#include "target.h"

enum { TEXT_BYTES = 256 };

static const char *verdict_of(const uint8_t *bytes, size_t size)
{
    static char signature[TARGET_SIGNATURE_BYTES]; /* safe: looked at before the next one */
    struct run_result result;
    target_try(bytes, size, &result);
    if (result.verdict != VERDICT_BUG) return "";
    report_signature(result.report, signature, sizeof signature);
    return signature;
}

static void use(void (*root)(void))
{
    struct target_options options = {.name = "toy",
                                     .variant = "buggy",
                                     .root = root,
                                     .run = {.max_steps = 500, .fair_steps = 500},
                                     .program = "heddle replay"};
    target_open(&options);
}

/* The first generated input that ends so. */
static void find(const char *signature, enum grain grain, uint64_t seed,
                 uint8_t bytes[INPUT_RANDOM_BYTES_MAX], size_t *size)
{
    for (uint64_t i = 0; i < 100000; i++) {
        *size = input_random_in(grain, seed, i, bytes);
        if (strcmp(verdict_of(bytes, *size), signature) == 0) return;
    }
    fail_msg("%s is not found", signature);
}

static void minimize_well(const uint8_t *bytes, size_t size, struct minimized *out)
{
    char error[TEXT_BYTES] = "", signature[TARGET_SIGNATURE_BYTES];
    size_t superfluous;
    snprintf(signature, sizeof signature, "%s", verdict_of(bytes, size));
    if (!minimize(bytes, size, NULL, out, error, sizeof error)) fail_msg("%s", error);
    assert_string_equal(out->signature, signature);
    assert_string_equal(verdict_of(out->bytes, out->size), signature);
    assert_true(out->proved);
    assert_true(minimize_check(out->bytes, out->size, &superfluous));
}

/* ---- Two locks, one order each ------------------------------------------------------------- */

struct locks {
    struct go_mutex a, b;
};

static void lock_backwards(void *arg)
{
    struct locks *locks = arg;
    go_mutex_lock(&locks->b);
    go_mutex_lock(&locks->a);
    go_mutex_unlock(&locks->a);
    go_mutex_unlock(&locks->b);
}

static void lock_order(void)
{
    struct locks *locks = go_new(sizeof *locks);
    go(lock_backwards, locks);
    go_mutex_lock(&locks->a);
    go_mutex_lock(&locks->b);
    go_mutex_unlock(&locks->b);
    go_mutex_unlock(&locks->a);
}

static const char deadlock[] = "deadlock--lock_backwards--lock_order";

static void lock_order_takes_one_preemption_from_any_finding(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t size;
    struct minimized first = {0}, result;
    use(lock_order);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        find(deadlock, (enum grain)(seed % 3), seed, bytes, &size);
        minimize_well(bytes, size, &result);
        assert_int_equal(result.preemptions, 1);
        assert_int_equal(result.deviations, 1);
        assert_true(result.complete);
        if (!first.bytes) {
            first = result;
            continue;
        }
        assert_int_equal(result.size, first.size);
        assert_memory_equal(result.bytes, first.bytes, first.size);
        free(result.bytes);
    }
    free(first.bytes);
}

/* ---- Data ---------------------------------------------------------------------------------- */

static void wait_for_nobody(void) { go_chan_recv(go_chan_make(0, 0), NULL); }

static void blocked_by_data(void)
{
    size_t sum = 0;
    for (int i = 0; i < 4; i++) sum += go_choose(5);
    if (sum >= 6) wait_for_nobody();
}

static void data_becomes_short_and_small(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 6, 3, 4, 3, 4, 9, 9};
    const uint8_t least[] = {2, 0, 0, 0, 0, 0, 0, 2, 2, 4};
    struct minimized result;
    use(blocked_by_data);
    minimize_well(bytes, sizeof bytes, &result);
    assert_int_equal(result.size, sizeof least);
    assert_memory_equal(result.bytes, least, sizeof least);
    assert_int_equal(result.deviations, 0);
    free(result.bytes);
}

/* Nothing can be left out of 0 0 3 3, nor be lower; 1 1 is another way to the same bug. */
static void blocked_in_two_ways(void)
{
    size_t d[4];
    for (int i = 0; i < 4; i++) d[i] = go_choose(4);
    bool low = d[0] == 1 && d[1] == 1 && d[2] == 0 && d[3] == 0;
    bool high = d[0] == 0 && d[1] == 0 && d[2] == 3 && d[3] == 3;
    if (low || high) wait_for_nobody();
}

static void data_is_searched_for_what_reducing_does_not_reach(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 4, 0, 0, 3, 3};
    const uint8_t least[] = {2, 0, 0, 0, 0, 0, 0, 2, 1, 1};
    struct minimized result;
    use(blocked_in_two_ways);
    minimize_well(bytes, sizeof bytes, &result);
    assert_int_equal(result.size, sizeof least);
    assert_memory_equal(result.bytes, least, sizeof least);
    free(result.bytes);
}

/* ---- The fair phase ------------------------------------------------------------------------ */

struct flag {
    struct go_mutex mutex;
    bool up;
};

static void raise_flag(void *arg)
{
    struct flag *flag = arg;
    go_mutex_lock(&flag->mutex);
    flag->up = true;
    go_mutex_unlock(&flag->mutex);
}

static bool is_up(struct flag *flag)
{
    go_mutex_lock(&flag->mutex);
    bool up = flag->up;
    go_mutex_unlock(&flag->mutex);
    return up;
}

/* The natural schedule asks until nobody decides any more, and only then the flag is raised. */
static void asks_for_ever(void)
{
    struct flag *flag = go_new(sizeof *flag);
    go(raise_flag, flag);
    while (!is_up(flag)) continue;
    wait_for_nobody();
}

static void a_short_schedule_is_preferred_to_the_fair_phase(void **state)
{
    (void)state;
    struct minimized result;
    use(asks_for_ever);
    assert_string_equal(verdict_of(NULL, 0), "deadlock--wait_for_nobody");
    minimize_well(NULL, 0, &result);
    assert_int_equal(result.deviations, 1);
    assert_true(result.events < 20);
    free(result.bytes);
}

/* ---- What cannot be minimized, limits ------------------------------------------------------- */

static void without_a_bug_there_is_an_error(void **state)
{
    (void)state;
    char error[TEXT_BYTES] = "";
    struct minimized result;
    size_t superfluous;
    use(lock_order);
    assert_false(minimize(NULL, 0, NULL, &result, error, sizeof error));
    assert_string_equal(error, "it shows no bug");
    assert_null(result.bytes);
    assert_false(minimize_check(NULL, 0, &superfluous));
    assert_int_equal(superfluous, SIZE_MAX);
}

/* However few executions it has, the result shows the bug, and it says what it has not proved. */
static void any_budget_keeps_the_bug(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t size, superfluous, unproved = 0;
    char error[TEXT_BYTES];
    struct minimized result;
    use(lock_order);
    find(deadlock, GRAIN_ALL, 3, bytes, &size);
    for (uint64_t budget = 1; budget < 200; budget++) {
        struct minimize_options options = {.max_executions = budget};
        assert_true(minimize(bytes, size, &options, &result, error, sizeof error));
        assert_string_equal(verdict_of(result.bytes, result.size), deadlock);
        if (result.proved)
            assert_true(minimize_check(result.bytes, result.size, &superfluous));
        else
            unproved++;
        free(result.bytes);
    }
    assert_true(unproved > 0);
    assert_true(unproved < 150);
}

/* ---- Superfluous deviations ------------------------------------------------------------------ */

static void yield(void *arg)
{
    (void)arg;
    go_gosched();
}

static void lock_order_among_others(void)
{
    for (int i = 0; i < 2; i++) go(yield, NULL);
    lock_order();
}

static void what_is_superfluous_is_named(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t size, superfluous, named = 0;
    use(lock_order_among_others);
    for (uint64_t i = 0; i < 3000; i++) {
        size = input_random_in(GRAIN_SYNC, 5, i, bytes);
        if (verdict_of(bytes, size)[0] == '\0' || minimize_check(bytes, size, &superfluous))
            continue;
        struct deviations d;
        struct deviation_play play;
        struct run_result result;
        deviations_of(bytes, size, &d);
        assert_true(superfluous < d.count);
        d.list[superfluous] = d.list[--d.count];
        deviation_play_init(&play, &d);
        run_execute(lock_order_among_others, &play.policy, &target_options()->run, &result, NULL);
        assert_int_equal(result.verdict, VERDICT_BUG);
        deviation_play_free(&play);
        deviations_free(&d);
        named++;
    }
    assert_true(named > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_order_takes_one_preemption_from_any_finding),
        cmocka_unit_test(data_becomes_short_and_small),
        cmocka_unit_test(data_is_searched_for_what_reducing_does_not_reach),
        cmocka_unit_test(a_short_schedule_is_preferred_to_the_fair_phase),
        cmocka_unit_test(without_a_bug_there_is_an_error),
        cmocka_unit_test(any_budget_keeps_the_bug),
        cmocka_unit_test(what_is_superfluous_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
