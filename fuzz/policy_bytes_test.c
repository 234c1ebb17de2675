// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The policy bytes: what entries, data and tails answer, against a fake driver. */
#include "policy_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policies.h"
#include "rng.h"
#include "testkit.h"

enum { QUESTIONS = 300, INPUTS = 3000 };

#define HEADER(mode, data_bytes) 1, (mode), 7, 0, 0, 0, 0, (data_bytes)
enum mode { MODE_NATURAL = 0, MODE_RANDOM = 1 << 2, MODE_PCT = 2 << 2 };

static void play(const uint8_t *bytes, size_t size, const struct driver_question *questions,
                 size_t count, struct driver_run *run)
{
    struct policy_bytes policy;
    policy_bytes_init(&policy);
    policy_bytes_play(&policy, bytes, size);
    driver_run(&policy.policy, questions, count, run);
}

/* Questions that many programs could ask: n from 1 to 9, some of other kinds. */
static void make_questions(uint64_t seed, struct driver_question questions[QUESTIONS])
{
    struct rng rng = rng_of(seed, 0);
    for (size_t i = 0; i < QUESTIONS; i++) {
        size_t kind = rng_below(&rng, 12);
        questions[i] = (struct driver_question){.kind = kind == 0   ? CHOICE_SELECT
                                                        : kind == 1 ? CHOICE_DATA
                                                        : kind == 2 ? CHOICE_TIMER
                                                                    : CHOICE_RUN,
                                                .n = 1 + rng_below(&rng, 9)};
    }
}

static void entry_is_applied_at_its_position(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_NATURAL, 0), 4, 2, 0, 1, 2, 250};
    struct driver_question questions[20];
    for (size_t i = 0; i < 20; i++)
        questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = 3};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 20, &run);
    for (size_t i = 0; i < 20; i++) {
        size_t position = i + 1;
        size_t expected = position == 5 ? 2 : position == 6 ? 1 : position == 9 ? 250 % 3 : 0;
        assert_int_equal(run.answers[i], expected);
    }
    assert_int_equal(run.asked, 3); /* All other positions are quiet. */
}

static void entry_waits_for_a_position_with_several_candidates(void **state)
{
    (void)state;
    /* Entries for 2, 3 and 6, but nobody is asked at 2, 3 and 5; the late ones move no other. */
    const uint8_t bytes[] = {HEADER(MODE_NATURAL, 0), 1, 1, 0, 2, 2, 3};
    static const struct driver_question questions[] = {
        {CHOICE_RUN, 4, NULL}, {CHOICE_RUN, 1, NULL}, {CHOICE_RUN, 1, NULL}, {CHOICE_RUN, 4, NULL},
        {CHOICE_RUN, 1, NULL}, {CHOICE_RUN, 4, NULL}, {CHOICE_RUN, 4, NULL}, {CHOICE_RUN, 4, NULL},
    };
    static const size_t expected[] = {0, 0, 0, 1, 0, 2, 3, 0};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 8, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
}

static void entries_apply_to_every_kind_but_data(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_NATURAL, 0), 0, 1, 0, 1, 0, 1, 0, 1};
    static const struct driver_question questions[] = {
        {CHOICE_DATA, 2, NULL},   {CHOICE_RUN, 2, NULL},  {CHOICE_SELECT, 2, NULL},
        {CHOICE_TIMER, 2, NULL},  {CHOICE_DATA, 2, NULL}, {CHOICE_WAITER, 2, NULL},
        {CHOICE_WAITER, 2, NULL},
    };
    static const size_t expected[] = {0, 1, 1, 1, 0, 1, 0};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 7, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
}

static void data_is_taken_by_width_and_then_zero(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_RANDOM, 9), 200, 7, 1, 2, 3, 4, 5, 0xff, 0xff};
    static const struct driver_question questions[] = {
        {CHOICE_DATA, 10, NULL},    {CHOICE_DATA, 256, NULL},    {CHOICE_DATA, 257, NULL},
        {CHOICE_RUN, 1, NULL},      {CHOICE_DATA, 100000, NULL}, {CHOICE_DATA, 65536, NULL},
        {CHOICE_DATA, 65536, NULL}, {CHOICE_DATA, 5, NULL},
    };
    /* 200 % 10; 7; 0x0201 % 257; nothing; 0xff050403 % 100000; 0xff and a missing byte; zeros. */
    static const size_t expected[] = {0, 7, 513 % 257, 0, 4278518787u % 100000, 255, 0, 0};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 8, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
}

static void empty_input_is_the_natural_schedule(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run run;
    make_questions(1, questions);
    play(NULL, 0, questions, QUESTIONS, &run);
    for (size_t i = 0; i < run.count; i++) assert_int_equal(run.answers[i], 0);
}

static void tail_says_whether_the_policy_is_blind(void **state)
{
    (void)state;
    const uint8_t modes[] = {MODE_NATURAL, MODE_RANDOM, MODE_PCT, 3 << 2};
    for (size_t i = 0; i < 4; i++) {
        const uint8_t bytes[] = {HEADER(modes[i], 0), 3, 1};
        struct policy_bytes policy;
        struct driver_run run;
        policy_bytes_init(&policy);
        policy_bytes_play(&policy, bytes, sizeof bytes);
        driver_begin(&policy.policy, &run);
        assert_int_equal(policy.policy.blind, modes[i] != MODE_PCT);
        bool natural = modes[i] == MODE_NATURAL || i == 3;
        assert_int_equal(policy.policy.quiet_until, natural ? 4 : 0);
    }
}

static void inputs_leave_nothing_behind(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX], other[INPUT_RANDOM_BYTES_MAX];
    struct driver_run alone, after;
    struct policy_bytes policy;
    policy_bytes_init(&policy);
    for (uint64_t i = 0; i < INPUTS; i++) {
        size_t size = input_random(1, i, bytes);
        size_t other_size = input_random(2, i, other);
        make_questions(i, questions);
        play(bytes, size, questions, QUESTIONS, &alone);
        policy_bytes_play(&policy, other, other_size);
        driver_run(&policy.policy, questions, QUESTIONS, &after);
        policy_bytes_play(&policy, bytes, size);
        driver_run(&policy.policy, questions, QUESTIONS, &after);
        assert_memory_equal(&alone, &after, sizeof alone);
    }
}

/* The position of the first entry that a cut can take away; everything before it must not change.
 */
static uint64_t first_position_lost(const uint8_t *bytes, size_t whole, size_t cut)
{
    struct input in = input_decode(bytes, whole), shorter = input_decode(bytes, cut);
    uint64_t position = 0;
    for (size_t i = 0; i < in.entry_count; i++) {
        position += 1 + input_gap(in.entries[2 * i]);
        if (i >= shorter.entry_count) return position;
    }
    return UINT64_MAX;
}

static void cutting_entries_never_changes_a_choice_before_them(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    struct driver_run whole, cut;
    for (uint64_t i = 0; i < INPUTS; i++) {
        size_t size = input_random(3, i, bytes);
        struct input in = input_decode(bytes, size);
        if (in.entry_count == 0) continue;
        make_questions(i, questions);
        play(bytes, size, questions, QUESTIONS, &whole);
        size_t cut_size = size - 1 - i % (2 * in.entry_count);
        play(bytes, cut_size, questions, QUESTIONS, &cut);
        uint64_t lost = first_position_lost(bytes, size, cut_size);
        uint64_t position = 0;
        for (size_t q = 0; q < QUESTIONS; q++) {
            if (questions[q].kind != CHOICE_DATA && ++position >= lost) break;
            assert_int_equal(whole.answers[q], cut.answers[q]);
        }
    }
}

static void random_tail_does_not_move_with_the_entries(void **state)
{
    (void)state;
    const uint8_t without[] = {HEADER(MODE_RANDOM, 0)};
    const uint8_t with[] = {HEADER(MODE_RANDOM, 0), 10, 0, 5, 1};
    struct driver_question questions[100];
    struct driver_run a, b;
    for (size_t i = 0; i < 100; i++)
        questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = 2 + i % 5};
    play(without, sizeof without, questions, 100, &a);
    play(with, sizeof with, questions, 100, &b);
    for (size_t i = 0; i < 100; i++)
        if (i != 10 && i != 16) assert_int_equal(a.answers[i], b.answers[i]);
    assert_int_equal(b.answers[10], 0);
    assert_int_equal(b.answers[16], 1);
}

static void long_gaps_reach_far_positions(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_NATURAL, 0), 255, 1, 192, 1};
    static struct driver_question questions[5000];
    static struct driver_run run;
    for (size_t i = 0; i < 5000; i++)
        questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = 2};
    play(bytes, sizeof bytes, questions, 5000, &run);
    for (size_t i = 0; i < 5000; i++) {
        bool hit = i == INPUT_GAP_MAX || i == INPUT_GAP_MAX + 193;
        assert_int_equal(run.answers[i], hit);
    }
}

static void policy_of_the_table_plays_generated_inputs(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    struct driver_run a, b;
    struct policy *policy = policy_find("bytes")->create(11);
    make_questions(5, questions);
    for (uint64_t i = 0; i < 500; i++) {
        size_t size = input_random(11, i, bytes);
        driver_run(policy, questions, QUESTIONS, &a);
        play(bytes, size, questions, QUESTIONS, &b);
        assert_memory_equal(&a, &b, sizeof a);
    }
    policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_is_applied_at_its_position),
        cmocka_unit_test(entry_waits_for_a_position_with_several_candidates),
        cmocka_unit_test(entries_apply_to_every_kind_but_data),
        cmocka_unit_test(data_is_taken_by_width_and_then_zero),
        cmocka_unit_test(empty_input_is_the_natural_schedule),
        cmocka_unit_test(tail_says_whether_the_policy_is_blind),
        cmocka_unit_test(inputs_leave_nothing_behind),
        cmocka_unit_test(cutting_entries_never_changes_a_choice_before_them),
        cmocka_unit_test(random_tail_does_not_move_with_the_entries),
        cmocka_unit_test(long_gaps_reach_far_positions),
        cmocka_unit_test(policy_of_the_table_plays_generated_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
