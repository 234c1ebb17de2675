// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* How time goes on once the root function is over: one-shots fire in order of their deadlines,
 * tickers and timers that were armed again a few times more; then nobody waits for time. */
#include "testkit.h"

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

    cmocka_unit_test(in_any_schedule_time_only_rises_and_ticks_after_the_end_are_few),

    natural_test(a_timeout_also_ends_the_wait_after_the_end, "goroutine-leak"),
};

int main(void) { return cmocka_run_group_tests_name("time_end", tests, NULL, NULL); }
