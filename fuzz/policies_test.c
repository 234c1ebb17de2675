// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The policies natural, random, pct and dfs against a fake driver, and the table of all. Claims are
 * deterministic ones; how uniform random is, is not asked here. */
#include "policies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pct.h"
#include "policy_dfs.h"
#include "rng.h"
#include "testkit.h"

enum { QUESTIONS = 200 };

/* Positions with one to five candidates, now and then another kind. */
static void make_questions(struct driver_question questions[QUESTIONS])
{
    for (size_t i = 0; i < QUESTIONS; i++)
        questions[i] = (struct driver_question){.kind = i % 17 == 3   ? CHOICE_SELECT
                                                        : i % 17 == 9 ? CHOICE_DATA
                                                                      : CHOICE_RUN,
                                                .n = 1 + i * 7 % 5};
}

static void table_finds_each_policy_by_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"natural", "random", "pct", "targets", "dfs", "bytes"};
    size_t count;
    policies(&count);
    assert_int_equal(count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < count; i++) {
        const struct policy_info *info = policy_find(names[i]);
        assert_non_null(info);
        struct policy *policy = info->create(1);
        assert_string_equal(policy->name, names[i]);
        policy_destroy(policy);
    }
    assert_null(policy_find("nobody"));
    policy_destroy(NULL);
}

static void same_seed_gives_the_same_runs(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run a, b;
    size_t count;
    make_questions(questions);
    const struct policy_info *table = policies(&count);
    for (size_t i = 0; i < count; i++) {
        struct policy *first = table[i].create(42);
        struct policy *second = table[i].create(42);
        for (int run = 0; run < 50; run++) {
            driver_run(first, questions, QUESTIONS, &a);
            driver_run(second, questions, QUESTIONS, &b);
            assert_memory_equal(&a, &b, sizeof a);
        }
        policy_destroy(first);
        policy_destroy(second);
    }
}

/* In a finer grain random passes most accesses by; each execution at a rate of its own. */
static void random_skips_accesses_at_a_rate_of_the_execution(void **state)
{
    (void)state;
    enum { ACCESSES = 5000 };
    static struct driver_question questions[1 + ACCESSES];
    static struct driver_run run;
    unsigned seen = 0;
    for (size_t i = 0; i <= ACCESSES; i++)
        questions[i] =
            (struct driver_question){.kind = CHOICE_RUN, .n = 2, .is_access = i % 500 != 0};
    struct policy *policy = policy_find("random")->create(1);
    policy->grain = GRAIN_ALL;
    for (int i = 0; i < 100; i++) {
        driver_run(policy, questions, 1 + ACCESSES, &run);
        unsigned rate = 0; /* The nearest of 1 in 1, 2, 4, ... 128. */
        while (rate < 8 && (run.asked * 3) << rate < ACCESSES * 2) rate++;
        assert_true(rate < 8);
        seen |= 1u << rate;
    }
    assert_int_equal(seen, 0xff);
    policy->grain = GRAIN_SYNC;
    driver_run(policy, questions, 1 + ACCESSES, &run);
    assert_int_equal(run.asked, 11);
    /* There it draws for nothing else. */
    struct rng rng = rng_of(1, 100);
    for (size_t i = 0; i <= ACCESSES; i += 500)
        assert_int_equal(run.answers[i], rng_below(&rng, 2));
    policy_destroy(policy);
}

static void runs_and_seeds_differ_where_the_table_says_so(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run a, b, c;
    size_t count;
    make_questions(questions);
    const struct policy_info *table = policies(&count);
    for (size_t i = 0; i < count; i++) {
        struct policy *first = table[i].create(1);
        struct policy *second = table[i].create(2);
        bool runs_differ = false, seeds_differ = false;
        for (int run = 0; run < 20; run++) {
            driver_run(first, questions, QUESTIONS, &a);
            driver_run(second, questions, QUESTIONS, &b);
            driver_run(first, questions, QUESTIONS, &c);
            driver_run(second, questions, QUESTIONS, &c);
            seeds_differ = seeds_differ || memcmp(a.answers, b.answers, sizeof a.answers) != 0;
            runs_differ = runs_differ || memcmp(b.answers, c.answers, sizeof b.answers) != 0;
        }
        assert_int_equal(seeds_differ, table[i].seeded);
        assert_int_equal(runs_differ, strcmp(table[i].name, "natural") != 0);
        policy_destroy(first);
        policy_destroy(second);
    }
}

static void natural_takes_candidate_0_and_is_asked_for_data_alone(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run run;
    size_t data = 0;
    make_questions(questions);
    for (size_t i = 0; i < QUESTIONS; i++)
        data += questions[i].kind == CHOICE_DATA && questions[i].n > 1;
    struct policy *policy = policy_find("natural")->create(0);
    assert_true(policy->blind);
    driver_run(policy, questions, QUESTIONS, &run);
    for (size_t i = 0; i < run.count; i++) assert_int_equal(run.answers[i], 0);
    assert_int_equal(run.asked, data);
    policy_destroy(policy);
}

static void random_takes_every_candidate_sooner_or_later(void **state)
{
    (void)state;
    const struct driver_question question = {.kind = CHOICE_RUN, .n = 7};
    struct policy *policy = policy_find("random")->create(3);
    struct driver_run run;
    bool taken[7] = {false};
    assert_true(policy->blind);
    driver_begin(policy, &run);
    for (int i = 0; i < 500; i++) taken[driver_ask(policy, &run, question)] = true;
    for (int i = 0; i < 7; i++) assert_true(taken[i]);
    policy_destroy(policy);
}

/* ---- dfs ---------------------------------------------------------------------------------- */

/* A program that takes `left` things in any order: n!, each order once. */
static uint64_t play_permutation(struct policy *policy, size_t left, bool *more)
{
    struct driver_run run;
    uint64_t order = 0;
    driver_begin(policy, &run);
    for (; left > 0; left--) {
        struct driver_question question = {.kind = CHOICE_RUN, .n = left};
        order = order * 10 + driver_ask(policy, &run, question);
    }
    driver_end(policy, &run);
    *more = run.more;
    return order;
}

static void dfs_gives_each_permutation_once_in_order(void **state)
{
    (void)state;
    static const uint64_t factorials[] = {1, 1, 2, 6, 24, 120, 720};
    for (size_t n = 0; n <= 6; n++) {
        struct policy *policy = policy_find("dfs")->create(0);
        uint64_t count = 0, previous = 0;
        for (bool more = true; more; count++) {
            assert_false(policy_dfs_complete(policy));
            uint64_t order = play_permutation(policy, n, &more);
            if (count > 0) assert_true(order > previous);
            previous = order;
        }
        assert_int_equal(count, factorials[n]);
        assert_int_equal(policy_dfs_executions(policy), count);
        assert_true(policy_dfs_complete(policy));
        policy_destroy(policy);
    }
}

/* What is asked depends on what was answered: sequences of 1 and 2 that sum to `sum` (Fibonacci).
 */
static void dfs_follows_questions_that_depend_on_answers(void **state)
{
    (void)state;
    struct policy *policy = policy_find("dfs")->create(0);
    struct driver_run run;
    uint64_t count = 0;
    do {
        driver_begin(policy, &run);
        for (int left = 10; left > 0;) {
            struct driver_question question = {.kind = CHOICE_RUN, .n = left > 1 ? 2 : 1};
            left -= 1 + (int)driver_ask(policy, &run, question);
        }
        driver_end(policy, &run);
        count++;
    } while (run.more);
    assert_int_equal(count, 89);
    policy_destroy(policy);
}

static void dfs_enumerates_all_kinds_of_choice(void **state)
{
    (void)state;
    static const struct driver_question questions[] = {
        {CHOICE_SELECT, 2, NULL, false}, {CHOICE_DATA, 3, NULL, false},
        {CHOICE_TIMER, 2, NULL, false},  {CHOICE_RUN, 1, NULL, false},
        {CHOICE_WAITER, 2, NULL, false},
    };
    struct policy *policy = policy_find("dfs")->create(0);
    struct driver_run run;
    do driver_run(policy, questions, 5, &run);
    while (run.more);
    assert_int_equal(policy_dfs_executions(policy), 24);
    policy_destroy(policy);
}

/* ---- pct ---------------------------------------------------------------------------------- */

static size_t ask_goroutines(struct policy *policy, struct driver_run *run, size_t n)
{
    return driver_ask(policy, run, (struct driver_question){.kind = CHOICE_RUN, .n = n});
}

static void pct_runs_the_same_one_until_a_change_point(void **state)
{
    (void)state;
    struct policy *policy = policy_find("pct")->create(5);
    assert_false(policy->blind);
    for (int execution = 0; execution < 200; execution++) {
        struct driver_run run;
        size_t changes = 0;
        driver_begin(policy, &run);
        for (size_t i = 0; i < 60; i++) ask_goroutines(policy, &run, 5);
        driver_end(policy, &run);
        for (size_t i = 1; i < 60; i++) changes += run.answers[i] != run.answers[i - 1];
        assert_true(changes <= PCT_DEPTH - 1);
    }
    policy_destroy(policy);
}

static void pct_draws_priorities_anew_for_each_run(void **state)
{
    (void)state;
    struct policy *policy = policy_find("pct")->create(5);
    size_t firsts[5] = {0};
    for (int execution = 0; execution < 100; execution++) {
        struct driver_run run;
        driver_begin(policy, &run);
        for (size_t i = 0; i < 60; i++) ask_goroutines(policy, &run, 5);
        driver_end(policy, &run);
        firsts[run.answers[0]]++;
    }
    for (size_t i = 0; i < 5; i++) assert_int_not_equal(firsts[i], 0);
    policy_destroy(policy);
}

/* Whatever others are there, of two candidates the same one is preferred. */
static void pct_priorities_belong_to_stable_ids(void **state)
{
    (void)state;
    struct pct pct;
    const struct candidate one = {.stable = 11, .id = 1}, two = {.stable = 22, .id = 2},
                           three = {.stable = 33, .id = 3};
    const struct candidate forward[] = {one, two, three}, backward[] = {three, two, one};
    for (uint64_t seed = 0; seed < 100; seed++) {
        pct_begin(&pct, rng_of(seed, 0), 1);
        pct_choose(&pct, CHOICE_RUN, forward, 3); /* All change points are at 1. */
        size_t best = pct_choose(&pct, CHOICE_RUN, forward, 3);
        assert_int_equal(pct_choose(&pct, CHOICE_RUN, backward, 3), 2 - best);
        const struct candidate pair[] = {forward[(best + 1) % 3], forward[best]};
        assert_int_equal(pct_choose(&pct, CHOICE_RUN, pair, 2), 1);
    }
}

static void pct_change_point_puts_the_first_in_line_below_all(void **state)
{
    (void)state;
    struct pct pct;
    const struct candidate c[] = {
        {.stable = 11, .id = 1}, {.stable = 22, .id = 2}, {.stable = 33, .id = 3}};
    pct_begin(&pct, rng_of(9, 0), 1000);
    pct.change[0] = 4;
    pct.change[1] = 8;
    size_t first = pct_choose(&pct, CHOICE_RUN, c, 3);
    for (int i = 2; i < 4; i++) assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 3), first);
    size_t second = pct_choose(&pct, CHOICE_RUN, c, 3);
    assert_int_not_equal(second, first);
    for (int i = 5; i < 8; i++) assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 3), second);
    size_t third = pct_choose(&pct, CHOICE_RUN, c, 3);
    assert_int_equal(third, 3 - first - second);
    /* Without the third: the change points gave 1 and 2, and 2 is above 1. */
    const struct candidate demoted[] = {c[first], c[second]};
    assert_int_equal(pct_choose(&pct, CHOICE_RUN, demoted, 2), 1);
}

static void pct_gives_the_clock_a_priority_like_any_other(void **state)
{
    (void)state;
    const struct candidate c[] = {{.stable = 11, .id = 1}, {.stable = 5, .id = CLOCK_ID}};
    size_t clock_first = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct pct pct;
        pct_begin(&pct, rng_of(seed, 0), UINT32_MAX);
        clock_first += pct_choose(&pct, CHOICE_RUN, c, 2) == 1;
    }
    assert_in_range(clock_first, 400, 600);
}

static void pct_lets_others_run_when_one_spins(void **state)
{
    (void)state;
    struct pct pct;
    struct candidate c[] = {{.stable = 11, .id = 1}, {.stable = 22, .id = 2}};
    pct_begin(&pct, rng_of(1, 0), UINT32_MAX);
    size_t first = pct_choose(&pct, CHOICE_RUN, c, 2);
    for (int i = 1; i < PCT_STARVE_MAX; i++)
        assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), first);
    assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), 1 - first);

    pct_begin(&pct, rng_of(1, 0), UINT32_MAX);
    c[first].op.kind = OP_GOSCHED;
    assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), first);
    assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), 1 - first);

    pct_begin(&pct, rng_of(1, 0), UINT32_MAX);
    c[first].op.kind = OP_NONE;
    c[first].id = CLOCK_ID;
    for (int i = 0; i < PCT_CLOCK_MAX; i++)
        assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), first);
    assert_int_equal(pct_choose(&pct, CHOICE_RUN, c, 2), 1 - first);
}

static void pct_forgets_the_oldest_of_too_many_demotions(void **state)
{
    (void)state;
    struct pct pct;
    pct_begin(&pct, rng_of(1, 0), UINT32_MAX);
    for (uint64_t i = 0; i < (uint64_t)10 * PCT_DEMOTED_MAX; i++) {
        struct candidate c[] = {{.stable = 1000 + i, .id = 1, .op.kind = OP_GOSCHED},
                                {.stable = 2000 + i, .id = 2, .op.kind = OP_GOSCHED}};
        assert_in_range(pct_choose(&pct, CHOICE_RUN, c, 2), 0, 1);
    }
    assert_int_equal(pct.demoted_count, PCT_DEMOTED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_finds_each_policy_by_its_name),
        cmocka_unit_test(same_seed_gives_the_same_runs),
        cmocka_unit_test(random_skips_accesses_at_a_rate_of_the_execution),
        cmocka_unit_test(runs_and_seeds_differ_where_the_table_says_so),
        cmocka_unit_test(natural_takes_candidate_0_and_is_asked_for_data_alone),
        cmocka_unit_test(random_takes_every_candidate_sooner_or_later),
        cmocka_unit_test(dfs_gives_each_permutation_once_in_order),
        cmocka_unit_test(dfs_follows_questions_that_depend_on_answers),
        cmocka_unit_test(dfs_enumerates_all_kinds_of_choice),
        cmocka_unit_test(pct_runs_the_same_one_until_a_change_point),
        cmocka_unit_test(pct_draws_priorities_anew_for_each_run),
        cmocka_unit_test(pct_priorities_belong_to_stable_ids),
        cmocka_unit_test(pct_change_point_puts_the_first_in_line_below_all),
        cmocka_unit_test(pct_gives_the_clock_a_priority_like_any_other),
        cmocka_unit_test(pct_lets_others_run_when_one_spins),
        cmocka_unit_test(pct_forgets_the_oldest_of_too_many_demotions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
