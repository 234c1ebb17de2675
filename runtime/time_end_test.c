// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* How time goes on once the root function is over: one-shots fire in order of their deadlines,
 * tickers and timers that were armed again a few times more; then nobody waits for time. */
#include "testkit.h"

#include <string.h>

#include "sched.h"

static const struct run_options three_ticks = {.ticks_after_end = 3};

/* What programs share with their goroutines; their root sets it anew. */
static struct {
    struct go_timer *timer;
} shared;

static void say_ns(int64_t ns) { testkit_say("%lld ", (long long)ns); }

/* ---- Tickers ------------------------------------------------------------------------------ */

static void say_ticks(void *timer)
{
    int64_t ns;
    while (go_chan_recv(go_timer_chan(timer), &ns)) say_ns(ns);
}

static void who_waits_only_for_its_own_ticker_is_leaked(void) { go(say_ticks, go_ticker_new(5)); }

static void before_the_end_a_ticker_fires_without_bound(void)
{
    go(say_ticks, go_ticker_new(5));
    go_sleep(23);
}

static void leave_by_goexit(void)
{
    go(say_ticks, go_ticker_new(5));
    go_goexit();
}

static void say_ticks_as_daemon(void *timer)
{
    go_daemon();
    say_ticks(timer);
}

static void a_daemon_may_wait_for_its_ticker(void) { go(say_ticks_as_daemon, go_ticker_new(5)); }

static void each_ticker_has_its_own_ticks(void)
{
    go(say_ticks, go_ticker_new(5));
    go(say_ticks, go_ticker_new(100));
}

static void end_with_a_ticker_that_nobody_reads(void) { go_ticker_new(1); }

static void a_ticker_that_nobody_reads_keeps_nothing_alive(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(end_with_a_ticker_that_nobody_reads, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(sched.now_ns, 2);
}

/* ---- Timers that are armed again ---------------------------------------------------------- */

static void rearm_own(void *arg)
{
    (void)arg;
    struct go_timer *t = go_timer_new(1);
    int64_t ns;
    while (go_chan_recv(go_timer_chan(t), &ns)) {
        say_ns(ns);
        go_timer_reset(t, 1);
    }
}

static void who_waits_for_a_timer_that_it_arms_again_is_leaked(void) { go(rearm_own, NULL); }

static void rearm_shared(void *arg)
{
    (void)arg;
    say_ns(go_now());
    go_timer_reset(shared.timer, 1);
}

static void a_function_that_arms_its_timer_again_comes_to_an_end(void)
{
    shared.timer = go_timer_after_func(1, rearm_shared, NULL);
}

static void a_timer_that_was_armed_again_before_the_end_still_fires(void)
{
    shared.timer = go_timer_new(1);
    go_timer_reset(shared.timer, 7);
    go(say_ticks, shared.timer);
}

/* ---- One-shots ---------------------------------------------------------------------------- */

static void say_number(void *arg) { testkit_say("%d", testkit_int(arg)); }

static void one_shots_fire_in_order_of_their_deadlines(void)
{
    go_timer_after_func(3, say_number, testkit_arg(3));
    go_timer_after_func(1, say_number, testkit_arg(1));
    go_timer_after_func(2, say_number, testkit_arg(2));
}

static void say_one(void *chan)
{
    int64_t ns;
    go_chan_recv(chan, &ns);
    say_ns(ns);
}

static void who_waits_for_a_one_shot_is_not_leaked(void) { go(say_one, go_after(10)); }

static void sleep_and_say(void *ns)
{
    go_sleep(testkit_int(ns));
    say_ns(go_now());
}

static void a_sleeper_wakes_after_the_end(void) { go(sleep_and_say, testkit_arg(5)); }

static void make_one_shots(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++) say_one(go_after(1));
}

static void one_shots_made_after_the_end_are_not_counted(void) { go(make_one_shots, NULL); }

static void a_one_shot_fires_between_the_ticks_of_others(void)
{
    go_ticker_new(5);
    go(say_one, go_after(7));
    go(say_one, go_after(1000));
}

/* ---- New one-shots without end ------------------------------------------------------------ */

static const struct run_options three_waits = {.waits_after_end = 3};

static void sleep_for_ever(void *arg)
{
    for (;;) {
        go_sleep(testkit_int(arg));
        say_ns(go_now());
    }
}

static void receive_for_ever(void *arg)
{
    (void)arg;
    for (;;) say_one(go_after(1));
}

static void receive_six(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++) go_chan_recv(go_after(1), NULL);
    testkit_say("6");
}

static void sleep_six(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++) go_sleep(1);
    testkit_say("6");
}

static void who_sleeps_again_and_again_is_leaked(void) { go(sleep_for_ever, testkit_arg(5)); }
static void who_waits_for_new_timers_again_and_again_is_leaked(void) { go(receive_for_ever, NULL); }

static void as_daemon(void *arg)
{
    go_daemon();
    sleep_for_ever(arg);
}
static void a_daemon_may_sleep_again_and_again(void) { go(as_daemon, testkit_arg(5)); }

static void before_the_end_waits_are_not_counted(void)
{
    go(sleep_six, NULL);
    go_sleep(100);
}

static const struct run_options six_waits = {.waits_after_end = 6};
static void waits_up_to_the_limit_are_no_leak(void) { go(sleep_six, NULL); }
static void waits_for_timers_up_to_the_limit_are_no_leak(void) { go(receive_six, NULL); }

static void sleep_often(void *times)
{
    for (int i = testkit_int(times); i; i--) go_sleep(1);
    testkit_say("end");
}
static void a_hundred_sleeps_are_no_leak(void) { go(sleep_often, testkit_arg(100)); }
static void one_sleep_more_is_a_leak(void) { go(sleep_often, testkit_arg(101)); }

/* Timers that are stopped before they fire are not waited for. */
static void work_with_timeouts(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++)
        go_context_cancel(go_context_with_timeout(go_context_background(), 10));
    testkit_say("w");
}
static void timeouts_that_never_pass_are_not_counted(void) { go(work_with_timeouts, NULL); }

/* A round ends with the timers that are stopped, too. */
static void receive_with_timeout_for_ever(void *arg)
{
    (void)arg;
    for (;;) {
        struct go_timer *timeout = go_timer_new(10);
        say_one(go_after(1));
        go_timer_stop(timeout);
    }
}
static void who_stops_other_timers_meanwhile_is_leaked(void)
{
    go(receive_with_timeout_for_ever, NULL);
}

static bool is_over;

static void look_often(void *arg)
{
    (void)arg;
    while (!is_over) go_sleep(1);
    testkit_say("o");
}

static void sleep_long(void *arg)
{
    (void)arg;
    go_sleep(50);
    is_over = true;
}

static void who_looks_often_waits_no_more_often_than_who_waits_long(void)
{
    is_over = false;
    go(look_often, NULL);
    go(sleep_long, NULL);
}

static void work_long(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) go_gosched();
    is_over = true;
}

static void who_looks_often_while_another_works_is_no_leak(void)
{
    is_over = false;
    go(work_long, NULL);
    go(look_often, NULL);
}

static void start_next(void *arg)
{
    go_sleep(1);
    testkit_say("%d ", testkit_int(arg));
    go(start_next, testkit_arg(testkit_int(arg) + 1));
}
static void who_is_started_inherits_the_waits(void) { go(start_next, testkit_arg(1)); }

static struct go_chan *fired;

/* Whoever ran last before a timer fires has nothing to do with its goroutine. */
static void receive_as_daemon(void *arg)
{
    (void)arg;
    go_daemon();
    while (go_chan_recv(fired, NULL)) {}
}

static void fire_next(void *arg)
{
    testkit_say("%d ", testkit_int(arg));
    go_timer_after_func(1, fire_next, testkit_arg(testkit_int(arg) + 1));
    go_chan_send(fired, NULL);
}
static void timers_that_arm_new_ones_come_to_an_end(void)
{
    fired = go_chan_make(0, 1);
    go(receive_as_daemon, NULL);
    go_timer_after_func(1, fire_next, testkit_arg(1));
}

static void two_that_sleep_for_ever_are_both_leaked(void)
{
    go(sleep_for_ever, testkit_arg(2));
    go(sleep_for_ever, testkit_arg(3));
}

/* The root to its end; then the clock whenever it can be, else the youngest goroutine: all others
 * are kept back. */
static uint64_t rank_of(const struct candidate *c)
{
    return c->id == 1 ? UINT64_MAX : c->id == CLOCK_ID ? UINT32_MAX : c->id;
}

static size_t choose_clock_or_youngest(struct policy *self, enum choice_kind kind,
                                       const struct candidate *c, size_t n)
{
    (void)self;
    size_t best = 0;
    for (size_t i = 1; kind == CHOICE_RUN && i < n; i++)
        if (rank_of(&c[i]) > rank_of(&c[best])) best = i;
    return best;
}

static void expect_with_clock_ahead(void (*root)(void), enum verdict verdict, enum report_type type)
{
    struct policy policy = {.name = "clock", .choose = choose_clock_or_youngest};
    struct run_result result;
    testkit_execute(root, &policy, &three_waits, &result, NULL);
    assert_int_equal(result.verdict, verdict);
    if (result.report) assert_int_equal(result.report->type, type);
}

static void a_clock_that_runs_ahead_makes_no_difference(void **state)
{
    (void)state;
    expect_with_clock_ahead(who_looks_often_while_another_works_is_no_leak, VERDICT_PASS,
                            REPORT_NONE);
    expect_with_clock_ahead(who_sleeps_again_and_again_is_leaked, VERDICT_BUG,
                            REPORT_GOROUTINE_LEAK);
    expect_with_clock_ahead(who_waits_for_new_timers_again_and_again_is_leaked, VERDICT_BUG,
                            REPORT_GOROUTINE_LEAK);
}

static void the_report_says_that_it_goes_on_for_ever(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(who_sleeps_again_and_again_is_leaked, &three_waits, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    assert_string_equal(result.report->state, "sleep");
    bool said = false;
    for (size_t i = 0; i < result.report->note_count; i++)
        said |= strstr(result.report->notes[i], "waited for new timers 3 times") != NULL;
    assert_true(said);
}

/* ---- Any schedule ------------------------------------------------------------------------- */

static uint64_t random_state;

static size_t choose_random(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)self, (void)kind, (void)c;
    random_state = mix64(random_state, n);
    return (random_state >> 32) % n;
}

static void run_timers_of_all_kinds(void)
{
    shared.timer = go_timer_after_func(2, rearm_shared, NULL);
    go(say_ticks, go_ticker_new(3));
    go(say_ticks, go_ticker_new(4));
    go(make_one_shots, NULL);
    go(sleep_and_say, testkit_arg(5));
    go_sleep(5);
}

/* Of the latest execution: time only rises, and what is a ticker or a function that arms its timer
 * again fires at most twice after the root's end. */
static void check_firings(void)
{
    size_t count;
    const struct event *events = run_events(&count, NULL);
    unsigned after_end[8] = {0}; /* by number of the object: the first three timers are the three */
    int64_t now_ns = 0;
    bool over = false;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == OP_END && events[i].goroutine == 1) over = true;
        if (events[i].kind != OP_TIMER_FIRE) continue;
        assert_true((int64_t)events[i].value >= now_ns);
        now_ns = (int64_t)events[i].value;
        const struct object *o = object_at(events[i].object);
        if (over && o && o->made_by == 1) assert_true(++after_end[o->ordinal] <= 2);
    }
    assert_true(over);
    assert_true(after_end[1] + after_end[2] + after_end[3] > 0);
}

static void in_any_schedule_time_only_rises_and_ticks_after_the_end_are_few(void **state)
{
    (void)state;
    struct policy policy = {.name = "random", .blind = true, .choose = choose_random};
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct run_result result;
        random_state = seed;
        run_execute(run_timers_of_all_kinds, &policy, NULL, &result, NULL);
        assert_int_equal(result.verdict, VERDICT_BUG);
        assert_int_equal(result.report->type, REPORT_GOROUTINE_LEAK);
        check_firings();
    }
}

/* ---- go_test_timeout ---------------------------------------------------------------------- */

static void a_timeout_also_ends_the_wait_after_the_end(void)
{
    go_test_timeout(10);
    go(say_one, go_after(20));
}

static const struct CMUnitTest tests[] = {
    natural_test(who_waits_only_for_its_own_ticker_is_leaked, "5 10  goroutine-leak"),
    natural_test_under(who_waits_only_for_its_own_ticker_is_leaked, &three_ticks,
                       "5 10 15  goroutine-leak"),
    natural_test(before_the_end_a_ticker_fires_without_bound, "5 10 15 20 25 30  goroutine-leak"),
    natural_test(leave_by_goexit, "5 10  goroutine-leak"),
    natural_test(a_daemon_may_wait_for_its_ticker, "5 10  pass"),
    natural_test(each_ticker_has_its_own_ticks, "5 10 100 200  goroutine-leak"),
    cmocka_unit_test(a_ticker_that_nobody_reads_keeps_nothing_alive),

    natural_test(who_waits_for_a_timer_that_it_arms_again_is_leaked, "1 2  goroutine-leak"),
    natural_test_under(who_waits_for_a_timer_that_it_arms_again_is_leaked, &three_ticks,
                       "1 2 3  goroutine-leak"),
    natural_test(a_function_that_arms_its_timer_again_comes_to_an_end, "1 2  pass"),
    natural_test(a_timer_that_was_armed_again_before_the_end_still_fires, "7  goroutine-leak"),

    natural_test(one_shots_fire_in_order_of_their_deadlines, "123 pass"),
    outcomes_test(who_waits_for_a_one_shot_is_not_leaked, "10  pass"),
    outcomes_test(a_sleeper_wakes_after_the_end, "5  pass"),
    natural_test(one_shots_made_after_the_end_are_not_counted, "1 2 3 4 5 6  pass"),
    natural_test(a_one_shot_fires_between_the_ticks_of_others, "7 1000  pass"),

    natural_test_under(who_sleeps_again_and_again_is_leaked, &three_waits,
                       "5 10 15  goroutine-leak"),
    natural_test_under(who_waits_for_new_timers_again_and_again_is_leaked, &three_waits,
                       "1 2 3  goroutine-leak"),
    natural_test_under(a_daemon_may_sleep_again_and_again, &three_waits, "5 10 15  pass"),
    natural_test_under(before_the_end_waits_are_not_counted, &three_waits, "6 pass"),
    outcomes_test_under(waits_up_to_the_limit_are_no_leak, &six_waits, "6 pass"),
    outcomes_test_under(waits_for_timers_up_to_the_limit_are_no_leak, &six_waits, "6 pass"),
    natural_test(a_hundred_sleeps_are_no_leak, "end pass"),
    natural_test(one_sleep_more_is_a_leak, "goroutine-leak"),
    natural_test_under(timeouts_that_never_pass_are_not_counted, &three_waits, "w pass"),
    natural_test_under(who_stops_other_timers_meanwhile_is_leaked, &three_waits,
                       "1 2 3  goroutine-leak"),
    natural_test_under(who_looks_often_waits_no_more_often_than_who_waits_long, &three_waits,
                       "o pass"),
    natural_test_under(who_looks_often_while_another_works_is_no_leak, &three_waits, "o pass"),
    natural_test_under(who_is_started_inherits_the_waits, &three_waits, "1 2 3  goroutine-leak"),
    natural_test_under(timers_that_arm_new_ones_come_to_an_end, &three_waits, "1 2 3  pass"),
    natural_test_under(two_that_sleep_for_ever_are_both_leaked, &three_waits,
                       "2 3 4 6 6 9  goroutine-leak"),
    cmocka_unit_test(a_clock_that_runs_ahead_makes_no_difference),
    cmocka_unit_test(the_report_says_that_it_goes_on_for_ever),

    cmocka_unit_test(in_any_schedule_time_only_rises_and_ticks_after_the_end_are_few),

    natural_test(a_timeout_also_ends_the_wait_after_the_end, "goroutine-leak"),
};

int main(void) { return cmocka_run_group_tests_name("time_end", tests, NULL, NULL); }
