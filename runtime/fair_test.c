// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The fair phase: after max_steps everybody has turns, and so has the clock. */
#include "testkit.h"

#include <string.h>

#include "sched.h"

static struct go_chan *a;

static uint64_t turns[4];
static bool flag;

static void spin(void *arg)
{
    for (;;) {
        turns[testkit_int(arg)]++;
        go_chan_len(a);
    }
}

static void three_spin(void)
{
    memset(turns, 0, sizeof turns);
    a = go_chan_make(0, 0);
    go(spin, testkit_arg(1));
    go(spin, testkit_arg(2));
    spin(testkit_arg(0));
}

static const struct run_options short_run = {.max_steps = 100, .fair_steps = 300};

static size_t asked;

static size_t count_question(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    asked++;
    return 0;
}

static void after_max_steps_all_have_their_turns_and_no_policy_is_asked(void **unused)
{
    (void)unused;
    struct run_result result;
    asked = 0;
    struct policy policy = {.name = "counting", .blind = true, .choose = count_question};
    testkit_execute(three_spin, &policy, &short_run, &result, NULL);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    assert_string_equal(result.limit, "max_steps");
    assert_int_equal(result.events, 400);
    assert_in_range(asked, 90, 100);
    assert_in_range(turns[1], 95, 105); /* none before max_steps: the root goes on naturally */
    assert_in_range(turns[2], 95, 105);
    assert_in_range(turns[0], 190, 205);
}

static void be_quiet(struct policy *self) { self->quiet_until = UINT64_MAX; }

static void a_policy_that_is_never_asked_comes_to_max_steps_too(void **unused)
{
    (void)unused;
    struct run_result result;
    asked = 0;
    struct policy policy = {
        .name = "quiet", .blind = true, .begin = be_quiet, .choose = count_question};
    testkit_execute(three_spin, &policy, &short_run, &result, NULL);
    assert_string_equal(result.limit, "max_steps");
    assert_int_equal(result.events, 400);
    assert_int_equal(asked, 0);
    assert_in_range(turns[1], 95, 105);
}

static void three_spin_beside_a_ticker(void)
{
    go_ticker_new(1);
    three_spin();
}

static void the_clock_has_one_turn_in_each_round(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(three_spin_beside_a_ticker, &short_run, &result);
    assert_string_equal(result.limit, "max_steps");
    size_t count;
    size_t ticks = 0;
    const struct event *events = run_events(&count, NULL);
    for (size_t i = 0; i < count; i++) ticks += events[i].kind == OP_TIMER_FIRE;
    assert_in_range(ticks, 74, 76); /* of 300 events of four in turn; none before */
    assert_in_range(turns[1], 70, 80);
    assert_in_range(turns[2], 70, 80);
}

static void set_flag(void *unused)
{
    (void)unused;
    flag = true;
}

static void who_spins_for_another_is_served_in_the_end(void)
{
    flag = false;
    a = go_chan_make(0, 0);
    go(set_flag, NULL);
    while (!flag) go_chan_len(a);
    testkit_say("set");
}

static void sleep_and_set(void *unused)
{
    (void)unused;
    go_sleep(1000);
    flag = true;
}

static void time_passes_for_who_spins_in_the_end(void)
{
    flag = false;
    a = go_chan_make(0, 0);
    go(sleep_and_set, NULL);
    while (!flag) go_chan_len(a);
    testkit_say("%d", (int)go_now());
}

static struct go_chan *closed_channel(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go_chan_close(c);
    return c;
}

static void select_until_second(void)
{
    struct go_chan *first = closed_channel();
    struct go_chan *second = closed_channel();
    for (;;) {
        struct go_case cases[] = {GO_RECV(first, NULL), GO_RECV(second, NULL)};
        if (go_select(cases, 2) == 1) return;
    }
}

static void every_ready_case_is_taken_in_the_end(void)
{
    select_until_second();
    testkit_say("both");
}

static void every_ready_case_is_taken_though_a_timer_is_armed(void)
{
    go_timer_new(INT64_MAX);
    select_until_second();
    testkit_say("both");
}

static void every_ready_case_of_two_selects_in_turn_is_taken(void)
{
    struct go_chan *first = closed_channel();
    struct go_chan *second = closed_channel();
    bool taken[2][2] = {{false, false}, {false, false}};
    for (int i = 0; !taken[0][1] || !taken[1][1]; i ^= 1) {
        struct go_case cases[] = {GO_RECV(first, NULL), GO_RECV(second, NULL)};
        taken[i][go_select(cases, 2)] = true;
    }
    testkit_say("both");
}

static void time_passes_for_who_selects_what_is_always_ready(void)
{
    struct go_chan *ready = closed_channel();
    flag = false;
    go(sleep_and_set, NULL);
    while (!flag) {
        struct go_case cases[] = {GO_RECV(ready, NULL)};
        go_select(cases, 1);
    }
    testkit_say("%d", (int)go_now());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_max_steps_all_have_their_turns_and_no_policy_is_asked),
        cmocka_unit_test(a_policy_that_is_never_asked_comes_to_max_steps_too),
        cmocka_unit_test(the_clock_has_one_turn_in_each_round),
        natural_test_under(who_spins_for_another_is_served_in_the_end, &short_run, "set pass"),
        natural_test_under(time_passes_for_who_spins_in_the_end, &short_run, "1000 pass"),
        natural_test_under(every_ready_case_is_taken_in_the_end, &short_run, "both pass"),
        natural_test_under(every_ready_case_is_taken_though_a_timer_is_armed, &short_run,
                           "both pass"),
        natural_test_under(every_ready_case_of_two_selects_in_turn_is_taken, &short_run,
                           "both pass"),
        natural_test_under(time_passes_for_who_selects_what_is_always_ready, &short_run,
                           "1000 pass"),
    };
    return cmocka_run_group_tests_name("fair", tests, NULL, NULL);
}
