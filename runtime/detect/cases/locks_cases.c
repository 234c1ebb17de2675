// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Mutex and RWMutex. Go memory model, "Locks": unlock n is before lock m returns, n < m; for an
 * RWMutex an RLock returns after some Unlock, and its RUnlock is before the next Lock returns. */
#include "case.h"

static void locked_increment(void)
{
    go_mutex_lock(&mutex);
    x++;
    go_mutex_unlock(&mutex);
}

ACTOR(increments) { locked_increment(); }

ACTOR(writes_locked)
{
    go_mutex_lock(&mutex);
    x = 1;
    go_mutex_unlock(&mutex);
}

ACTOR(locks_unlocks_writes)
{
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
    x = 1;
}

ACTOR(writes_locks_unlocks)
{
    x = 1;
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
}

ACTOR(writes_under_the_other_lock)
{
    go_mutex_lock(&mutex2);
    x = 1;
    go_mutex_unlock(&mutex2);
}

/* ---- Mutex ---------------------------------------------------------------------------------- */

NEVER(an_unlock_is_before_a_later_lock)
{
    go(increments, NULL);
    locked_increment();
}

NEVER(every_unlock_is_before_every_later_lock)
{
    for (int i = 0; i < 4; i++) go(increments, NULL);
    go_mutex_lock(&mutex);
    use((uint64_t)x);
    go_mutex_unlock(&mutex);
}

EXPECT(two_mutexes_order_nothing,
       .expect = {"data-race--two_mutexes_order_nothing--writes_under_the_other_lock"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes_under_the_other_lock, NULL);
    go_mutex_lock(&mutex);
    x = 2;
    go_mutex_unlock(&mutex);
}

EXPECT(a_read_without_the_lock, .expect = {"data-race--a_read_without_the_lock--writes_locked"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_locked, NULL);
    use((uint64_t)x);
}

EXPECT(what_follows_the_unlock_is_not_ordered,
       .expect = {"data-race--locks_unlocks_writes--what_follows_the_unlock_is_not_ordered"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(locks_unlocks_writes, NULL);
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
    x = 2;
}

EXPECT(a_lock_orders_only_as_they_are_taken,
       .expect = {"data-race--a_lock_orders_only_as_they_are_taken--locks_unlocks_writes"},
       .pair = {WRITE(4), WRITE(4)}, .natural_is_silent = true)
{
    go(locks_unlocks_writes, NULL);
    x = 2;
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
}

EXPECT(a_lock_that_is_left_does_not_order_before_itself,
       .expect = {"data-race--a_lock_that_is_left_does_not_order_before_itself--"
                  "writes_locks_unlocks"},
       .pair = {WRITE(4), WRITE(4)}, .not_always = true)
{
    go(writes_locks_unlocks, NULL);
    go_mutex_lock(&mutex);
    x = 2;
    go_mutex_unlock(&mutex);
}

ACTOR(tries_and_increments)
{
    if (!go_mutex_trylock(&mutex)) return;
    x++;
    go_mutex_unlock(&mutex);
}

NEVER(a_trylock_that_succeeds_is_a_lock)
{
    go(tries_and_increments, NULL);
    go(tries_and_increments, NULL);
    locked_increment();
}

ACTOR(reads_when_it_is_locked)
{
    if (!go_mutex_trylock(&mutex))
        use((uint64_t)x);
    else
        go_mutex_unlock(&mutex);
}

EXPECT(a_trylock_that_fails_orders_nothing,
       .expect = {"data-race--a_trylock_that_fails_orders_nothing--reads_when_it_is_locked"},
       .pair = {WRITE(4), READ(4)}, .natural_is_silent = true)
{
    go(reads_when_it_is_locked, NULL);
    x = 1;
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
}

ACTOR(locks_and_reads)
{
    go_mutex_lock(&mutex);
    use((uint64_t)x);
    go_mutex_unlock(&mutex);
}

ACTOR(writes_and_unlocks_for_another)
{
    x = 1;
    go_mutex_unlock(&mutex);
}

NEVER(an_unlock_by_another_goroutine_is_before_the_next_lock)
{
    go_mutex_lock(&mutex);
    go(locks_and_reads, NULL);
    go(writes_and_unlocks_for_another, NULL);
}

ACTOR(unlocks_for_another) { go_mutex_unlock(&mutex); }

EXPECT(an_unlock_by_another_goroutine_says_nothing_of_the_holder,
       .expect = {"data-race--an_unlock_by_another_goroutine_says_nothing_of_the_holder--"
                  "locks_and_reads"},
       .pair = {WRITE(4), READ(4)})
{
    go_mutex_lock(&mutex);
    go(locks_and_reads, NULL);
    go(unlocks_for_another, NULL);
    x = 1;
}

/* Who unlocks for another knows of no earlier unlock, and the next lock is still after all. The
 * length of ch tells without ordering. */
ACTOR(locks_and_leaves_it)
{
    go_mutex_lock(&mutex);
    go_chan_send(ch, NULL);
}

ACTOR(unlocks_for_the_leaver)
{
    while (!go_chan_len(ch)) go_gosched();
    go_mutex_unlock(&mutex);
}

NEVER(an_unlock_by_another_goroutine_hides_no_earlier_unlock)
{
    ch = go_chan_make(0, 1);
    go(writes_locked, NULL);
    go(unlocks_for_the_leaver, NULL);
    go_gosched();
    go(locks_and_leaves_it, NULL);
    go_gosched();
    go_mutex_lock(&mutex);
    use((uint64_t)x);
    go_mutex_unlock(&mutex);
}

NEVER(a_locker_orders_as_its_mutex)
{
    struct go_locker locker = go_mutex_locker(&mutex);
    go(increments, NULL);
    locker.lock(locker.object);
    x++;
    locker.unlock(locker.object);
}

/* ---- RWMutex -------------------------------------------------------------------------------- */

ACTOR(reads_under_rlock)
{
    go_rwmutex_rlock(&rwmutex);
    use((uint64_t)x);
    go_rwmutex_runlock(&rwmutex);
}

ACTOR(writes_under_rlock)
{
    go_rwmutex_rlock(&rwmutex);
    x = 1;
    go_rwmutex_runlock(&rwmutex);
}

ACTOR(writes_under_wlock)
{
    go_rwmutex_lock(&rwmutex);
    x = 1;
    go_rwmutex_unlock(&rwmutex);
}

NEVER(a_writer_is_before_later_readers)
{
    go(reads_under_rlock, NULL);
    go(reads_under_rlock, NULL);
    go_rwmutex_lock(&rwmutex);
    x = 1;
    go_rwmutex_unlock(&rwmutex);
}

NEVER(readers_are_before_a_later_writer)
{
    go(reads_under_rlock, NULL);
    go(reads_under_rlock, NULL);
    go_gosched();
    go_rwmutex_lock(&rwmutex);
    x = 1;
    go_rwmutex_unlock(&rwmutex);
}

NEVER(a_writer_is_before_a_later_writer)
{
    go(writes_under_wlock, NULL);
    go(writes_under_wlock, NULL);
    go_rwmutex_lock(&rwmutex);
    x = 2;
    go_rwmutex_unlock(&rwmutex);
}

EXPECT(a_runlock_is_not_before_a_later_rlock,
       .expect = {"data-race--a_runlock_is_not_before_a_later_rlock--writes_under_rlock"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes_under_rlock, NULL);
    go_rwmutex_rlock(&rwmutex);
    x = 2;
    go_rwmutex_runlock(&rwmutex);
}

ACTOR(writes_before_rlock)
{
    x = 1;
    go_rwmutex_rlock(&rwmutex);
    go_rwmutex_runlock(&rwmutex);
}

EXPECT(an_rlock_is_not_before_a_later_rlock,
       .expect = {"data-race--an_rlock_is_not_before_a_later_rlock--writes_before_rlock"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes_before_rlock, NULL);
    go_rwmutex_rlock(&rwmutex);
    go_rwmutex_runlock(&rwmutex);
    x = 2;
}

EXPECT(a_read_and_a_write_under_rlock,
       .expect = {"data-race--a_read_and_a_write_under_rlock--reads_under_rlock"},
       .pair = {WRITE(4), READ(4)})
{
    go(reads_under_rlock, NULL);
    go_rwmutex_rlock(&rwmutex);
    x = 2;
    go_rwmutex_runlock(&rwmutex);
}

NEVER(a_write_under_rlock_is_before_a_later_lock)
{
    go(writes_under_rlock, NULL);
    go_rwmutex_lock(&rwmutex);
    x = 2;
    go_rwmutex_unlock(&rwmutex);
}

ACTOR(writes_y_under_rlock)
{
    go_rwmutex_rlock(&rwmutex);
    y = 1;
    go_rwmutex_runlock(&rwmutex);
}

NEVER(all_runlocks_are_before_a_later_lock)
{
    go(writes_under_rlock, NULL);
    go(writes_y_under_rlock, NULL);
    go_gosched();
    go_rwmutex_lock(&rwmutex);
    x = y + 1;
    go_rwmutex_unlock(&rwmutex);
}

ACTOR(holds_rlock_for_a_while)
{
    go_rwmutex_rlock(&rwmutex);
    go_gosched();
    x = 1;
    go_rwmutex_runlock(&rwmutex);
}

NEVER(a_lock_that_waits_for_readers_is_after_them)
{
    go(holds_rlock_for_a_while, NULL);
    go_gosched();
    go_rwmutex_lock(&rwmutex);
    x = 2;
    go_rwmutex_unlock(&rwmutex);
}

EXPECT(a_writer_between_two_readers_orders_them,
       .expect = {"data-race--a_writer_between_two_readers_orders_them--writes_under_rlock"},
       .pair = {WRITE(4), WRITE(4)}, .natural_is_silent = true)
{
    go(writes_under_rlock, NULL);
    go_gosched();
    go_rwmutex_lock(&rwmutex);
    go_rwmutex_unlock(&rwmutex);
    go_rwmutex_rlock(&rwmutex);
    x = 2;
    go_rwmutex_runlock(&rwmutex);
}

EXPECT(a_write_beside_the_readers,
       .expect = {"data-race--a_write_beside_the_readers--reads_under_rlock"},
       .pair = {WRITE(4), READ(4)})
{
    go(reads_under_rlock, NULL);
    go_mutex_lock(&mutex);
    x = 1;
    go_mutex_unlock(&mutex);
}

ACTOR(tries_to_read)
{
    if (!go_rwmutex_tryrlock(&rwmutex)) return;
    use((uint64_t)x);
    go_rwmutex_runlock(&rwmutex);
}

ACTOR(tries_to_write)
{
    if (!go_rwmutex_trylock(&rwmutex)) return;
    x = 3;
    go_rwmutex_unlock(&rwmutex);
}

NEVER(tries_that_succeed_are_locks)
{
    go(tries_to_read, NULL);
    go(tries_to_write, NULL);
    go(reads_under_rlock, NULL);
    go_rwmutex_lock(&rwmutex);
    x = 2;
    go_rwmutex_unlock(&rwmutex);
}

ACTOR(reads_when_it_is_written)
{
    if (go_rwmutex_tryrlock(&rwmutex))
        go_rwmutex_runlock(&rwmutex);
    else
        use((uint64_t)x);
}

EXPECT(a_tryrlock_that_fails_orders_nothing,
       .expect = {"data-race--a_tryrlock_that_fails_orders_nothing--reads_when_it_is_written"},
       .pair = {WRITE(4), READ(4)}, .natural_is_silent = true)
{
    go(reads_when_it_is_written, NULL);
    x = 1;
    go_rwmutex_lock(&rwmutex);
    go_rwmutex_unlock(&rwmutex);
}

ACTOR(writes_when_it_is_read)
{
    if (go_rwmutex_trylock(&rwmutex))
        go_rwmutex_unlock(&rwmutex);
    else
        x = 1;
}

EXPECT(a_trywlock_that_fails_orders_nothing,
       .expect = {"data-race--a_trywlock_that_fails_orders_nothing--writes_when_it_is_read"},
       .pair = {WRITE(4), READ(4)}, .natural_is_silent = true)
{
    go(writes_when_it_is_read, NULL);
    use((uint64_t)x);
    go_rwmutex_rlock(&rwmutex);
    go_rwmutex_runlock(&rwmutex);
}

ACTOR(runlocks_for_another)
{
    x = 1;
    go_rwmutex_runlock(&rwmutex);
}

NEVER(a_runlock_by_another_goroutine_is_before_a_later_lock)
{
    go_rwmutex_rlock(&rwmutex);
    go(runlocks_for_another, NULL);
    go_rwmutex_lock(&rwmutex);
    x = 2;
    go_rwmutex_unlock(&rwmutex);
}

NEVER(lockers_order_as_their_rwmutex)
{
    struct go_locker writes_lock = go_rwmutex_locker(&rwmutex);
    struct go_locker reads_lock = go_rwmutex_rlocker(&rwmutex);
    go(reads_under_rlock, NULL);
    writes_lock.lock(writes_lock.object);
    x = 1;
    writes_lock.unlock(writes_lock.object);
    reads_lock.lock(reads_lock.object);
    use((uint64_t)x);
    reads_lock.unlock(reads_lock.object);
}
