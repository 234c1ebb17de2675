// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Timers and sleep. Arming a timer is before its function runs and before its value is received;
 * time itself orders nothing. Source: package time; Go's own detector orders arming before firing.
 */
#include "case.h"

ACTOR(writes) { x = 1; }
ACTOR(reads) { use((uint64_t)x); }

static struct go_chan *fires(void) { return go_timer_chan(timer); }

NEVER(arming_is_before_the_function_runs)
{
    x = 1;
    go_timer_after_func(5, reads, NULL);
}

EXPECT(what_follows_arming_is_not_ordered,
       .expect = {"data-race--what_follows_arming_is_not_ordered--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go_timer_after_func(5, writes, NULL);
    x = 2;
}

NEVER(a_due_timer_orders_likewise)
{
    x = 1;
    go_timer_after_func(0, writes, NULL);
}

ACTOR(writes_tells)
{
    x = 1;
    go_chan_send(ch, NULL);
}

NEVER(the_function_of_a_timer_sends)
{
    ch = go_chan_make(0, 0);
    go_timer_after_func(5, writes_tells, NULL);
    go_chan_recv(ch, NULL);
    x = 2;
}

EXPECT(two_functions_of_timers, .expect = {"data-race--reads--writes"}, .pair = {READ(4), WRITE(4)})
{
    go_timer_after_func(5, writes, NULL);
    go_timer_after_func(9, reads, NULL);
}

ACTOR(receives_the_tick_and_reads)
{
    go_chan_recv(fires(), NULL);
    use((uint64_t)x);
}

NEVER(arming_is_before_the_receive)
{
    x = 1;
    timer = go_timer_new(5);
    go(receives_the_tick_and_reads, NULL);
}

/* Only the arming can order these: the receiver knows the timer from before. */
NEVER(arming_again_is_before_the_receive)
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    go(receives_the_tick_and_reads, NULL);
    x = 1;
    go_timer_reset(timer, 5);
}

NEVER(arming_again_is_before_the_parked_receive)
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    go(receives_the_tick_and_reads, NULL);
    go_gosched();
    x = 1;
    go_timer_reset(timer, 0);
}

NEVER(arming_again_is_before_the_selected_receive)
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    x = 1;
    go_timer_reset(timer, 5);
    struct go_case cases[] = {GO_RECV(fires(), NULL)};
    go_select(cases, 1);
    use((uint64_t)x);
}

EXPECT(what_follows_arming_again_is_not_ordered,
       .expect = {"data-race--receives_the_tick_and_reads--what_follows_arming_again_is_not_"
                  "ordered"},
       .pair = {READ(4), WRITE(4)})
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    go(receives_the_tick_and_reads, NULL);
    go_timer_reset(timer, 5);
    x = 1;
}

ACTOR(arms_again)
{
    x = 1;
    go_timer_reset(timer, 5);
}

NEVER(arming_again_in_another_goroutine)
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    go(arms_again, NULL);
    go_chan_recv(fires(), NULL);
    use((uint64_t)x);
}

ACTOR(writes_and_receives_a_tick)
{
    x = 1;
    go_chan_recv(fires(), NULL);
    go_waitgroup_done(&waitgroup);
}

ACTOR(receives_two_ticks_and_reads)
{
    go_chan_recv(fires(), NULL);
    go_chan_recv(fires(), NULL);
    use((uint64_t)x);
    go_waitgroup_done(&waitgroup);
}

EXPECT(a_receive_is_not_before_the_tick_that_follows,
       .expect = {"data-race--receives_two_ticks_and_reads--writes_and_receives_a_tick"},
       .pair = {WRITE(4), READ(4)})
{
    go_waitgroup_add(&waitgroup, 2);
    timer = go_ticker_new(5);
    go(writes_and_receives_a_tick, NULL);
    go(receives_two_ticks_and_reads, NULL);
    go_waitgroup_wait(&waitgroup);
    go_timer_stop(timer);
}

EXPECT(a_stop_orders_nothing, .expect = {"data-race--a_stop_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)}, .natural_is_silent = true)
{
    timer = go_timer_after_func(5, writes, NULL);
    go_timer_stop(timer);
    x = 2;
}

EXPECT(a_stop_that_comes_too_late_orders_nothing,
       .expect = {"data-race--a_stop_that_comes_too_late_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    timer = go_timer_after_func(5, writes, NULL);
    go_sleep(10);
    go_timer_stop(timer);
    x = 2;
}

EXPECT(a_stop_is_not_after_the_arming,
       .expect = {"data-race--a_stop_is_not_after_the_arming--arms_again"},
       .pair = {WRITE(4), WRITE(4)})
{
    timer = go_timer_new(100);
    go(arms_again, NULL);
    go_timer_stop(timer);
    x = 2;
}

EXPECT(a_stop_that_takes_the_value_back_is_not_after_the_arming,
       .expect = {"data-race--a_stop_that_takes_the_value_back_is_not_after_the_arming--"
                  "arms_again"},
       .pair = {WRITE(4), WRITE(4)}, .go123_timers = true)
{
    timer = go_timer_new(0);
    go_chan_recv(fires(), NULL);
    go(arms_again, NULL);
    go_sleep(10);
    go_timer_stop(timer);
    x = 2;
}

EXPECT(a_sleep_orders_nothing, .expect = {"data-race--a_sleep_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    go_sleep(1000);
    x = 2;
}

EXPECT(the_time_orders_nothing, .expect = {"data-race--the_time_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    go_chan_recv(go_after(1000), NULL);
    use((uint64_t)go_now());
    x = 2;
}

ACTOR(sleeps_and_writes)
{
    go_sleep(10);
    x = 1;
}

EXPECT(a_longer_sleep_orders_nothing,
       .expect = {"data-race--a_longer_sleep_orders_nothing--sleeps_and_writes"},
       .pair = {WRITE(4), READ(4)})
{
    go(sleeps_and_writes, NULL);
    go_sleep(20);
    use((uint64_t)x);
}
