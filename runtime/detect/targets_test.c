// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Predictions from the natural execution of small programs. A program is listed with all that must
 * be predicted of it, so each claim is of what is found as well as of what is not.
 *
 * These files are not instrumented: accesses are announced by hand, each line a site of its own. */
#include "targets.h"

#include "testkit.h"
#include "tsan_abi.h"

#define WRITE(p) (__tsan_write4(p), (void)++*(p))
#define READ(p) (__tsan_read4(p), (void)*(p))
/* Two goroutines whose first part is ordered before the second by a mutex alone. */
#define BRIDGE(w) (go_mutex_lock(&(w)->bridge), go_mutex_unlock(&(w)->bridge))

/* What the goroutines of a program share. */
struct world {
    struct go_mutex bridge; /* M1 where it is used */
    struct go_mutex a, b;
    struct go_rwmutex r;
    struct go_waitgroup group;
    struct go_chan *chan, *other;
    int x;
    int padding;
    unsigned char bytes[16];
};

static struct world *make_world(void)
{
    struct world *w = go_new(sizeof *w);
    w->chan = go_chan_make(0, 1);
    w->other = go_chan_make(0, 1);
    return w;
}

static void start(void (*first)(void *), void (*second)(void *))
{
    struct world *w = make_world();
    go(first, w);
    if (second) go(second, w);
}

/* ---- Races -------------------------------------------------------------------------------- */

static void write_then_bridge(void *arg)
{
    struct world *w = arg;
    WRITE(&w->x);
    BRIDGE(w);
}

static void read_then_bridge(void *arg)
{
    struct world *w = arg;
    READ(&w->x);
    BRIDGE(w);
}

static void bridge_then_write(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    WRITE(&w->x);
}

static void bridge_then_read(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    READ(&w->x);
}

static void race_two_writes_beside_a_mutex(void) { start(write_then_bridge, bridge_then_write); }
static void race_a_read_and_a_write(void) { start(read_then_bridge, bridge_then_write); }
static void race_a_write_and_a_read(void) { start(write_then_bridge, bridge_then_read); }
static void norace_reads_only(void) { start(read_then_bridge, bridge_then_read); }

static void write_under_a(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->a);
    WRITE(&w->x);
    go_mutex_unlock(&w->a);
    BRIDGE(w);
}

static void write_under_b(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    go_mutex_lock(&w->b);
    WRITE(&w->x);
    go_mutex_unlock(&w->b);
}

static void try_a_and_write(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    if (!go_mutex_trylock(&w->a)) return;
    WRITE(&w->x);
    go_mutex_unlock(&w->a);
}

static void norace_under_one_lock(void) { start(write_under_a, write_under_a); }
static void race_under_different_locks(void) { start(write_under_a, write_under_b); }
static void norace_under_a_lock_and_a_try(void) { start(write_under_a, try_a_and_write); }
static void race_under_a_lock_and_none(void) { start(write_under_a, bridge_then_write); }

static void write_then_send(void *arg)
{
    struct world *w = arg;
    write_then_bridge(w);
    go_chan_send(w->chan, NULL);
}

static void receive_then_write(void *arg)
{
    struct world *w = arg;
    go_chan_recv(w->chan, NULL);
    bridge_then_write(w);
}

static void norace_across_a_channel(void) { start(write_then_send, receive_then_write); }

static void norace_across_a_go_statement(void)
{
    struct world *w = make_world();
    write_then_bridge(w);
    go(bridge_then_write, w);
}

static void write_then_done(void *arg)
{
    struct world *w = arg;
    write_then_bridge(w);
    go_waitgroup_done(&w->group);
}

static void norace_across_a_waitgroup(void)
{
    struct world *w = make_world();
    go_waitgroup_add(&w->group, 1);
    go(write_then_done, w);
    go_waitgroup_wait(&w->group);
    WRITE(&w->x);
}

static void only_done(void *arg) { go_waitgroup_done(&((struct world *)arg)->group); }

static void norace_across_a_waitgroup_of_two(void)
{
    struct world *w = make_world();
    go_waitgroup_add(&w->group, 2);
    go(write_then_done, w);
    go(only_done, w);
    go_waitgroup_wait(&w->group);
    WRITE(&w->x);
}

static void norace_reads_of_what_was_written(void)
{
    struct world *w = make_world();
    WRITE(&w->x);
    go(read_then_bridge, w);
    go(bridge_then_read, w);
}

static void write_under_a_and_under_b(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->a);
    WRITE(&w->x);
    go_mutex_unlock(&w->a);
    go_mutex_lock(&w->b);
    WRITE(&w->x);
    go_mutex_unlock(&w->b);
}

static void write_under_both(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->b);
    write_under_a(w);
    go_mutex_unlock(&w->b);
}

static void norace_of_one_goroutine(void) { start(write_under_a_and_under_b, write_under_both); }

static void try_a_and_write_without(void *arg)
{
    struct world *w = arg;
    if (go_mutex_trylock(&w->a)) return;
    WRITE(&w->x);
    BRIDGE(w);
}

static void race_after_a_try_that_failed(void)
{
    struct world *w = make_world();
    go_mutex_lock(&w->a);
    go(try_a_and_write_without, w);
    go_gosched();
    BRIDGE(w);
    WRITE(&w->x);
    go_mutex_unlock(&w->a);
}

static void receive_then_write_then_bridge(void *arg)
{
    struct world *w = arg;
    go_chan_recv(w->chan, NULL);
    write_then_bridge(w);
}

static void race_after_a_wait(void)
{
    struct world *w = make_world();
    go(receive_then_write_then_bridge, w);
    go_gosched();
    go_chan_send(w->chan, NULL);
    go(bridge_then_write, w);
}

static void write_for_reading(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    go_rwmutex_rlock(&w->r);
    WRITE(&w->x);
    go_rwmutex_runlock(&w->r);
    BRIDGE(w);
}

static void write_for_writing(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    go_rwmutex_lock(&w->r);
    WRITE(&w->x);
    go_rwmutex_unlock(&w->r);
    BRIDGE(w);
}

static void race_under_a_lock_for_reading(void) { start(write_for_reading, write_for_reading); }
static void norace_reader_and_writer(void) { start(write_for_reading, write_for_writing); }
static void norace_writer_and_reader(void) { start(write_for_writing, write_for_reading); }

static void write_atomically(int *p)
{
    access_state.countdown--;
    tsan_abi_slow((uintptr_t)p, 4, ACCESS_WRITE | ACCESS_ATOMIC, __builtin_return_address(0));
}

static void store_then_bridge(void *arg)
{
    struct world *w = arg;
    write_atomically(&w->x);
    BRIDGE(w);
}

static void bridge_then_store(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    write_atomically(&w->x);
}

static void norace_both_atomic(void) { start(store_then_bridge, bridge_then_store); }
static void race_one_atomic(void) { start(store_then_bridge, bridge_then_write); }

static void first_bytes(void *arg)
{
    struct world *w = arg;
    __tsan_write2(&w->bytes[0]);
    BRIDGE(w);
}

static void next_bytes(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    __tsan_write2(&w->bytes[2]);
}

static void bytes_across_cells(void *arg)
{
    struct world *w = arg;
    __tsan_write_range(&w->bytes[1], 9);
    BRIDGE(w);
}

static void second_cell(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    __tsan_write1(&w->bytes[9]);
}

static void norace_neighbours(void) { start(first_bytes, next_bytes); }
static void race_in_the_second_cell(void) { start(bytes_across_cells, second_cell); }

/* Of one site, only what comes after the go statement may be concurrent. */
static void race_of_the_later_turn_of_a_loop(void)
{
    struct world *w = make_world();
    for (int i = 0; i < testkit_turns; i++) {
        WRITE(&w->x);
        if (i == 0) go(bridge_then_write, w);
    }
    BRIDGE(w);
}

static void unlock_for_another(void *arg)
{
    struct world *w = arg;
    go_chan_recv(w->chan, NULL);
    go_mutex_unlock(&w->a);
    go_chan_send(w->other, NULL);
}

static void race_after_another_unlocked(void)
{
    struct world *w = make_world();
    go(unlock_for_another, w);
    go_mutex_lock(&w->a);
    go_chan_send(w->chan, NULL);
    go_chan_recv(w->other, NULL);
    go(write_under_a, w);
    WRITE(&w->x); /* nobody holds a */
    BRIDGE(w);
    go_mutex_lock(&w->a);
    go_mutex_unlock(&w->a);
}

static struct predictions found; /* safe: one test at a time; too large for a stack */

/* ---- Limits, determinism ------------------------------------------------------------------ */

static void a_stop_says_how_many_operations_came_before(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    predict(race_of_the_later_turn_of_a_loop, &found, text);
    assert_int_equal(found.count, 1);
    /* The start and the go statement; the start, Lock and Unlock. */
    assert_int_equal(found.items[0].stops[0].done, 2);
    assert_int_equal(found.items[0].stops[1].done, 3);
    /* A wait is one operation, though two events. */
    predict(race_after_a_wait, &found, text);
    assert_int_equal(found.items[0].stops[0].done, 2);
}

enum { MANY = 20000 };

static void write_many(void *arg)
{
    int *cells = arg;
    for (int i = 0; i < MANY; i++) WRITE(&cells[2 * i]);
}

static struct go_mutex *many_bridge; /* safe: of the execution that runs */

static void write_many_then_bridge(void *arg)
{
    write_many(arg);
    go_mutex_lock(many_bridge);
    go_mutex_unlock(many_bridge);
}

static void bridge_then_write_many(void *arg)
{
    go_mutex_lock(many_bridge);
    go_mutex_unlock(many_bridge);
    write_many(arg);
}

static void thousands_of_cells(void)
{
    int *cells = go_new(2 * MANY * sizeof *cells);
    many_bridge = go_new(sizeof *many_bridge);
    go(write_many_then_bridge, cells);
    go(bridge_then_write_many, cells);
}

static void uses_are_bounded_and_what_is_dropped_is_counted(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    predict(thousands_of_cells, &found, text);
    assert_string_equal(text, "race G2 write, G3 write");
    assert_int_equal(found.dropped, 2 * MANY - TARGETS_USES_MAX);
}

static void predictions_are_equal_by_their_sites(void **state)
{
    (void)state;
    struct prediction a = {.stop_count = 2, .stops = {{.site = &a}, {.site = &found}}};
    struct prediction b = {.stop_count = 2, .stops = {{.site = &found}, {.site = &a}}};
    struct prediction same = {.stop_count = 2, .stops = {{.site = &a}, {.site = &a}}};
    struct prediction deadlock = a;
    deadlock.deadlock = true;
    assert_true(targets_equal(&a, &b));
    assert_false(targets_equal(&a, &same));
    assert_false(targets_equal(&same, &a));
    assert_false(targets_equal(&a, &deadlock));
    b.stop_count = 1;
    assert_false(targets_equal(&a, &b));
    found.count = 0;
    found.dropped = 0;
    targets_add(&found, &a);
    targets_add(&found, &same);
    targets_add(&found, &a);
    assert_int_equal(found.count, 2);
    for (size_t i = found.count; i < TARGETS_MAX + 3; i++) {
        struct prediction p = {.stop_count = 1, .stops = {{.site = (const char *)&found + i}}};
        targets_add(&found, &p);
    }
    assert_int_equal(found.count, TARGETS_MAX);
    assert_int_equal(found.dropped, 3);
}

static void without_edges_nothing_races(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    access_state.instrumented = false;
    predict(race_two_writes_beside_a_mutex, &found, text);
    access_state.instrumented = true;
    assert_string_equal(text, "");
}

int main(void)
{
    access_state.instrumented = true; /* as instrumented code does at its start */
    const struct CMUnitTest tests[] = {
        prediction_test(race_two_writes_beside_a_mutex, "race G2 write, G3 write"),
        prediction_test(race_a_read_and_a_write, "race G2 read, G3 write"),
        prediction_test(race_a_write_and_a_read, "race G2 write, G3 read"),
        prediction_test(norace_reads_only, ""),
        prediction_test(norace_under_one_lock, ""),
        prediction_test(race_under_different_locks, "race G2 write, G3 write"),
        prediction_test(norace_under_a_lock_and_a_try, ""),
        prediction_test(race_under_a_lock_and_none, "race G2 write, G3 write"),
        prediction_test(race_after_a_try_that_failed, "race G2 write, G1 write"),
        prediction_test(race_after_a_wait, "race G2 write, G3 write"),
        prediction_test(norace_across_a_channel, ""),
        prediction_test(norace_across_a_go_statement, ""),
        prediction_test(norace_across_a_waitgroup, ""),
        prediction_test(norace_across_a_waitgroup_of_two, ""),
        prediction_test(norace_reads_of_what_was_written, ""),
        prediction_test(norace_of_one_goroutine, ""),
        prediction_test(race_under_a_lock_for_reading, "race G2 write, G3 write"),
        prediction_test(norace_reader_and_writer, ""),
        prediction_test(norace_writer_and_reader, ""),
        prediction_test(norace_both_atomic, ""),
        prediction_test(race_one_atomic, "race G2 write, G3 write"),
        prediction_test(norace_neighbours, ""),
        prediction_test(race_in_the_second_cell, "race G2 write, G3 write"),
        prediction_test(race_of_the_later_turn_of_a_loop, "race G1 write, G2 write"),
        prediction_test(race_after_another_unlocked, "race G1 write, G3 write"),
        cmocka_unit_test(a_stop_says_how_many_operations_came_before),
        cmocka_unit_test(uses_are_bounded_and_what_is_dropped_is_counted),
        cmocka_unit_test(predictions_are_equal_by_their_sites),
        cmocka_unit_test(without_edges_nothing_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
