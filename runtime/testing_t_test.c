// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The model of testing.T: each program with all that can happen. This file is instrumented: it is a
 * program under test. */
#include "heddle.h" /* before base.h */

#include "testkit.h"

#include <string.h>

#include "sched.h"

static struct go_chan *channel;
static struct go_test *shared;
static struct go_mutex mutex;
static int data;
static struct go_waitgroup group;

static void say_number(void *arg) { testkit_say("%d", testkit_int(arg)); }

/* ---- Logs and the end --------------------------------------------------------------------- */

static void log_now(void *t) { go_test_log(t, "%d", 1); }

static void log_and_tell(void *t)
{
    log_now(t);
    go_chan_send(channel, NULL);
}

static void log_directly(struct go_test *t, void *arg)
{
    (void)arg;
    log_now(t);
    log_now(t);
}

static void a_log_of_the_test_itself_is_in_time(void)
{
    go_test_run(go_test_root(), "sub", log_directly, NULL);
}

static void wait_for_log(struct go_test *t, void *arg)
{
    (void)arg;
    go(log_and_tell, t);
    go_chan_recv(channel, NULL);
}

static void a_log_that_the_test_waits_for_is_in_time(void)
{
    channel = go_chan_make(0, 0);
    go_test_run(go_test_root(), "sub", wait_for_log, NULL);
}

static void start_log(struct go_test *t, void *arg)
{
    (void)arg;
    go(log_now, t);
}

static void a_log_that_nobody_waits_for_may_be_late(void)
{
    go_test_run(go_test_root(), "sub", start_log, NULL);
}

static void fail_test(void *t) { go_test_fail(t); }

static void start_fail(struct go_test *t, void *arg)
{
    (void)arg;
    go(fail_test, t);
}

static void a_failure_that_nobody_waits_for_may_be_late(void)
{
    go_test_run(go_test_root(), "sub", start_fail, NULL);
}

static void log_to_the_root(void *arg)
{
    (void)arg;
    go_test_log(go_test_root(), "late");
}

static void the_root_test_takes_logs_for_ever(void) { go(log_to_the_root, NULL); }

static void tell_then_log(void *t)
{
    go_chan_recv(channel, NULL);
    log_now(t);
    testkit_say("l");
}

static void start_log_when_told(struct go_test *t, void *arg)
{
    (void)arg;
    go(tell_then_log, t);
}

static void what_is_ordered_after_the_end_goes_to_the_parent(void)
{
    channel = go_chan_make(0, 1);
    go_test_run(go_test_root(), "sub", start_log_when_told, NULL);
    go_chan_send(channel, NULL);
}

static void run_inner(struct go_test *t, void *arg)
{
    (void)arg;
    go_test_run(t, "inner", start_log_when_told, NULL);
    go_chan_send(channel, NULL);
}

static void the_parents_end_counts_for_what_goes_to_the_parent(void)
{
    channel = go_chan_make(0, 1);
    go_test_run(go_test_root(), "outer", run_inner, NULL);
}

static void fail_when_told(void *t)
{
    struct go_panic panic;
    go_chan_recv(channel, NULL);
    if (go_protect(fail_test, t, &panic)) testkit_say("%s", panic.kind);
}

static void start_fail_when_told(struct go_test *t, void *arg)
{
    (void)arg;
    go(fail_when_told, t);
}

static void a_failure_ordered_after_the_end_is_a_panic(void)
{
    channel = go_chan_make(0, 1);
    go_test_run(go_test_root(), "sub", start_fail_when_told, NULL);
    go_chan_send(channel, NULL);
}

/* ---- Happens-before ----------------------------------------------------------------------- */

static void add_one(struct go_test *t, void *arg)
{
    (void)t, (void)arg;
    data++;
}

static void never_race_of_the_caller_and_its_test(void)
{
    data = 1;
    go_test_run(go_test_root(), "sub", add_one, NULL);
    testkit_say("%d", data);
}

static void write_and_fail(void *t)
{
    data = 1;
    go_test_fail(t);
}

static void never_race_behind_a_failure(void)
{
    struct go_test *t = go_test_root();
    go(write_and_fail, t);
    if (go_test_failed(t)) testkit_say("%d", data);
}

/* What was said is no memory of the program: it tells the other that it is later, and orders
 * nothing. */
static void write_log_and_say(void *t)
{
    data = 1;
    log_now(t);
    testkit_say("w");
}

static void never_race_of_earlier_and_later_log(void)
{
    struct go_test *t = go_test_root();
    go(write_log_and_say, t);
    if (!*testkit_said()) return;
    log_now(t);
    testkit_say("%d", data);
}

static void write_look_and_say(void *t)
{
    data = 1;
    go_test_failed(t);
    testkit_say("w");
}

static void race_of_two_that_only_look(void)
{
    struct go_test *t = go_test_root();
    go(write_look_and_say, t);
    if (!*testkit_said()) return;
    go_test_failed(t);
    testkit_say("%d", data);
}

static void never_race_of_who_looks_and_a_later_log(void)
{
    struct go_test *t = go_test_root();
    go(write_look_and_say, t);
    if (!*testkit_said()) return;
    log_now(t);
    testkit_say("%d", data);
}

/* ---- Run, fail, leave --------------------------------------------------------------------- */

static void say_and_defer(struct go_test *t, void *arg)
{
    (void)t;
    go_defer(say_number, testkit_arg(2));
    say_number(arg);
}

static void run_waits_for_the_function_and_what_it_defers(void)
{
    bool ok = go_test_run(go_test_root(), "sub", say_and_defer, testkit_arg(1));
    testkit_say("%d", ok ? 3 : 4);
}

static void fail_now_or_never(struct go_test *t, void *arg)
{
    go_defer(say_number, testkit_arg(1));
    if (testkit_int(arg) == 1) go_test_fail_now(t);
    go_test_fatal(t, "%s", "fatal");
}

static void say_failed(struct go_test *t) { testkit_say("%d", go_test_failed(t)); }

static void fail_now_ends_the_test_and_what_it_deferred_runs(void)
{
    for (int i = 1; i <= 2; i++)
        testkit_say("%d", go_test_run(go_test_root(), "sub", fail_now_or_never, testkit_arg(i)));
}

static void fatal_in_the_root_test_ends_the_root_function(void)
{
    go(log_to_the_root, NULL);
    go_test_fatal(go_test_root(), "fatal");
}

static void err(struct go_test *t, void *arg)
{
    (void)arg;
    go_test_error(t, "an error");
    testkit_say("-");
    say_failed(t);
}

static void pass(struct go_test *t, void *arg)
{
    (void)arg;
    say_failed(t);
}

static void run_both(struct go_test *t, void *arg)
{
    (void)arg;
    say_failed(t);
    testkit_say("%d", go_test_run(t, "bad", err, NULL));
    testkit_say("%d", go_test_run(t, "good", pass, NULL));
}

static void a_failure_is_that_of_the_ancestors_too(void)
{
    testkit_say("%d", go_test_run(go_test_root(), "both", run_both, NULL));
    say_failed(go_test_root());
}

static void fail_parent_now(struct go_test *t, void *arg)
{
    (void)t;
    go_test_fail_now(arg);
}

static void fail_now_of_the_parent_is_misuse(void)
{
    struct go_test *root = go_test_root();
    go_test_run(root, "sub", fail_parent_now, root);
}

static void fatal_elsewhere(void *t) { go_test_fatal(t, "fatal"); }

static void start_fatal(struct go_test *t, void *arg)
{
    (void)arg;
    go(fatal_elsewhere, t);
    go_chan_recv(NULL, NULL);
}

static void fatal_by_another_goroutine_is_misuse(void)
{
    go_test_run(go_test_root(), "sub", start_fatal, NULL);
}

static void leave(struct go_test *t, void *arg)
{
    (void)t, (void)arg;
    go_goexit();
}

static void goexit_is_no_end_of_a_test(void)
{
    go_test_run(go_test_root(), "sub", leave, NULL);
    testkit_say("never");
}

static void panic_seven(struct go_test *t, void *arg)
{
    (void)arg;
    go(log_now, t); /* never late: the test does not end */
    go_defer(say_number, testkit_arg(1));
    go_panic("seven");
}

static void a_panic_of_the_test_is_a_report_and_nobody_goes_on(void)
{
    go_test_run(go_test_root(), "sub", panic_seven, NULL);
    testkit_say("never");
}

static void log_to_nil(void *arg)
{
    (void)arg;
    log_now(NULL);
}

static void a_nil_test_is_a_nil_dereference(void)
{
    struct go_panic panic;
    if (go_protect(log_to_nil, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void a_nil_function_is_a_nil_dereference(void)
{
    go_test_run(go_test_root(), "sub", NULL, NULL);
}

/* ---- Reports ------------------------------------------------------------------------------ */

static void wait_for_ever(struct go_test *t, void *arg)
{
    (void)t, (void)arg;
    go_chan_recv(NULL, NULL);
}

static void run_one_that_hangs(void) { go_test_run(go_test_root(), "sub", wait_for_ever, NULL); }

static void of_a_test_that_hangs_the_caller_is_no_culprit(void **unused)
{
    (void)unused;
    struct run_result result;
    char signature[256];
    testkit_natural(run_one_that_hangs, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    report_signature(result.report, signature, sizeof signature);
    assert_string_equal(signature, "deadlock--wait_for_ever");
    assert_int_equal(result.report->goroutine_count, 1);
    assert_string_equal(result.report->goroutines[0].state, "testing.T.Run");
    assert_non_null(strstr(result.report->goroutines[0].waits_for,
                           "waits for test TEST2, run by goroutine 2 [chan receive (nil chan)]"));
}

static void lock_mutex(struct go_test *t, void *arg)
{
    (void)t, (void)arg;
    go_mutex_lock(&mutex);
}

static void run_one_that_wants_my_lock(void)
{
    go_mutex_lock(&mutex);
    go_test_run(go_test_root(), "sub", lock_mutex, NULL);
}

static void a_test_that_wants_its_callers_lock_makes_a_cycle(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(run_one_that_wants_my_lock, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    assert_int_equal(result.report->culprit_count, 2);
}

/* On the test's own stack: no memory of the program. */
struct random {
    struct policy policy;
    uint64_t state;
};

static size_t choose_random(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)kind, (void)c;
    struct random *random = (struct random *)self;
    random->state = mix64(random->state, n);
    return (random->state >> 32) % n;
}

static void execute_random(void (*root)(void), const struct run_options *options, uint64_t seed,
                           struct run_result *result)
{
    struct random random = {{.name = "random", .blind = true, .choose = choose_random}, seed};
    testkit_execute(root, &random.policy, options, result, NULL);
}

static void run_nested(struct go_test *t, void *arg)
{
    (void)arg;
    go_test_run(t, "inner", start_log, NULL);
}

static void run_nested_log(void) { go_test_run(go_test_root(), "outer", run_nested, NULL); }

/* Whether the log comes between report and end, or after the end: one report. */
static void a_late_log_has_one_report_whatever_came_first(void **unused)
{
    (void)unused;
    unsigned before_end = 0;
    unsigned after_end = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct run_result result;
        execute_random(run_nested_log, NULL, seed, &result);
        if (result.verdict != VERDICT_BUG) continue;
        char signature[256];
        report_signature(result.report, signature, sizeof signature);
        assert_string_equal(signature, "log-after-test--log_now");
        assert_non_null(
            strstr(result.report->message, "Log in goroutine after \"outer/inner\" has completed"));
        assert_string_equal(result.report->object.kind, "test");
        size_t count;
        const struct event *events = run_events(&count, NULL);
        bool ended = false;
        for (size_t i = 0; i < count; i++) ended |= events[i].kind == OP_TEST_DONE;
        ended ? after_end++ : before_end++;
        assert_int_equal(result.report->object.made_by, 2);
        assert_int_equal(result.report->goroutine, 4);
        assert_true(result.report->first.count > 0);
    }
    assert_true(before_end > 10);
    assert_true(after_end > 10);
}

static void ask_for_root(void *arg)
{
    (void)arg;
    shared = go_test_root();
    go_waitgroup_done(&group);
}

static void ask_in_two_goroutines(void)
{
    go_waitgroup_add(&group, 2);
    go(ask_for_root, NULL);
    go(ask_for_root, NULL);
    go_waitgroup_wait(&group);
}

static void the_root_test_has_the_same_name_whoever_asks_first(void **unused)
{
    (void)unused;
    const struct run_options no_races = {.detectors_off = DETECTOR_RACE};
    uint64_t stable = 0;
    unsigned makers[4] = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct run_result result;
        execute_random(ask_in_two_goroutines, &no_races, seed, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        for (uint32_t i = 1; i <= object_count(); i++) {
            const struct object *o = object_at(i);
            if (o->kind != OBJECT_TEST) continue;
            makers[o->made_by]++;
            if (!stable) stable = o->stable;
            assert_int_equal(o->stable, stable);
        }
    }
    assert_int_equal(makers[2] + makers[3], 100);
    assert_true(makers[2] > 10 && makers[3] > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_log_of_the_test_itself_is_in_time, "pass"),
        outcomes_test(a_log_that_the_test_waits_for_is_in_time, "pass"),
        outcomes_test(a_log_that_nobody_waits_for_may_be_late, "pass", "log-after-test"),
        outcomes_test(a_failure_that_nobody_waits_for_may_be_late, "pass", "log-after-test"),
        outcomes_test(the_root_test_takes_logs_for_ever, "pass"),
        outcomes_test(what_is_ordered_after_the_end_goes_to_the_parent, "l pass"),
        outcomes_test(the_parents_end_counts_for_what_goes_to_the_parent, "l pass",
                      "log-after-test", "l log-after-test"),
        outcomes_test(a_failure_ordered_after_the_end_is_a_panic, "log-after-test pass"),

        outcomes_test(never_race_of_the_caller_and_its_test, "2 pass"),
        outcomes_test(never_race_behind_a_failure, "pass", "1 pass"),
        outcomes_test(never_race_of_earlier_and_later_log, "w pass", "w1 pass"),
        outcomes_test(race_of_two_that_only_look, "w pass", "w data race"),
        outcomes_test(never_race_of_who_looks_and_a_later_log, "w pass", "w1 pass"),

        outcomes_test(run_waits_for_the_function_and_what_it_defers, "123 pass"),
        outcomes_test(fail_now_ends_the_test_and_what_it_deferred_runs, "1010 pass"),
        outcomes_test(fatal_in_the_root_test_ends_the_root_function, "pass"),
        outcomes_test(a_failure_is_that_of_the_ancestors_too, "0-100101 pass"),
        outcomes_test(fail_now_of_the_parent_is_misuse, "fail-now-outside-test"),
        outcomes_test(fatal_by_another_goroutine_is_misuse, "fail-now-outside-test"),
        outcomes_test(goexit_is_no_end_of_a_test, "unrecovered-panic"),
        outcomes_test(a_panic_of_the_test_is_a_report_and_nobody_goes_on, "1 unrecovered-panic"),
        outcomes_test(a_nil_test_is_a_nil_dereference, "nil-dereference pass"),
        outcomes_test(a_nil_function_is_a_nil_dereference, "nil-dereference"),

        cmocka_unit_test(of_a_test_that_hangs_the_caller_is_no_culprit),
        cmocka_unit_test(a_test_that_wants_its_callers_lock_makes_a_cycle),
        cmocka_unit_test(a_late_log_has_one_report_whatever_came_first),
        cmocka_unit_test(the_root_test_has_the_same_name_whoever_asks_first),
    };
    return cmocka_run_group_tests_name("testing_t", tests, NULL, NULL);
}
