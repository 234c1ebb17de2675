// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Deviations: what is written down, what one less changes, and what does not apply. That all
 * kernels' executions come back is harness/gates_deviations_test.c's. */
#include "deviation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heddle.h"
#include "record.h"
#include "run.h"
#include "target.h"

/* Each of two workers says its name twice. What was said in which order stays to be looked at. */
static struct go_mutex mutex;
static int said;

static void say(void *name)
{
    for (int i = 0; i < 2; i++) {
        go_mutex_lock(&mutex);
        said = said * 10 + (int)(intptr_t)name;
        go_mutex_unlock(&mutex);
    }
}

static void two_workers(void)
{
    mutex = (struct go_mutex){0};
    said = 0;
    for (intptr_t i = 1; i <= 2; i++) go(say, (void *)i); /* NOLINT(performance-no-int-to-ptr) */
    go_observe((uint64_t)go_choose(10));
}

static void use_two_workers(void)
{
    struct target_options options = {
        .name = "toy", .variant = "buggy", .root = two_workers, .program = "heddle replay"};
    target_open(&options);
}

/* What was said, when these are played. */
static int play(const struct deviations *d, size_t *missed, struct run_result *result)
{
    struct deviation_play p;
    deviation_play_init(&p, d);
    run_execute(two_workers, &p.policy, &target_options()->run, result, NULL);
    if (missed) *missed = p.missed;
    deviation_play_free(&p);
    return said;
}

static void natural_schedule_deviates_in_nothing(void **state)
{
    (void)state;
    struct deviations d;
    struct run_result natural, played;
    use_two_workers();
    target_try(NULL, 0, &natural);
    deviations_of(NULL, 0, &d);
    assert_int_equal(d.count, 0);
    assert_int_equal(play(&d, NULL, &played), 1122);
    assert_int_equal(played.digest, natural.digest);
    deviations_free(&d);
}

static void data_and_deviations_are_written_down_in_order(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 1, 7, 0, 1, 0, 1, 3, 1};
    struct deviations d;
    struct run_result result, played;
    use_two_workers();
    target_try(bytes, sizeof bytes, &result);
    deviations_of(bytes, sizeof bytes, &d);
    assert_int_equal(d.count, 3);
    assert_int_equal(d.data_bytes, 1);
    assert_int_equal(d.data[0], 7);
    for (size_t i = 0; i < d.count; i++) assert_int_equal(d.list[i].kind, CHOICE_RUN);
    size_t missed;
    play(&d, &missed, &played);
    assert_int_equal(missed, 0);
    assert_int_equal(played.digest, result.digest);
    assert_int_equal(played.observed, result.observed);
    deviations_free(&d);
}

/* The list is a set: played in another order it is the same execution. */
static void order_in_the_list_does_not_matter(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 3, 1};
    struct deviations d;
    struct run_result result, played;
    use_two_workers();
    target_try(bytes, sizeof bytes, &result);
    deviations_of(bytes, sizeof bytes, &d);
    assert_int_equal(d.count, 3);
    struct deviation first = d.list[0];
    d.list[0] = d.list[2];
    d.list[2] = first;
    play(&d, NULL, &played);
    assert_int_equal(played.digest, result.digest);
    deviations_free(&d);
}

static void what_does_not_apply_is_counted_and_harmless(void **state)
{
    (void)state;
    const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    struct deviations d;
    struct run_result result, played;
    use_two_workers();
    target_try(bytes, sizeof bytes, &result);
    deviations_of(bytes, sizeof bytes, &d);
    assert_int_equal(d.count, 1);

    /* A point that does not come, a candidate that is not there, and a point twice. */
    struct deviation list[4] = {d.list[0], d.list[0], d.list[0], d.list[0]};
    list[1].place = 1000;
    list[2].occurrence = 9;
    struct deviations more = d;
    more.list = list;
    more.count = 4;
    struct deviation_play p;
    deviation_play_init(&p, &more);
    run_execute(two_workers, &p.policy, &target_options()->run, &played, NULL);
    assert_int_equal(played.digest, result.digest);
    assert_int_equal(p.missed, 3);
    assert_int_equal(p.first_missed, 1);
    assert_true(deviation_play_applied(&p, 0));
    assert_false(deviation_play_applied(&p, 1));
    deviation_play_free(&p);

    list[0].to ^= 1;
    more.count = 1;
    size_t missed;
    assert_int_equal(play(&more, &missed, &played), 1122);
    assert_int_equal(missed, 1);
    deviations_free(&d);
}

/* A worker's own deviation is after its own event: it stays what it was when the one before it is
 * left out, though all positions have moved. */
static void one_less_leaves_the_others(void **state)
{
    (void)state;
    struct deviations all, one;
    struct run_result result;
    use_two_workers();
    for (uint8_t gap = 1; gap < 8; gap++) {
        const uint8_t bytes[] = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1, gap, 1};
        deviations_of(bytes, sizeof bytes, &all);
        if (all.count != 2) {
            deviations_free(&all);
            continue;
        }
        one = deviations_copy(&all);
        one.list[0] = one.list[1];
        one.count = 1;
        size_t missed;
        play(&one, &missed, &result);
        if (missed == 0) { /* alone it is the same switch: the first it deviates in */
            struct record record;
            struct deviation_play p;
            struct deviations again;
            uint8_t *written;
            size_t size;
            deviation_play_init(&p, &one);
            record_init(&record, &p.policy);
            run_execute(two_workers, &record.policy, &target_options()->run, &result, NULL);
            assert_int_equal(record_encode(&record, &written, &size), RECORD_OK);
            deviations_of(written, size, &again);
            assert_int_equal(again.count, 1);
            assert_true(deviation_is_at(&again.list[0], &all.list[1]));
            assert_true(again.list[0].to == all.list[1].to);
            deviations_free(&again);
            free(written);
            record_free(&record);
            deviation_play_free(&p);
            deviations_free(&one);
            deviations_free(&all);
            return;
        }
        deviations_free(&one);
        deviations_free(&all);
    }
    fail_msg("no second deviation stood for itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(natural_schedule_deviates_in_nothing),
        cmocka_unit_test(data_and_deviations_are_written_down_in_order),
        cmocka_unit_test(order_in_the_list_does_not_matter),
        cmocka_unit_test(what_does_not_apply_is_counted_and_harmless),
        cmocka_unit_test(one_less_leaves_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
