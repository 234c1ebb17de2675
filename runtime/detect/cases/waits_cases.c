// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* WaitGroup, Once and Cond. Package sync: a Done is before the return of the Wait that it unblocks;
 * the return of the function is before the return of any Do; a Signal or Broadcast is before the
 * Wait that it unblocks. */
#include "case.h"

/* ---- WaitGroup ------------------------------------------------------------------------------ */

ACTOR(writes_done)
{
    x = 1;
    go_waitgroup_done(&waitgroup);
}

ACTOR(done_writes)
{
    go_waitgroup_done(&waitgroup);
    x = 1;
}

ACTOR(writes_y_done)
{
    y = 1;
    go_waitgroup_done(&waitgroup);
}

ACTOR(waits_reads)
{
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)x);
}

NEVER(a_done_is_before_the_wait)
{
    go_waitgroup_add(&waitgroup, 1);
    go(writes_done, NULL);
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)x);
}

NEVER(all_dones_are_before_the_wait)
{
    go_waitgroup_add(&waitgroup, 2);
    go(writes_done, NULL);
    go(writes_y_done, NULL);
    go_waitgroup_wait(&waitgroup);
    x = y + 1;
}

NEVER(a_done_is_before_all_waits)
{
    go_waitgroup_add(&waitgroup, 1);
    go(waits_reads, NULL);
    go(waits_reads, NULL);
    x = 1;
    go_waitgroup_done(&waitgroup);
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)x);
}

NEVER(a_wait_that_need_not_wait_is_after_the_done)
{
    go_waitgroup_add(&waitgroup, 1);
    go(writes_done, NULL);
    go_gosched();
    go_waitgroup_wait(&waitgroup);
    x = 2;
}

EXPECT(what_follows_done_is_not_ordered,
       .expect = {"data-race--done_writes--what_follows_done_is_not_ordered"},
       .pair = {WRITE(4), WRITE(4)})
{
    go_waitgroup_add(&waitgroup, 1);
    go(done_writes, NULL);
    go_waitgroup_wait(&waitgroup);
    x = 2;
}

EXPECT(a_done_is_not_before_another_done,
       .expect = {"data-race--a_done_is_not_before_another_done--writes_done"},
       .pair = {WRITE(4), WRITE(4)})
{
    go_waitgroup_add(&waitgroup, 2);
    go(writes_done, NULL);
    go_waitgroup_done(&waitgroup);
    x = 2;
}

/* The Add comes before the last Done in time (the length of ch says so), and orders nothing. */
ACTOR(writes_adds)
{
    x = 1;
    go_waitgroup_add(&waitgroup, 1);
    go_chan_send(ch, NULL);
}

ACTOR(done_twice)
{
    while (!go_chan_len(ch)) go_gosched();
    go_waitgroup_done(&waitgroup);
    go_waitgroup_done(&waitgroup);
}

EXPECT(an_add_is_not_before_the_wait,
       .expect = {"data-race--an_add_is_not_before_the_wait--writes_adds"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go_waitgroup_add(&waitgroup, 1);
    go(writes_adds, NULL);
    go(done_twice, NULL);
    go_waitgroup_wait(&waitgroup);
    x = 2;
}

NEVER(an_add_of_less_than_zero_is_a_done)
{
    go_waitgroup_add(&waitgroup, 3);
    go(writes_done, NULL);
    go_waitgroup_add(&waitgroup, -2);
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)x);
}

NEVER(a_waitgroup_is_used_in_rounds)
{
    for (int i = 0; i < 3; i++) {
        go_waitgroup_add(&waitgroup, 1);
        go(writes_done, NULL);
        go_waitgroup_wait(&waitgroup);
        x++;
    }
}

EXPECT(another_waitgroup_orders_nothing,
       .expect = {"data-race--another_waitgroup_orders_nothing--writes_done"},
       .pair = {WRITE(4), WRITE(4)})
{
    go_waitgroup_add(&waitgroup, 1);
    go_waitgroup_add(&waitgroup2, 1);
    go(writes_done, NULL);
    go_waitgroup_done(&waitgroup2);
    go_waitgroup_wait(&waitgroup2);
    x = 2;
}

ACTOR(adds_and_is_done)
{
    go_waitgroup_add(&waitgroup, 1);
    go_waitgroup_done(&waitgroup);
}

EXPECT(an_add_from_zero_beside_a_wait,
       .expect = {"waitgroup-misuse--adds_and_is_done--an_add_from_zero_beside_a_wait"})
{
    go(adds_and_is_done, NULL);
    go_waitgroup_wait(&waitgroup);
}

/* ---- Once ----------------------------------------------------------------------------------- */

static void sets_x(void *arg __attribute__((unused))) { x = 1; }
static void nothing(void *arg __attribute__((unused))) {}

ACTOR(does_and_reads)
{
    go_once_do(&once, sets_x, NULL);
    use((uint64_t)x);
}

NEVER(the_function_is_before_every_do_returns)
{
    go(does_and_reads, NULL);
    go(does_and_reads, NULL);
    go_once_do(&once, sets_x, NULL);
    use((uint64_t)x);
}

ACTOR(does_and_writes)
{
    go_once_do(&once, nothing, NULL);
    x = 1;
}

EXPECT(what_follows_do_is_not_ordered,
       .expect = {"data-race--does_and_writes--what_follows_do_is_not_ordered"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(does_and_writes, NULL);
    go_once_do(&once, nothing, NULL);
    x = 2;
}

ACTOR(writes_and_does)
{
    x = 1;
    go_once_do(&once, nothing, NULL);
}

EXPECT(a_second_do_is_not_before_anything,
       .expect = {"data-race--a_second_do_is_not_before_anything--writes_and_does"},
       .pair = {WRITE(4), WRITE(4)}, .not_always = true)
{
    go(writes_and_does, NULL);
    go_once_do(&once, nothing, NULL);
    x = 2;
}

EXPECT(a_do_that_does_nothing_is_not_before_another,
       .expect = {"data-race--a_do_that_does_nothing_is_not_before_another--writes_and_does"},
       .pair = {WRITE(4), WRITE(4)})
{
    go_once_do(&once, nothing, NULL);
    go(writes_and_does, NULL);
    go_once_do(&once, nothing, NULL);
    x = 2;
}

static void panics(void *arg __attribute__((unused)))
{
    x = 1;
    go_panic("in the function of a Once");
}

static void does_what_panics(void *arg __attribute__((unused))) { go_once_do(&once, panics, NULL); }

ACTOR(survives_the_panic) { go_protect(does_what_panics, NULL, NULL); }

NEVER(a_panic_of_the_function_is_before_later_dos)
{
    go(survives_the_panic, NULL);
    go_protect(does_what_panics, NULL, NULL);
    x = 2 + x;
    go_once_do(&once, panics, NULL);
}

static void exits(void *arg __attribute__((unused)))
{
    x = 1;
    go_goexit();
}

ACTOR(does_what_exits) { go_once_do(&once, exits, NULL); }

NEVER(a_goexit_of_the_function_is_before_later_dos)
{
    go(does_what_exits, NULL);
    go_once_do(&once, nothing, NULL);
    use((uint64_t)x);
}

/* ---- Cond ----------------------------------------------------------------------------------- */

/* A locker that locks nothing leaves the edges of the Cond alone. */
static const struct go_locker no_lock = {nothing, nothing, NULL};

ACTOR(waits_reads_tells)
{
    go_cond_wait(&cond);
    use((uint64_t)x);
    go_chan_send(ch, NULL);
}

ACTOR(writes_waits_tells)
{
    x = 1;
    go_cond_wait(&cond);
    go_chan_send(ch, NULL);
}

/* Signals until everybody has been woken, or they would be leaked. */
static void signal_until(size_t woken, void (*wake)(struct go_cond *))
{
    do {
        wake(&cond);
        go_gosched();
    } while (go_chan_len(ch) < woken);
}

NEVER(a_signal_is_before_its_wait_returns)
{
    ch = go_chan_make(0, 1);
    cond.locker = no_lock;
    go(waits_reads_tells, NULL);
    x = 1;
    signal_until(1, go_cond_signal);
}

NEVER(a_broadcast_is_before_all_waits_return)
{
    ch = go_chan_make(0, 2);
    cond.locker = no_lock;
    go(waits_reads_tells, NULL);
    go(waits_reads_tells, NULL);
    x = 1;
    signal_until(2, go_cond_broadcast);
}

EXPECT(a_wait_is_not_before_its_signal,
       .expect = {"data-race--a_wait_is_not_before_its_signal--writes_waits_tells"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    cond.locker = no_lock;
    go(writes_waits_tells, NULL);
    signal_until(1, go_cond_signal);
    x = 2;
}

EXPECT(what_follows_the_signal_is_not_ordered,
       .expect = {"data-race--waits_reads_tells--what_follows_the_signal_is_not_ordered"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    cond.locker = no_lock;
    go(waits_reads_tells, NULL);
    signal_until(1, go_cond_signal);
    x = 2;
}

ACTOR(waits_for_the_flag)
{
    go_mutex_lock(&mutex);
    while (!y) go_cond_wait(&cond);
    use((uint64_t)x);
    go_mutex_unlock(&mutex);
}

NEVER(a_flag_under_the_mutex_of_a_cond)
{
    cond.locker = go_mutex_locker(&mutex);
    go(waits_for_the_flag, NULL);
    x = 1;
    go_mutex_lock(&mutex);
    y = 1;
    go_mutex_unlock(&mutex);
    go_cond_signal(&cond);
}

ACTOR(waits_for_the_flag_in_rlock)
{
    go_rwmutex_rlock(&rwmutex);
    while (!y) go_cond_wait(&cond);
    use((uint64_t)x);
    go_rwmutex_runlock(&rwmutex);
}

NEVER(a_flag_under_the_rlocker_of_a_cond)
{
    cond.locker = go_rwmutex_rlocker(&rwmutex);
    go(waits_for_the_flag_in_rlock, NULL);
    go(waits_for_the_flag_in_rlock, NULL);
    go_rwmutex_lock(&rwmutex);
    x = y = 1;
    go_rwmutex_unlock(&rwmutex);
    go_cond_broadcast(&cond);
}

EXPECT(a_flag_written_without_the_mutex_of_its_cond,
       .expect = {"data-race--a_flag_written_without_the_mutex_of_its_cond--waits_for_the_flag"},
       .pair = {WRITE(4), READ(4)})
{
    cond.locker = go_mutex_locker(&mutex);
    go(waits_for_the_flag, NULL);
    y = 1;
    go_cond_signal(&cond);
}
