// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The lock-order graph: each program is listed with the deadlocks that are predicted from its
 * natural execution, in which there is none. */
#include "lockorder.h"

#include <string.h>

#include "testkit.h"

/* What the goroutines of a program share. */
struct world {
    struct go_mutex a, b, c;
    struct go_rwmutex r, s;
    struct go_chan *chan;
    struct go_mutex forks[5];
};

static struct world *make_world(void)
{
    struct world *w = go_new(sizeof *w);
    w->chan = go_chan_make(0, 1);
    return w;
}

static void start(void (*first)(void *), void (*second)(void *))
{
    struct world *w = make_world();
    go(first, w);
    if (second) go(second, w);
}

/* ---- Programs ----------------------------------------------------------------------------- */

static void both(struct go_mutex *outer, struct go_mutex *inner)
{
    go_mutex_lock(outer);
    go_mutex_lock(inner);
    go_mutex_unlock(inner);
    go_mutex_unlock(outer);
}

static void a_then_b(void *arg)
{
    struct world *w = arg;
    both(&w->a, &w->b);
}

static void b_then_a(void *arg)
{
    struct world *w = arg;
    both(&w->b, &w->a);
}

static void b_then_c(void *arg)
{
    struct world *w = arg;
    both(&w->b, &w->c);
}

static void c_then_a(void *arg)
{
    struct world *w = arg;
    both(&w->c, &w->a);
}

static void deadlock_of_two(void) { start(a_then_b, b_then_a); }
static void nodeadlock_in_one_order(void) { start(a_then_b, a_then_b); }

static void deadlock_of_three(void)
{
    struct world *w = make_world();
    go(a_then_b, w);
    go(b_then_c, w);
    go(c_then_a, w);
}

static void both_orders(void *arg)
{
    a_then_b(arg);
    b_then_a(arg);
}

static void nodeadlock_of_one_goroutine(void) { start(both_orders, NULL); }

static void gated_a_then_b(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    a_then_b(w);
    go_mutex_unlock(&w->c);
}

static void gated_b_then_a(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    b_then_a(w);
    go_mutex_unlock(&w->c);
}

static void nodeadlock_behind_a_gate(void) { start(gated_a_then_b, gated_b_then_a); }
static void deadlock_with_one_through_the_gate(void) { start(gated_a_then_b, b_then_a); }

static void reading_a_then_b(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->r);
    a_then_b(w);
    go_rwmutex_runlock(&w->r);
}

static void reading_b_then_a(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->r);
    b_then_a(w);
    go_rwmutex_runlock(&w->r);
}

static void writing_b_then_a(void *arg)
{
    struct world *w = arg;
    go_rwmutex_lock(&w->r);
    b_then_a(w);
    go_rwmutex_unlock(&w->r);
}

static void deadlock_behind_a_gate_for_reading(void) { start(reading_a_then_b, reading_b_then_a); }
static void nodeadlock_behind_a_gate_for_writing(void)
{
    start(reading_a_then_b, writing_b_then_a);
}

static void nodeadlock_before_a_go_statement(void)
{
    struct world *w = make_world();
    a_then_b(w);
    go(b_then_a, w);
}

static void a_then_b_then_send(void *arg)
{
    struct world *w = arg;
    a_then_b(w);
    go_chan_send(w->chan, NULL);
}

static void receive_then_b_then_a(void *arg)
{
    struct world *w = arg;
    go_chan_recv(w->chan, NULL);
    b_then_a(w);
}

static void nodeadlock_across_a_channel(void) { start(a_then_b_then_send, receive_then_b_then_a); }

static void b_then_try_a(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->b);
    if (go_mutex_trylock(&w->a)) go_mutex_unlock(&w->a);
    go_mutex_unlock(&w->b);
}

static void nodeadlock_of_a_try(void) { start(a_then_b, b_then_try_a); }

static void try_b_then_a(void *arg)
{
    struct world *w = arg;
    if (!go_mutex_trylock(&w->b)) return;
    go_mutex_lock(&w->a);
    go_mutex_unlock(&w->a);
    go_mutex_unlock(&w->b);
}

static void deadlock_behind_a_try(void) { start(a_then_b, try_b_then_a); }

static void dine(void *arg)
{
    struct world *w = *(void **)arg;
    int seat = *(int *)((void **)arg + 1);
    both(&w->forks[seat], &w->forks[(seat + 1) % 5]);
}

static void deadlock_of_five(void)
{
    struct world *w = make_world();
    for (int seat = 0; seat < 5; seat++) {
        void **arg = go_new(2 * sizeof *arg);
        arg[0] = w;
        memcpy(&arg[1], &seat, sizeof seat);
        go(dine, arg);
    }
}

static void read_r_then_s(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->r);
    go_rwmutex_rlock(&w->s);
    go_rwmutex_runlock(&w->s);
    go_rwmutex_runlock(&w->r);
}

static void read_s_then_r(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->s);
    go_rwmutex_rlock(&w->r);
    go_rwmutex_runlock(&w->r);
    go_rwmutex_runlock(&w->s);
}

static void write_r(void *arg)
{
    struct world *w = arg;
    go_rwmutex_lock(&w->r);
    go_rwmutex_unlock(&w->r);
}

static void write_s(void *arg)
{
    struct world *w = arg;
    go_rwmutex_lock(&w->s);
    go_rwmutex_unlock(&w->s);
}

static void nodeadlock_of_readers(void) { start(read_r_then_s, read_s_then_r); }

static void deadlock_of_readers_with_writers(void)
{
    struct world *w = make_world();
    go(read_r_then_s, w);
    go(read_s_then_r, w);
    go(write_r, w);
    go(write_s, w);
}

static void nodeadlock_of_readers_with_one_writer(void)
{
    struct world *w = make_world();
    go(read_r_then_s, w);
    go(read_s_then_r, w);
    go(write_r, w);
}

static void write_s_then_r(void *arg)
{
    struct world *w = arg;
    go_rwmutex_lock(&w->s);
    go_rwmutex_lock(&w->r);
    go_rwmutex_unlock(&w->r);
    go_rwmutex_unlock(&w->s);
}

static void deadlock_of_a_reader_and_a_writer(void) { start(read_r_then_s, write_s_then_r); }

static void read_r_twice(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->r);
    go_rwmutex_rlock(&w->r);
    go_rwmutex_runlock(&w->r);
    go_rwmutex_runlock(&w->r);
}

static void nodeadlock_of_reading_twice(void) { start(read_r_twice, read_r_twice); }
static void deadlock_of_reading_twice_beside_a_writer(void) { start(read_r_twice, write_r); }

static void nodeadlock_of_reading_twice_before_a_writer(void)
{
    struct world *w = make_world();
    read_r_twice(w);
    go(write_r, w);
}

static void read_r_twice_then_write_r(void *arg)
{
    read_r_twice(arg);
    write_r(arg);
}

static void nodeadlock_of_reading_twice_and_writing(void)
{
    start(read_r_twice_then_write_r, NULL);
}

static void gated_read_r_twice(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    read_r_twice(w);
    go_mutex_unlock(&w->c);
}

static void gated_write_r(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    write_r(w);
    go_mutex_unlock(&w->c);
}

static void nodeadlock_of_reading_twice_behind_a_gate(void)
{
    start(gated_read_r_twice, gated_write_r);
}

/* Of equal acquisitions, only those after the go statement may be concurrent. */
static void deadlock_of_the_later_turn_of_a_loop(void)
{
    struct world *w = make_world();
    for (int i = 0; i < testkit_turns; i++) {
        a_then_b(w);
        if (i == 0) go(b_then_a, w);
    }
}

static struct predictions found; /* safe: one test at a time; too large for a stack */

static void stops_are_the_same_in_every_execution(void **state)
{
    (void)state;
    static struct predictions again;
    char text[PREDICT_TEXT_BYTES];
    predict(deadlock_of_three, &found, text);
    predict(deadlock_of_two, &again, text);
    predict(deadlock_of_three, &again, text);
    assert_int_equal(found.count, 1);
    assert_memory_equal(&again.items[0], &found.items[0], sizeof again.items[0]);
}

enum { PAIR_LOCKS = 12, PAIR_GOROUTINES = 8 };

static void all_pairs(void *arg)
{
    struct go_mutex *locks = arg;
    for (int i = 0; i < PAIR_LOCKS; i++)
        for (int j = 0; j < PAIR_LOCKS; j++)
            if (i != j) both(&locks[i], &locks[j]);
}

static void every_order_of_locks(void)
{
    struct go_mutex *locks = go_new(PAIR_LOCKS * sizeof *locks);
    for (int i = 0; i < PAIR_GOROUTINES; i++) go(all_pairs, locks);
}

static void the_search_for_cycles_is_bounded(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    predict(every_order_of_locks, &found, text);
    assert_true(found.count >= 1 && found.items[0].deadlock);
    assert_true(found.dropped > 0);
}

static void finish(void *group) { go_waitgroup_done(group); }

static void thousands_of_goroutines(void)
{
    struct go_waitgroup *group = go_new(sizeof *group);
    go_waitgroup_add(group, 6000);
    for (int i = 0; i < 6000; i++) go(finish, group);
    go_waitgroup_wait(group);
    deadlock_of_two();
}

static void a_weak_order_that_is_too_large_predicts_nothing(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    predict(thousands_of_goroutines, &found, text);
    assert_string_equal(text, "");
    assert_int_equal(found.dropped, 1);
}

static void without_edges_everything_may_be_concurrent(void **state)
{
    (void)state;
    char text[PREDICT_TEXT_BYTES];
    access_state.instrumented = false;
    predict(nodeadlock_across_a_channel, &found, text);
    assert_string_equal(text, "deadlock G2 M2, G3 M1");
    access_state.instrumented = true;
}

int main(void)
{
    access_state.instrumented = true; /* as instrumented code does at its start */
    const struct CMUnitTest tests[] = {
        prediction_test(deadlock_of_two, "deadlock G2 M2, G3 M1"),
        prediction_test(nodeadlock_in_one_order, ""),
        prediction_test(deadlock_of_three, "deadlock G2 M2, G3 M3, G4 M1"),
        prediction_test(nodeadlock_of_one_goroutine, ""),
        prediction_test(nodeadlock_behind_a_gate, ""),
        prediction_test(deadlock_with_one_through_the_gate, "deadlock G2 M3, G3 M2"),
        prediction_test(deadlock_behind_a_gate_for_reading, "deadlock G2 M2, G3 M1"),
        prediction_test(nodeadlock_behind_a_gate_for_writing, ""),
        prediction_test(nodeadlock_before_a_go_statement, ""),
        prediction_test(nodeadlock_across_a_channel, ""),
        prediction_test(nodeadlock_of_a_try, ""),
        prediction_test(deadlock_behind_a_try, "deadlock G2 M2, G3 M1"),
        prediction_test(deadlock_of_five, "deadlock G2 M2, G3 M3, G4 M4, G5 M5, G6 M1"),
        prediction_test(nodeadlock_of_readers, ""),
        prediction_test(deadlock_of_readers_with_writers, "deadlock G2 RW2, G3 RW1"),
        prediction_test(nodeadlock_of_readers_with_one_writer, ""),
        prediction_test(deadlock_of_a_reader_and_a_writer, "deadlock G2 RW2, G3 RW1"),
        prediction_test(nodeadlock_of_reading_twice, ""),
        prediction_test(deadlock_of_reading_twice_beside_a_writer, "deadlock G2 RW1"),
        prediction_test(nodeadlock_of_reading_twice_before_a_writer, ""),
        prediction_test(nodeadlock_of_reading_twice_and_writing, ""),
        prediction_test(nodeadlock_of_reading_twice_behind_a_gate, ""),
        prediction_test(deadlock_of_the_later_turn_of_a_loop, "deadlock G1 M2, G2 M1"),
        cmocka_unit_test(stops_are_the_same_in_every_execution),
        cmocka_unit_test(the_search_for_cycles_is_bounded),
        cmocka_unit_test(a_weak_order_that_is_too_large_predicts_nothing),
        cmocka_unit_test(without_edges_everything_may_be_concurrent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
