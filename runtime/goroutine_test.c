// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Goroutines: how they start, yield and end, their names, and the limits of an execution. */
#include "testkit.h"

#include <string.h>

#include "sched.h"

static void say(void *text) { testkit_say("%s", (const char *)text); }
static void nothing(void *unused) { (void)unused; }

static void receive_from_nil(void *unused)
{
    (void)unused;
    go_chan_recv(NULL, NULL);
}

/* ---- Start, yield, end --------------------------------------------------------------------- */

static void a_goroutine_may_run_before_the_next_line_of_its_creator(void)
{
    go(say, "c");
    say("p");
}

static void goroutines_start_in_any_order(void)
{
    go(say, "1");
    go(say, "2");
    go(say, "3");
}

static void a_goroutine_gets_what_its_argument_was(void)
{
    char *text = "a";
    go(say, text);
    text = "b";
    say(text);
}

static void the_natural_schedule_goes_on_with_the_creator(void)
{
    go(say, "1");
    go(say, "2");
    say("0");
}

static void say_twice(void *text)
{
    say(text);
    go_gosched();
    say(text);
}

static void gosched_goes_on_with_who_is_ready_longest(void)
{
    go(say_twice, "a");
    go(say_twice, "b");
    go_gosched();
    say("r");
}

static void gosched_alone_returns(void)
{
    go_gosched();
    go_gosched();
    say("on");
}

static void after_the_root_the_others_run_on(void)
{
    go(say_twice, "a");
    go(say_twice, "a");
}

static void start_another(void *unused)
{
    (void)unused;
    go(say, "on");
}

static void goroutines_can_be_started_after_the_root_is_over(void) { go(start_another, NULL); }

static void a_nil_function_fails_in_the_new_goroutine(void)
{
    go(NULL, NULL);
    receive_from_nil(NULL);
}

/* ---- Daemons, exit ------------------------------------------------------------------------- */

static void wait_as_daemon(void *unused)
{
    go_daemon();
    receive_from_nil(unused);
}

static void a_parked_daemon_is_no_leak(void) { go(wait_as_daemon, NULL); }

static void a_parked_goroutine_is_a_leak(void) { go(receive_from_nil, NULL); }

static void a_daemon_excuses_nobody_else(void)
{
    go(wait_as_daemon, NULL);
    go(receive_from_nil, NULL);
}

static void a_daemon_that_can_run_is_run(void)
{
    go_daemon();
    go(say, "on");
}

static void leave_0(void *unused)
{
    (void)unused;
    go_exit(0);
}

static void exit_0_ends_everything_without_a_leak_check(void)
{
    go(receive_from_nil, NULL);
    go_exit(0);
}

static void exit_0_of_any_goroutine_ends_the_deadlock_of_another(void)
{
    go(leave_0, NULL);
    receive_from_nil(NULL);
}

static void exit_runs_no_deferred_calls(void)
{
    go_defer(say, "never");
    go_exit(0);
}

static void another_exit_status_is_a_report(void) { go_exit(3); }

/* ---- Data and observations ------------------------------------------------------------------ */

static void a_choice_of_data_has_each_of_its_values(void)
{
    size_t choice = go_choose(3);
    testkit_say("%zu", choice);
}

static void a_choice_among_less_than_two_is_0(void)
{
    testkit_say("%zu", go_choose(0));
    testkit_say("%zu", go_choose(1));
}

static void bytes_of_the_natural_run_are_zero(void)
{
    unsigned char bytes[4] = {1, 2, 3, 4};
    go_bytes(bytes, 3);
    testkit_say("%d%d%d%d", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static uint64_t observed_value;
static void observe_value(void) { go_observe(observed_value); }

static void what_is_observed_tells_executions_apart(void **unused)
{
    (void)unused;
    struct run_result seven, again, eight, none;
    observed_value = 7;
    testkit_natural(observe_value, NULL, &seven);
    testkit_natural(observe_value, NULL, &again);
    observed_value = 8;
    testkit_natural(observe_value, NULL, &eight);
    testkit_natural(bytes_of_the_natural_run_are_zero, NULL, &none);
    assert_true(seven.observed != 0);
    assert_int_equal(seven.observed, again.observed);
    assert_int_equal(seven.digest, again.digest);
    assert_true(seven.observed != eight.observed);
    assert_true(seven.digest != eight.digest);
    assert_int_equal(seven.events, eight.events); /* no scheduling point */
    assert_int_equal(none.observed, 0);
}

/* ---- Names -------------------------------------------------------------------------------- */

enum { ROLES = 5 }; /* the root, its two children, and two children of the first */

static struct {
    uint64_t stable[ROLES]; /* of the first execution; 0: not seen yet */
    bool differs;           /* in some later execution */
    bool number_is_role;    /* in this execution */
} names;

static void note_name(int role)
{
    const struct goroutine *g = sched.running;
    if (!names.stable[role]) names.stable[role] = g->stable;
    if (names.stable[role] != g->stable) names.differs = true;
    if (g->number != (uint32_t)role + 1) names.number_is_role = false;
}

static void grandchild(void *arg) { note_name(testkit_int(arg)); }

static void child(void *arg)
{
    int role = testkit_int(arg);
    note_name(role);
    if (role != 1) return;
    go(grandchild, testkit_arg(3));
    go(grandchild, testkit_arg(4));
}

static void family(void)
{
    names.number_is_role = true;
    note_name(0);
    go(child, testkit_arg(1));
    go(child, testkit_arg(2));
    testkit_say("%d", names.number_is_role);
}

static void stable_ids_are_the_same_in_every_schedule(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    memset(&names, 0, sizeof names);
    testkit_all(family, NULL, &seen);
    assert_null(seen.incomplete);
    assert_true(seen.executions > 100);
    assert_int_equal(seen.count, 2); /* G numbers do depend on the schedule */
    assert_false(names.differs);
    for (int i = 0; i < ROLES; i++)
        for (int j = 0; j < i; j++) assert_true(names.stable[i] != names.stable[j]);
}

static void a_nil_function_is_told_by_where_it_was_started(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(a_nil_function_fails_in_the_new_goroutine, NULL, &result);
    assert_non_null(result.report);
    assert_int_equal(result.report->goroutine, 2);
    assert_string_equal(result.report->message, "go of a nil function");
    assert_int_equal(result.report->first.count, sched_goroutine(2)->created.count);
    assert_ptr_equal(result.report->first.pc[0], sched_goroutine(2)->created.pc[0]);
}

static void numbers_follow_the_order_of_creation(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(goroutines_start_in_any_order, NULL, &result);
    assert_int_equal(result.goroutines, 4);
    for (uint32_t n = 1; n <= 4; n++) {
        assert_int_equal(sched_goroutine(n)->number, n);
        assert_int_equal(sched_goroutine(n)->created_by, n == 1 ? 0 : 1);
        assert_int_equal(sched_goroutine(n)->created.count > 0, n != 1);
    }
    assert_null(sched_goroutine(0));
}

/* ---- Limits ------------------------------------------------------------------------------- */

static void start_for_ever(void)
{
    for (;;) {
        go(nothing, NULL);
        go_gosched(); /* naturally the other one ends now, and its stack is free again */
    }
}

static void park_for_ever(void)
{
    for (;;) go(receive_from_nil, NULL);
}

static void progress_for_ever(void)
{
    struct go_chan *c = go_chan_make(0, 1);
    for (;;) {
        go_chan_send(c, NULL);
        go_chan_recv(c, NULL);
    }
}

static const struct run_options many_steps = {.max_steps = 1000000};
static const struct run_options few_steps = {.max_steps = 50, .fair_steps = 50};

static void a_number_of_steps_ends_every_execution(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(progress_for_ever, NULL, &result);
    assert_int_equal(result.events, RUN_MAX_STEPS + RUN_FAIR_STEPS);
    testkit_natural(progress_for_ever, &few_steps, &result);
    assert_int_equal(result.events, 100);
}

static void a_limit_is_forgotten_by_the_next_execution(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(progress_for_ever, &few_steps, &result);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    testkit_natural(gosched_alone_returns, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_null(result.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_goroutine_may_run_before_the_next_line_of_its_creator, "cp pass",
                      "pc pass"),
        outcomes_test(goroutines_start_in_any_order, "123 pass", "132 pass", "213 pass", "231 pass",
                      "312 pass", "321 pass"),
        outcomes_test(a_goroutine_gets_what_its_argument_was, "ab pass", "ba pass"),
        natural_test(the_natural_schedule_goes_on_with_the_creator, "012 pass"),
        natural_test(gosched_goes_on_with_who_is_ready_longest, "abrab pass"),
        outcomes_test(gosched_alone_returns, "on pass"),
        outcomes_test(after_the_root_the_others_run_on, "aaaa pass"),
        outcomes_test(goroutines_can_be_started_after_the_root_is_over, "on pass"),
        outcomes_test(a_nil_function_fails_in_the_new_goroutine, "nil-dereference"),
        outcomes_test(a_parked_daemon_is_no_leak, "pass"),
        outcomes_test(a_parked_goroutine_is_a_leak, "goroutine-leak"),
        outcomes_test(a_daemon_excuses_nobody_else, "goroutine-leak"),
        outcomes_test(a_daemon_that_can_run_is_run, "on pass"),
        outcomes_test(exit_0_ends_everything_without_a_leak_check, "pass"),
        outcomes_test(exit_0_of_any_goroutine_ends_the_deadlock_of_another, "pass"),
        outcomes_test(exit_runs_no_deferred_calls, "pass"),
        outcomes_test(another_exit_status_is_a_report, "exit-status"),
        outcomes_test(a_choice_of_data_has_each_of_its_values, "0 pass", "1 pass", "2 pass"),
        outcomes_test(a_choice_among_less_than_two_is_0, "00 pass"),
        natural_test(bytes_of_the_natural_run_are_zero, "0004 pass"),
        cmocka_unit_test(what_is_observed_tells_executions_apart),
        cmocka_unit_test(stable_ids_are_the_same_in_every_schedule),
        cmocka_unit_test(a_nil_function_is_told_by_where_it_was_started),
        cmocka_unit_test(numbers_follow_the_order_of_creation),
        natural_test_under(start_for_ever, &many_steps, "inconclusive: max_goroutines"),
        natural_test_under(park_for_ever, &many_steps, "inconclusive: max_stacks"),
        natural_test(progress_for_ever, "inconclusive: max_steps"),
        cmocka_unit_test(a_number_of_steps_ends_every_execution),
        cmocka_unit_test(a_limit_is_forgotten_by_the_next_execution),
    };
    return cmocka_run_group_tests_name("goroutine", tests, NULL, NULL);
}
