// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* sync.RWMutex: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "rwmutex.h"

static struct go_rwmutex m;
static struct go_chan *inside;
static int readers;

/* ---- Who excludes whom -------------------------------------------------------------------- */

static void read_with_company(void *unused)
{
    (void)unused;
    go_rwmutex_rlock(&m);
    if (++readers == 2) testkit_say("both");
    go_gosched();
    readers--;
    go_rwmutex_runlock(&m);
}

static void readers_share_the_lock(void)
{
    readers = 0;
    go(read_with_company, NULL);
    read_with_company(NULL);
}

static void write_once(void *arg)
{
    go_rwmutex_lock(&m);
    testkit_say("<%d", testkit_int(arg));
    go_gosched();
    testkit_say(">");
    go_rwmutex_unlock(&m);
}

static void read_once(void *arg)
{
    go_rwmutex_rlock(&m);
    testkit_say("(%d", testkit_int(arg));
    go_gosched();
    testkit_say(")");
    go_rwmutex_runlock(&m);
}

static void writers_exclude_each_other(void)
{
    go(write_once, testkit_arg(1));
    write_once(testkit_arg(2));
}

static void readers_and_writers_exclude_each_other(void)
{
    go(write_once, testkit_arg(1));
    read_once(testkit_arg(2));
}

static void hold_for_reading(void *unused)
{
    (void)unused;
    go_rwmutex_rlock(&m);
    go_chan_send(inside, NULL);
    go_chan_recv(inside, NULL);
    testkit_say("r");
    go_rwmutex_runlock(&m);
}

static void a_writer_waits_for_every_reader_inside(void)
{
    inside = go_chan_make(0, 0);
    go(hold_for_reading, NULL);
    go_rwmutex_rlock(&m);
    go_chan_recv(inside, NULL);
    go(write_once, testkit_arg(1));
    testkit_say("r");
    go_rwmutex_runlock(&m);
    go_chan_send(inside, NULL);
}

/* ---- A waiting writer --------------------------------------------------------------------- */

static void write_lock(void *unused)
{
    (void)unused;
    go_rwmutex_lock(&m);
    go_rwmutex_unlock(&m);
}

static void a_second_read_lock_behind_a_waiting_writer_deadlocks(void)
{
    go_rwmutex_rlock(&m);
    go(write_lock, NULL);
    go_rwmutex_rlock(&m);
    go_rwmutex_runlock(&m);
    go_rwmutex_runlock(&m);
}

static void a_second_read_lock_without_a_writer_is_taken(void)
{
    go_rwmutex_rlock(&m);
    go_rwmutex_rlock(&m);
    go_rwmutex_runlock(&m);
    go_rwmutex_runlock(&m);
}

static void try_read_under_read_lock(void)
{
    go_rwmutex_rlock(&m);
    go(write_lock, NULL);
    go_gosched(); /* naturally the writer arrives now */
    testkit_say("%d", go_rwmutex_tryrlock(&m));
    go_rwmutex_runlock(&m);
}

static void a_waiting_writer_turns_new_readers_away(void) { try_read_under_read_lock(); }

static void read_once_1(void *unused)
{
    (void)unused;
    read_once(testkit_arg(1));
}

static void a_reader_behind_a_waiting_writer_reads_after_it(void)
{
    go_rwmutex_rlock(&m);
    go(write_once, testkit_arg(2));
    go_gosched(); /* the writer arrives */
    go(read_once_1, NULL);
    go_gosched(); /* the reader cannot go on */
    testkit_say("r");
    go_rwmutex_runlock(&m);
}

static void two_writers_and_a_reader_all_get_their_turn(void)
{
    go(write_lock, NULL);
    go(write_lock, NULL);
    go_rwmutex_rlock(&m);
    go_rwmutex_runlock(&m);
    go_rwmutex_lock(&m);
    testkit_say("done");
    go_rwmutex_unlock(&m);
}

/* ---- One goroutine alone ------------------------------------------------------------------ */

static void writing_twice_deadlocks(void)
{
    go_rwmutex_lock(&m);
    go_rwmutex_lock(&m);
}

static void reading_under_ones_own_write_lock_deadlocks(void)
{
    go_rwmutex_lock(&m);
    go_rwmutex_rlock(&m);
}

static void writing_under_ones_own_read_lock_deadlocks(void)
{
    go_rwmutex_rlock(&m);
    go_rwmutex_lock(&m);
}

static void say_tries(void)
{
    bool read = go_rwmutex_tryrlock(&m);
    if (read) go_rwmutex_runlock(&m);
    bool write = go_rwmutex_trylock(&m);
    if (write) go_rwmutex_unlock(&m);
    testkit_say("%d%d ", read, write);
}

/* Pairs: may a try read, may a try write? */
static void tries_take_what_is_free_and_never_block(void)
{
    say_tries();
    go_rwmutex_rlock(&m);
    say_tries();
    go_rwmutex_runlock(&m);
    go_rwmutex_lock(&m);
    say_tries();
    go_rwmutex_unlock(&m);
    testkit_say("%d", go_rwmutex_trylock(&m)); /* and what a try took is held */
    say_tries();
    go_rwmutex_unlock(&m);
    testkit_say("%d", go_rwmutex_tryrlock(&m));
    say_tries();
    go_rwmutex_runlock(&m);
}

/* ---- Unlocking ---------------------------------------------------------------------------- */

static void runlock(void *unused)
{
    (void)unused;
    go_rwmutex_runlock(&m);
}

static void unlock(void *unused)
{
    (void)unused;
    go_rwmutex_unlock(&m);
}

static void another_goroutine_may_unlock_for_reading(void)
{
    go_rwmutex_rlock(&m);
    go(runlock, NULL);
    go_rwmutex_lock(&m);
    testkit_say("writes");
}

static void another_goroutine_may_unlock_for_writing(void)
{
    go_rwmutex_lock(&m);
    go(unlock, NULL);
    go_rwmutex_rlock(&m);
    testkit_say("reads");
}

static void runlock_of_an_unlocked_rwmutex_is_fatal(void)
{
    go_protect(runlock, NULL, NULL);
    testkit_say("never recovered");
}

static void unlock_of_an_unlocked_rwmutex_is_fatal(void)
{
    go_protect(unlock, NULL, NULL);
    testkit_say("never recovered");
}

static void unlock_of_a_read_locked_rwmutex_is_fatal(void)
{
    go_rwmutex_rlock(&m);
    go_rwmutex_unlock(&m);
}

static void runlock_of_a_write_locked_rwmutex_is_fatal(void)
{
    go_rwmutex_lock(&m);
    go_rwmutex_runlock(&m);
}

static void a_runlock_too_many_is_fatal(void)
{
    go_rwmutex_rlock(&m);
    go_rwmutex_rlock(&m);
    for (int i = 0; i < 3; i++) {
        testkit_say("%d", i);
        go_rwmutex_runlock(&m);
    }
}

static void a_copy_of_a_read_locked_rwmutex_must_not_be_used(void)
{
    go_rwmutex_rlock(&m);
    struct go_rwmutex copy = m;
    go_rwmutex_rlock(&copy);
}

static void a_copy_of_a_write_locked_rwmutex_must_not_be_used(void)
{
    go_rwmutex_lock(&m);
    struct go_rwmutex copy = m;
    go_rwmutex_tryrlock(&copy);
}

static void a_copy_of_an_unlocked_rwmutex_is_one_of_its_own(void)
{
    write_lock(NULL);
    struct go_rwmutex copy = m;
    go_rwmutex_lock(&copy);
    testkit_say("%d", go_rwmutex_trylock(&m));
}

/* ---- Lockers ------------------------------------------------------------------------------ */

static void lockers_lock_their_side(void)
{
    struct go_locker w = go_rwmutex_locker(&m);
    struct go_locker r = go_rwmutex_rlocker(&m);
    w.lock(w.object);
    say_tries();
    w.unlock(w.object);
    r.lock(r.object);
    say_tries();
    r.unlock(r.object);
    say_tries();
}

/* ---- Reports ------------------------------------------------------------------------------ */

static void rlock_for_good(void *unused)
{
    (void)unused;
    go_rwmutex_rlock(&m);
}

static void write_after_a_reader_that_never_leaves(void)
{
    go(rlock_for_good, NULL);
    go_gosched();
    go_rwmutex_lock(&m);
}

static void what_a_blocked_goroutine_waits_for_is_named(void **unused)
{
    (void)unused;
    static const struct {
        void (*root)(void);
        const char *state;
        const char *sentence;
    } rows[] = {
        {writing_twice_deadlocks, "sync.RWMutex.Lock",
         "waits for rwmutex RW1, held by goroutine 1 itself"},
        {reading_under_ones_own_write_lock_deadlocks, "sync.RWMutex.RLock",
         "waits for rwmutex RW1, held by goroutine 1 itself"},
        {writing_under_ones_own_read_lock_deadlocks, "sync.RWMutex.Lock",
         "waits for rwmutex RW1, held by goroutine 1 itself"},
        {write_after_a_reader_that_never_leaves, "sync.RWMutex.Lock",
         "held by goroutine 2, which has ended without unlocking it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_result result;
        testkit_natural(rows[i].root, NULL, &result);
        assert_non_null(result.report);
        assert_string_equal(result.report->state, rows[i].state);
        assert_non_null(strstr(result.report->notes[0], rows[i].sentence));
    }
}

static void reader_and_waiting_writer_are_both_culprits(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_true(testkit_find(a_second_read_lock_behind_a_waiting_writer_deadlocks, NULL, "deadlock",
                             &result));
    assert_int_equal(result.report->culprit_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(readers_share_the_lock, "both pass", "pass"),
        outcomes_test(writers_exclude_each_other, "<1><2> pass", "<2><1> pass"),
        outcomes_test(readers_and_writers_exclude_each_other, "<1>(2) pass", "(2)<1> pass"),
        outcomes_test(a_writer_waits_for_every_reader_inside, "rr<1> pass"),
        outcomes_test(a_second_read_lock_behind_a_waiting_writer_deadlocks, "deadlock", "pass"),
        outcomes_test(a_second_read_lock_without_a_writer_is_taken, "pass"),
        natural_test(a_waiting_writer_turns_new_readers_away, "0 pass"),
        outcomes_test(a_waiting_writer_turns_new_readers_away, "0 pass", "1 goroutine-leak"),
        natural_test(a_reader_behind_a_waiting_writer_reads_after_it, "r<2>(1) pass"),
        outcomes_test(two_writers_and_a_reader_all_get_their_turn, "done pass"),
        outcomes_test(writing_twice_deadlocks, "deadlock"),
        outcomes_test(reading_under_ones_own_write_lock_deadlocks, "deadlock"),
        outcomes_test(writing_under_ones_own_read_lock_deadlocks, "deadlock"),
        outcomes_test(tries_take_what_is_free_and_never_block, "11 10 00 100 110  pass"),
        outcomes_test(another_goroutine_may_unlock_for_reading, "writes pass"),
        outcomes_test(another_goroutine_may_unlock_for_writing, "reads pass"),
        outcomes_test(runlock_of_an_unlocked_rwmutex_is_fatal, "unlock-of-unlocked-rwmutex"),
        outcomes_test(unlock_of_an_unlocked_rwmutex_is_fatal, "unlock-of-unlocked-rwmutex"),
        outcomes_test(unlock_of_a_read_locked_rwmutex_is_fatal, "unlock-of-unlocked-rwmutex"),
        outcomes_test(runlock_of_a_write_locked_rwmutex_is_fatal, "unlock-of-unlocked-rwmutex"),
        outcomes_test(a_runlock_too_many_is_fatal, "012 unlock-of-unlocked-rwmutex"),
        outcomes_test(a_copy_of_a_read_locked_rwmutex_must_not_be_used, "copy-of-locked-lock"),
        outcomes_test(a_copy_of_a_write_locked_rwmutex_must_not_be_used, "copy-of-locked-lock"),
        outcomes_test(a_copy_of_an_unlocked_rwmutex_is_one_of_its_own, "1 pass"),
        outcomes_test(lockers_lock_their_side, "00 10 11  pass"),
        cmocka_unit_test(what_a_blocked_goroutine_waits_for_is_named),
        cmocka_unit_test(reader_and_waiting_writer_are_both_culprits),
    };
    return cmocka_run_group_tests_name("rwmutex", tests, NULL, NULL);
}
