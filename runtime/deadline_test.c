// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The heap of deadlines against a list that is searched. */
#include "testkit.h"

#include "deadline.h"
#include "heap.h"

enum { COUNT = 200 };

static struct deadline deadlines[COUNT];
static struct deadline_queue queue;

static int set_up(void **state)
{
    (void)state;
    heap_init();
    heap_reset();
    queue = (struct deadline_queue){0};
    for (size_t i = 0; i < COUNT; i++) deadlines[i] = (struct deadline){0};
    return 0;
}

/* The earliest armed deadline, of equal ones that armed first: by looking at all. */
static struct deadline *earliest(void)
{
    struct deadline *best = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        struct deadline *d = &deadlines[i];
        if (!d->slot) continue;
        if (!best || d->at_ns < best->at_ns || (d->at_ns == best->at_ns && d->order < best->order))
            best = d;
    }
    return best;
}

static void first_is_the_earliest_and_of_equal_ones_that_armed_first(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t step = 1; step < 20000; step++) {
        random = mix64(random, step);
        struct deadline *d = &deadlines[(random >> 8) % COUNT];
        if (d->slot)
            assert_true(deadline_remove(&queue, d));
        else
            assert_true(deadline_push(&queue, d, (int64_t)(random >> 32) % 50));
        assert_ptr_equal(deadline_first(&queue), earliest());
        /* Whatever lies wrongly deep in the heap shows when it is emptied from the top. */
        while (step % 500 == 0 && queue.count) {
            assert_ptr_equal(deadline_first(&queue), earliest());
            assert_true(deadline_remove(&queue, deadline_first(&queue)));
        }
    }
}

static void deadlines_leave_in_order_of_time_then_of_arming(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        assert_true(deadline_push(&queue, &deadlines[i], (int64_t)(i * 7 % 10)));
    const struct deadline *last = NULL;
    for (size_t i = 0; i < COUNT; i++) {
        struct deadline *d = deadline_first(&queue);
        assert_true(!last || last->at_ns < d->at_ns ||
                    (last->at_ns == d->at_ns && last->order < d->order));
        assert_true(deadline_remove(&queue, d));
        last = d;
    }
    assert_null(deadline_first(&queue));
}

static void removing_what_is_not_armed_says_so(void **state)
{
    (void)state;
    assert_false(deadline_remove(&queue, &deadlines[0]));
    assert_true(deadline_push(&queue, &deadlines[0], 3));
    assert_true(deadline_remove(&queue, &deadlines[0]));
    assert_false(deadline_remove(&queue, &deadlines[0]));
    assert_int_equal(queue.count, 0);
}

static void equal_gives_all_of_the_earliest_time_by_order_of_arming(void **state)
{
    (void)state;
    struct deadline *out[COUNT];
    assert_int_equal(deadline_equal(&queue, out, COUNT), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(deadline_push(&queue, &deadlines[i], i % 3 == 1 ? 4 : 9));
    size_t n = deadline_equal(&queue, out, COUNT);
    assert_int_equal(n, (COUNT + 1) / 3);
    for (size_t i = 0; i < n; i++) assert_ptr_equal(out[i], &deadlines[i * 3 + 1]);
}

static void equal_keeps_those_armed_first_when_there_are_more_than_asked_for(void **state)
{
    (void)state;
    struct deadline *out[5];
    /* Armed in an order that differs from that of the heap's slots. */
    for (size_t i = 0; i < 40; i++)
        assert_true(deadline_push(&queue, &deadlines[i], i < 20 ? 100 - (int64_t)i : 7));
    for (size_t i = 0; i < 20; i++) assert_true(deadline_remove(&queue, &deadlines[i]));
    assert_int_equal(deadline_equal(&queue, out, 5), 5);
    for (size_t i = 0; i < 5; i++) assert_ptr_equal(out[i], &deadlines[20 + i]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(first_is_the_earliest_and_of_equal_ones_that_armed_first, set_up),
    cmocka_unit_test_setup(deadlines_leave_in_order_of_time_then_of_arming, set_up),
    cmocka_unit_test_setup(removing_what_is_not_armed_says_so, set_up),
    cmocka_unit_test_setup(equal_gives_all_of_the_earliest_time_by_order_of_arming, set_up),
    cmocka_unit_test_setup(equal_keeps_those_armed_first_when_there_are_more_than_asked_for,
                           set_up),
};

int main(void) { return cmocka_run_group_tests_name("deadline", tests, NULL, NULL); }
