// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Segments and edges as primitives note them. What follows from them is in detect/clock_test.c. */
#include "testkit.h"

#include "detect/tsan_abi.h"
#include "order.h"
#include "sched.h"

/* What a program of this test found. */
static struct {
    uint32_t number[8];
    uint32_t count[8];
    struct segment segment[8];
} seen;

static enum verdict run(void (*root)(void), const struct run_options *options)
{
    struct run_result result;
    __tsan_init();
    testkit_natural(root, options, &result);
    return result.verdict;
}

static void edges_by_hand(void)
{
    seen.number[0] = order_current();
    seen.number[1] = order_release();
    seen.number[2] = order_current();
    order_acquire(0);
    seen.number[3] = order_current();
    seen.number[4] = order_begin(7, seen.number[1]);
    order_acquire(seen.number[4]);
    seen.number[5] = order_current();
    seen.number[6] = order_merge(order_merge(0, seen.number[1]), seen.number[4]);
    seen.number[7] = order_merge(seen.number[6], 0);
    for (size_t i = 0; i < 8; i++) seen.segment[i] = *order_segment(seen.number[i]);
}

static void a_release_ends_a_segment_and_an_acquire_begins_one(void **unused)
{
    (void)unused;
    assert_int_equal(run(edges_by_hand, NULL), VERDICT_PASS);
    assert_int_equal(seen.number[0], 1);
    assert_int_equal(seen.number[1], seen.number[0]);
    assert_int_equal(seen.number[2], 2); /* what comes after the release is not released */
    assert_int_equal(seen.segment[2].goroutine, 1);
    assert_int_equal(seen.segment[2].before, 1);
    assert_int_equal(seen.segment[2].joined, 0);
    assert_int_equal(seen.number[3], seen.number[2]); /* nothing was learned */
    assert_int_equal(seen.segment[4].goroutine, 7);
    assert_int_equal(seen.segment[4].before, 0);
    assert_int_equal(seen.segment[4].joined, 1);
    assert_int_equal(seen.segment[5].goroutine, 1);
    assert_int_equal(seen.segment[5].before, 2);
    assert_int_equal(seen.segment[5].joined, seen.number[4]);
}

static void a_joint_segment_belongs_to_nobody_and_knows_both(void **unused)
{
    (void)unused;
    assert_int_equal(run(edges_by_hand, NULL), VERDICT_PASS);
    assert_int_equal(seen.segment[6].goroutine, 0);
    assert_int_equal(seen.segment[6].before, seen.number[1]);
    assert_int_equal(seen.segment[6].joined, seen.number[4]);
    assert_int_equal(seen.number[7], seen.number[6]);
}

static void both_predecessors_of_a_segment_are_earlier(void **unused)
{
    (void)unused;
    assert_int_equal(run(edges_by_hand, NULL), VERDICT_PASS);
    for (uint32_t s = 1; s <= order_state.count; s++) {
        assert_true(order_segment(s)->before < s);
        assert_true(order_segment(s)->joined < s);
    }
}

static struct go_mutex mutex;
static struct go_waitgroup group;

static void lock_and_count(void *arg)
{
    uint32_t before = order_current();
    go_mutex_lock(&mutex);
    seen.number[testkit_int(arg)] = order_segment(order_current())->goroutine;
    go_mutex_unlock(&mutex);
    seen.count[testkit_int(arg)] = order_current() - before;
    go_waitgroup_done(&group);
}

static void two_lock(void)
{
    mutex = (struct go_mutex){0};
    group = (struct go_waitgroup){0};
    go_waitgroup_add(&group, 2);
    go(lock_and_count, testkit_arg(1));
    go(lock_and_count, testkit_arg(2));
    go_waitgroup_wait(&group);
    seen.number[0] = order_segment(order_current())->goroutine;
}

/* Each goroutine goes on in a segment of its own after every switch. */
static void a_segment_is_that_of_the_running_goroutine(void **unused)
{
    (void)unused;
    assert_int_equal(run(two_lock, NULL), VERDICT_PASS);
    assert_int_equal(seen.number[0], 1);
    assert_int_equal(seen.number[1], 2);
    assert_int_equal(seen.number[2], 3);
    assert_true(seen.count[1] > 0);
}

static void nothing_is_noted_while_nobody_asks(void **unused)
{
    (void)unused;
    const struct run_options off = {.detectors_off = DETECTOR_RACE};
    assert_int_equal(run(two_lock, &off), VERDICT_PASS);
    assert_int_equal(order_state.count, 0);
    assert_int_equal(seen.count[1], 0);
    assert_int_equal(seen.count[2], 0);
}

static void every_execution_begins_with_segment_1(void **unused)
{
    (void)unused;
    assert_int_equal(run(two_lock, NULL), VERDICT_PASS);
    const uint32_t count = order_state.count;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run(two_lock, NULL), VERDICT_PASS);
        assert_int_equal(order_state.count, count);
    }
    assert_int_equal(order_segment(1)->goroutine, 1);
    assert_int_equal(order_segment(1)->before, 0);
    assert_int_equal(order_segment(1)->joined, 0);
}

static void release_for_ever(void)
{
    for (;;) (void)order_release();
}

static void too_many_segments_end_the_execution(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    testkit_natural(release_for_ever, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    assert_string_equal(result.limit, "max_segments");
    assert_int_equal(order_state.count, SEGMENTS_MAX - 1);
    assert_int_equal(run(two_lock, NULL), VERDICT_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_ends_a_segment_and_an_acquire_begins_one),
        cmocka_unit_test(a_joint_segment_belongs_to_nobody_and_knows_both),
        cmocka_unit_test(both_predecessors_of_a_segment_are_earlier),
        cmocka_unit_test(a_segment_is_that_of_the_running_goroutine),
        cmocka_unit_test(nothing_is_noted_while_nobody_asks),
        cmocka_unit_test(every_execution_begins_with_segment_1),
        cmocka_unit_test(too_many_segments_end_the_execution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
