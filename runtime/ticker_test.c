// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Tickers. Programs with one have endless schedules, as the clock can always go on: they run in the
 * natural schedule or by a script. */
#include "timer_testkit.h"

#include "timer.h"

static const struct run_options go123 = {.go123_timers = true};

static void arm_a_ticker(void)
{
    struct go_timer *t = go_ticker_new(3);
    testkit_say("%zu", t->chan->count); /* plain */
    go_timer_stop(t);
}

static void a_ticker_may_fire_before_the_next_line(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(arm_a_ticker, NULL, &result);
    assert_string_equal(testkit_said(), "0");
    testkit_scripted(arm_a_ticker, NULL, (const size_t[]){1}, 1, &result);
    assert_string_equal(testkit_said(), "1");
}

static void a_ticker_fires_every_period(void)
{
    struct go_timer *t = go_ticker_new(5);
    for (int i = 0; i < 4; i++) say_recv(go_timer_chan(t));
    go_timer_stop(t);
}

static void a_ticker_drops_ticks_that_find_its_channel_full(void)
{
    struct go_timer *t = go_ticker_new(5);
    struct go_chan *c = go_timer_chan(t);
    go_sleep(12);
    say_poll(c);
    say_poll(c);
    say_recv(c);
    go_timer_stop(t);
}

static void a_stopped_ticker_ticks_no_more(void)
{
    struct go_timer *t = go_ticker_new(5);
    say_recv(go_timer_chan(t));
    testkit_say(" %d", go_timer_stop(t));
    testkit_say("%d", go_timer_stop(t));
    go_sleep(20);
    say_poll(go_timer_chan(t));
}

static void stop_leaves_or_takes_a_tick(void)
{
    struct go_timer *t = go_ticker_new(5);
    go_sleep(7);
    go_timer_stop(t);
    say_poll(go_timer_chan(t));
}

static void reset_gives_a_ticker_a_new_period(void)
{
    struct go_timer *t = go_ticker_new(5);
    struct go_chan *c = go_timer_chan(t);
    say_recv(c);
    testkit_say(" %d ", go_timer_reset(t, 3));
    say_recv(c);
    testkit_say(" ");
    say_recv(c);
    go_timer_stop(t);
}

static void reset_leaves_or_takes_a_tick(void)
{
    struct go_timer *t = go_ticker_new(5);
    go_sleep(7);
    go_timer_reset(t, 3);
    say_recv(go_timer_chan(t));
    go_timer_stop(t);
}

static void new_ticker(void *period_ns) { go_ticker_new(testkit_int(period_ns)); }
static void reset_ticker(void *period_ns)
{
    go_timer_reset(go_ticker_new(5), testkit_int(period_ns));
}

static void say_panic(void (*fn)(void *), int64_t period_ns)
{
    struct go_panic panic;
    if (go_protect(fn, testkit_arg(period_ns), &panic)) testkit_say("%s", panic.message);
}

static void a_ticker_of_0_ns_panics(void) { say_panic(new_ticker, 0); }
static void a_ticker_of_a_negative_period_panics(void) { say_panic(new_ticker, -1); }
static void reset_of_a_ticker_to_0_ns_panics(void) { say_panic(reset_ticker, 0); }
static void the_panic_of_a_ticker_is_a_report(void) { go_ticker_new(0); }

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_ticker_may_fire_before_the_next_line),
    natural_test(a_ticker_fires_every_period, "5101520 pass"),
    natural_test(a_ticker_drops_ticks_that_find_its_channel_full, "5-15 pass"),
    natural_test(a_stopped_ticker_ticks_no_more, "5 10- pass"),
    natural_test(stop_leaves_or_takes_a_tick, "5 pass"),
    natural_test_under(stop_leaves_or_takes_a_tick, &go123, "- pass"),
    natural_test(reset_gives_a_ticker_a_new_period, "5 1 8 11 pass"),
    natural_test(reset_leaves_or_takes_a_tick, "5 pass"),
    natural_test_under(reset_leaves_or_takes_a_tick, &go123, "10 pass"),
    outcomes_test(a_ticker_of_0_ns_panics, "non-positive interval for NewTicker pass"),
    outcomes_test(a_ticker_of_a_negative_period_panics, "non-positive interval for NewTicker pass"),
    natural_test(reset_of_a_ticker_to_0_ns_panics, "non-positive interval for Ticker.Reset pass"),
    outcomes_test(the_panic_of_a_ticker_is_a_report, "unrecovered-panic"),
};

int main(void) { return cmocka_run_group_tests_name("ticker", tests, NULL, NULL); }
