// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Panics, deferred calls, protection and Goexit: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "panic.h"

static struct go_mutex m;

static void say(void *text) { testkit_say("%s", (const char *)text); }
static void defer_say(const char *text) { go_defer(say, (void *)(uintptr_t)text); }

static void say_and_panic(void *text)
{
    say(text);
    go_panic("%s", (const char *)text);
}

/* Protects fn(arg) and says what came of it: "[kind: message]", or "[]". */
static void say_protect(void (*fn)(void *), const char *arg)
{
    struct go_panic panic;
    if (go_protect(fn, (void *)(uintptr_t)arg, &panic))
        testkit_say("[%s: %s]", strcmp(panic.kind, "unrecovered-panic") ? panic.kind : "panic",
                    panic.message);
    else
        testkit_say("[]");
}

/* ---- Protection --------------------------------------------------------------------------- */

static void a_function_that_returns_is_not_recovered(void) { say_protect(say, "a"); }

static void a_panic_is_recovered_with_its_message(void) { say_protect(say_and_panic, "a"); }

static void panic_with_numbers(void *unused)
{
    (void)unused;
    go_panic("%d of %s", 7, "nine");
}

static void messages_are_formatted(void) { say_protect(panic_with_numbers, NULL); }

static void where_a_panic_goes_may_be_ignored(void)
{
    testkit_say("%d", go_protect(panic_with_numbers, NULL, NULL));
}

static void panic_at_length(void *unused)
{
    (void)unused;
    char text[400];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    go_panic("%s", text);
}

static void a_long_message_is_cut(void)
{
    struct go_panic panic;
    go_protect(panic_at_length, NULL, &panic);
    testkit_say("%zu", strlen(panic.message));
}

static void nothing_after_the_panic_runs(void *unused)
{
    (void)unused;
    say_and_panic("a");
    say("never");
}

static void a_panic_ends_its_function(void)
{
    say_protect(nothing_after_the_panic_runs, NULL);
    say("b");
}

static void protect_and_panic(void *unused)
{
    (void)unused;
    say_protect(say_and_panic, "a");
    say_and_panic("b");
}

static void protection_nests(void) { say_protect(protect_and_panic, NULL); }

static void a_second_panic_is_recovered_like_the_first(void)
{
    say_protect(say_and_panic, "a");
    say_protect(say_and_panic, "b");
}

static void panic_across_points(void *text)
{
    go_gosched();
    say_protect(say_and_panic, text);
    go_gosched();
    go_panic("%s", (const char *)text);
}

static void protect_across_points(void *text)
{
    struct go_panic panic;
    if (go_protect(panic_across_points, text, &panic)) testkit_say("%s", panic.message);
}

/* Two goroutines inside go_protect at once, each with a stack of its own. */
static void each_goroutine_recovers_its_own_panics(void)
{
    go(protect_across_points, "a");
    protect_across_points("b");
}

static void panic_under_lock(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    go_panic("locked");
}

static void a_recovered_panic_leaves_locks_locked(void)
{
    go_protect(panic_under_lock, NULL, NULL);
    go_mutex_lock(&m);
}

static void unlock(void *mutex) { go_mutex_unlock(mutex); }

static void panic_under_deferred_unlock(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    go_defer(unlock, &m);
    go_panic("locked");
}

static void a_deferred_unlock_runs_on_panic(void)
{
    go_protect(panic_under_deferred_unlock, NULL, NULL);
    go_mutex_lock(&m);
    testkit_say("locked");
}

/* ---- Not recovered ------------------------------------------------------------------------- */

static void an_unrecovered_panic_of_the_root_is_a_report(void)
{
    defer_say("d");
    say_and_panic("a");
}

static void an_unrecovered_panic_of_a_goroutine_is_a_report(void) { go(say_and_panic, "a"); }

static void a_panic_outside_of_the_protection_is_a_report(void)
{
    say_protect(say, "a");
    say_and_panic("b");
}

static void protect_in_another_goroutine(void *unused)
{
    (void)unused;
    say_protect(say, "a");
}

static void a_goroutine_recovers_no_other_ones_panic(void)
{
    go(protect_in_another_goroutine, NULL);
    go_panic("mine");
}

static void fail_check(void *unused)
{
    (void)unused;
    defer_say("never");
    go_check(1 > 2, "one %s", "is small");
}

static void a_failed_check_cannot_be_recovered(void) { say_protect(fail_check, NULL); }

static void a_check_that_holds_is_silent(void)
{
    go_check(2 > 1, "two is large");
    say("on");
}

static void exit_3(void *unused)
{
    (void)unused;
    defer_say("never");
    go_exit(3);
}

static void an_exit_status_cannot_be_recovered(void) { say_protect(exit_3, NULL); }

/* ---- Deferred calls ------------------------------------------------------------------------ */

static void defer_three(void *unused)
{
    (void)unused;
    defer_say("1");
    defer_say("2");
    defer_say("3");
    say("f");
}

static void deferred_calls_run_last_first_when_the_function_returns(void)
{
    say_protect(defer_three, NULL);
    say("r");
}

static void defer_three_and_panic(void *text)
{
    defer_three(NULL);
    go_panic("%s", (const char *)text);
}

static void deferred_calls_run_when_the_function_panics(void)
{
    say_protect(defer_three_and_panic, "a");
}

static void deferred_calls_of_a_goroutine_run_when_it_returns(void) { go(defer_three, NULL); }

static void deferred_calls_of_the_root_run_when_it_returns(void) { defer_three(NULL); }

static void inner(void *unused)
{
    (void)unused;
    defer_say("i");
}

static void outer(void *unused)
{
    (void)unused;
    defer_say("o");
    say_protect(inner, NULL);
    say("f");
}

static void deferred_calls_belong_to_the_innermost_protection(void)
{
    defer_say("r");
    say_protect(outer, NULL);
}

static void defer_more(void *unused)
{
    (void)unused;
    say("m");
    defer_say("x");
}

static void defer_a_deferring_call(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(defer_more, NULL);
    defer_say("3");
}

static void a_deferred_call_may_defer(void) { say_protect(defer_a_deferring_call, NULL); }

static void defer_what_changes(void *unused)
{
    (void)unused;
    const char *text = "a";
    defer_say(text);
    text = "b";
    say((void *)(uintptr_t)text);
}

static void a_deferred_call_gets_what_its_argument_was(void)
{
    say_protect(defer_what_changes, NULL);
}

static void defer_nil(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(NULL, NULL);
    say("f");
}

static void a_nil_deferred_call_panics_when_it_is_called(void)
{
    struct go_panic panic;
    if (go_protect(defer_nil, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void panic_in_defer(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(say_and_panic, "b");
    defer_say("3");
    say_and_panic("a");
}

static void a_panic_in_a_deferred_call_takes_the_place_of_the_one_before(void)
{
    say_protect(panic_in_defer, NULL);
}

static void panic_in_defer_of_return(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(say_and_panic, "b");
}

static void a_panic_in_a_deferred_call_after_a_return_is_recovered(void)
{
    say_protect(panic_in_defer_of_return, NULL);
}

static void a_panic_in_a_deferred_call_of_the_root_is_a_report(void)
{
    defer_say("1");
    go_defer(say_and_panic, "b");
    say_and_panic("a");
}

static void protect_again(void *unused)
{
    (void)unused;
    say_protect(say_and_panic, "b");
}

static void defer_protection(void *unused)
{
    (void)unused;
    go_defer(protect_again, NULL);
    say_and_panic("a");
}

static void recovering_in_a_deferred_call_leaves_the_panic_as_it_was(void)
{
    say_protect(defer_protection, NULL);
}

/* ---- Goexit ------------------------------------------------------------------------------- */

static void leave(void *unused)
{
    (void)unused;
    go_goexit();
}

static void defer_and_leave(void *unused)
{
    (void)unused;
    defer_three(NULL);
    leave(NULL);
}

static void goexit_runs_deferred_calls_and_nothing_else(void) { go(defer_and_leave, NULL); }

static void leave_from_protection(void *unused)
{
    (void)unused;
    defer_say("o");
    say_protect(outer, NULL);
    say_protect(defer_and_leave, NULL);
    say("never");
}

static void goexit_passes_through_every_protection(void) { go(leave_from_protection, NULL); }

static void nest_and_leave(void *unused)
{
    (void)unused;
    defer_say("b");
    say_protect(defer_and_leave, NULL);
    say("never");
}

static void goexit_runs_the_innermost_deferred_calls_first(void)
{
    defer_say("a");
    say_protect(nest_and_leave, NULL);
    say("never");
}

static void goexit_ends_the_goroutine_alone(void)
{
    go(leave, NULL);
    say("on");
}

static void goexit_of_the_root_ends_the_test_and_the_others_run_on(void)
{
    go(say, "on");
    go_goexit();
}

static void receive_from_nil(void *unused)
{
    (void)unused;
    go_chan_recv(NULL, NULL);
}

static void after_goexit_of_the_root_whoever_is_parked_leaks(void)
{
    go(receive_from_nil, NULL);
    go_goexit();
}

static void panic_in_defer_of_goexit(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(say_and_panic, "p");
    go_goexit();
}

static void protect_a_panic_in_goexit(void *unused)
{
    (void)unused;
    defer_say("0");
    say_protect(panic_in_defer_of_goexit, NULL);
    say("never");
}

static void a_panic_recovered_during_goexit_does_not_stop_it(void)
{
    go(protect_a_panic_in_goexit, NULL);
}

static void a_panic_during_goexit_is_a_report_if_nobody_recovers_it(void)
{
    panic_in_defer_of_goexit(NULL);
}

static void protect_nothing(void *unused)
{
    (void)unused;
    say_protect(say, "n");
}

static void leave_and_protect(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(protect_nothing, NULL);
    go_goexit();
}

static void goexit_is_no_panic_that_a_deferred_call_could_recover(void)
{
    go(leave_and_protect, NULL);
}

static void leave_in_defer(void *unused)
{
    (void)unused;
    defer_say("1");
    go_defer(leave, NULL);
    say_and_panic("a");
}

static void goexit_in_a_deferred_call_ends_the_panic(void) { go(leave_in_defer, NULL); }

/* ---- Reports ------------------------------------------------------------------------------ */

static void two_panics(void)
{
    go_defer(panic_with_numbers, NULL);
    say_and_panic("first");
}

static void a_report_has_goroutine_message_and_stack_of_the_last_panic(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(two_panics, NULL, &result);
    assert_non_null(result.report);
    assert_int_equal(result.report->type, REPORT_UNRECOVERED_PANIC);
    assert_string_equal(result.report->message, "7 of nine");
    assert_int_equal(result.report->goroutine, 1);
    assert_true(result.report->first.count > 0);
    assert_int_equal(result.report->culprit_count, 1);
    assert_ptr_equal(result.report->culprit_pc[0], result.report->first.pc[0]);
}

static void check_in_goroutine(void) { go(fail_check, NULL); }

static void a_failed_check_says_what_does_not_hold(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(check_in_goroutine, NULL, &result);
    assert_non_null(result.report);
    assert_int_equal(result.report->type, REPORT_ORACLE_FAILURE);
    assert_int_equal(result.report->goroutine, 2);
    assert_string_equal(result.report->message, "one is small (does not hold: 1 > 2)");
    const struct run_options off = {.detectors_off = DETECTOR_ORACLE};
    testkit_natural(check_in_goroutine, &off, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
}

static void misuse_is_silent_while_its_detector_is_off(void **unused)
{
    (void)unused;
    struct run_result result;
    const struct run_options off = {.detectors_off = DETECTOR_MISUSE};
    testkit_natural(an_unrecovered_panic_of_the_root_is_a_report, &off, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
}

/* The panic ends what others do: also what they can do after its goroutine's last operation. */
static void close_and_panic(void *c)
{
    go_chan_close(c);
    go_panic("late");
}

static void others_may_act_between_an_operation_and_a_panic(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(close_and_panic, c);
    go_chan_close(c);
}

static void close_chan(void *c) { go_chan_close(c); }

static void defer_a_close_and_panic(void *c)
{
    go_defer(close_chan, c);
    go_panic("late");
}

static void others_may_act_between_a_deferred_call_and_the_end(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(defer_a_close_and_panic, c);
    if (!go_chan_recv(c, NULL)) go_chan_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_function_that_returns_is_not_recovered, "a[] pass"),
        outcomes_test(a_panic_is_recovered_with_its_message, "a[panic: a] pass"),
        outcomes_test(messages_are_formatted, "[panic: 7 of nine] pass"),
        outcomes_test(where_a_panic_goes_may_be_ignored, "1 pass"),
        outcomes_test(a_long_message_is_cut, "159 pass"),
        outcomes_test(a_panic_ends_its_function, "a[panic: a]b pass"),
        outcomes_test(protection_nests, "a[panic: a]b[panic: b] pass"),
        outcomes_test(a_second_panic_is_recovered_like_the_first, "a[panic: a]b[panic: b] pass"),
        outcomes_test(each_goroutine_recovers_its_own_panics, "a[panic: a]ab[panic: b]b pass",
                      "b[panic: b]ba[panic: a]a pass", "a[panic: a]b[panic: b]ab pass",
                      "a[panic: a]b[panic: b]ba pass", "b[panic: b]a[panic: a]ab pass",
                      "b[panic: b]a[panic: a]ba pass"),
        outcomes_test(a_recovered_panic_leaves_locks_locked, "deadlock"),
        outcomes_test(a_deferred_unlock_runs_on_panic, "locked pass"),
        outcomes_test(an_unrecovered_panic_of_the_root_is_a_report, "ad unrecovered-panic"),
        outcomes_test(an_unrecovered_panic_of_a_goroutine_is_a_report, "a unrecovered-panic"),
        outcomes_test(a_panic_outside_of_the_protection_is_a_report, "a[]b unrecovered-panic"),
        outcomes_test(others_may_act_between_an_operation_and_a_panic, "unrecovered-panic",
                      "close-of-closed-channel"),
        outcomes_test(others_may_act_between_a_deferred_call_and_the_end, "unrecovered-panic",
                      "close-of-closed-channel"),
        outcomes_test(a_goroutine_recovers_no_other_ones_panic, "unrecovered-panic",
                      "a[] unrecovered-panic"),
        outcomes_test(a_failed_check_cannot_be_recovered, "oracle-failure"),
        outcomes_test(a_check_that_holds_is_silent, "on pass"),
        outcomes_test(an_exit_status_cannot_be_recovered, "exit-status"),
        outcomes_test(deferred_calls_run_last_first_when_the_function_returns, "f321[]r pass"),
        outcomes_test(deferred_calls_run_when_the_function_panics, "f321[panic: a] pass"),
        outcomes_test(deferred_calls_of_a_goroutine_run_when_it_returns, "f321 pass"),
        outcomes_test(deferred_calls_of_the_root_run_when_it_returns, "f321 pass"),
        outcomes_test(deferred_calls_belong_to_the_innermost_protection, "i[]fo[]r pass"),
        outcomes_test(a_deferred_call_may_defer, "3mx1[] pass"),
        outcomes_test(a_deferred_call_gets_what_its_argument_was, "ba[] pass"),
        outcomes_test(a_nil_deferred_call_panics_when_it_is_called, "f1nil-dereference pass"),
        outcomes_test(a_panic_in_a_deferred_call_takes_the_place_of_the_one_before,
                      "a3b1[panic: b] pass"),
        outcomes_test(a_panic_in_a_deferred_call_after_a_return_is_recovered, "b1[panic: b] pass"),
        outcomes_test(a_panic_in_a_deferred_call_of_the_root_is_a_report, "ab1 unrecovered-panic"),
        outcomes_test(recovering_in_a_deferred_call_leaves_the_panic_as_it_was,
                      "ab[panic: b][panic: a] pass"),
        outcomes_test(goexit_runs_deferred_calls_and_nothing_else, "f321 pass"),
        outcomes_test(goexit_passes_through_every_protection, "i[]fo[]f321o pass"),
        outcomes_test(goexit_runs_the_innermost_deferred_calls_first, "f321ba pass"),
        outcomes_test(goexit_ends_the_goroutine_alone, "on pass"),
        outcomes_test(goexit_of_the_root_ends_the_test_and_the_others_run_on, "on pass"),
        outcomes_test(after_goexit_of_the_root_whoever_is_parked_leaks, "goroutine-leak"),
        outcomes_test(a_panic_recovered_during_goexit_does_not_stop_it, "p10 pass"),
        outcomes_test(a_panic_during_goexit_is_a_report_if_nobody_recovers_it,
                      "p1 unrecovered-panic"),
        outcomes_test(goexit_is_no_panic_that_a_deferred_call_could_recover, "n[]1 pass"),
        outcomes_test(goexit_in_a_deferred_call_ends_the_panic, "a1 pass"),
        cmocka_unit_test(a_report_has_goroutine_message_and_stack_of_the_last_panic),
        cmocka_unit_test(a_failed_check_says_what_does_not_hold),
        cmocka_unit_test(misuse_is_silent_while_its_detector_is_off),
    };
    return cmocka_run_group_tests_name("panic", tests, NULL, NULL);
}
