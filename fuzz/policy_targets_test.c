// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The policy targets on real executions: what is hidden in the first one is made to happen, what
 * cannot happen is never reported, and nothing hangs or depends on more than the seed.
 *
 * These files are not instrumented: accesses are announced by hand, each line a site of its own. */
#include "policy_targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"
#include "detect/access_log.h"
#include "detect/tsan_abi.h"
#include "heddle.h"
#include "policies.h"
#include "policy_bytes.h"
#include "record.h"
#include "run.h"

#define WRITE(p) (__tsan_write4(p), (void)++*(p))
/* Two goroutines whose first part is ordered before the second by a mutex alone. */
#define BRIDGE(w) (go_mutex_lock(&(w)->bridge), go_mutex_unlock(&(w)->bridge))

enum { SEEDS = 20, SECOND_NS = 1000000000 };

/* What the goroutines of a program share. x is announced, the rest is not. */
struct world {
    struct go_mutex bridge;
    struct go_mutex a, b, c;
    struct go_rwmutex r, s;
    struct go_chan *chan;
    struct go_mutex forks[5];
    int x;
    int y[4];
    bool taken;
};

static struct world *make_world(void)
{
    struct world *w = go_new(sizeof *w);
    w->chan = go_chan_make(sizeof(int), 1);
    return w;
}

static void start(void (*first)(void *), void (*second)(void *))
{
    struct world *w = make_world();
    go(first, w);
    go(second, w);
}

/* ---- Programs with a bug that the natural schedule hides ------------------------------------ */

static void write_then_bridge(void *arg)
{
    struct world *w = arg;
    WRITE(&w->x);
    BRIDGE(w);
}

static void bridge_then_write(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    WRITE(&w->x);
}

static void counter_beside_a_mutex(void) { start(write_then_bridge, bridge_then_write); }

static void sleep_then_write(void *arg)
{
    go_sleep(INT64_C(10) * SECOND_NS);
    bridge_then_write(arg);
}

static void counter_after_a_sleep(void) { start(write_then_bridge, sleep_then_write); }

static void bridge_then_send(void *arg)
{
    struct world *w = arg;
    BRIDGE(w);
    go_chan_send(w->chan, &w->x);
}

static void value_of_a_send(void) { start(write_then_bridge, bridge_then_send); }

static void later_turn_of_a_loop(void)
{
    struct world *w = make_world();
    for (int i = 0; i < 3; i++) {
        WRITE(&w->x);
        if (i == 0) go(bridge_then_write, w);
    }
    BRIDGE(w);
}

static void write_then_exit(void *arg)
{
    struct world *w = arg;
    bridge_then_write(w);
    BRIDGE(w);
    go_exit(0);
}

/* Who goes on first at its stop does not get further before the other one has gone on. */
static void counter_before_an_exit(void) { start(write_then_bridge, write_then_exit); }

static void yield_until_taken(void *arg)
{
    struct world *w = arg;
    while (!w->taken) go_gosched();
}

static void write_and_take(void *arg)
{
    write_then_bridge(arg);
    ((struct world *)arg)->taken = true;
}

/* One site, whoever calls it. */
__attribute__((noinline)) static void write_x(struct world *w) { WRITE(&w->x); }

static void write_under_a(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->a);
    write_x(w);
    go_mutex_unlock(&w->a);
}

static void write_plainly(void *arg)
{
    write_x(arg);
    BRIDGE((struct world *)arg);
}

static void write_under_a_then_plainly(void *arg)
{
    write_under_a(arg);
    write_plainly(arg);
}

static void try_a_until_free_then_write(void *arg)
{
    struct world *w = arg;
    while (!go_mutex_trylock(&w->a)) go_gosched();
    go_mutex_unlock(&w->a);
    BRIDGE(w);
    WRITE(&w->x);
}

/* Held at its site too early, while it has the lock, the first would keep the second out. */
static void stop_of_a_later_turn(void)
{
    start(write_under_a_then_plainly, try_a_until_free_then_write);
}

static void write_under_a_then_bridge(void *arg)
{
    write_under_a(arg);
    BRIDGE((struct world *)arg);
}

/* The same if another goroutine were held there. */
static void stop_of_one_of_two(void)
{
    struct world *w = make_world();
    go(write_under_a_then_bridge, w);
    go_gosched();
    BRIDGE(w);
    go(write_plainly, w);
    go(try_a_until_free_then_write, w);
}

static void yield_then_write(void *arg)
{
    go_gosched();
    bridge_then_write(arg);
}

/* While the first is held, somebody spins, and must not keep out who is to come. */
static void counter_beside_a_spinner(void)
{
    struct world *w = make_world();
    go(write_and_take, w);
    go(yield_until_taken, w);
    go(yield_then_write, w);
}

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

static void two_orders(void) { start(a_then_b, b_then_a); }

static void three_in_a_cycle(void)
{
    struct world *w = make_world();
    go(a_then_b, w);
    go(b_then_c, w);
    go(c_then_a, w);
}

struct seat {
    struct world *world;
    int number;
};

static void dine(void *arg)
{
    struct seat *seat = arg;
    both(&seat->world->forks[seat->number], &seat->world->forks[(seat->number + 1) % 5]);
}

static void five_philosophers(void)
{
    struct world *w = make_world();
    for (int number = 0; number < 5; number++) {
        struct seat *seat = go_new(sizeof *seat);
        *seat = (struct seat){w, number};
        go(dine, seat);
    }
}

static void read_r_twice(void *arg)
{
    struct world *w = arg;
    go_rwmutex_rlock(&w->r);
    go_rwmutex_rlock(&w->r);
    go_rwmutex_runlock(&w->r);
    go_rwmutex_runlock(&w->r);
}

static void write_r(void *arg)
{
    struct world *w = arg;
    go_rwmutex_lock(&w->r);
    go_rwmutex_unlock(&w->r);
}

static void read_twice_beside_a_writer(void) { start(read_r_twice, write_r); }

static void take_then_a_then_b(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    w->taken = true;
    go_mutex_unlock(&w->c);
    a_then_b(w);
}

static void b_then_a_unless_taken(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    bool taken = w->taken;
    go_mutex_unlock(&w->c);
    if (!taken) b_then_a(w);
}

/* In the natural schedule the second order is not executed at all. */
static void second_order_on_another_path(void) { start(take_then_a_then_b, b_then_a_unless_taken); }

/* ---- Programs without a bug, but with predictions ------------------------------------------- */

static void write_then_say_so(void *arg)
{
    struct world *w = arg;
    WRITE(&w->x);
    go_mutex_lock(&w->a);
    w->taken = true;
    go_mutex_unlock(&w->a);
}

static bool is_taken(struct world *w)
{
    go_mutex_lock(&w->a);
    bool taken = w->taken;
    go_mutex_unlock(&w->a);
    return taken;
}

static void write_if_said(void *arg)
{
    struct world *w = arg;
    if (is_taken(w)) WRITE(&w->x);
}

static void write_once_said(void *arg)
{
    struct world *w = arg;
    while (!is_taken(w)) go_gosched();
    WRITE(&w->x);
}

static void sleep_until_said(void *arg)
{
    struct world *w = arg;
    while (!is_taken(w)) go_sleep(SECOND_NS);
    WRITE(&w->x);
}

__attribute__((noinline)) static void write_at(int *place) { WRITE(place); }

static void write_x_under_a_then_y(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->a);
    write_at(&w->x);
    w->taken = true;
    go_mutex_unlock(&w->a);
    write_at(&w->y[2]); /* not in the same 8 bytes */
}

/* What comes later at the same site is at another place. */
static void ordered_at_one_of_two_places(void) { start(write_x_under_a_then_y, write_if_said); }

static void ordered_by_a_flag(void) { start(write_then_say_so, write_if_said); }
static void ordered_by_spinning(void) { start(write_then_say_so, write_once_said); }
static void ordered_by_polling(void) { start(write_then_say_so, sleep_until_said); }

static void a_then_b_then_say_so(void *arg)
{
    struct world *w = arg;
    a_then_b(w);
    go_mutex_lock(&w->c);
    w->taken = true;
    go_mutex_unlock(&w->c);
}

static void b_then_a_if_said(void *arg)
{
    struct world *w = arg;
    go_mutex_lock(&w->c);
    bool taken = w->taken;
    go_mutex_unlock(&w->c);
    if (taken) b_then_a(w);
}

static void locks_ordered_by_a_flag(void) { start(a_then_b_then_say_so, b_then_a_if_said); }

/* ---- And without predictions ---------------------------------------------------------------- */

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

static void two_orders_behind_a_gate(void) { start(gated_a_then_b, gated_b_then_a); }

static void send_after_a_then_b(void *arg)
{
    struct world *w = arg;
    WRITE(&w->x);
    a_then_b(w);
    go_chan_send(w->chan, w->y);
}

static void receive_before_b_then_a(void *arg)
{
    struct world *w = arg;
    go_chan_recv(w->chan, NULL);
    b_then_a(w);
    WRITE(&w->x);
}

static void two_orders_across_a_channel(void)
{
    start(send_after_a_then_b, receive_before_b_then_a);
}

/* ---- Running ------------------------------------------------------------------------------ */

/* Number of the first execution with a bug, from 1; 0: none. */
static uint64_t first_bug(void (*root)(void), uint64_t seed, uint64_t runs, enum report_type type)
{
    struct policy *p = policy_targets_new(seed);
    uint64_t first = 0;
    for (uint64_t run = 1; run <= runs && !first; run++) {
        struct run_result result;
        run_execute(root, p, NULL, &result, NULL);
        assert_false(access_log_is_on());
        assert_int_not_equal(result.verdict, VERDICT_INCONCLUSIVE);
        if (result.verdict != VERDICT_BUG) continue;
        assert_int_equal(result.report->type, type);
        first = run;
    }
    policy_destroy(p);
    return first;
}

struct hidden {
    void (*root)(void);
    enum report_type type;
    uint64_t at_most; /* executions */
};

static void is_found_soon_though_hidden_at_first(void **state)
{
    const struct hidden *hidden = *state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t first = first_bug(hidden->root, seed, hidden->at_most, hidden->type);
        assert_in_range(first, 2, hidden->at_most);
    }
}

/* Silent for each seed; the sums of what the policies count. */
static struct policy_targets_counts sum_of_silent_runs(void (*root)(void))
{
    struct policy_targets_counts sum = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct policy *p = policy_targets_new(seed);
        for (int run = 0; run < 100; run++) {
            struct run_result result;
            run_execute(root, p, NULL, &result, NULL);
            assert_int_equal(result.verdict, VERDICT_PASS);
            assert_true(result.events <= 4 * POLICY_TARGETS_HOLD_MAX + 1000);
        }
        struct policy_targets_counts counts = policy_targets_counts(p);
        sum.predicted += counts.predicted;
        sum.met += counts.met;
        sum.attempts += counts.attempts;
        policy_destroy(p);
    }
    return sum;
}

static void what_cannot_happen_is_tried_and_never_reported(void **state)
{
    (void)state;
    static void (*const roots[])(void) = {ordered_by_a_flag, ordered_by_spinning,
                                          ordered_by_polling, ordered_at_one_of_two_places,
                                          locks_ordered_by_a_flag};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        struct policy_targets_counts sum = sum_of_silent_runs(roots[i]);
        assert_true(sum.predicted >= SEEDS);
        assert_int_equal(sum.met, 0);
        assert_int_equal(sum.attempts, sum.predicted * POLICY_TARGETS_ATTEMPTS_MAX);
    }
}

static void what_is_ordered_is_not_predicted(void **state)
{
    (void)state;
    assert_int_equal(sum_of_silent_runs(two_orders_behind_a_gate).predicted, 0);
    assert_int_equal(sum_of_silent_runs(two_orders_across_a_channel).predicted, 0);
}

/* Both orders of the two accesses are tried: seeds differ in which one comes second. */
static void either_access_may_come_last(void **state)
{
    (void)state;
    bool seen[4] = {false};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct policy *p = policy_targets_new(seed);
        struct run_result result;
        run_execute(counter_beside_a_mutex, p, NULL, &result, NULL);
        run_execute(counter_beside_a_mutex, p, NULL, &result, NULL);
        assert_int_equal(result.verdict, VERDICT_BUG);
        assert_in_range(result.report->access.goroutine, 2, 3);
        seen[result.report->access.goroutine] = true;
        assert_int_equal(policy_targets_counts(p).predicted, 1);
        assert_int_equal(policy_targets_counts(p).met, 1);
        policy_destroy(p);
    }
    assert_true(seen[2] && seen[3]);
}

enum { REPEATED = 60 };

static void digests_of(struct policy *p, void (*root)(void), uint64_t out[REPEATED])
{
    for (int i = 0; i < REPEATED; i++) {
        struct run_result result;
        run_execute(root, p, NULL, &result, NULL);
        out[i] = result.digest;
    }
}

static void runs_are_a_function_of_the_seed(void **state)
{
    (void)state;
    static void (*const roots[])(void) = {counter_beside_a_mutex, five_philosophers,
                                          second_order_on_another_path, ordered_by_polling};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        uint64_t a[REPEATED], b[REPEATED], c[REPEATED];
        struct policy *first = policy_targets_new(1);
        struct policy *second = policy_targets_new(1);
        struct policy *third = policy_targets_new(2);
        digests_of(first, roots[i], a);
        digests_of(third, roots[i], c);
        digests_of(second, roots[i], b);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_not_equal(a, c, sizeof a);
        policy_destroy(first);
        policy_destroy(second);
        policy_destroy(third);
    }
}

static size_t logged_runs; /* safe: counted by the program that runs */

static void write_a_lot(void)
{
    int *cells = go_new(20000 * sizeof *cells);
    logged_runs += access_state.logging;
    for (int i = 0; i < 20000; i++) WRITE(&cells[i]);
}

static void programs_with_many_accesses_are_logged_now_and_then(void **state)
{
    (void)state;
    struct policy *p = policy_targets_new(1);
    logged_runs = 0;
    for (int i = 0; i < 131; i++) {
        struct run_result result;
        run_execute(write_a_lot, p, NULL, &result, NULL);
    }
    assert_int_equal(logged_runs, 3);
    policy_destroy(p);
}

/* Whatever is steered can be written down as an input of grain all, and is the same execution. */
static void steered_runs_are_inputs(void **state)
{
    (void)state;
    static void (*const roots[])(void) = {counter_beside_a_mutex,     counter_after_a_sleep,
                                          counter_beside_a_spinner,   value_of_a_send,
                                          stop_of_a_later_turn,       five_philosophers,
                                          read_twice_beside_a_writer, ordered_by_polling,
                                          ordered_by_spinning,        second_order_on_another_path};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        struct policy *p = policy_targets_new(7);
        struct policy *alone = policy_targets_new(7);
        struct record record;
        record_init(&record, p);
        for (int run = 0; run < REPEATED; run++) {
            struct run_result bare, recorded, replayed;
            struct policy_bytes player;
            uint8_t *bytes;
            size_t size;
            run_execute(roots[i], alone, NULL, &bare, NULL);
            run_execute(roots[i], &record.policy, NULL, &recorded, NULL);
            assert_int_equal(recorded.digest, bare.digest);
            assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
            policy_bytes_init(&player);
            policy_bytes_play(&player, bytes, size);
            run_execute(roots[i], &player.policy, NULL, &replayed, NULL);
            assert_int_equal(replayed.digest, recorded.digest);
            free(bytes);
        }
        record_free(&record);
        policy_destroy(p);
        policy_destroy(alone);
    }
}

#define HIDDEN(root, type, at_most)                                                                \
    {                                                                                              \
#root, is_found_soon_though_hidden_at_first, NULL, NULL, &(struct hidden)                  \
        {                                                                                          \
            root, type, at_most                                                                    \
        }                                                                                          \
    }

int main(void)
{
    access_state.instrumented = true; /* as instrumented code does at its start */
    const struct CMUnitTest tests[] = {
        HIDDEN(counter_beside_a_mutex, REPORT_DATA_RACE, 2),
        HIDDEN(counter_after_a_sleep, REPORT_DATA_RACE, 2),
        HIDDEN(counter_beside_a_spinner, REPORT_DATA_RACE, 2),
        HIDDEN(counter_before_an_exit, REPORT_DATA_RACE, 2),
        HIDDEN(value_of_a_send, REPORT_DATA_RACE, 2),
        HIDDEN(later_turn_of_a_loop, REPORT_DATA_RACE, 2),
        HIDDEN(stop_of_a_later_turn, REPORT_DATA_RACE, 2),
        HIDDEN(stop_of_one_of_two, REPORT_DATA_RACE, 2),
        HIDDEN(two_orders, REPORT_GOROUTINE_LEAK, 2),
        HIDDEN(three_in_a_cycle, REPORT_GOROUTINE_LEAK, 2),
        HIDDEN(five_philosophers, REPORT_GOROUTINE_LEAK, 2),
        HIDDEN(read_twice_beside_a_writer, REPORT_GOROUTINE_LEAK, 2),
        HIDDEN(second_order_on_another_path, REPORT_GOROUTINE_LEAK, 15),
        cmocka_unit_test(what_cannot_happen_is_tried_and_never_reported),
        cmocka_unit_test(what_is_ordered_is_not_predicted),
        cmocka_unit_test(steered_runs_are_inputs),
        cmocka_unit_test(either_access_may_come_last),
        cmocka_unit_test(runs_are_a_function_of_the_seed),
        cmocka_unit_test(programs_with_many_accesses_are_logged_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
