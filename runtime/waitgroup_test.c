// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.WaitGroup: each program with all that can happen; when misuse is reported and when never. */
#include "testkit.h"

#include <limits.h>
#include <string.h>

#include "sched.h"

static struct go_waitgroup wg;

static void say_and_done(void *arg)
{
    testkit_say("%d", testkit_int(arg));
    go_waitgroup_done(&wg);
}

static void done(void *unused)
{
    (void)unused;
    go_waitgroup_done(&wg);
}

static void wait_and_say(void *arg)
{
    go_waitgroup_wait(&wg);
    testkit_say("%d", testkit_int(arg));
}

/* ---- Counting ----------------------------------------------------------------------------- */

static void wait_returns_after_all_are_done(void)
{
    go_waitgroup_add(&wg, 2);
    go(say_and_done, testkit_arg(1));
    go(say_and_done, testkit_arg(2));
    wait_and_say(testkit_arg(0));
}

static void wait_returns_at_once_while_the_counter_is_zero(void)
{
    go_waitgroup_wait(&wg);
    go_waitgroup_add(&wg, 3);
    go_waitgroup_add(&wg, -3);
    go_waitgroup_wait(&wg);
    go_waitgroup_add(&wg, 0);
    go_waitgroup_wait(&wg);
    testkit_say("here");
}

static void zero_wakes_every_waiter(void)
{
    go_waitgroup_add(&wg, 1);
    go(wait_and_say, testkit_arg(1));
    go(wait_and_say, testkit_arg(1));
    done(NULL);
    wait_and_say(testkit_arg(1));
}

static void one_done_too_few_blocks_for_ever(void)
{
    go_waitgroup_add(&wg, 2);
    go(done, NULL);
    go_waitgroup_wait(&wg);
    testkit_say("never");
}

static void a_waiter_that_is_not_the_root_leaks(void)
{
    go_waitgroup_add(&wg, 1);
    go(wait_and_say, testkit_arg(1));
}

static struct go_waitgroup copied;

static void done_on_copy(void *unused)
{
    (void)unused;
    go_waitgroup_done(&copied);
}

/* The classic: a WaitGroup passed by value. The copy has the count, the original keeps it. */
static void done_on_a_copy_leaves_the_original_waiting(void)
{
    go_waitgroup_add(&wg, 1);
    copied = wg;
    go(done_on_copy, NULL);
    go_waitgroup_wait(&wg);
}

/* ---- Below zero --------------------------------------------------------------------------- */

static void add_argument(void *arg) { go_waitgroup_add(&wg, testkit_int(arg)); }

static void say_panic(void (*fn)(void *), void *arg)
{
    struct go_panic panic;
    testkit_say("%s", go_protect(fn, arg, &panic) ? panic.kind : "none");
}

static void done_below_zero_panics(void) { say_panic(done, NULL); }

static void an_add_below_zero_panics(void)
{
    go_waitgroup_add(&wg, 2);
    say_panic(add_argument, testkit_arg(-3));
    say_panic(add_argument, testkit_arg(0)); /* the failed Add has counted */
    say_panic(add_argument, testkit_arg(1));
    go_waitgroup_wait(&wg);
}

static void a_counter_below_zero_blocks_for_ever(void)
{
    say_panic(done, NULL);
    go_waitgroup_wait(&wg);
}

static void an_add_beyond_the_counter_panics(void)
{
    go_waitgroup_add(&wg, INT_MAX);
    say_panic(add_argument, testkit_arg(1));
}

static void an_unrecovered_done_below_zero_is_a_report(void)
{
    go_waitgroup_add(&wg, 1);
    go(done, NULL);
    done(NULL);
}

/* ---- Misuse: an Add from zero that nothing orders with a Wait -------------------------------- */

static void add_and_done(void *unused)
{
    (void)unused;
    go_waitgroup_add(&wg, 1);
    go_waitgroup_done(&wg);
}

static void add_inside_the_goroutine_is_misuse(void)
{
    go(add_and_done, NULL);
    go_waitgroup_wait(&wg);
}

static void protected_wait(void *unused)
{
    (void)unused;
    go_waitgroup_wait(&wg);
}

static void misuse_cannot_be_recovered(void)
{
    go(add_and_done, NULL);
    testkit_say("%d", go_protect(protected_wait, NULL, NULL));
}

static void add_before_the_go_statement_is_never_misuse(void)
{
    go_waitgroup_add(&wg, 1);
    go(done, NULL);
    go_waitgroup_wait(&wg);
}

static void add_twice_and_done_thrice(void *unused)
{
    (void)unused;
    go_waitgroup_add(&wg, 1);
    go_waitgroup_add(&wg, 1);
    for (int i = 0; i < 3; i++) go_waitgroup_done(&wg);
}

static void an_add_from_above_zero_beside_a_wait_is_never_misuse(void)
{
    go_waitgroup_add(&wg, 1);
    go(add_twice_and_done_thrice, NULL);
    go_waitgroup_wait(&wg);
}

static void two_adds_from_zero_are_never_misuse(void)
{
    go(add_and_done, NULL);
    add_and_done(NULL);
}

static void two_waits_are_never_misuse(void)
{
    go(protected_wait, NULL);
    go_waitgroup_wait(&wg);
}

static void reuse_before_a_woken_waiter_has_left_is_misuse(void)
{
    go_waitgroup_add(&wg, 1);
    go(protected_wait, NULL);
    done(NULL);
    go_waitgroup_add(&wg, 1);
    done(NULL);
}

static struct go_chan *left;

static void wait_and_tell(void *unused)
{
    (void)unused;
    go_waitgroup_wait(&wg);
    go_chan_send(left, NULL);
}

static void reuse_after_every_waiter_has_left_is_never_misuse(void)
{
    left = go_chan_make(0, 0);
    go_waitgroup_add(&wg, 1);
    go(wait_and_tell, NULL);
    done(NULL);
    go_chan_recv(left, NULL);
    go_waitgroup_add(&wg, 1);
    done(NULL);
    go_waitgroup_wait(&wg);
}

static struct go_mutex mu;
static bool closed;

static void add_unless_closed(void *unused)
{
    (void)unused;
    go_mutex_lock(&mu);
    bool go_on = !closed;
    if (go_on) go_waitgroup_add(&wg, 1);
    go_mutex_unlock(&mu);
    if (go_on) go_waitgroup_done(&wg);
}

/* What nothing but a mutex and a flag orders is ordered. */
static void an_add_that_a_mutex_keeps_from_the_wait_is_never_misuse(void)
{
    closed = false;
    go(add_unless_closed, NULL);
    go_mutex_lock(&mu);
    closed = true;
    go_mutex_unlock(&mu);
    go_waitgroup_wait(&wg);
}

/* ---- Reports ------------------------------------------------------------------------------ */

static void add_while_two_wait(void)
{
    go(protected_wait, NULL);
    go(protected_wait, NULL);
    go_waitgroup_add(&wg, 1);
}

static void done_while_one_waits_and_one_adds(void)
{
    go_waitgroup_add(&wg, 1);
    go(protected_wait, NULL);
    go(add_and_done, NULL);
    go_gosched(); /* the one waits, the other is about to add to a count of one */
    go_waitgroup_done(&wg);
}

/* Whatever makes the state in which Add from zero and Wait are both next: it is found at once, and
 * names the Add and, of several, the Wait of the goroutine made first. */
static void misuse_is_found_in_every_order_and_names_both(void **unused)
{
    (void)unused;
    static const struct {
        void (*root)(void);
        size_t answers[6];
        uint32_t adder;
        const char *waiter;
    } rows[] = {
        /* the Wait is published first, then the Add; then the other way round */
        {add_inside_the_goroutine_is_misuse, {0, 1}, 2, "goroutine 1"},
        {add_inside_the_goroutine_is_misuse, {1, 1}, 2, "goroutine 1"},
        /* two Waits, in either order, then the Add */
        {add_while_two_wait, {0, 1, 2, 1}, 1, "goroutine 2"},
        {add_while_two_wait, {0, 2, 2, 1}, 1, "goroutine 2"},
        /* both are there, and the counter falls to zero */
        {done_while_one_waits_and_one_adds, {0, 0, 0, 0, 0, 1}, 3, "goroutine 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_result result;
        testkit_scripted(rows[i].root, NULL, rows[i].answers, 6, &result);
        assert_non_null(result.report);
        const struct report *r = result.report;
        assert_int_equal(r->type, REPORT_WAITGROUP_MISUSE);
        assert_string_equal(r->object.name, "W1");
        assert_int_equal(r->goroutine, rows[i].adder);
        assert_int_equal(r->culprit_count, 2);
        assert_non_null(strstr(r->related[0].label, "Unordered sync.WaitGroup.Wait by "));
        assert_non_null(strstr(r->related[0].label, rows[i].waiter));
    }
}

static void a_blocked_wait_says_who_called_done(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(one_done_too_few_blocks_for_ever, NULL, &result);
    assert_non_null(result.report);
    assert_string_equal(result.report->state, "sync.WaitGroup.Wait");
    assert_non_null(strstr(result.report->notes[0], "waits for waitgroup W1; seen to call Done "
                                                    "before: goroutine 2 [ended]"));
}

static void a_waitgroup_of_an_earlier_execution_counts_from_zero(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(one_done_too_few_blocks_for_ever, NULL, &result);
    assert_int_equal(wg._counter, 1);
    testkit_natural(wait_returns_at_once_while_the_counter_is_zero, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
}

/* ---- By happens-before ---------------------------------------------------------------------- */

static void add_then_done(void *group)
{
    go_waitgroup_add(group, 1);
    go_waitgroup_done(group);
}
/* The Add is long over when Wait comes, but nothing orders it before. */
static void wait_long_after_an_unordered_add(void)
{
    struct go_waitgroup *group = go_new(sizeof *group);
    go(add_then_done, group);
    go_sleep(1000);
    go_waitgroup_wait(group);
}
static void add_long_after_an_unordered_wait(void)
{
    struct go_waitgroup *group = go_new(sizeof *group);
    go((void (*)(void *))go_waitgroup_wait, group);
    go_sleep(1000);
    go_waitgroup_add(group, 1);
    go_waitgroup_done(group);
}
static void signal_then_done(void *arg)
{
    struct go_waitgroup *group = arg;
    go_waitgroup_add(group, 1); /* from one: its creator's keeps the counter up */
    go_waitgroup_done(group);
    go_waitgroup_done(group);
}
static void adds_that_are_ordered_or_not_from_zero(void)
{
    struct go_waitgroup *group = go_new(sizeof *group);
    for (int round = 0; round < 2; round++) { /* the next Add is ordered after this Wait */
        go_waitgroup_add(group, 1);
        go(signal_then_done, group);
        go_waitgroup_wait(group);
    }
}

static void happens_before_finds_misuse_in_every_schedule(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(wait_long_after_an_unordered_add, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    access_state.instrumented = true; /* as instrumented code does at its start */
    const char *misuse[] = {"waitgroup-misuse", NULL};
    const char *pass[] = {"pass", NULL};
    bool equal = testkit_expect(wait_long_after_an_unordered_add, NULL, misuse) &&
                 testkit_expect(add_long_after_an_unordered_wait, NULL, misuse) &&
                 testkit_expect(adds_that_are_ordered_or_not_from_zero, NULL, pass);
    testkit_natural(wait_long_after_an_unordered_add, NULL, &result);
    access_state.instrumented = false;
    assert_true(equal);
    assert_int_equal(result.report->goroutine, 1);
    assert_string_equal(result.report->related[0].label,
                        "Unordered sync.WaitGroup.Add by goroutine 2 at:");
    assert_int_equal(result.report->culprit_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(wait_returns_after_all_are_done, "120 pass", "210 pass"),
        outcomes_test(wait_returns_at_once_while_the_counter_is_zero, "here pass"),
        outcomes_test(zero_wakes_every_waiter, "111 pass"),
        outcomes_test(one_done_too_few_blocks_for_ever, "deadlock"),
        outcomes_test(a_waiter_that_is_not_the_root_leaks, "goroutine-leak"),
        outcomes_test(done_on_a_copy_leaves_the_original_waiting, "deadlock"),
        outcomes_test(done_below_zero_panics, "negative-waitgroup-counter pass"),
        outcomes_test(an_add_below_zero_panics,
                      "negative-waitgroup-counternegative-waitgroup-counternone pass"),
        outcomes_test(a_counter_below_zero_blocks_for_ever, "negative-waitgroup-counter deadlock"),
        outcomes_test(an_add_beyond_the_counter_panics, "negative-waitgroup-counter pass"),
        outcomes_test(an_unrecovered_done_below_zero_is_a_report, "negative-waitgroup-counter"),
        outcomes_test(add_inside_the_goroutine_is_misuse, "waitgroup-misuse", "pass"),
        outcomes_test(misuse_cannot_be_recovered, "waitgroup-misuse", "0 pass"),
        outcomes_test(add_before_the_go_statement_is_never_misuse, "pass"),
        outcomes_test(an_add_from_above_zero_beside_a_wait_is_never_misuse, "pass"),
        outcomes_test(two_adds_from_zero_are_never_misuse, "pass"),
        outcomes_test(two_waits_are_never_misuse, "pass"),
        outcomes_test(reuse_before_a_woken_waiter_has_left_is_misuse, "waitgroup-misuse", "pass"),
        outcomes_test(reuse_after_every_waiter_has_left_is_never_misuse, "pass"),
        outcomes_test(an_add_that_a_mutex_keeps_from_the_wait_is_never_misuse, "pass"),
        cmocka_unit_test(misuse_is_found_in_every_order_and_names_both),
        cmocka_unit_test(a_blocked_wait_says_who_called_done),
        cmocka_unit_test(a_waitgroup_of_an_earlier_execution_counts_from_zero),
        cmocka_unit_test(happens_before_finds_misuse_in_every_schedule),
    };
    return cmocka_run_group_tests_name("waitgroup", tests, NULL, NULL);
}
