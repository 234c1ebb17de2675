// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.Mutex: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "mutex.h"

static struct go_mutex m;
static struct go_mutex n;
static int shared;

static void lock_and_unlock(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    go_mutex_unlock(&m);
}

static void lock_for_good(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
}

static void unlock(void *unused)
{
    (void)unused;
    go_mutex_unlock(&m);
}

/* ---- Locking ------------------------------------------------------------------------------ */

static void increment(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    int before = shared;
    go_gosched();
    shared = before + 1;
    go_mutex_unlock(&m);
    go_mutex_lock(&n);
    if (shared == 2) testkit_say("two");
    go_mutex_unlock(&n);
}

static void sections_under_one_mutex_exclude_each_other(void)
{
    shared = 0;
    go(increment, NULL);
    increment(NULL);
    go_mutex_lock(&m);
    if (shared == 1) testkit_say("one ");
    go_mutex_unlock(&m);
}

static void increment_unlocked(void *unused)
{
    (void)unused;
    int before = shared;
    go_gosched();
    shared = before + 1;
}

static void increment_unlocked_and_count(void *done)
{
    increment_unlocked(NULL);
    go_chan_send(done, NULL);
}

/* What the enumeration shows when the mutex is left out: the test above proves something. */
static void sections_without_a_mutex_lose_updates(void)
{
    shared = 0;
    struct go_chan *done = go_chan_make(0, 1);
    go(increment_unlocked_and_count, done);
    increment_unlocked(NULL);
    go_chan_recv(done, NULL);
    testkit_say("%d", shared);
}

static void say_under_lock(void *arg)
{
    go_mutex_lock(&m);
    testkit_say("%d", testkit_int(arg));
    go_mutex_unlock(&m);
}

static void those_who_wait_get_the_lock_in_any_order(void)
{
    go_mutex_lock(&m);
    go(say_under_lock, testkit_arg(1));
    go(say_under_lock, testkit_arg(2));
    testkit_say("0");
    go_mutex_unlock(&m);
}

static void relock(void *unused)
{
    (void)unused;
    say_under_lock(testkit_arg(1));
    say_under_lock(testkit_arg(2));
}

static void who_unlocks_may_lock_again_before_those_who_wait(void)
{
    go(relock, NULL);
    say_under_lock(testkit_arg(3));
}

static void locking_twice_deadlocks(void)
{
    go_mutex_lock(&m);
    go_mutex_lock(&m);
    testkit_say("never");
}

static void another_goroutine_may_unlock(void)
{
    go_mutex_lock(&m);
    go(unlock, NULL);
    go_mutex_lock(&m);
    testkit_say("again");
}

static void a_goroutine_that_waits_at_the_end_leaks(void)
{
    go(lock_and_unlock, NULL);
    go_mutex_lock(&m);
}

static void a_lock_left_by_an_ended_goroutine_blocks_the_others(void)
{
    go(lock_for_good, NULL);
    go_mutex_lock(&m);
    go_mutex_unlock(&m);
}

static void a_lock_left_locked_is_no_bug_by_itself(void) { go(lock_for_good, NULL); }

static void lock_m_then_n(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    go_mutex_lock(&n);
    go_mutex_unlock(&n);
    go_mutex_unlock(&m);
}

static void opposite_lock_orders_can_deadlock(void)
{
    go(lock_m_then_n, NULL);
    go_mutex_lock(&n);
    go_mutex_lock(&m);
    go_mutex_unlock(&m);
    go_mutex_unlock(&n);
}

static void equal_lock_orders_never_deadlock(void)
{
    go(lock_m_then_n, NULL);
    lock_m_then_n(NULL);
}

/* ---- TryLock ------------------------------------------------------------------------------ */

static void trylock_takes_a_free_lock_and_no_other(void)
{
    testkit_say("%d", go_mutex_trylock(&m));
    testkit_say("%d", go_mutex_trylock(&m));
    go_mutex_unlock(&m);
    testkit_say("%d", go_mutex_trylock(&m));
    go_mutex_unlock(&m);
}

static void trylock_sees_the_lock_taken_or_free(void)
{
    go(lock_and_unlock, NULL);
    bool taken = go_mutex_trylock(&m);
    testkit_say("%d", taken);
    if (taken) go_mutex_unlock(&m);
}

static void try_only(void *unused)
{
    (void)unused;
    if (go_mutex_trylock(&m)) go_mutex_unlock(&m);
}

static void trylock_keeps_others_out(void)
{
    shared = 0;
    if (!go_mutex_trylock(&m)) return;
    go(say_under_lock, testkit_arg(1));
    go_gosched();
    testkit_say("0");
    go_mutex_unlock(&m);
}

static void a_failed_trylock_never_blocks(void)
{
    go_mutex_lock(&m);
    go(try_only, NULL);
}

/* ---- Misuse ------------------------------------------------------------------------------- */

static void unlocking_an_unlocked_mutex_is_fatal(void)
{
    struct go_panic panic;
    go_protect(unlock, NULL, &panic);
    testkit_say("never recovered");
}

static void unlocking_twice_is_fatal(void)
{
    lock_and_unlock(NULL);
    go_mutex_unlock(&m);
}

static void two_unlocks_of_one_lock_are_fatal_in_every_schedule(void)
{
    go_mutex_lock(&m);
    go(unlock, NULL);
    go_mutex_unlock(&m);
}

static void a_copy_of_a_locked_mutex_must_not_be_used(void)
{
    struct go_mutex copy;
    go_mutex_lock(&m);
    copy = m;
    go_mutex_lock(&copy);
}

static void unlocking_a_copy_of_a_locked_mutex_is_reported_too(void)
{
    struct go_mutex copy;
    go_mutex_lock(&m);
    copy = m;
    go_mutex_unlock(&copy);
}

static void a_copy_of_an_unlocked_mutex_is_a_mutex_of_its_own(void)
{
    lock_and_unlock(NULL);
    struct go_mutex copy = m;
    go_mutex_lock(&copy);
    testkit_say("%d", go_mutex_trylock(&m));
    go_mutex_unlock(&copy);
}

static void a_copy_made_while_locked_may_be_unused(void)
{
    struct go_mutex copy;
    go_mutex_lock(&m);
    copy = m;
    testkit_say("%d", copy._locked);
    go_mutex_unlock(&m);
}

/* ---- Zero values, lockers ------------------------------------------------------------------ */

static void mutexes_work_wherever_they_lie(void)
{
    static struct go_mutex in_static;
    struct go_mutex on_stack = {0};
    struct go_mutex *in_heap = go_new(sizeof *in_heap);
    struct go_mutex *const all[] = {&in_static, &on_stack, in_heap};
    for (size_t i = 0; i < 3; i++) {
        go_mutex_lock(all[i]);
        testkit_say("%d", go_mutex_trylock(all[i]));
        go_mutex_unlock(all[i]);
    }
}

static void the_locker_locks_the_mutex(void)
{
    struct go_locker l = go_mutex_locker(&m);
    l.lock(l.object);
    testkit_say("%d", go_mutex_trylock(&m));
    l.unlock(l.object);
    testkit_say("%d", go_mutex_trylock(&m));
}

static void a_mutex_of_an_earlier_execution_is_unlocked(void **unused)
{
    (void)unused;
    struct run_result result;
    for (int i = 0; i < 3; i++) {
        testkit_natural(a_lock_left_locked_is_no_bug_by_itself, NULL, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_true(m._locked);
    }
}

/* ---- Reports ------------------------------------------------------------------------------ */

static void a_lock_left_by_an_ended_goroutine_is_named(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_true(testkit_find(a_lock_left_by_an_ended_goroutine_blocks_the_others, NULL, "deadlock",
                             &result));
    assert_string_equal(result.report->state, "sync.Mutex.Lock");
    assert_string_equal(result.report->object.name, "M1");
    assert_string_equal(result.report->object.kind, "mutex");
    assert_true(result.report->object.first_use);
    assert_int_equal(result.report->note_count, 1);
    assert_non_null(strstr(result.report->notes[0], "waits for mutex M1, held by goroutine 2, "
                                                    "which has ended without unlocking it"));
}

static void a_recursive_lock_is_held_by_the_goroutine_itself(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(locking_twice_deadlocks, NULL, &result);
    assert_non_null(result.report);
    assert_non_null(strstr(result.report->notes[0], "held by goroutine 1 itself"));
    assert_int_equal(result.report->culprit_count, 1);
}

static void of_opposite_lock_orders_both_goroutines_are_culprits(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_true(testkit_find(opposite_lock_orders_can_deadlock, NULL, "deadlock", &result));
    assert_int_equal(result.report->culprit_count, 2);
    assert_int_equal(result.report->goroutine_count, 1);
    assert_string_equal(result.report->goroutines[0].state, "sync.Mutex.Lock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(sections_under_one_mutex_exclude_each_other, "two pass", "twotwo pass",
                      "one two pass"),
        outcomes_test(sections_without_a_mutex_lose_updates, "1 pass", "2 pass"),
        outcomes_test(those_who_wait_get_the_lock_in_any_order, "012 pass", "021 pass"),
        outcomes_test(who_unlocks_may_lock_again_before_those_who_wait, "123 pass", "132 pass",
                      "312 pass"),
        outcomes_test(locking_twice_deadlocks, "deadlock"),
        outcomes_test(another_goroutine_may_unlock, "again pass"),
        outcomes_test(a_goroutine_that_waits_at_the_end_leaks, "goroutine-leak", "pass"),
        outcomes_test(a_lock_left_by_an_ended_goroutine_blocks_the_others, "deadlock", "pass"),
        outcomes_test(a_lock_left_locked_is_no_bug_by_itself, "pass"),
        outcomes_test(opposite_lock_orders_can_deadlock, "deadlock", "pass"),
        outcomes_test(equal_lock_orders_never_deadlock, "pass"),
        outcomes_test(trylock_takes_a_free_lock_and_no_other, "101 pass"),
        outcomes_test(trylock_sees_the_lock_taken_or_free, "0 pass", "1 pass"),
        outcomes_test(trylock_keeps_others_out, "01 pass"),
        outcomes_test(a_failed_trylock_never_blocks, "pass"),
        outcomes_test(unlocking_an_unlocked_mutex_is_fatal, "unlock-of-unlocked-mutex"),
        outcomes_test(unlocking_twice_is_fatal, "unlock-of-unlocked-mutex"),
        outcomes_test(two_unlocks_of_one_lock_are_fatal_in_every_schedule,
                      "unlock-of-unlocked-mutex"),
        outcomes_test(a_copy_of_a_locked_mutex_must_not_be_used, "copy-of-locked-lock"),
        outcomes_test(unlocking_a_copy_of_a_locked_mutex_is_reported_too, "copy-of-locked-lock"),
        outcomes_test(a_copy_of_an_unlocked_mutex_is_a_mutex_of_its_own, "1 pass"),
        outcomes_test(a_copy_made_while_locked_may_be_unused, "1 pass"),
        outcomes_test(mutexes_work_wherever_they_lie, "000 pass"),
        outcomes_test(the_locker_locks_the_mutex, "01 pass"),
        cmocka_unit_test(a_mutex_of_an_earlier_execution_is_unlocked),
        cmocka_unit_test(a_lock_left_by_an_ended_goroutine_is_named),
        cmocka_unit_test(a_recursive_lock_is_held_by_the_goroutine_itself),
        cmocka_unit_test(of_opposite_lock_orders_both_goroutines_are_culprits),
    };
    return cmocka_run_group_tests_name("mutex", tests, NULL, NULL);
}
