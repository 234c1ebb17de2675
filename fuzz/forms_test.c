// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The forms that are compared: total decoders, what an entry of each answers, and that no schedule
 * is out of reach of any. */
#include "forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policies.h"
#include "rng.h"
#include "run.h"
#include "testkit.h"

enum { QUESTIONS = 200, INPUTS = 2000, BYTES_MAX = 700 };

#define HEADER INPUT_VERSION, 0, 0, 0, 0, 0, 0, 0

static struct form_player player; /* safe: tests run one after the other */

static void play(enum form form, enum grain grain, const uint8_t *bytes, size_t size,
                 const struct driver_question *questions, size_t count, struct driver_run *run)
{
    form_player_init(&player, form, grain);
    driver_run(form_play(&player, bytes, size), questions, count, run);
}

static void ask_all(struct driver_question *questions, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++)
        questions[i] = (struct driver_question){.kind = CHOICE_RUN, .n = n};
}

/* Questions that many programs could ask, some of them at accesses. */
static void make_questions(uint64_t seed, struct driver_question questions[QUESTIONS])
{
    static const enum choice_kind kinds[] = {CHOICE_SELECT, CHOICE_DATA, CHOICE_TIMER};
    struct rng rng = rng_of(seed, 0);
    for (size_t i = 0; i < QUESTIONS; i++) {
        size_t kind = rng_below(&rng, 12);
        questions[i] = (struct driver_question){.kind = kind < 3 ? kinds[kind] : CHOICE_RUN,
                                                .n = 1 + rng_below(&rng, 9),
                                                .is_access = i > 0 && kind > 8};
    }
}

/* On the heap, so that ASan sees a read beyond; the driver checks every answer. */
static void any_bytes_are_legal_in_every_form(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run run;
    struct rng rng = rng_of(1, 0);
    size_t deviations[FORM_COUNT] = {0};
    for (size_t i = 0; i < INPUTS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        size_t size = rng_below(&rng, rng_below(&rng, 8) ? 40 : BYTES_MAX);
        uint8_t *bytes = malloc(size ? size : 1);
        assert_non_null(bytes);
        for (size_t b = 0; b < size; b++) bytes[b] = (uint8_t)rng_next(&rng);
        if (size >= INPUT_HEADER_BYTES) bytes[INPUT_HEADER_BYTES - 1] &= 3; /* room for entries */
        make_questions(i, questions);
        play(form, (enum grain)(i / FORM_COUNT % 3), bytes, size, questions, QUESTIONS, &run);
        for (size_t q = 0; q < run.count; q++)
            deviations[form] += run.answers[q] != 0 && questions[q].kind != CHOICE_DATA;
        free(bytes);
    }
    for (size_t f = 0; f < FORM_COUNT; f++) assert_true(deviations[f] > 100);
}

static void a_long_input_is_cut(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run run;
    size_t size = (size_t)1 << 16;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 0xff, size);
    make_questions(1, questions);
    for (size_t f = 0; f < FORM_COUNT; f++)
        for (int grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++)
            play((enum form)f, (enum grain)grain, bytes, size, questions, QUESTIONS, &run);
    free(bytes);
}

/* Whatever the header says: the tail is natural, and the grain is the one that is compared. */
static void no_entry_is_the_natural_schedule(void **state)
{
    (void)state;
    struct driver_question questions[QUESTIONS];
    struct driver_run run;
    make_questions(2, questions);
    for (unsigned mode = 0; mode < 256; mode++) {
        const uint8_t bytes[] = {9, (uint8_t)mode, 1, 2, 3, 4, 5, 0};
        for (size_t f = 0; f < FORM_COUNT; f++) {
            play((enum form)f, GRAIN_SHARED, bytes, mode % (sizeof bytes + 1), questions, QUESTIONS,
                 &run);
            for (size_t q = 0; q < run.count; q++) assert_int_equal(run.answers[q], 0);
            const struct policy *policy = f == FORM_GAP ? &player.bytes.policy : &player.policy;
            assert_int_equal(policy->grain, GRAIN_SHARED);
        }
    }
}

static void data_is_the_same_in_every_form(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 2, 200, 7, 0, 1, 0};
    static const struct driver_question questions[] = {{CHOICE_DATA, 10, NULL, false},
                                                       {CHOICE_DATA, 256, NULL, false},
                                                       {CHOICE_DATA, 5, NULL, false}};
    static const size_t expected[] = {0, 7, 0};
    struct driver_run run;
    for (size_t f = 0; f < FORM_COUNT; f++) {
        play((enum form)f, GRAIN_SYNC, bytes, sizeof bytes, questions, 3, &run);
        assert_memory_equal(run.answers, expected, sizeof expected);
    }
}

static void byte_i_answers_the_ith_point_with_several_candidates(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER, 2, 0, 7, 1};
    static const struct driver_question questions[] = {
        {CHOICE_RUN, 3, NULL, false},   {CHOICE_RUN, 1, NULL, false}, {CHOICE_RUN, 3, NULL, false},
        {CHOICE_SELECT, 4, NULL, true}, {CHOICE_RUN, 2, NULL, false}, {CHOICE_RUN, 2, NULL, false},
    };
    static const size_t sync[] = {2, 0, 0, 0, 1, 1}, all[] = {2, 0, 0, 3, 1, 0};
    struct driver_run run;
    play(FORM_BYTE, GRAIN_SYNC, bytes, sizeof bytes, questions, 6, &run);
    assert_memory_equal(run.answers, sync, sizeof sync);
    play(FORM_BYTE, GRAIN_ALL, bytes, sizeof bytes, questions, 6, &run);
    assert_memory_equal(run.answers, all, sizeof all);
}

static void wide_gaps_are_direct_and_then_in_steps(void **state)
{
    (void)state;
    const uint8_t bytes[] = {HEADER, 100, 1, 0, 1, 193, 1};
    const uint8_t fine[] = {HEADER, 3, 2, 1, 0, 1, 1};
    struct driver_question questions[500];
    struct driver_run run;
    ask_all(questions, 500, 2);
    play(FORM_WIDE, GRAIN_SYNC, bytes, sizeof bytes, questions, 500, &run);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(run.answers[i], i == 100 || i == 101 || i == 358);
    /* Position 4, then its accesses 2 and 4. */
    for (size_t i = 4; i < 10; i++) questions[i].is_access = true;
    play(FORM_WIDE, GRAIN_ALL, fine, sizeof fine, questions, 20, &run);
    for (size_t i = 0; i < 20; i++) assert_int_equal(run.answers[i], i == 5 || i == 7);
    for (unsigned byte = 0; byte < 256; byte++)
        assert_int_equal(form_gap_byte(FORM_WIDE, form_gap(FORM_WIDE, (uint8_t)byte)), byte);
    for (uint64_t gap = 0; gap < 6000; gap++) {
        uint8_t byte = form_gap_byte(FORM_WIDE, gap);
        assert_true(form_gap(FORM_WIDE, byte) <= gap);
        if (byte < 255) assert_true(form_gap(FORM_WIDE, (uint8_t)(byte + 1)) > gap);
    }
}

/* Two stable ids of different keys. */
static void make_keys(uint64_t ids[2])
{
    ids[0] = 1;
    for (ids[1] = 2; form_key(ids[1]) == form_key(ids[0]);) ids[1]++;
}

static void keyed_entries_count_their_own_points(void **state)
{
    (void)state;
    uint64_t ids[2];
    make_keys(ids);
    const uint8_t a = form_key(ids[0]), b = form_key(ids[1]);
    const struct candidate a_goes_on[] = {{.stable = ids[0]}, {.stable = ids[1]}};
    const struct candidate b_goes_on[] = {{.stable = ids[1]}, {.stable = ids[0]}};
    const uint8_t bytes[] = {HEADER, b, 1, 1, a, 2, 1, a, 1, 1};
    struct driver_question questions[12];
    struct driver_run run;
    /* Order of the two does not matter to either: a's third and fifth point, b's second. */
    for (unsigned order = 0; order < 4096; order++) {
        size_t seen[2] = {0};
        for (size_t i = 0; i < 12; i++) {
            bool is_b = order >> i & 1;
            questions[i] = (struct driver_question){CHOICE_RUN, 2, is_b ? b_goes_on : a_goes_on, 0};
        }
        play(FORM_KEYED, GRAIN_SYNC, bytes, sizeof bytes, questions, 12, &run);
        for (size_t i = 0; i < 12; i++) {
            bool is_b = order >> i & 1;
            size_t number = ++seen[is_b];
            bool expected = is_b ? number == 2 : number == 3 || number == 5;
            assert_int_equal(run.answers[i], expected);
        }
    }
}

/* One candidate more: it takes its share of the choices, and no other choice means another one. */
static void named_choices_do_not_move_with_a_candidate(void **state)
{
    (void)state;
    const struct candidate few[] = {{.stable = 11}, {.stable = 12}, {.stable = 13}};
    const struct candidate more[] = {
        {.stable = 11}, {.stable = 99}, {.stable = 12}, {.stable = 13}};
    static const size_t moved[] = {0, 2, 3}; /* index of few in more */
    const struct driver_question ask_few = {CHOICE_RUN, 3, few, false};
    const struct driver_question ask_more = {CHOICE_RUN, 4, more, false};
    size_t taken[4] = {0};
    for (unsigned choice = 0; choice < 256; choice++) {
        const uint8_t bytes[] = {HEADER, form_key(11), 0, (uint8_t)choice};
        struct driver_run before, after;
        play(FORM_NAMED, GRAIN_SYNC, bytes, sizeof bytes, &ask_few, 1, &before);
        play(FORM_NAMED, GRAIN_SYNC, bytes, sizeof bytes, &ask_more, 1, &after);
        taken[after.answers[0]]++;
        if (choice == 0) assert_int_equal(after.answers[0], 0);
        if (after.answers[0] != 1) assert_int_equal(after.answers[0], moved[before.answers[0]]);
    }
    for (size_t i = 0; i < 4; i++) assert_in_range(taken[i], 30, 110);
}

/* ---- A real program -------------------------------------------------------------------------- */

static struct go_chan *values; /* safe: one execution at a time */

static void send_one(void *value) { go_chan_send(values, value); }

/* Orders of three goroutines, and a select of two cases. */
static void program(void)
{
    static int one = 1, two = 2;
    int value;
    values = go_chan_make(sizeof value, 2);
    struct go_chan *other = go_chan_make(0, 1);
    go(send_one, &one);
    go(send_one, &two);
    go_chan_send(other, NULL);
    struct go_case cases[] = {GO_RECV(values, &value), GO_RECV(other, NULL)};
    go_select(cases, 2);
}

/* Asks another policy and writes down how each form would say its answers. */
struct scribe {
    struct policy policy;
    struct policy *inner;
    uint64_t last_position; /* of an answer other than 0 */
    uint8_t bytes[FORM_COUNT][BYTES_MAX];
    size_t sizes[FORM_COUNT];
};

static void write_entry(struct scribe *scribe, enum form form, const uint8_t *entry, size_t size)
{
    assert_true(scribe->sizes[form] + size <= BYTES_MAX);
    memcpy(scribe->bytes[form] + scribe->sizes[form], entry, size);
    scribe->sizes[form] += size;
}

static void begin_scribe(struct policy *self)
{
    static const uint8_t header[] = {HEADER};
    struct scribe *scribe = (struct scribe *)self;
    scribe->last_position = 0;
    for (size_t f = 0; f < FORM_COUNT; f++) {
        scribe->sizes[f] = 0;
        write_entry(scribe, (enum form)f, header, sizeof header);
    }
    scribe->inner->begin(scribe->inner);
}

/* The choice that means candidate `index` by name. */
static uint8_t name_of(size_t index, enum choice_kind kind, const struct candidate *c, size_t n)
{
    uint8_t key = form_key(c[0].stable);
    for (unsigned choice = 0; choice < 256; choice++) {
        const uint8_t bytes[] = {HEADER, key, 0, (uint8_t)choice};
        form_player_init(&player, FORM_NAMED, GRAIN_SYNC);
        struct policy *policy = form_play(&player, bytes, sizeof bytes);
        policy->begin(policy);
        if (policy->choose(policy, kind, c, n) == index) return (uint8_t)choice;
    }
    fail_msg("no choice names candidate %zu of %zu", index, n);
    return 0;
}

static size_t choose_scribe(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    struct scribe *scribe = (struct scribe *)self;
    size_t index = scribe->inner->choose(scribe->inner, kind, c, n);
    uint8_t answer = (uint8_t)index, key = form_key(c[0].stable);
    write_entry(scribe, FORM_BYTE, &answer, 1);
    write_entry(scribe, FORM_KEYED, (const uint8_t[]){key, 0, answer}, 3);
    write_entry(scribe, FORM_NAMED, (const uint8_t[]){key, 0, name_of(index, kind, c, n)}, 3);
    if (index == 0) return 0;
    uint64_t gap = self->position - scribe->last_position - 1;
    write_entry(scribe, FORM_WIDE, (const uint8_t[]){(uint8_t)gap, answer}, 2);
    for (; gap >= INPUT_GAP_DIRECT; gap--) /* one natural answer more */
        write_entry(scribe, FORM_GAP, (const uint8_t[]){0, 0}, 2);
    write_entry(scribe, FORM_GAP, (const uint8_t[]){(uint8_t)gap, answer}, 2);
    scribe->last_position = self->position;
    return index;
}

static bool end_scribe(struct policy *self)
{
    struct scribe *scribe = (struct scribe *)self;
    return scribe->inner->end(scribe->inner);
}

/* Every schedule of the program, said in each form, is that schedule. */
static void every_form_reaches_every_schedule(void **state)
{
    (void)state;
    static const struct run_options options = {0};
    static struct scribe scribe;
    struct run_result wanted, result;
    size_t schedules = 0;
    scribe = (struct scribe){.policy = {.name = "scribe",
                                        .begin = begin_scribe,
                                        .choose = choose_scribe,
                                        .end = end_scribe},
                             .inner = policy_find("dfs")->create(0)};
    for (bool more = true; more; schedules++) {
        run_execute(program, &scribe.policy, &options, &wanted, &more);
        for (size_t f = 0; f < FORM_COUNT; f++) {
            form_player_init(&player, (enum form)f, GRAIN_SYNC);
            struct policy *policy = form_play(&player, scribe.bytes[f], scribe.sizes[f]);
            run_execute(program, policy, &options, &result, NULL);
            if (result.digest != wanted.digest)
                fail_msg("schedule %zu is another one in form %s", schedules,
                         form_name((enum form)f));
        }
    }
    policy_destroy(scribe.inner);
    assert_true(schedules > 100);
}

static void forms_have_names(void **state)
{
    (void)state;
    enum form form;
    for (size_t f = 0; f < FORM_COUNT; f++) {
        assert_true(form_find(form_name((enum form)f), &form));
        assert_int_equal(form, f);
    }
    assert_false(form_find("short", &form));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_legal_in_every_form),
        cmocka_unit_test(a_long_input_is_cut),
        cmocka_unit_test(no_entry_is_the_natural_schedule),
        cmocka_unit_test(data_is_the_same_in_every_form),
        cmocka_unit_test(byte_i_answers_the_ith_point_with_several_candidates),
        cmocka_unit_test(wide_gaps_are_direct_and_then_in_steps),
        cmocka_unit_test(keyed_entries_count_their_own_points),
        cmocka_unit_test(named_choices_do_not_move_with_a_candidate),
        cmocka_unit_test(every_form_reaches_every_schedule),
        cmocka_unit_test(forms_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
