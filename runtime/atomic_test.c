// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Atomic operations as visible ones: what they do, which schedules there are, what is progress.
 * This file is instrumented: it is a program under test. Races are in atomic_race_test.c. */
#include "heddle.h" /* first: our globals are the program's */

#include "testkit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "sched.h"

static atomic_int x, y, z;
static atomic_flag taken;
static int counter;
static struct go_chan *done;

/* Globals are as at the start in every execution: no program here has to clear them. */

static void begin(void (*other)(void *))
{
    done = go_chan_make(0, 1);
    go(other, NULL);
}

static void finish(void *unused)
{
    (void)unused;
    go_chan_send(done, NULL);
}

static void await(void) { go_chan_recv(done, NULL); }

/* ---- Executions are sequentially consistent -------------------------------------------------- */

static int r1, r2;

static void buffering_other(void *unused)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    finish(unused);
}

static void stores_are_not_buffered_whatever_their_order(void)
{
    begin(buffering_other);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    await();
    testkit_say("%d%d", r1, r2);
}

static void passing_other(void *unused)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    finish(unused);
}

static void messages_pass_in_order(void)
{
    begin(passing_other);
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    await();
    testkit_say("%d%d", r1, r2);
}

static void reading_other(void *unused)
{
    r1 = atomic_load(&x);
    r2 = atomic_load(&x);
    finish(unused);
}

static void reads_of_one_location_never_go_back(void)
{
    begin(reading_other);
    atomic_store(&x, 1);
    atomic_store(&x, 2);
    await();
    testkit_say("%d%d", r1, r2);
}

/* ---- Read-modify-writes are one operation, loads and stores are two -------------------------- */

static void load_store_increment(void *unused)
{
    atomic_store(&x, atomic_load(&x) + 1);
    if (unused) finish(NULL);
}

static void load_store_other(void *unused)
{
    (void)unused;
    load_store_increment(&x);
}

static void a_load_and_a_store_lose_updates(void)
{
    begin(load_store_other);
    load_store_increment(NULL);
    await();
    testkit_say("%d", atomic_load(&x));
}

static void fetch_add_other(void *unused)
{
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    finish(unused);
}

static void fetch_add_loses_nothing(void)
{
    begin(fetch_add_other);
    x++;
    await();
    testkit_say("%d", atomic_load(&x));
}

static void increment_by_cas(void)
{
    int old = atomic_load_explicit(&x, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&x, &old, old + 1)) {}
}

static void cas_other(void *unused)
{
    increment_by_cas();
    finish(unused);
}

static void increments_by_compare_exchange_lose_nothing(void)
{
    begin(cas_other);
    increment_by_cas();
    await();
    testkit_say("%d", atomic_load(&x));
}

static void exchange_other(void *unused)
{
    r2 = atomic_exchange(&x, 2);
    finish(unused);
}

static void each_exchange_gets_what_the_other_left(void)
{
    begin(exchange_other);
    r1 = atomic_exchange(&x, 1);
    await();
    testkit_say("%d%d", r1, r2);
}

static atomic_int made;

static void make_once(void)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&y, &none, 1)) return;
    atomic_fetch_add(&made, 1);
}

static void once_other(void *unused)
{
    make_once();
    finish(unused);
}

static void once_by_compare_exchange_happens_once(void)
{
    begin(once_other);
    make_once();
    await();
    testkit_say("%d", atomic_load(&made));
}

/* ---- Locks made of atomics: every schedule excludes, none races ------------------------------ */

static void spin_increment(void)
{
    while (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire)) {}
    counter++;
    atomic_flag_clear_explicit(&taken, memory_order_release);
}

static void spin_other(void *unused)
{
    spin_increment();
    finish(unused);
}

static void a_spin_lock_excludes(void)
{
    begin(spin_other);
    spin_increment();
    await();
    testkit_say("%d", counter);
}

static void ticket_increment(void)
{
    int mine = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    while (atomic_load_explicit(&y, memory_order_acquire) != mine) {}
    counter++;
    atomic_store_explicit(&y, mine + 1, memory_order_release);
}

static void ticket_other(void *unused)
{
    ticket_increment();
    finish(unused);
}

static void a_ticket_lock_excludes(void)
{
    begin(ticket_other);
    ticket_increment();
    await();
    testkit_say("%d", counter);
}

static void seqlock_writer(void *unused)
{
    atomic_store_explicit(&z, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_store_explicit(&z, 2, memory_order_release);
    finish(unused);
}

static void a_seqlock_gives_whole_values(void)
{
    begin(seqlock_writer);
    int before, a, b;
    do {
        before = atomic_load_explicit(&z, memory_order_acquire);
        a = atomic_load_explicit(&x, memory_order_relaxed);
        b = atomic_load_explicit(&y, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
    } while (before % 2 || before != atomic_load_explicit(&z, memory_order_relaxed));
    await();
    testkit_say("%d%d", a, b);
}

static const struct run_options short_run = {.max_steps = 17, .fair_steps = 300};

static int *shared;

static void drop(int who)
{
    shared[who] = 1;
    if (atomic_fetch_sub_explicit(&x, 1, memory_order_release) != 1) return;
    atomic_thread_fence(memory_order_acquire);
    shared[0] = shared[1] = 2;
    testkit_say("%d", who);
}

static void drop_other(void *unused)
{
    drop(1);
    finish(unused);
}

static void the_last_reference_frees(void)
{
    shared = go_new(2 * sizeof *shared);
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    begin(drop_other);
    drop(0);
    await();
}

/* ---- Failed tries: fairness and livelock ----------------------------------------------------- */

static void set_flag(void *unused)
{
    (void)unused;
    atomic_store(&x, 1);
}

static void spinning_until_another_goroutine_stores_ends(void)
{
    go(set_flag, NULL);
    while (!atomic_load(&x)) {}
}

static void spinning_by_plain_value_of_two_ends(void)
{
    go(set_flag, NULL);
    while (!atomic_load(&y) && !atomic_load(&x)) {}
}

static void spinning_on_a_load_is_a_livelock(void)
{
    while (!atomic_load(&x)) {}
}

static void spinning_on_two_loads_is_a_livelock(void)
{
    while (!atomic_load(&x) && !atomic_load(&y)) {}
}

static void spinning_with_gosched_and_fences_is_a_livelock(void)
{
    while (!atomic_load_explicit(&x, memory_order_relaxed)) {
        atomic_thread_fence(memory_order_acquire);
        go_gosched();
    }
}

static void spinning_on_a_flag_is_a_livelock(void)
{
    atomic_flag_test_and_set(&taken);
    while (atomic_flag_test_and_set(&taken)) {}
}

static void spinning_on_a_compare_exchange_is_a_livelock(void)
{
    for (int one = 1; !atomic_compare_exchange_strong(&x, &one, 2); one = 1) {}
}

static void spin_for_x(void *unused)
{
    (void)unused;
    while (!atomic_load(&x)) {}
}

static void two_spin_for_each_other_is_a_livelock(void)
{
    go(spin_for_x, NULL);
    while (!atomic_load(&y)) {}
}

static void counting_for_ever_is_no_livelock(void)
{
    for (;;) atomic_fetch_add(&x, 1);
}

static void storing_the_same_for_ever_is_no_livelock(void)
{
    for (;;) {
        atomic_store(&x, 1);
        (void)atomic_load(&x);
    }
}

static void seeing_others_count_is_no_livelock_other(void *unused)
{
    (void)unused;
    for (;;) atomic_fetch_add(&x, 1);
}

static void seeing_others_count_is_no_livelock(void)
{
    go(seeing_others_count_is_no_livelock_other, NULL);
    for (;;) (void)atomic_load(&x);
}

static void the_natural_schedule_does_not_wait_for_fairness(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(spinning_until_another_goroutine_stores_ends, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_true(result.events < 16);
}

int main(void)
{
    if (!access_state.instrumented) {
        print_message("this build does not instrument: nothing to test\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        outcomes_test(stores_are_not_buffered_whatever_their_order, "01 pass", "10 pass",
                      "11 pass"),
        outcomes_test(messages_pass_in_order, "00 pass", "01 pass", "11 pass"),
        outcomes_test(reads_of_one_location_never_go_back, "00 pass", "01 pass", "02 pass",
                      "11 pass", "12 pass", "22 pass"),
        outcomes_test(a_load_and_a_store_lose_updates, "1 pass", "2 pass"),
        outcomes_test(fetch_add_loses_nothing, "2 pass"),
        outcomes_test(increments_by_compare_exchange_lose_nothing, "2 pass"),
        outcomes_test(each_exchange_gets_what_the_other_left, "01 pass", "20 pass"),
        outcomes_test(once_by_compare_exchange_happens_once, "1 pass"),
        outcomes_test_under(a_spin_lock_excludes, &short_run, "2 pass"),
        outcomes_test_under(a_ticket_lock_excludes, &short_run, "2 pass"),
        outcomes_test_under(a_seqlock_gives_whole_values, &short_run, "00 pass", "11 pass"),
        outcomes_test(the_last_reference_frees, "0 pass", "1 pass"),
        outcomes_test_under(spinning_until_another_goroutine_stores_ends, &short_run, "pass"),
        outcomes_test_under(spinning_by_plain_value_of_two_ends, &short_run, "pass"),
        natural_test(spinning_on_a_load_is_a_livelock, "livelock"),
        natural_test(spinning_on_two_loads_is_a_livelock, "livelock"),
        natural_test(spinning_with_gosched_and_fences_is_a_livelock, "livelock"),
        natural_test(spinning_on_a_flag_is_a_livelock, "livelock"),
        natural_test(spinning_on_a_compare_exchange_is_a_livelock, "livelock"),
        natural_test(two_spin_for_each_other_is_a_livelock, "livelock"),
        natural_test(counting_for_ever_is_no_livelock, "inconclusive: max_steps"),
        natural_test(storing_the_same_for_ever_is_no_livelock, "inconclusive: max_steps"),
        natural_test(seeing_others_count_is_no_livelock, "inconclusive: max_steps"),
        cmocka_unit_test(the_natural_schedule_does_not_wait_for_fairness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
