// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Recording what a policy answers, and re-encoding it: with a fake driver for every distance
 * between deviations, and with real executions, whose digests must be equal. */
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "input.h"
#include "policies.h"
#include "policy_bytes.h"
#include "rng.h"
#include "run.h"
#include "testkit.h"

enum { QUESTIONS = 8000, PROGRAMS = 400, EXECUTIONS = 300 };

/* A policy that answers by a list. */
struct listed {
    struct policy policy;
    const size_t *answers; /* by question */
    size_t next;
};

static void begin_listed(struct policy *self) { ((struct listed *)self)->next = 0; }

static size_t choose_listed(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)kind, (void)c, (void)n;
    struct listed *listed = (struct listed *)self;
    return listed->answers[listed->next++];
}

/* Record `answers`, re-encode, play: the answers must be the same. */
static void check_round_trip(enum grain grain, const struct driver_question *questions,
                             size_t count, const size_t *asked_answers)
{
    static struct driver_run recorded, replayed;
    struct listed listed = {.policy = {.name = "listed",
                                       .blind = true,
                                       .grain = grain,
                                       .begin = begin_listed,
                                       .choose = choose_listed},
                            .answers = asked_answers};
    struct record record;
    uint8_t *bytes;
    size_t size;
    record_init(&record, &listed.policy);
    driver_run(&record.policy, questions, count, &recorded);
    assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
    struct policy_bytes player;
    policy_bytes_init(&player);
    policy_bytes_play(&player, bytes, size);
    driver_run(&player.policy, questions, count, &replayed);
    assert_memory_equal(recorded.answers, replayed.answers, count * sizeof recorded.answers[0]);
    free(bytes);
    record_free(&record);
}

/* Programs with few or many asked positions, few or many deviations, near and very far apart. */
static void any_answers_come_back_when_re_encoded(void **state)
{
    (void)state;
    static struct driver_question questions[QUESTIONS];
    static size_t answers[QUESTIONS];
    for (uint64_t program = 0; program < PROGRAMS; program++) {
        struct rng rng = rng_of(program, 0);
        size_t asked_one_in = 1 + rng_below(&rng, program % 2 ? 300 : 3);
        size_t deviates_one_in = 1 + rng_below(&rng, program % 3 ? 400 : 4);
        size_t position_one_in = 1 + rng_below(&rng, program % 5 ? 5 : 1000);
        size_t data_left = 200, asked = 0;
        enum grain grain = (enum grain)(program % 7 % 3);
        for (size_t i = 0; i < QUESTIONS; i++) {
            struct driver_question *q = &questions[i];
            *q = (struct driver_question){.kind = CHOICE_RUN, .n = 1};
            q->is_access = i > 0 && rng_below(&rng, position_one_in) != 0;
            if (rng_below(&rng, asked_one_in) != 0) continue;
            q->n = 2 + rng_below(&rng, 200);
            if (data_left > 0 && rng_below(&rng, 40) == 0) {
                q->kind = CHOICE_DATA;
                q->is_access = false;
                data_left--;
            }
            if (q->is_access && grain == GRAIN_SYNC) continue;
            bool deviates = rng_below(&rng, deviates_one_in) == 0;
            answers[asked++] = deviates ? rng_below(&rng, q->n) : 0;
        }
        check_round_trip(grain, questions, QUESTIONS, answers);
    }
}

/* Each distance once, with every position asked and with none in between. */
static void every_distance_between_deviations_can_be_encoded(void **state)
{
    (void)state;
    static struct driver_question questions[QUESTIONS];
    static size_t dense[QUESTIONS];
    static const size_t sparse[] = {1, 1};
    for (size_t distance = 1; distance < QUESTIONS - 1; distance += distance < 1000 ? 1 : 37) {
        memset(dense, 0, sizeof dense);
        for (size_t i = 0; i < distance + 2; i++)
            questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = 2};
        dense[0] = dense[distance] = 1;
        check_round_trip(GRAIN_SYNC, questions, distance + 2, dense);
        check_round_trip(GRAIN_SHARED, questions, distance + 2, dense);
        for (size_t i = 1; i < distance; i++) questions[i].n = 1;
        questions[distance + 1].n = 1;
        check_round_trip(GRAIN_SYNC, questions, distance + 2, sparse);
        check_round_trip(GRAIN_SHARED, questions, distance + 2, sparse);
    }
}

/* The same with accesses in between, behind the first position or behind the last but one. */
static void every_distance_between_accesses_can_be_encoded(void **state)
{
    (void)state;
    static struct driver_question questions[QUESTIONS];
    static size_t dense[QUESTIONS];
    static const size_t sparse[] = {1, 1};
    for (size_t distance = 1; distance < QUESTIONS - 1; distance += distance < 1000 ? 1 : 37) {
        memset(dense, 0, sizeof dense);
        dense[0] = dense[distance] = 1;
        for (size_t position = 0; position < distance; position += 1 + distance / 3) {
            for (size_t i = 0; i < distance + 2; i++)
                questions[i] = (struct driver_question){
                    .kind = CHOICE_RUN, .n = 2, .is_access = i > 0 && i != position};
            check_round_trip(GRAIN_ALL, questions, distance + 2, dense);
            for (size_t i = 1; i < distance; i++) questions[i].n = 1;
            questions[distance + 1].n = 1;
            check_round_trip(GRAIN_ALL, questions, distance + 2, sparse);
        }
    }
}

static void natural_run_needs_no_bytes(void **state)
{
    (void)state;
    static const struct driver_question questions[] = {{CHOICE_RUN, 3, NULL, false},
                                                       {CHOICE_DATA, 9, NULL, false}};
    struct policy *natural = policy_find("natural")->create(0);
    struct record record;
    struct driver_run run;
    uint8_t *bytes;
    size_t size;
    record_init(&record, natural);
    driver_run(&record.policy, questions, 2, &run);
    assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
    assert_int_equal(size, 0);
    free(bytes);
    record_free(&record);
    policy_destroy(natural);
}

static void begin_quiet(struct policy *self) { self->quiet_until = 4; }
static void begin_quiet_accesses(struct policy *self) { self->quiet_accesses = 2; }

static size_t choose_one(struct policy *self, enum choice_kind kind, const struct candidate *c,
                         size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 1;
}

static void quiet_positions_stay_quiet(void **state)
{
    (void)state;
    static const struct driver_question questions[] = {
        {CHOICE_RUN, 2, NULL, false}, {CHOICE_RUN, 2, NULL, false}, {CHOICE_DATA, 2, NULL, false},
        {CHOICE_RUN, 2, NULL, false}, {CHOICE_RUN, 2, NULL, false},
    };
    static const size_t expected[] = {0, 0, 1, 0, 1};
    struct policy inner = {
        .name = "quiet", .blind = true, .begin = begin_quiet, .choose = choose_one};
    struct record record;
    static struct driver_run run;
    record_init(&record, &inner);
    driver_run(&record.policy, questions, 5, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
    record_free(&record);
}

/* Watched accesses only, from the second after a position on. */
static void quiet_accesses_stay_quiet(void **state)
{
    (void)state;
    static const int sites[2];
    const void *const watched[] = {&sites[1]};
    const struct candidate here[2] = {{.op = {.kind = OP_READ, .site = &sites[1]}}};
    const struct candidate there[2] = {{.op = {.kind = OP_READ, .site = &sites[0]}}};
    const struct driver_question questions[] = {
        {CHOICE_RUN, 2, here, true},  {CHOICE_RUN, 2, NULL, false}, {CHOICE_RUN, 2, here, true},
        {CHOICE_RUN, 2, here, true},  {CHOICE_RUN, 2, there, true}, {CHOICE_RUN, 2, here, true},
        {CHOICE_RUN, 1, NULL, false}, {CHOICE_RUN, 2, here, true},  {CHOICE_RUN, 2, here, true},
    };
    static const size_t expected[] = {0, 1, 0, 1, 0, 1, 0, 0, 1};
    struct policy inner = {.name = "quiet",
                           .blind = true,
                           .grain = GRAIN_ALL,
                           .watched = watched,
                           .watched_count = 1,
                           .begin = begin_quiet_accesses,
                           .choose = choose_one};
    struct record record;
    static struct driver_run run;
    record_init(&record, &inner);
    driver_run(&record.policy, questions, 9, &run);
    assert_memory_equal(run.answers, expected, sizeof expected);
    assert_int_equal(record.answer_count, 8);
    record_free(&record);
}

static enum record_status status_of_answer(struct driver_question question, size_t answer,
                                           size_t times)
{
    struct listed listed = {.policy = {.name = "listed", .blind = true, .choose = choose_listed}};
    size_t answers[300];
    struct driver_question questions[300];
    for (size_t i = 0; i < times; i++) {
        answers[i] = answer;
        questions[i] = question;
    }
    listed.answers = answers;
    struct record record;
    static struct driver_run run;
    uint8_t *bytes = NULL;
    size_t size;
    record_init(&record, &listed.policy);
    driver_run(&record.policy, questions, times, &run);
    enum record_status status = record_encode(&record, &bytes, &size);
    if (status == RECORD_OK) free(bytes);
    record_free(&record);
    return status;
}

static void what_the_form_cannot_hold_is_told(void **state)
{
    (void)state;
    const struct driver_question many = {CHOICE_RUN, 1000, NULL, false},
                                 data = {CHOICE_DATA, 10, NULL, false};
    assert_int_equal(status_of_answer(many, 255, 1), RECORD_OK);
    assert_int_equal(status_of_answer(many, 256, 1), RECORD_CHOICE_TOO_LARGE);
    assert_int_equal(status_of_answer(data, 3, INPUT_DATA_BYTES_MAX), RECORD_OK);
    assert_int_equal(status_of_answer(data, 3, INPUT_DATA_BYTES_MAX + 1), RECORD_DATA_TOO_LONG);
    assert_int_equal(status_of_answer(data, 0, INPUT_DATA_BYTES_MAX + 1), RECORD_OK);
    assert_true(record_status_text(RECORD_CHOICE_TOO_LARGE)[0] != '\0');
}

/* ---- Real executions ---------------------------------------------------------------------- */

static void add_number(void *arg)
{
    struct go_chan *numbers = arg;
    size_t number = go_choose(1000);
    go_chan_send(numbers, &number);
    go_sleep((int64_t)go_choose(3));
}

static void receive_or_give_up(void)
{
    struct go_chan *numbers = go_chan_make(sizeof(size_t), 1);
    for (int i = 0; i < 4; i++) go(add_number, numbers);
    for (int i = 0; i < 4; i++) {
        size_t number = 0;
        struct go_case cases[] = {GO_RECV(numbers, &number), GO_RECV(go_after(2), NULL)};
        go_select(cases, 2);
        go_observe(number);
    }
}

static void re_encoded_execution_has_the_same_digest(void **state)
{
    (void)state;
    const struct run_options options = {0};
    size_t policy_count;
    const struct policy_info *table = policies(&policy_count);
    for (size_t p = 0; p < policy_count; p++) {
        struct policy *policy = table[p].create(17);
        struct record record;
        record_init(&record, policy);
        for (int i = 0; i < EXECUTIONS; i++) {
            struct run_result recorded, replayed;
            struct policy_bytes player;
            uint8_t *bytes;
            size_t size;
            run_execute(receive_or_give_up, &record.policy, &options, &recorded, NULL);
            assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
            policy_bytes_init(&player);
            policy_bytes_play(&player, bytes, size);
            run_execute(receive_or_give_up, &player.policy, &options, &replayed, NULL);
            assert_int_equal(replayed.digest, recorded.digest);
            assert_int_equal(replayed.observed, recorded.observed);
            free(bytes);
        }
        record_free(&record);
        policy_destroy(policy);
    }
}

static void recording_does_not_change_an_execution(void **state)
{
    (void)state;
    const struct run_options options = {0};
    size_t policy_count;
    const struct policy_info *table = policies(&policy_count);
    for (size_t p = 0; p < policy_count; p++) {
        struct policy *bare = table[p].create(23), *inner = table[p].create(23);
        struct record record;
        record_init(&record, inner);
        for (int i = 0; i < EXECUTIONS; i++) {
            struct run_result a, b;
            run_execute(receive_or_give_up, bare, &options, &a, NULL);
            run_execute(receive_or_give_up, &record.policy, &options, &b, NULL);
            assert_int_equal(a.digest, b.digest);
            assert_int_equal(a.positions, b.positions);
        }
        record_free(&record);
        policy_destroy(bare);
        policy_destroy(inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_answers_come_back_when_re_encoded),
        cmocka_unit_test(every_distance_between_deviations_can_be_encoded),
        cmocka_unit_test(every_distance_between_accesses_can_be_encoded),
        cmocka_unit_test(natural_run_needs_no_bytes),
        cmocka_unit_test(quiet_positions_stay_quiet),
        cmocka_unit_test(quiet_accesses_stay_quiet),
        cmocka_unit_test(what_the_form_cannot_hold_is_told),
        cmocka_unit_test(re_encoded_execution_has_the_same_digest),
        cmocka_unit_test(recording_does_not_change_an_execution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
