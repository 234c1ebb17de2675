// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Faults of the program under test become panics or reports, and the process lives on. */
#include "testkit.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void write_through(int *p) { *(volatile int *)p = 1; }

static void a_nil_write_is_a_nil_dereference(void) { write_through(NULL); }

static void a_wild_write_is_an_invalid_access(void)
{
    write_through((int *)(uintptr_t)0x700000000000); /* NOLINT(performance-no-int-to-ptr) */
}

static void call_through(void (*volatile fn)(void)) { fn(); }
static void a_call_of_nil_is_a_nil_dereference(void) { call_through(NULL); }

static void a_nil_goroutine_is_a_nil_dereference(void) { go(NULL, NULL); }

static void abort_is_reported(void) { abort(); }

static void a_failed_assert_is_reported(void)
{
    volatile int one = 1;
    assert(one == 2);
}

/* Wrong on purpose, and not UBSan's to find. */
__attribute__((no_sanitize("undefined"))) static int divide(volatile int a, volatile int b)
{
    return a / b;
}
static void a_division_by_zero_is_reported(void) { testkit_say("%d", divide(1, 0)); }

static void a_trap_is_reported(void) { (void)raise(SIGILL); }

static int descend(volatile char *above, int depth)
{
    volatile char frame[512];
    frame[0] = above[0];
    return depth ? descend(frame, depth - 1) + frame[0] : 0;
}
static void deep_recursion_is_a_stack_overflow(void)
{
    volatile char top = 0;
    testkit_say("%d", descend(&top, 100000));
}
static void some_recursion_is_fine(void)
{
    volatile char top = 0;
    testkit_say("%d", descend(&top, 40));
}

static void nil_write(void *unused)
{
    (void)unused;
    write_through(NULL);
}
static void a_nil_dereference_can_be_recovered(void)
{
    struct go_panic panic;
    if (go_protect(nil_write, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void say_deferred(void *unused)
{
    (void)unused;
    testkit_say("deferred");
}
static void deferred_calls_run_before_a_nil_dereference_is_reported(void)
{
    go_defer(say_deferred, NULL);
    write_through(NULL);
}

static void overflow_in_a_goroutine(void *unused)
{
    (void)unused;
    volatile char top = 0;
    (void)descend(&top, 100000);
}
static void an_overflow_hurts_no_neighbour(void)
{
    for (int i = 0; i < 3; i++) go(overflow_in_a_goroutine, NULL);
    go_gosched();
}

static void go_exit_with_zero_passes(void)
{
    go(say_deferred, NULL);
    go_exit(0);
}
static void go_exit_with_a_status_is_reported(void) { go_exit(3); }

static void the_first_stack_begins_in_the_program(void **state)
{
    (void)state;
    static const struct {
        void (*root)(void);
        const char *signature;
    } rows[] = {
        {a_nil_write_is_a_nil_dereference, "nil-dereference--write_through"},
        {a_call_of_nil_is_a_nil_dereference, "nil-dereference--call_through"},
        {abort_is_reported, "abort--abort_is_reported"},
        {a_failed_assert_is_reported, "abort--a_failed_assert_is_reported"},
        {a_division_by_zero_is_reported, "arithmetic-fault--divide"},
        {deep_recursion_is_a_stack_overflow, "stack-overflow--descend"},
        {go_exit_with_a_status_is_reported, "exit-status--go_exit_with_a_status_is_reported"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_result result;
        testkit_natural(rows[i].root, NULL, &result);
        assert_non_null(result.report);
        char signature[256];
        report_signature(result.report, signature, sizeof signature);
        assert_string_equal(signature, rows[i].signature);
    }
}

static void outside_an_execution_signals_are_the_process_s_own(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(some_recursion_is_fine, NULL, &result); /* handlers are installed */
    struct sigaction action;
    struct sigaction ours;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_IGN;
    assert_int_equal(sigaction(SIGTRAP, &action, &ours), 0);
    assert_int_equal(raise(SIGTRAP), 0);
    assert_int_equal(sigaction(SIGTRAP, &ours, NULL), 0);
    testkit_natural(a_nil_write_is_a_nil_dereference, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_nil_write_is_a_nil_dereference, "nil-dereference"),
        outcomes_test(a_wild_write_is_an_invalid_access, "invalid-access"),
        outcomes_test(a_call_of_nil_is_a_nil_dereference, "nil-dereference"),
        outcomes_test(a_nil_goroutine_is_a_nil_dereference, "nil-dereference"),
        outcomes_test(abort_is_reported, "abort"),
        outcomes_test(a_failed_assert_is_reported, "abort"),
        outcomes_test(a_division_by_zero_is_reported, "arithmetic-fault"),
        outcomes_test(a_trap_is_reported, "illegal-instruction"),
        outcomes_test(deep_recursion_is_a_stack_overflow, "stack-overflow"),
        outcomes_test(some_recursion_is_fine, "0 pass"),
        outcomes_test(a_nil_dereference_can_be_recovered, "nil-dereference pass"),
        outcomes_test(deferred_calls_run_before_a_nil_dereference_is_reported,
                      "deferred nil-dereference"),
        outcomes_test(an_overflow_hurts_no_neighbour, "stack-overflow"),
        outcomes_test(go_exit_with_zero_passes, "pass", "deferred pass"),
        outcomes_test(go_exit_with_a_status_is_reported, "exit-status"),
        cmocka_unit_test(the_first_stack_begins_in_the_program),
        cmocka_unit_test(outside_an_execution_signals_are_the_process_s_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
