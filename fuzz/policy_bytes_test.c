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

#define HEADER(mode, data_bytes) INPUT_VERSION, (mode), 7, 0, 0, 0, 0, (data_bytes)
enum mode { MODE_NATURAL = 0, MODE_RANDOM = 1 << 2, MODE_PCT = 2 << 2, MODE_ALL = GRAIN_ALL };

static void play(const uint8_t *bytes, size_t size, const struct driver_question *questions,
                 size_t count, struct driver_run *run)
{
    struct policy_bytes policy;
    policy_bytes_init(&policy);
    policy_bytes_play(&policy, bytes, size);
    driver_run(&policy.policy, questions, count, run);
}

/* Questions that many programs could ask: n from 1 to 9, some of other kinds, some accesses. */
static void make_questions(uint64_t seed, struct driver_question questions[QUESTIONS])
{
    struct rng rng = rng_of(seed, 0);
    for (size_t i = 0; i < QUESTIONS; i++) {
        size_t kind = rng_below(&rng, 12);
        bool is_access = i > 0 && kind > 2 && rng_below(&rng, 2) == 0;
        questions[i] = (struct driver_question){.kind = kind == 0   ? CHOICE_SELECT
                                                        : kind == 1 ? CHOICE_DATA
                                                        : kind == 2 ? CHOICE_TIMER
                                                                    : CHOICE_RUN,
                                                .n = 1 + rng_below(&rng, 9),
                                                .is_access = is_access};
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
        {CHOICE_RUN, 4, NULL, false}, {CHOICE_RUN, 1, NULL, false}, {CHOICE_RUN, 1, NULL, false},
        {CHOICE_RUN, 4, NULL, false}, {CHOICE_RUN, 1, NULL, false}, {CHOICE_RUN, 4, NULL, false},
        {CHOICE_RUN, 4, NULL, false}, {CHOICE_RUN, 4, NULL, false},
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
        {CHOICE_DATA, 2, NULL, false},   {CHOICE_RUN, 2, NULL, false},
        {CHOICE_SELECT, 2, NULL, false}, {CHOICE_TIMER, 2, NULL, false},
        {CHOICE_DATA, 2, NULL, false},   {CHOICE_WAITER, 2, NULL, false},
        {CHOICE_WAITER, 2, NULL, false},
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
        {CHOICE_DATA, 10, NULL, false},     {CHOICE_DATA, 256, NULL, false},
        {CHOICE_DATA, 257, NULL, false},    {CHOICE_RUN, 1, NULL, false},
        {CHOICE_DATA, 100000, NULL, false}, {CHOICE_DATA, 65536, NULL, false},
        {CHOICE_DATA, 65536, NULL, false},  {CHOICE_DATA, 5, NULL, false},
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

/* The first entry that a cut takes away; everything before its point must not change. */
static struct input_entry first_lost(const uint8_t *bytes, size_t whole, size_t cut)
{
    struct input in = input_decode(bytes, whole), shorter = input_decode(bytes, cut);
    struct input_entry entry = {.position = UINT64_MAX}, previous = {0};
    for (size_t i = 0; i < in.entry_count; i++) {
        entry = input_entry_at(&in, i, i ? &previous : NULL);
        if (i >= shorter.entry_count) return entry;
        previous = entry;
    }
    return (struct input_entry){.position = UINT64_MAX};
}

/* Count question q as the driver does. False: it has no number. */
static bool next_point(const struct driver_question *q, enum grain grain, uint64_t *position,
                       uint64_t *access)
{
    if (q->kind == CHOICE_DATA || (q->is_access && grain == GRAIN_SYNC)) return false;
    *position += !q->is_access;
    *access = q->is_access ? *access + 1 : 0;
    return true;
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
        size_t cut_size = size - 1 - i % (input_entry_bytes(in.grain) * in.entry_count);
        play(bytes, cut_size, questions, QUESTIONS, &cut);
        struct input_entry lost = first_lost(bytes, size, cut_size);
        uint64_t position = 0, access = 0;
        for (size_t q = 0; q < QUESTIONS; q++) {
            if (next_point(&questions[q], in.grain, &position, &access) &&
                (position > lost.position || (position == lost.position && access >= lost.access)))
                break;
            assert_int_equal(whole.answers[q], cut.answers[q]);
        }
    }
}

static void random_tail_does_not_move_with_the_entries_of_a_finer_grain(void **state)
{
    (void)state;
    const uint8_t without[] = {HEADER(MODE_RANDOM | MODE_ALL, 0)};
    const uint8_t with[] = {HEADER(MODE_RANDOM | MODE_ALL, 0), 3, 2, 0, 1, 0, 1};
    struct driver_question questions[100];
    struct driver_run a, b;
    for (size_t i = 0; i < 100; i++)
        questions[i] =
            (struct driver_question){.kind = CHOICE_RUN, .n = 2 + i % 5, .is_access = i % 4 != 0};
    play(without, sizeof without, questions, 100, &a);
    play(with, sizeof with, questions, 100, &b);
    for (size_t i = 0; i < 100; i++)
        if (i != 14 && i != 16) assert_int_equal(a.answers[i], b.answers[i]);
    assert_int_equal(b.answers[14], 0);
    assert_int_equal(b.answers[16], 1);
}

static void random_tail_does_not_move_with_the_entries(void **state)
{
    (void)state;
    const uint8_t without[] = {HEADER(MODE_RANDOM, 0)};
    const uint8_t with[] = {HEADER(MODE_RANDOM, 0), 240, 0, 1, 0, 5, 1};
    struct driver_question questions[100];
    struct driver_run a, b;
    for (size_t i = 0; i < 100; i++)
        questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = 2 + i % 5};
    play(without, sizeof without, questions, 100, &a);
    play(with, sizeof with, questions, 100, &b);
    for (size_t i = 0; i < 100; i++)
        if (i != 8 && i != 10 && i != 16) assert_int_equal(a.answers[i], b.answers[i]);
    assert_int_equal(b.answers[8], 0);
    assert_int_equal(b.answers[10], 0);
    assert_int_equal(b.answers[16], 1);
}

/* Point by point: position, then accesses behind it. */
#define POSITION(n)                                                                                \
    {                                                                                              \
        CHOICE_RUN, (n), NULL, false                                                               \
    }
#define ACCESS(n)                                                                                  \
    {                                                                                              \
        CHOICE_RUN, (n), NULL, true                                                                \
    }

static void entry_is_applied_at_its_access(void **state)
{
    (void)state;
    /* (1, 2), (1, 3), (3, 0), (3, 1) */
    const uint8_t bytes[] = {HEADER(MODE_ALL, 0), 0, 2, 1, 0, 0, 2, 2, 0, 1, 0, 0, 5};
    static const struct driver_question questions[] = {
        POSITION(3), ACCESS(3), ACCESS(3),   ACCESS(3), ACCESS(3), POSITION(3), ACCESS(3),
        ACCESS(3),   ACCESS(3), POSITION(3), ACCESS(3), ACCESS(3), POSITION(3),
    };
    static const size_t expected[] = {0, 0, 1, 2, 0, 0, 0, 0, 0, 1, 2, 0, 0};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 13, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
    /* Besides the four only position 1, whose accesses had to be counted. */
    assert_int_equal(run.asked, 5);
}

static void grain_sync_does_not_see_accesses(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_RANDOM, 0)};
    static const struct driver_question questions[] = {ACCESS(3), POSITION(1), ACCESS(3)};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 3, &run);
    assert_int_equal(run.asked, 0);
}

static void entry_waits_for_an_access_of_its_number_or_a_position(void **state)
{
    (void)state;
    /* (1, 2), (1, 4), (1, 5), (2, 1) */
    const uint8_t bytes[] = {HEADER(MODE_ALL, 0), 0, 2, 1, 0, 1, 2, 0, 0, 3, 1, 1, 4};
    /* Alone at access 2, so it is applied at 3. Then the accesses of position 1 end, at position 2
     * nobody else is there, and its accesses 1 to 3 are too early for (1, 4). */
    static const struct driver_question questions[] = {
        POSITION(5), ACCESS(5), ACCESS(1), ACCESS(5), POSITION(1), ACCESS(5), ACCESS(5),
        ACCESS(5),   ACCESS(5), ACCESS(5), ACCESS(5), ACCESS(5),   ACCESS(5),
    };
    static const size_t expected[] = {0, 0, 0, 1, 0, 0, 0, 0, 2, 3, 4, 0, 0};
    struct driver_run run;
    play(bytes, sizeof bytes, questions, 13, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
    /* The same, but there is somebody at position 2. */
    static const struct driver_question others[] = {
        POSITION(5), ACCESS(5), ACCESS(1),   ACCESS(5),
        POSITION(5), ACCESS(5), POSITION(5), ACCESS(5),
    };
    static const size_t otherwise[] = {0, 0, 0, 1, 2, 0, 3, 4};
    play(bytes, sizeof bytes, others, 8, &run);
    assert_memory_equal(run.answers, otherwise, sizeof otherwise);
}

/* The answers of an input, from the rule in input.h, without quiet points. */
static void answer_by_the_rule(const uint8_t *bytes, size_t size,
                               const struct driver_question *questions, size_t *answers)
{
    struct input in = input_decode(bytes, size);
    size_t next = 0;
    uint64_t position = 0, access = 0, previous_access = 0;
    uint64_t due_position = in.grain == GRAIN_SYNC ? 0 : 1, due_access = 0;
    bool planned = false;
    for (size_t q = 0; q < QUESTIONS; q++) {
        answers[q] = 0;
        if (!next_point(&questions[q], in.grain, &position, &access)) continue;
        if (!planned && next < in.entry_count) {
            const uint8_t *e = in.entries + next * (in.grain == GRAIN_SYNC ? 2 : 3);
            uint64_t gap = input_gap(e[0]);
            if (in.grain == GRAIN_SYNC) {
                due_position += gap + 1;
            } else {
                due_access = input_gap(e[1]);
                if (gap == 0 && next > 0) due_access += previous_access + 1;
                due_position += gap;
                previous_access = due_access;
            }
            planned = true;
        }
        if (!planned || questions[q].n == 1 || position < due_position) continue;
        if (access < due_access && !(access == 0 && position > due_position)) continue;
        answers[q] =
            in.entries[next * (in.grain == GRAIN_SYNC ? 2 : 3) + (in.grain == GRAIN_SYNC ? 1 : 2)] %
            questions[q].n;
        next++;
        planned = false;
    }
}

static void quiet_points_change_nothing(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t answers[QUESTIONS], applied = 0;
    static struct driver_run run;
    for (uint64_t i = 0; i < INPUTS; i++) {
        size_t size = input_random(6, i, bytes);
        if (size < INPUT_HEADER_BYTES) continue;
        bytes[1] &= 3; /* the natural tail */
        make_questions(i, questions);
        answer_by_the_rule(bytes, size, questions, answers);
        play(bytes, size, questions, QUESTIONS, &run);
        for (size_t q = 0; q < QUESTIONS; q++) {
            if (questions[q].kind == CHOICE_DATA) continue;
            assert_int_equal(run.answers[q], answers[q]);
            applied += questions[q].is_access && answers[q] != 0;
        }
    }
    assert_true(applied > 500);
}

static void random_tail_at_accesses_is_as_rare_as_its_seed_says(void **state)
{
    (void)state;
    enum { ACCESSES = 4000 };
    static struct driver_question questions[1 + ACCESSES];
    static struct driver_run run;
    size_t seen = 0;
    questions[0] = (struct driver_question)POSITION(2);
    for (size_t i = 1; i <= ACCESSES; i++) questions[i] = (struct driver_question)ACCESS(1000);
    for (unsigned seed = 0; seed < 64; seed++) {
        const uint8_t bytes[] = {1, MODE_RANDOM | MODE_ALL, (uint8_t)seed, 0, 0, 0, 0, 0};
        play(bytes, sizeof bytes, questions, 1 + ACCESSES, &run);
        size_t switches = 0;
        for (size_t i = 1; i <= ACCESSES; i++) switches += run.answers[i] != 0;
        size_t rate = 0; /* The nearest of 1 in 1, 2, 4, ... 128. */
        while (rate < 8 && switches * ((size_t)3 << rate) < ACCESSES * 2) rate++;
        assert_in_range(switches << rate, ACCESSES * 2 / 3, ACCESSES * 3 / 2);
        seen |= (size_t)1 << rate;
    }
    assert_int_equal(seen, 0xff);
}

static void pct_tail_counts_accesses_as_points(void **state)
{
    (void)state;
    enum { ACCESSES = 3000 };
    static struct driver_question questions[ACCESSES];
    static struct driver_run run;
    const struct candidate candidates[] = {{.stable = 5, .id = 1, .op = {.kind = OP_READ}},
                                           {.stable = 6, .id = 2, .op = {.kind = OP_WRITE}}};
    size_t changed = 0, latest = 0;
    for (size_t i = 0; i < ACCESSES; i++)
        questions[i] = (struct driver_question){CHOICE_RUN, 2, candidates, i > 0};
    for (unsigned seed = 0; seed < 64; seed++) {
        const uint8_t bytes[] = {1, MODE_PCT | MODE_ALL, (uint8_t)seed, 0, 0, 0, 0, 0};
        play(bytes, sizeof bytes, questions, ACCESSES, &run);
        size_t changes = 0;
        for (size_t i = 1; i < ACCESSES; i++) {
            if (run.answers[i] == run.answers[i - 1]) continue;
            changes++;
            if (i > latest) latest = i;
        }
        assert_true(changes <= 2); /* Who goes on at accesses does not starve anybody. */
        changed += changes > 0;
    }
    assert_true(changed > 30);
    assert_true(latest > 1024); /* There are more points than in grain sync. */
}

static void long_gaps_reach_far_positions(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER(MODE_NATURAL, 0), 255, 1, 249, 1};
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
    for (uint64_t i = 0; i < 900; i++) {
        policy->grain = (enum grain)(i / 300);
        size_t size = input_random_in(policy->grain, 11, i, bytes);
        driver_run(policy, questions, QUESTIONS, &a);
        play(bytes, size, questions, QUESTIONS, &b);
        assert_int_equal(policy->grain, i / 300);
        assert_memory_equal(a.answers, b.answers, sizeof a.answers);
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
        cmocka_unit_test(random_tail_does_not_move_with_the_entries_of_a_finer_grain),
        cmocka_unit_test(entry_is_applied_at_its_access),
        cmocka_unit_test(grain_sync_does_not_see_accesses),
        cmocka_unit_test(entry_waits_for_an_access_of_its_number_or_a_position),
        cmocka_unit_test(quiet_points_change_nothing),
        cmocka_unit_test(random_tail_at_accesses_is_as_rare_as_its_seed_says),
        cmocka_unit_test(pct_tail_counts_accesses_as_points),
        cmocka_unit_test(long_gaps_reach_far_positions),
        cmocka_unit_test(policy_of_the_table_plays_generated_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
