// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Timers, Sleep and the clock; tickers are in ticker_test.c. */
#include "timer_testkit.h"

#include "sched.h"
#include "timer.h"

static const struct run_options go123 = {.go123_timers = true};

/* What programs share with their goroutines; their root sets it anew. */
static struct {
    struct go_timer *timer;
    struct go_chan *chan;
    int ran;
    int64_t last_ns;
} shared;

static void count_run(void *arg)
{
    (void)arg;
    shared.ran++;
}

static void say_number(void *arg) { testkit_say("%d", testkit_int(arg)); }

/* ---- Arming ------------------------------------------------------------------------------- */

static void a_due_timer_may_fire_before_the_next_operation(void)
{
    struct go_chan *c = go_timer_chan(go_timer_new(0));
    say_poll(c);
    say_ns(go_now());
}

static void due_function(int64_t duration_ns)
{
    shared.ran = 0;
    go_timer_after_func(duration_ns, count_run, NULL);
    testkit_say("%d", shared.ran); /* plain: only the point after arming is in between */
    say_ns(go_now());
}

static void a_timer_of_0_ns_may_fire_before_the_next_line(void) { due_function(0); }
static void a_negative_duration_is_due_at_once(void) { due_function(-1); }
static void the_least_duration_is_due_at_once(void) { due_function(INT64_MIN); }

static void reset_to_0_ns_may_fire_before_the_next_line(void)
{
    shared.ran = 0;
    struct go_timer *t = go_timer_after_func(5, count_run, NULL);
    if (!go_timer_stop(t)) return;
    go_timer_reset(t, 0);
    testkit_say("%d", shared.ran);
}

static void a_duration_that_overflows_is_the_end_of_time(void)
{
    go_sleep(5);
    say_recv(go_after(INT64_MAX));
}

static void a_sleep_that_overflows_lasts_to_the_end_of_time(void)
{
    go_sleep(5);
    go_sleep(INT64_MAX);
    say_ns(go_now());
}

static void after_sends_the_time_of_its_deadline(void) { say_recv(go_after(7)); }

/* ---- The clock ---------------------------------------------------------------------------- */

static void the_natural_schedule_fires_timers_only_when_idle(void)
{
    struct go_chan *c = go_after(0);
    for (int i = 0; i < 3; i++) {
        go_gosched();
        say_poll(c);
    }
    say_recv(c);
}

/* Two timers at these times, whenever they are armed. */
static void poll_two(int64_t first_ns, int64_t second_ns)
{
    struct go_chan *first = go_after(first_ns);
    struct go_chan *second = go_after(second_ns - go_now());
    say_poll(second);
    say_poll(first);
}

static void timers_of_one_deadline_fire_in_either_order(void) { poll_two(5, 5); }
static void timers_that_are_due_fire_in_either_order(void) { poll_two(-1, 0); }
static void a_deadline_never_fires_before_an_earlier_one(void) { poll_two(5, 6); }
static void the_order_of_arming_is_not_that_of_firing(void) { poll_two(6, 5); }

static void sleep_and_look(void *ns)
{
    go_sleep(testkit_int(ns));
    if (go_now() < shared.last_ns) testkit_say("back");
    shared.last_ns = go_now();
}

static void time_never_goes_back(void)
{
    shared.last_ns = 0;
    go(sleep_and_look, testkit_arg(3));
    go(sleep_and_look, testkit_arg(1));
    sleep_and_look(testkit_arg(2));
}

static void sleep_and_say(void *ns)
{
    go_sleep(testkit_int(ns));
    testkit_say("%d", testkit_int(ns));
}

static void sleepers_wake_in_order_of_time_when_nobody_else_runs(void)
{
    go(sleep_and_say, testkit_arg(3));
    go(sleep_and_say, testkit_arg(1));
    go(sleep_and_say, testkit_arg(2));
}

static void a_woken_sleeper_may_be_overtaken(void)
{
    go(sleep_and_say, testkit_arg(1));
    sleep_and_say(testkit_arg(2));
}

static void sleep_only(void *ns) { go_sleep(testkit_int(ns)); }

static void a_sleep_lasts_its_time_or_longer(void)
{
    go(sleep_only, testkit_arg(9));
    go_sleep(5);
    say_ns(go_now());
}

static void sleep_and_send(void *arg)
{
    (void)arg;
    go_sleep(5);
    go_chan_send(shared.chan, &(int64_t){5});
}

static void waiting_for_one_who_sleeps_is_no_deadlock(void)
{
    shared.chan = go_chan_make(sizeof(int64_t), 0);
    go(sleep_and_send, NULL);
    say_recv(shared.chan);
}

static void sleep_of_0_ns_only_yields(void)
{
    go(say_number, testkit_arg(1));
    go_sleep(0);
    go_sleep(-5);
    testkit_say("now");
    say_ns(go_now());
}

/* Looks at all candidates. */
static struct {
    struct policy policy;
    size_t most;     /* candidates of a CHOICE_RUN */
    size_t seen;     /* of them with the clock */
    size_t timers;   /* candidates of CHOICE_TIMER */
    uint64_t stable; /* the clock's */
    bool wrong;
} watcher;

/* Nobody but the clock goes on once three timers are armed. */
static size_t watch(struct policy *self, enum choice_kind kind, const struct candidate *c, size_t n)
{
    (void)self;
    for (size_t i = 0; kind == CHOICE_TIMER && i < n; i++) {
        const struct object *o = object_at(c[i].op.object);
        if (o->kind != OBJECT_TIMER || c[i].stable != o->stable) watcher.wrong = true;
        watcher.timers++;
    }
    if (kind != CHOICE_RUN) return n - 1;
    if (n > watcher.most) watcher.most = n;
    for (size_t i = 0; i + 1 < n; i++)
        if (c[i].id == CLOCK_ID) watcher.wrong = true;
    bool armed = sched.deadlines.count != 0;
    if ((c[n - 1].id == CLOCK_ID) != armed) watcher.wrong = true;
    if (armed && watcher.seen++ && c[n - 1].stable != watcher.stable) watcher.wrong = true;
    if (armed) watcher.stable = c[n - 1].stable;
    return sched.deadlines.orders < 3 ? 0 : n - 1;
}

static void arm_three(void)
{
    struct go_chan *a = go_after(INT64_MAX);
    struct go_chan *b = go_after(INT64_MAX);
    struct go_chan *c = go_after(INT64_MAX);
    go_chan_recv(a, NULL);
    go_chan_recv(b, NULL);
    go_chan_recv(c, NULL);
}

static void the_clock_is_one_candidate_the_last_while_a_timer_is_armed(void **state)
{
    (void)state;
    struct run_result result;
    watcher.policy = (struct policy){.name = "watcher", .choose = watch};
    watcher.most = watcher.seen = watcher.timers = 0;
    watcher.wrong = false;
    run_execute(arm_three, &watcher.policy, NULL, &result, NULL);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_false(watcher.wrong);
    assert_int_equal(watcher.most, 2);
    assert_true(watcher.seen > 1);
    assert_int_equal(watcher.timers, 3 + 2);
}

/* ---- go_test_timeout ---------------------------------------------------------------------- */

static void wait_under_a_timeout(int64_t timeout_ns, int64_t wait_ns)
{
    go_sleep(5);
    go_test_timeout(timeout_ns);
    say_recv(go_after(wait_ns));
}

static void a_timeout_ends_the_wait_for_a_later_timer(void) { wait_under_a_timeout(10, 11); }
static void a_timeout_lets_a_timer_of_its_own_time_fire(void) { wait_under_a_timeout(10, 10); }
static void a_timeout_that_overflows_is_none(void) { wait_under_a_timeout(INT64_MAX, 11); }

static void send_later(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) go_gosched();
    go_chan_send(shared.chan, &(int64_t){1});
}

static void a_timeout_never_fires_while_a_goroutine_can_run(void)
{
    shared.chan = go_chan_make(sizeof(int64_t), 0);
    go_test_timeout(0);
    go(send_later, NULL);
    say_recv(shared.chan);
}

/* ---- Stop --------------------------------------------------------------------------------- */

/* A stopped timer never fires, a delivered value stays; the second Stop is always too late. */
static void stop_in_time_or_leave_the_value(void)
{
    struct go_timer *t = go_timer_new(5);
    testkit_say("%d", go_timer_stop(t));
    testkit_say("%d ", go_timer_stop(t));
    go_sleep(10);
    say_poll(go_timer_chan(t));
}

static void stop_after_the_receive_is_too_late(void)
{
    struct go_timer *t = go_timer_new(5);
    say_recv(go_timer_chan(t));
    testkit_say(" %d", go_timer_stop(t));
}

/* "run" is said before or after the 0 of a Stop that came too late, and never beside a 1. */
static void say_run(void *arg)
{
    (void)arg;
    testkit_say("run");
}

static void stop_of_a_function_tells_whether_it_will_run(void)
{
    testkit_say("%d", go_timer_stop(go_timer_after_func(5, say_run, NULL)));
}

/* "00": between the look and the Stop it has fired. */
static void stop_has_a_point_before_it(void)
{
    struct go_timer *t = go_timer_new(5);
    testkit_say("%zu", go_chan_len(go_timer_chan(t)));
    testkit_say("%d", go_timer_stop(t));
}

static void reset_has_a_point_before_it(void)
{
    struct go_timer *t = go_timer_new(5);
    testkit_say("%zu", go_chan_len(go_timer_chan(t)));
    testkit_say("%d", go_timer_reset(t, 5));
}

static void stop_shared(void *arg)
{
    (void)arg;
    go_timer_stop(shared.timer);
}

static void a_timer_fires_once(void)
{
    struct go_timer *t = go_timer_new(5);
    say_recv(go_timer_chan(t));
    go_sleep(20);
    say_poll(go_timer_chan(t));
}

static void who_waits_for_a_stopped_timer_waits_for_ever(void)
{
    shared.timer = go_timer_new(5);
    go(stop_shared, NULL);
    say_recv(go_timer_chan(shared.timer));
}

static void a_timer_whose_channel_was_closed_sends_nothing(void)
{
    struct go_chan *c = go_after(5);
    go_chan_close(c);
    go_sleep(9);
    testkit_say("%zu", c->count);
}

/* ---- Reset -------------------------------------------------------------------------------- */

/* Too late: the old value is still there, and is what the receive gets. */
static void reset_in_time_or_leave_the_value(void)
{
    struct go_timer *t = go_timer_new(5);
    testkit_say("%d ", go_timer_reset(t, 20));
    say_recv(go_timer_chan(t));
}

static void reset_arms_a_stopped_and_a_fired_timer(void)
{
    struct go_timer *t = go_timer_new(5);
    go_timer_stop(t);
    testkit_say("%d", go_timer_reset(t, 3));
    say_recv(go_timer_chan(t));
    testkit_say(" %d", go_timer_reset(t, 3));
    say_recv(go_timer_chan(t));
}

static void reset_starts_the_function_again(void)
{
    shared.ran = 0;
    struct go_timer *t = go_timer_after_func(1, count_run, NULL);
    go_sleep(2);
    go_timer_reset(t, 1);
    go_sleep(2);
    testkit_say("%d", shared.ran);
}

/* ---- Functions ---------------------------------------------------------------------------- */

static void block(void *arg)
{
    (void)arg;
    go_chan_recv(NULL, NULL);
}

static void a_function_that_blocks_blocks_nobody_else(void)
{
    go_timer_after_func(1, block, NULL);
    say_recv(go_after(2));
}

static void stop_does_not_wait_for_the_function(void)
{
    struct go_timer *t = go_timer_after_func(1, block, NULL);
    go_sleep(2);
    testkit_say("%d", go_timer_stop(t));
}

static void count_those_inside(void *arg)
{
    (void)arg;
    if (++shared.ran == 2) testkit_say("both");
    go_gosched();
    shared.ran--;
}

static void a_function_armed_again_may_run_beside_itself(void)
{
    shared.ran = 0;
    struct go_timer *t = go_timer_after_func(1, count_those_inside, NULL);
    go_sleep(2);
    go_timer_reset(t, 1);
}

static void a_function_has_no_channel(void)
{
    struct go_timer *t = go_timer_after_func(1, count_run, NULL);
    testkit_say("%d", go_timer_chan(t) == NULL);
}

static void no_function_is_a_nil_dereference_when_it_fires(void)
{
    go_timer_after_func(1, NULL, NULL);
}

static void reset_shared(void *arg)
{
    (void)arg;
    go_timer_reset(shared.timer, 2);
}

static void start_twice(void)
{
    shared.ran = 0;
    shared.timer = go_timer_after_func(1, count_run, NULL);
    go_sleep(2);
    go(reset_shared, NULL);
}

static void a_function_is_a_goroutine_of_who_armed_the_timer(void **state)
{
    (void)state;
    struct run_result result;
    assert_int_equal(testkit_natural(start_twice, NULL, &result)->verdict, VERDICT_PASS);
    assert_int_equal(result.goroutines, 4);
    assert_int_equal(shared.ran, 2);
    const struct goroutine *first = sched_goroutine(2);
    const struct goroutine *second = sched_goroutine(4);
    assert_int_equal(first->created_by, 1);
    assert_int_equal(second->created_by, 3);
    assert_true(first->timer_made);
    assert_true(second->timer_made);
    assert_true(first->created.count > 0);
    assert_ptr_not_equal(first->created.pc[0], second->created.pc[0]);
    assert_int_equal(first->stable, mix64(shared.timer->object->stable, 1));
    assert_int_equal(second->stable, mix64(shared.timer->object->stable, 2));
}

/* ---- Events ------------------------------------------------------------------------------- */

static void arm_stop_reset_fire(void)
{
    struct go_timer *t = go_timer_new(5);
    go_timer_stop(t);
    go_timer_reset(t, 2);
    go_chan_recv(go_timer_chan(t), NULL);
}

static void what_happens_to_a_timer_is_an_event_on_it(void **state)
{
    (void)state;
    static const struct {
        enum op_kind kind;
        uint64_t value;
    } expected[] = {{OP_TIMER_ARM, 0},
                    {OP_TIMER_STOP, 1},
                    {OP_TIMER_RESET, 0},
                    {OP_TIMER_ARM, 0},
                    {OP_TIMER_FIRE, 2}};
    struct run_result result;
    testkit_natural(arm_stop_reset_fire, NULL, &result);
    size_t count;
    const struct event *events = run_events(&count, NULL);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct object *o = object_at(events[i].object);
        if (!o || o->kind != OBJECT_TIMER) continue;
        assert_true(n < sizeof expected / sizeof *expected);
        assert_int_equal(events[i].kind, expected[n].kind);
        assert_int_equal(events[i].value, expected[n].value);
        assert_int_equal(events[i].object_stable, o->stable);
        n++;
    }
    assert_int_equal(n, sizeof expected / sizeof *expected);
}

static const struct CMUnitTest tests[] = {
    outcomes_test(a_due_timer_may_fire_before_the_next_operation, "00 pass", "-0 pass"),
    outcomes_test(a_timer_of_0_ns_may_fire_before_the_next_line, "00 pass", "10 pass"),
    outcomes_test(a_negative_duration_is_due_at_once, "00 pass", "10 pass"),
    outcomes_test(the_least_duration_is_due_at_once, "00 pass", "10 pass"),
    outcomes_test(reset_to_0_ns_may_fire_before_the_next_line, "0 pass", "1 pass", "pass"),
    outcomes_test(a_duration_that_overflows_is_the_end_of_time, "9223372036854775807 pass"),
    outcomes_test(a_sleep_that_overflows_lasts_to_the_end_of_time, "9223372036854775807 pass"),
    outcomes_test(after_sends_the_time_of_its_deadline, "7 pass"),

    natural_test(the_natural_schedule_fires_timers_only_when_idle, "---0 pass"),
    outcomes_test(timers_of_one_deadline_fire_in_either_order, "-- pass", "-5 pass", "5- pass",
                  "55 pass"),
    outcomes_test(timers_that_are_due_fire_in_either_order, "-- pass", "-0 pass", "0- pass",
                  "00 pass"),
    outcomes_test(a_deadline_never_fires_before_an_earlier_one, "-- pass", "-5 pass", "65 pass"),
    outcomes_test(the_order_of_arming_is_not_that_of_firing, "-- pass", "5- pass", "-6 pass",
                  "56 pass", "66 pass"),
    outcomes_test(time_never_goes_back, "pass"),
    natural_test(sleepers_wake_in_order_of_time_when_nobody_else_runs, "123 pass"),
    outcomes_test(a_woken_sleeper_may_be_overtaken, "12 pass", "21 pass"),
    /* 14: the other began to sleep when 5 ns had passed, or this one when 9 had. */
    outcomes_test(a_sleep_lasts_its_time_or_longer, "5 pass", "9 pass", "14 pass"),
    outcomes_test(waiting_for_one_who_sleeps_is_no_deadlock, "5 pass"),
    natural_test(sleep_of_0_ns_only_yields, "1now0 pass"),
    cmocka_unit_test(the_clock_is_one_candidate_the_last_while_a_timer_is_armed),

    outcomes_test(a_timeout_ends_the_wait_for_a_later_timer, "16 pass", "deadlock"),
    natural_test(a_timeout_ends_the_wait_for_a_later_timer, "deadlock"),
    outcomes_test(a_timeout_lets_a_timer_of_its_own_time_fire, "15 pass"),
    outcomes_test(a_timeout_that_overflows_is_none, "16 pass"),
    outcomes_test(a_timeout_never_fires_while_a_goroutine_can_run, "1 pass"),

    outcomes_test(stop_in_time_or_leave_the_value, "10 - pass", "00 5 pass"),
    outcomes_test_under(stop_in_time_or_leave_the_value, &go123, "10 - pass"),
    outcomes_test(stop_after_the_receive_is_too_late, "5 0 pass"),
    outcomes_test_under(stop_after_the_receive_is_too_late, &go123, "5 0 pass"),
    outcomes_test(stop_of_a_function_tells_whether_it_will_run, "1 pass", "0run pass", "run0 pass"),
    outcomes_test_under(stop_of_a_function_tells_whether_it_will_run, &go123, "1 pass", "0run pass",
                        "run0 pass"),
    outcomes_test(stop_has_a_point_before_it, "01 pass", "00 pass", "10 pass"),
    outcomes_test(reset_has_a_point_before_it, "01 pass", "00 pass", "10 pass"),
    outcomes_test(a_timer_fires_once, "5- pass"),
    outcomes_test_under(a_timer_fires_once, &go123, "5- pass"),
    outcomes_test(who_waits_for_a_stopped_timer_waits_for_ever, "5 pass", "deadlock"),
    outcomes_test(a_timer_whose_channel_was_closed_sends_nothing, "0 pass", "1 pass"),

    outcomes_test(reset_in_time_or_leave_the_value, "1 20 pass", "0 5 pass"),
    outcomes_test_under(reset_in_time_or_leave_the_value, &go123, "1 20 pass", "1 25 pass"),
    natural_test(reset_arms_a_stopped_and_a_fired_timer, "03 06 pass"),
    natural_test(reset_starts_the_function_again, "2 pass"),

    natural_test(a_function_that_blocks_blocks_nobody_else, "2 goroutine-leak"),
    outcomes_test(stop_does_not_wait_for_the_function, "0 goroutine-leak"),
    outcomes_test(a_function_armed_again_may_run_beside_itself, "both pass", "pass"),
    outcomes_test(a_function_has_no_channel, "1 pass"),
    outcomes_test(no_function_is_a_nil_dereference_when_it_fires, "nil-dereference"),
    cmocka_unit_test(a_function_is_a_goroutine_of_who_armed_the_timer),

    cmocka_unit_test(what_happens_to_a_timer_is_an_event_on_it),
};

int main(void) { return cmocka_run_group_tests_name("timer", tests, NULL, NULL); }
