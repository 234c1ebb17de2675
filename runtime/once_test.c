// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Once: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "sched.h"

static struct go_once o;
static struct go_once p;

static void do_o(void *unused);

static void slow(void *unused)
{
    (void)unused;
    testkit_say("(");
    go_gosched();
    testkit_say(")");
}

static void do_slow(void *arg)
{
    go_once_do(&o, slow, NULL);
    testkit_say("%d", testkit_int(arg));
}

static void never(void *unused)
{
    (void)unused;
    testkit_say("never");
}

/* ---- Once, and everybody waits --------------------------------------------------------------- */

static void no_do_returns_before_the_function_has(void)
{
    go(do_slow, testkit_arg(1));
    go(do_slow, testkit_arg(1));
    do_slow(testkit_arg(1));
}

static void any_caller_may_be_the_one_that_runs_it(void)
{
    go(do_slow, testkit_arg(1));
    do_slow(testkit_arg(2));
}

static void say_argument(void *arg) { testkit_say("%d", testkit_int(arg)); }

static void the_first_function_is_the_one_that_runs(void)
{
    go_once_do(&o, say_argument, testkit_arg(7));
    go_once_do(&o, never, NULL);
    go_once_do(&p, say_argument, testkit_arg(8)); /* another Once is another */
}

static void say_own_once(void *unused)
{
    (void)unused;
    go_once_do(&o, never, NULL);
}

static void recursive_do_deadlocks(void) { go_once_do(&o, say_own_once, NULL); }

static void do_p(void *unused)
{
    (void)unused;
    go_once_do(&p, slow, NULL);
}

static void do_p_that_does_o(void *unused)
{
    (void)unused;
    go_once_do(&p, do_o, NULL);
}

static void do_o(void *unused)
{
    (void)unused;
    go_once_do(&o, do_p, NULL);
}

static void onces_that_need_each_other_can_deadlock(void)
{
    go(do_p_that_does_o, NULL);
    do_o(NULL);
}

static void hang(void *unused)
{
    (void)unused;
    go_chan_recv(NULL, NULL);
}

static void do_hang(void *unused)
{
    (void)unused;
    go_once_do(&o, hang, NULL);
}

static void a_function_that_hangs_blocks_every_do(void)
{
    go(do_hang, NULL);
    go_once_do(&o, slow, NULL);
}

/* ---- Left early --------------------------------------------------------------------------- */

static void panic_seven(void *unused)
{
    (void)unused;
    go_panic("seven");
}

static void do_panic(void *unused)
{
    (void)unused;
    go_once_do(&o, panic_seven, NULL);
    testkit_say("d"); /* somebody else's function ran */
}

static void a_panic_passes_through_and_counts_as_done(void)
{
    struct go_panic panic;
    if (go_protect(do_panic, NULL, &panic)) testkit_say("%s %s ", panic.kind, panic.message);
    go_once_do(&o, never, NULL);
}

static void protected_panic(void *unused)
{
    (void)unused;
    if (go_protect(do_panic, NULL, NULL)) testkit_say("p");
}

static void a_panic_lets_those_who_wait_go_on(void)
{
    go(do_slow, testkit_arg(1));
    protected_panic(NULL);
}

static void an_unrecovered_panic_of_the_function_is_a_report(void)
{
    go(do_slow, testkit_arg(1));
    do_panic(NULL);
}

static void leave(void *unused)
{
    (void)unused;
    go_goexit();
}

static void do_leave(void *unused)
{
    (void)unused;
    go_once_do(&o, leave, NULL);
    testkit_say("d");
}

static void goexit_counts_as_done_and_ends_the_goroutine(void)
{
    go(do_leave, NULL);
    go_once_do(&o, never, NULL);
    testkit_say("r");
}

static void protect_inside(void *unused)
{
    (void)unused;
    if (go_protect(panic_seven, NULL, NULL)) testkit_say("p");
    go_gosched();
    testkit_say("q");
}

static void what_the_function_recovers_does_not_end_it(void)
{
    go(do_slow, testkit_arg(1));
    go_once_do(&o, protect_inside, NULL);
    testkit_say("r");
}

static void defer_say(void *arg)
{
    go_defer(say_argument, arg);
    testkit_say("f");
}

static void do_with_defers(void *unused)
{
    (void)unused;
    go_defer(say_argument, testkit_arg(1));
    go_once_do(&o, defer_say, testkit_arg(2));
    go_defer(say_argument, testkit_arg(3));
    go_once_do(&o, never, NULL); /* done although its deferred calls have not run */
}

static void what_the_function_defers_belongs_to_who_called_do(void)
{
    go_protect(do_with_defers, NULL, NULL);
    testkit_say("r");
}

static void defer_and_panic(void *unused)
{
    (void)unused;
    go_defer(do_slow, testkit_arg(4)); /* runs before the Once is done: it is recursive */
    go_panic("early");
}

static void do_defer_and_panic(void *unused)
{
    (void)unused;
    go_once_do(&o, defer_and_panic, NULL);
}

static void what_the_function_defers_runs_before_it_is_done(void)
{
    go_protect(do_defer_and_panic, NULL, NULL);
}

static void do_nil(void *unused)
{
    (void)unused;
    go_once_do(&o, NULL, NULL);
}

static void a_nil_function_is_a_nil_dereference_and_counts_as_done(void)
{
    struct go_panic panic;
    if (go_protect(do_nil, NULL, &panic)) testkit_say("%s", panic.kind);
    go_once_do(&o, never, NULL);
}

/* ---- Copies, zero values ------------------------------------------------------------------- */

static void a_copy_of_one_that_is_done_is_done(void)
{
    go_once_do(&o, say_argument, testkit_arg(7));
    struct go_once copy = o;
    go_once_do(&copy, never, NULL);
}

static void use_copy(void *unused)
{
    (void)unused;
    struct go_once copy = o;
    go_once_do(&copy, never, NULL);
}

static void a_copy_of_one_that_runs_must_not_be_used(void) { go_once_do(&o, use_copy, NULL); }

static void a_once_of_an_earlier_execution_runs_again(void **unused)
{
    (void)unused;
    struct run_result result;
    for (int i = 0; i < 3; i++) {
        testkit_natural(the_first_function_is_the_one_that_runs, NULL, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_string_equal(testkit_said(), "78");
        assert_true(o._done);
    }
    for (int i = 0; i < 3; i++) {
        testkit_natural(recursive_do_deadlocks, NULL, &result);
        assert_int_equal(result.verdict, VERDICT_BUG);
        assert_true(o._running);
    }
}

/* ---- Reports ------------------------------------------------------------------------------ */

static void a_recursive_do_is_held_by_the_goroutine_itself(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(recursive_do_deadlocks, NULL, &result);
    assert_non_null(result.report);
    assert_string_equal(result.report->state, "sync.Once.Do");
    assert_string_equal(result.report->object.name, "O1");
    assert_non_null(
        strstr(result.report->notes[0], "waits for once O1, held by goroutine 1 itself"));
}

static void of_crossing_onces_both_goroutines_are_culprits(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_true(testkit_find(onces_that_need_each_other_can_deadlock, NULL, "deadlock", &result));
    assert_int_equal(result.report->culprit_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(no_do_returns_before_the_function_has, "()111 pass"),
        outcomes_test(any_caller_may_be_the_one_that_runs_it, "()12 pass", "()21 pass"),
        outcomes_test(the_first_function_is_the_one_that_runs, "78 pass"),
        outcomes_test(recursive_do_deadlocks, "deadlock"),
        outcomes_test(onces_that_need_each_other_can_deadlock, "deadlock", "() pass"),
        outcomes_test(a_function_that_hangs_blocks_every_do, "deadlock", "() pass"),
        outcomes_test(a_panic_passes_through_and_counts_as_done, "unrecovered-panic seven  pass"),
        outcomes_test(a_panic_lets_those_who_wait_go_on, "p1 pass", "()1d pass"),
        /* Who waits may go on before the panic ends all. */
        outcomes_test(an_unrecovered_panic_of_the_function_is_a_report, "unrecovered-panic",
                      "1 unrecovered-panic", "()1d pass"),
        outcomes_test(goexit_counts_as_done_and_ends_the_goroutine, "r pass", "neverrd pass"),
        outcomes_test(what_the_function_recovers_does_not_end_it, "pqr1 pass", "()1r pass"),
        outcomes_test(what_the_function_defers_belongs_to_who_called_do, "f321r pass"),
        outcomes_test(what_the_function_defers_runs_before_it_is_done, "deadlock"),
        outcomes_test(a_nil_function_is_a_nil_dereference_and_counts_as_done,
                      "nil-dereference pass"),
        outcomes_test(a_copy_of_one_that_is_done_is_done, "7 pass"),
        outcomes_test(a_copy_of_one_that_runs_must_not_be_used, "copy-of-locked-lock"),
        cmocka_unit_test(a_once_of_an_earlier_execution_runs_again),
        cmocka_unit_test(a_recursive_do_is_held_by_the_goroutine_itself),
        cmocka_unit_test(of_crossing_onces_both_goroutines_are_culprits),
    };
    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
