// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Goroutines: their start, their end, and what they share. Go memory model, "Goroutine creation":
 * the go statement is before the start; "Goroutine destruction": the end is before nothing. */
#include "case.h"

ACTOR(writes) { x = 1; }
ACTOR(reads) { use((uint64_t)x); }
ACTOR(increments) { x++; }

/* ---- Two accesses --------------------------------------------------------------------------- */

NEVER(read_and_read)
{
    go(reads, NULL);
    go(reads, NULL);
    use((uint64_t)x);
}

EXPECT(read_then_write, .expect = {"data-race--reads--writes"}, .pair = {READ(4), WRITE(4)})
{
    go(reads, NULL);
    go(writes, NULL);
}

EXPECT(write_then_read, .expect = {"data-race--reads--writes"}, .pair = {READ(4), WRITE(4)})
{
    go(writes, NULL);
    go(reads, NULL);
}

EXPECT(write_then_write, .expect = {"data-race--write_then_write--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    x = 2;
}

EXPECT(one_function_in_two_goroutines, .expect = {"data-race--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    go(writes, NULL);
}

/* The read of x++ is found first, or its write. */
EXPECT(two_increments, .expect = {"data-race--increments"})
{
    go(increments, NULL);
    go(increments, NULL);
}

EXPECT(one_of_many_readers_is_too_late, .expect = {"data-race--reads--writes"},
       .pair = {READ(4), WRITE(4)})
{
    for (int i = 0; i < 5; i++) go(reads, NULL);
    go(writes, NULL);
}

ACTOR(reads_tells)
{
    use((uint64_t)x);
    go_chan_send(ch, NULL);
}

NEVER(many_readers_before_a_writer)
{
    ch = go_chan_make(0, 0);
    for (int i = 0; i < 3; i++) go(reads_tells, NULL);
    for (int i = 0; i < 3; i++) go_chan_recv(ch, NULL);
    x = 1;
}

/* The writer is ordered after the latest reader, but not after the one before. */
EXPECT(a_writer_that_waits_for_one_of_two_readers,
       .expect = {"data-race--a_writer_that_waits_for_one_of_two_readers--reads",
                  "data-race--a_writer_that_waits_for_one_of_two_readers--reads_tells"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(reads, NULL);
    go(reads_tells, NULL);
    go_chan_recv(ch, NULL);
    x = 1;
}

ACTOR(writes_tells)
{
    x = 1;
    go_chan_send(ch, NULL);
}

EXPECT(a_third_goroutine_races,
       .expect = {"data-race--a_third_goroutine_races--reads", "data-race--reads--writes_tells"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(writes_tells, NULL);
    go(reads, NULL);
    go_chan_recv(ch, NULL);
    x = 2;
}

/* ---- Start ---------------------------------------------------------------------------------- */

NEVER(what_precedes_go_is_before_the_start)
{
    x = 1;
    go(reads, NULL);
}

EXPECT(what_follows_go_is_not_ordered,
       .expect = {"data-race--reads--what_follows_go_is_not_ordered"}, .pair = {READ(4), WRITE(4)})
{
    x = 1;
    go(reads, NULL);
    x = 2;
}

ACTOR(starts_a_reader) { go(reads, NULL); }

NEVER(a_start_hands_on_what_it_knows)
{
    x = 1;
    go(starts_a_reader, NULL);
}

EXPECT(a_start_hands_on_nothing_later,
       .expect = {"data-race--a_start_hands_on_nothing_later--reads"}, .pair = {READ(4), WRITE(4)})
{
    go(starts_a_reader, NULL);
    x = 1;
}

EXPECT(siblings_are_not_ordered, .expect = {"data-race--reads--writes"},
       .pair = {READ(4), WRITE(4)})
{
    go(writes, NULL);
    go_gosched();
    go(reads, NULL);
}

/* ---- End ------------------------------------------------------------------------------------ */

EXPECT(the_end_is_before_nothing, .expect = {"data-race--the_end_is_before_nothing--writes"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes, NULL);
    go_gosched();
    use((uint64_t)x);
}

static void exits(void *arg)
{
    (void)arg;
    x = 1;
    go_goexit();
}

EXPECT(goexit_is_before_nothing, .expect = {"data-race--exits--goexit_is_before_nothing"},
       .pair = {WRITE(4), READ(4)})
{
    go(exits, NULL);
    go_gosched();
    use((uint64_t)x);
}

EXPECT(the_end_of_the_root_is_before_nothing,
       .expect = {"data-race--the_end_of_the_root_is_before_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    x = 2;
}

/* The second goroutine may get the stack of the first, and its variables with it. */
ACTOR(uses_its_stack)
{
    volatile uint64_t own[32];
    for (size_t i = 0; i < 32; i++) own[i] = i;
    for (size_t i = 0; i < 32; i++) use(own[i]);
}

NEVER(a_used_stack_is_a_new_one)
{
    for (int i = 0; i < 4; i++) {
        go(uses_its_stack, NULL);
        go_gosched();
    }
}

/* ---- Leaving early -------------------------------------------------------------------------- */

static void sends(void *arg)
{
    (void)arg;
    go_chan_send(ch, NULL);
}

static void defers_a_send_and_writes(void *arg)
{
    go_defer(sends, arg);
    x = 1;
}

static void defers_a_send_and_panics(void *arg)
{
    go_defer(sends, arg);
    x = 1;
    go_panic("on purpose");
}

static void defers_a_send_and_exits(void *arg)
{
    go_defer(sends, arg);
    exits(arg);
}

static void defers_a_write_and_sends(void *arg)
{
    go_defer(writes, arg);
    go_chan_send(ch, NULL);
}

ACTOR(protects_a_panic) { go_protect(defers_a_send_and_panics, NULL, NULL); }

NEVER(a_deferred_send_comes_after_the_function)
{
    ch = go_chan_make(0, 0);
    go(defers_a_send_and_writes, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_deferred_send_comes_after_a_panic)
{
    ch = go_chan_make(0, 0);
    go(protects_a_panic, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_deferred_send_comes_after_goexit)
{
    ch = go_chan_make(0, 0);
    go(defers_a_send_and_exits, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

EXPECT(a_deferred_write_comes_after_the_send,
       .expect = {"data-race--a_deferred_write_comes_after_the_send--writes"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 0);
    go(defers_a_write_and_sends, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

EXPECT(protect_orders_nothing, .expect = {"data-race--protect_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    go(writes, NULL);
    go_protect(uses_its_stack, NULL, NULL);
    x = 2;
}

extern struct go_panic recovered;
struct go_panic recovered;

static void only_panics(void *arg)
{
    (void)arg;
    go_panic("on purpose");
}

ACTOR(recovers) { go_protect(only_panics, NULL, &recovered); }

EXPECT(protect_writes_what_it_recovered,
       .expect = {"data-race--protect_writes_what_it_recovered--recovers"},
       .pair = {{'W', sizeof recovered}, READ(1)})
{
    go(recovers, NULL);
    use((uint64_t)recovered.message[0]);
}

/* ---- Captured variables ---------------------------------------------------------------------- */

static void reads_captured(void *captured)
{
    use((uint64_t) * (int *)captured);
    go_waitgroup_done(&waitgroup);
}

EXPECT(a_captured_loop_variable, .expect = {"data-race--a_captured_loop_variable--reads_captured"},
       .pair = {READ(4), WRITE(4)})
{
    go_waitgroup_add(&waitgroup, 3);
    for (int i = 0; i < 3; i++) go(reads_captured, &i);
    go_waitgroup_wait(&waitgroup);
}

NEVER(a_copy_for_each_turn_of_the_loop)
{
    int copies[3];
    go_waitgroup_add(&waitgroup, 3);
    for (int i = 0; i < 3; i++) {
        copies[i] = i;
        go(reads_captured, &copies[i]);
    }
    go_waitgroup_wait(&waitgroup);
}

static void writes_captured(void *captured)
{
    *(int *)captured = 1;
    go_waitgroup_done(&waitgroup);
}

EXPECT(a_captured_variable_of_the_stack,
       .expect = {"data-race--a_captured_variable_of_the_stack--writes_captured"},
       .pair = {WRITE(4), WRITE(4)})
{
    int captured;
    go_waitgroup_add(&waitgroup, 1);
    go(writes_captured, &captured);
    captured = 2;
    go_waitgroup_wait(&waitgroup);
}

NEVER(a_captured_variable_is_read_after_the_wait)
{
    int captured = 0;
    go_waitgroup_add(&waitgroup, 1);
    go(writes_captured, &captured);
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)captured);
}

EXPECT(two_goroutines_capture_one_variable, .expect = {"data-race--writes_captured"},
       .pair = {WRITE(4), WRITE(4)})
{
    int captured = 0;
    go_waitgroup_add(&waitgroup, 2);
    go(writes_captured, &captured);
    go(writes_captured, &captured);
    go_waitgroup_wait(&waitgroup);
}
