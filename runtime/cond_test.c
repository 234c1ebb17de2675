// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Cond: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "sched.h"

static struct go_mutex mu;
static struct go_rwmutex rw;
static struct go_cond cond;
static bool ready;
static int arrived;

static void begin(void)
{
    cond.locker = go_mutex_locker(&mu);
    ready = false;
    arrived = 0;
}

/* Wait once, without looking at any condition; says its number when it has the lock again. */
static void wait_and_say(void *arg)
{
    go_mutex_lock(&mu);
    arrived++;
    go_cond_wait(&cond);
    testkit_say("%d", testkit_int(arg));
    go_mutex_unlock(&mu);
}

/* Have the lock at a moment at which count goroutines have arrived. */
static void lock_after(int count)
{
    for (;;) {
        go_mutex_lock(&mu);
        if (arrived == count) return;
        go_mutex_unlock(&mu);
        go_gosched();
    }
}

/* Only as many events as a program needs that does not spin: enumeration then cuts the spinning. */
static const struct run_options short_run = {.max_steps = 40, .fair_steps = 200};

/* ---- Waiting and waking ------------------------------------------------------------------- */

static void wait_until_ready(void *unused)
{
    (void)unused;
    go_mutex_lock(&mu);
    while (!ready) go_cond_wait(&cond);
    testkit_say("w");
    go_mutex_unlock(&mu);
}

static void a_wait_for_a_condition_always_ends(void)
{
    begin();
    go(wait_until_ready, NULL);
    go_mutex_lock(&mu);
    ready = true;
    testkit_say("s");
    go_cond_signal(&cond);
    go_mutex_unlock(&mu);
}

static void signal_without_the_lock(void *unused)
{
    (void)unused;
    go_mutex_lock(&mu);
    ready = true;
    go_mutex_unlock(&mu);
    go_cond_signal(&cond);
}

static void the_signal_may_come_after_the_unlock(void)
{
    begin();
    go(wait_until_ready, NULL);
    signal_without_the_lock(NULL);
}

static void a_signal_before_the_wait_is_lost(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    go_cond_signal(&cond);
}

static void a_broadcast_before_the_wait_is_lost(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    go_cond_broadcast(&cond);
}

static void set_unlocked(void *unused)
{
    (void)unused;
    ready = true;
    go_cond_signal(&cond);
}

/* The classic missed signal: the condition changes without the lock between test and Wait. */
static void a_condition_that_changes_without_the_lock_can_be_missed(void)
{
    begin();
    go(set_unlocked, NULL);
    wait_until_ready(NULL);
}

/* The signaller has the lock after the waiter has let go of it: the waiter has arrived by then. */
static void a_signal_after_the_waiter_unlocked_is_never_lost(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    lock_after(1);
    testkit_say("s");
    go_cond_signal(&cond);
    go_mutex_unlock(&mu);
}

static void a_broadcast_after_the_waiter_unlocked_is_never_lost(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    lock_after(1);
    testkit_say("s");
    go_cond_broadcast(&cond);
    go_mutex_unlock(&mu);
}

static void unlock_and_signal(void *mutex)
{
    go_mutex_unlock(mutex);
    go_cond_signal(&cond);
}

static void unlock_and_broadcast(void *mutex)
{
    go_mutex_unlock(mutex);
    go_cond_broadcast(&cond);
}

static void lock(void *mutex) { go_mutex_lock(mutex); }

/* The same without anybody else: unlocking is where the signal comes. */
static void a_signal_while_unlocking_counts(void)
{
    begin();
    cond.locker = (struct go_locker){lock, unlock_and_signal, &mu};
    wait_and_say(testkit_arg(1));
}

static void a_broadcast_while_unlocking_counts(void)
{
    begin();
    cond.locker = (struct go_locker){lock, unlock_and_broadcast, &mu};
    wait_and_say(testkit_arg(1));
}

static void nobody_wakes_without_a_signal(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    lock_after(1);
    go_mutex_unlock(&mu);
}

static void wait_three(int signals)
{
    begin();
    for (int i = 1; i <= 3; i++) {
        go(wait_and_say, testkit_arg(i));
        go_gosched(); /* naturally each arrives and parks now */
    }
    go_mutex_lock(&mu);
    while (signals--) go_cond_signal(&cond);
    go_mutex_unlock(&mu);
}

static void a_signal_wakes_the_one_that_arrived_first(void) { wait_three(1); }
static void two_signals_wake_the_first_two_in_order(void) { wait_three(2); }
static void three_signals_wake_all_in_order(void) { wait_three(3); }
static void a_fourth_signal_wakes_nobody_twice(void) { wait_three(4); }

static void one_signal_wakes_exactly_one(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    go(wait_and_say, testkit_arg(1));
    lock_after(2);
    go_cond_signal(&cond);
    go_mutex_unlock(&mu);
}

static void a_broadcast_wakes_all_that_have_arrived(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    go(wait_and_say, testkit_arg(1));
    lock_after(2);
    go_cond_broadcast(&cond);
    go_mutex_unlock(&mu);
}

static void a_signal_and_no_waiter_is_nothing(void)
{
    begin();
    go_cond_signal(&cond);
    go_cond_broadcast(&cond);
    testkit_say("on");
}

/* A waiter that was signalled and has not run yet does not take the signal of a later one. */
static void a_signalled_waiter_takes_no_second_signal(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    go_gosched();
    go(wait_and_say, testkit_arg(2));
    go_gosched();
    go_cond_signal(&cond);
    go_cond_signal(&cond);
}

static void others_may_have_the_lock_before_the_one_that_was_woken(void)
{
    begin();
    go(wait_and_say, testkit_arg(1));
    lock_after(1);
    go_cond_signal(&cond);
    go_mutex_unlock(&mu);
    go_mutex_lock(&mu);
    testkit_say("s");
    go_mutex_unlock(&mu);
}

/* ---- The locker --------------------------------------------------------------------------- */

static void say_trylock(void *unused)
{
    (void)unused;
    go_mutex_lock(&mu);
    arrived++;
    go_cond_wait(&cond);
    testkit_say("%d", go_mutex_trylock(&mu));
    go_mutex_unlock(&mu);
}

static void wait_returns_with_the_lock_held(void)
{
    begin();
    go(say_trylock, NULL);
    lock_after(1);
    go_cond_signal(&cond);
    go_mutex_unlock(&mu);
}

static void wait_lets_go_of_the_lock(void)
{
    begin();
    go_mutex_lock(&mu);
    go(signal_without_the_lock, NULL); /* needs the lock that the Wait releases */
    while (!ready) go_cond_wait(&cond);
    testkit_say("on");
    go_mutex_unlock(&mu);
}

static void wait_under_read_lock(void *unused)
{
    (void)unused;
    go_rwmutex_rlock(&rw);
    arrived++;
    go_cond_wait(&cond);
    testkit_say("%d%d", go_rwmutex_trylock(&rw), go_rwmutex_tryrlock(&rw));
}

static void any_locker_will_do(void)
{
    begin();
    cond.locker = go_rwmutex_rlocker(&rw);
    go(wait_under_read_lock, NULL);
    go_gosched();
    go_rwmutex_lock(&rw); /* the waiter holds nothing while it waits */
    go_cond_signal(&cond);
    go_rwmutex_unlock(&rw);
}

static void wait_now(void *unused)
{
    (void)unused;
    go_cond_wait(&cond);
}

static void waiting_without_the_lock_is_fatal(void)
{
    begin();
    go_protect(wait_now, NULL, NULL);
}

static void a_nil_locker_is_a_nil_dereference(void)
{
    begin();
    cond.locker = (struct go_locker){0};
    struct go_panic panic;
    if (go_protect(wait_now, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void panic_in_unlock(void *unused)
{
    (void)unused;
    go_panic("unlock");
}

static void nothing(void *unused) { (void)unused; }

/* As in Go, who has arrived and then failed to unlock takes a signal, and nobody wakes by it. */
static void a_wait_that_panics_in_unlock_has_arrived(void)
{
    begin();
    cond.locker = (struct go_locker){nothing, panic_in_unlock, NULL};
    struct go_panic panic;
    if (go_protect(wait_now, NULL, &panic)) testkit_say("%s ", panic.message);
    cond.locker = go_mutex_locker(&mu);
    go(wait_and_say, testkit_arg(1));
    go_gosched();
    go_cond_signal(&cond);
    go_cond_signal(&cond);
}

/* ---- Copies, reports ----------------------------------------------------------------------- */

static struct go_cond copy;

static void signal_copy(void *unused)
{
    (void)unused;
    go_cond_signal(&copy);
}

static void a_copy_of_a_cond_in_use_panics(void)
{
    begin();
    go_cond_signal(&cond);
    copy = cond;
    struct go_panic panic;
    if (go_protect(signal_copy, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void a_copy_of_an_unused_cond_is_one_of_its_own(void)
{
    struct go_cond fresh = {.locker = go_mutex_locker(&mu)};
    copy = fresh;
    go_cond_signal(&fresh);
    go_cond_signal(&copy);
}

static void signal_and_wait(void)
{
    begin();
    go_cond_signal(&cond);
    go_mutex_lock(&mu);
    go_cond_wait(&cond);
}

static void a_blocked_wait_says_who_signalled_before(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(signal_and_wait, NULL, &result);
    assert_non_null(result.report);
    assert_int_equal(result.report->type, REPORT_DEADLOCK);
    assert_string_equal(result.report->state, "sync.Cond.Wait");
    assert_string_equal(result.report->object.name, "CV1");
    assert_true(testkit_find(a_signal_before_the_wait_is_lost, NULL, "goroutine-leak", &result));
    assert_non_null(
        strstr(result.report->notes[0], "seen to signal it before: goroutine 1 [ended]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_wait_for_a_condition_always_ends, "sw pass"),
        outcomes_test(the_signal_may_come_after_the_unlock, "w pass"),
        outcomes_test(a_signal_before_the_wait_is_lost, "goroutine-leak", "1 pass"),
        outcomes_test(a_broadcast_before_the_wait_is_lost, "goroutine-leak", "1 pass"),
        outcomes_test(a_condition_that_changes_without_the_lock_can_be_missed, "deadlock",
                      "w pass"),
        outcomes_test_under(a_signal_after_the_waiter_unlocked_is_never_lost, &short_run,
                            "s1 pass"),
        outcomes_test_under(a_broadcast_after_the_waiter_unlocked_is_never_lost, &short_run,
                            "s1 pass"),
        outcomes_test(a_signal_while_unlocking_counts, "1 pass"),
        outcomes_test(a_broadcast_while_unlocking_counts, "1 pass"),
        outcomes_test_under(nobody_wakes_without_a_signal, &short_run, "goroutine-leak"),
        natural_test(a_signal_wakes_the_one_that_arrived_first, "1 goroutine-leak"),
        natural_test(two_signals_wake_the_first_two_in_order, "12 goroutine-leak"),
        natural_test(three_signals_wake_all_in_order, "123 pass"),
        natural_test(a_fourth_signal_wakes_nobody_twice, "123 pass"),
        natural_test_under(one_signal_wakes_exactly_one, &short_run, "1 goroutine-leak"),
        natural_test_under(a_broadcast_wakes_all_that_have_arrived, &short_run, "11 pass"),
        outcomes_test(a_signal_and_no_waiter_is_nothing, "on pass"),
        natural_test(a_signalled_waiter_takes_no_second_signal, "12 pass"),
        outcomes_test_under(others_may_have_the_lock_before_the_one_that_was_woken, &short_run,
                            "s1 pass", "1s pass"),
        outcomes_test_under(wait_returns_with_the_lock_held, &short_run, "0 pass"),
        outcomes_test(wait_lets_go_of_the_lock, "on pass"),
        natural_test(any_locker_will_do, "01 pass"),
        outcomes_test(waiting_without_the_lock_is_fatal, "unlock-of-unlocked-mutex"),
        outcomes_test(a_nil_locker_is_a_nil_dereference, "nil-dereference pass"),
        natural_test(a_wait_that_panics_in_unlock_has_arrived, "unlock 1 pass"),
        outcomes_test(a_copy_of_a_cond_in_use_panics, "unrecovered-panic pass"),
        outcomes_test(a_copy_of_an_unused_cond_is_one_of_its_own, "pass"),
        cmocka_unit_test(a_blocked_wait_says_who_signalled_before),
    };
    return cmocka_run_group_tests_name("cond", tests, NULL, NULL);
}
