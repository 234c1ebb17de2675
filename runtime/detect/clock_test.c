// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Lazy, shared clocks against full vector clocks, on random graphs of segments. */
#include "../testkit.h"

#include <stdlib.h>
#include <string.h>

#include "../sched.h"
#include "clock.h"
#include "tsan_abi.h"

/* What a program of this test found; looked at when it is over. */
static struct {
    size_t wrong;
    size_t ordered;
    size_t unordered;
    size_t bytes[4];
    bool equal;
} seen;

static uint64_t state;

static size_t draw(size_t n)
{
    state += 0x9e3779b97f4a7c15u;
    return (size_t)((mix64(state, state >> 31) >> 20) % n);
}

static enum verdict run(void (*root)(void))
{
    struct run_result result;
    __tsan_init();
    memset(&seen, 0, sizeof seen);
    testkit_natural(root, NULL, &result);
    return result.verdict;
}

/* ---- The naive model ---------------------------------------------------------------------- */

enum { GOROUTINES = 300, SEGMENTS = 4000, JOINTS = 4 };

/* model[s][g]: the latest segment of g that happens before segment s, or is s. */
static uint32_t (*model)[GOROUTINES + 1];

static void model_segment(uint32_t s)
{
    const struct segment *segment = order_segment(s);
    const uint32_t from[] = {segment->before, segment->joined};
    memset(model[s], 0, sizeof model[s]);
    for (size_t i = 0; i < 2; i++)
        for (size_t g = 0; g <= GOROUTINES; g++)
            if (model[from[i]][g] > model[s][g]) model[s][g] = model[from[i]][g];
    if (segment->goroutine) model[s][segment->goroutine] = s;
}

static void compare(uint32_t s, uint32_t g)
{
    uint32_t own = order_segment(s)->goroutine;
    if (g == own) return; /* what a clock says of its own goroutine is not used */
    if (clock_latest(s, g) != model[s][g]) seen.wrong++;
}

static void compare_order(uint32_t a, uint32_t b)
{
    uint32_t g = order_segment(a)->goroutine;
    if (!g || !order_segment(b)->goroutine || a > b) return;
    bool ordered = model[b][g] >= a;
    *(ordered ? &seen.ordered : &seen.unordered) += 1;
    if (clock_ordered(a, b) != ordered) seen.wrong++;
}

/* ---- Random graphs ------------------------------------------------------------------------ */

static struct {
    size_t goroutines; /* at most */
    size_t fork_one_in;
    size_t ask_one_in; /* 0: at the end only */
} graph;

static uint32_t latest[GOROUTINES + 1]; /* segment of each goroutine */
static uint32_t released[GOROUTINES + 1];
static uint32_t joints[JOINTS];
static uint32_t modelled; /* segments up to this one are in the model */

static void catch_up(void)
{
    while (modelled < order_state.count) model_segment(++modelled);
}

static size_t act(size_t goroutines)
{
    size_t g = 1 + draw(goroutines);
    size_t other = 1 + draw(goroutines);
    size_t j = draw(JOINTS);
    order_enter(latest[g]);
    if (goroutines < graph.goroutines && !draw(graph.fork_one_in)) {
        released[g] = order_release();
        goroutines++;
        latest[goroutines] = order_begin((uint32_t)goroutines, released[g]);
    } else {
        switch (draw(6)) {
        case 0:
            released[g] = order_release();
            break;
        case 1:
            joints[j] = order_merge(joints[j], order_release());
            break;
        case 2:
            order_acquire(joints[j]);
            break;
        case 3:
            joints[j] = 0;
            break;
        default:
            order_acquire(released[other]);
            break;
        }
    }
    latest[g] = order_current();
    return goroutines;
}

static void random_graph(void)
{
    const uint32_t own = order_current();
    size_t goroutines = 1;
    memset(joints, 0, sizeof joints);
    memset(released, 0, sizeof released);
    modelled = 0;
    latest[1] = own;
    while (order_state.count < SEGMENTS) {
        goroutines = act(goroutines);
        catch_up();
        if (!graph.ask_one_in || draw(graph.ask_one_in)) continue;
        compare_order(1 + (uint32_t)draw(order_state.count), order_state.count);
    }
    for (uint32_t s = 1; s <= order_state.count; s++) {
        for (uint32_t g = 1; g <= goroutines; g += 1 + (uint32_t)draw(7)) compare(s, g);
        compare_order(1 + (uint32_t)draw(s), s);
    }
    order_enter(own);
}

static void clocks_equal_full_vector_clocks(void **unused)
{
    (void)unused;
    static const size_t counts[] = {2, 3, 15, 16, 17, 100, 255, 256, 257, GOROUTINES};
    model = calloc(SEGMENTS + 8, sizeof *model);
    assert_non_null(model);
    size_t ordered = 0;
    size_t unordered = 0;
    for (size_t i = 0; i < 120; i++) {
        state = i;
        graph.goroutines = counts[i % 10];
        graph.fork_one_in = i % 3 ? 4 : 40;
        graph.ask_one_in = (i / 3) % 3 * 10;
        assert_int_equal(run(random_graph), VERDICT_PASS);
        assert_int_equal(seen.wrong, 0);
        ordered += seen.ordered;
        unordered += seen.unordered;
    }
    free(model);
    assert_true(ordered > 50000); /* both happen often enough to mean something */
    assert_true(unordered > 50000);
}

/* ---- Shapes ------------------------------------------------------------------------------- */

static size_t length;

/* Each goroutine starts the next one: the last knows all of them. */
static void chain_of_forks(void)
{
    const uint32_t own = order_current();
    uint32_t *begun = calloc(length + 1, sizeof *begun);
    begun[1] = own;
    uint32_t unrelated = order_begin((uint32_t)length + 1, 0);
    for (uint32_t g = 2; g <= length; g++) {
        uint32_t before = order_release();
        begun[g] = order_begin(g, before);
        order_enter(begun[g]);
    }
    const uint32_t last = order_current();
    for (uint32_t g = 1; g < length; g++) {
        if (!clock_ordered(begun[g], last)) seen.wrong++;
        if (clock_latest(last, g) >= begun[g + 1]) seen.wrong++; /* not what it did after the go */
        if (clock_latest(begun[g], g + 1)) seen.wrong++;
    }
    if (clock_ordered(unrelated, last)) seen.wrong++;
    if (clock_latest(last, (uint32_t)length + 70000)) seen.wrong++;
    free(begun);
    order_enter(own);
}

static void numbers_of_goroutines_that_need_another_level_are_no_different(void **unused)
{
    (void)unused;
    static const size_t lengths[] = {14,   15,   16,   17,    255,           256,
                                     4095, 4096, 4097, 65535, GOROUTINES_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        length = lengths[i];
        assert_int_equal(run(chain_of_forks), VERDICT_PASS);
        assert_int_equal(seen.wrong, 0);
    }
}

/* A goroutine works through a chain of its own segments between two questions. */
static void long_chain(void)
{
    const uint32_t own = order_current();
    uint32_t other = order_begin(2, order_release());
    for (size_t i = 0; i < 500000; i++) (void)order_release();
    const uint32_t after = order_release();
    if (clock_ordered(after, other)) seen.wrong++;
    order_enter(other);
    order_acquire(after);
    if (!clock_ordered(after, order_current())) seen.wrong++;
    if (clock_latest(order_current(), 1) != after) seen.wrong++;
    order_enter(own);
    seen.bytes[0] = clock_bytes();
}

static void a_long_chain_of_segments_needs_no_memory(void **unused)
{
    (void)unused;
    assert_int_equal(run(long_chain), VERDICT_PASS);
    assert_int_equal(seen.wrong, 0);
    assert_true(seen.bytes[0] <= (size_t)4 * 64);
}

/* ---- Cost --------------------------------------------------------------------------------- */

static void many_edges(void)
{
    const uint32_t own = order_current();
    seen.bytes[0] = clock_bytes();
    for (uint32_t g = 2; g < 200; g++) {
        uint32_t before = order_release();
        uint32_t begun = order_begin(g, before);
        uint32_t now = order_current();
        order_enter(begun);
        uint32_t done = order_release();
        order_enter(now);
        order_acquire(done);
    }
    seen.bytes[1] = clock_bytes();
    (void)clock_latest(order_current(), 2);
    seen.bytes[2] = clock_bytes();
    order_enter(own);
}

static void nothing_is_worked_out_before_somebody_asks(void **unused)
{
    (void)unused;
    assert_int_equal(run(many_edges), VERDICT_PASS);
    assert_int_equal(seen.bytes[1], seen.bytes[0]);
    assert_true(seen.bytes[2] > seen.bytes[1]);
}

/* 1: knows all of 2..1000. */
static uint32_t crowd(void)
{
    uint32_t joint = 0;
    const uint32_t own = order_current();
    for (uint32_t g = 2; g <= 1000; g++) {
        order_enter(order_begin(g, 0));
        joint = order_merge(joint, order_release());
    }
    order_enter(own);
    order_acquire(joint);
    return joint;
}

static void no_news(void)
{
    const uint32_t joint = crowd();
    (void)clock_latest(order_current(), 2);
    seen.bytes[0] = clock_bytes();
    const uint32_t before = order_current();
    const uint32_t learned = order_release();
    const uint32_t own = order_current();
    /* Known already: the joint segment, what it was made of, and oneself. */
    order_acquire(joint);
    order_acquire(order_segment(joint)->joined);
    order_acquire(learned);
    (void)clock_latest(order_current(), 2);
    seen.bytes[1] = clock_bytes();
    seen.equal = order_segment(before)->clock == order_segment(own)->clock &&
                 order_segment(own)->clock == order_segment(order_current())->clock;
    /* News of one goroutine: a node for each level. */
    order_enter(order_begin(2000, learned));
    const uint32_t news = order_release();
    (void)clock_latest(news, 2);
    seen.bytes[2] = clock_bytes();
    order_enter(order_make(1, own, news));
    (void)clock_latest(order_current(), 2);
    seen.bytes[3] = clock_bytes();
    /* What is known is larger than what comes, and neither is part of the other's nodes. */
    const uint32_t larger = order_current();
    order_acquire(joint);
    (void)clock_latest(order_current(), 2);
    seen.equal &= order_segment(larger)->clock == order_segment(order_current())->clock;
}

static void what_is_known_already_costs_nothing_and_news_of_one_a_few_nodes(void **unused)
{
    (void)unused;
    assert_int_equal(run(no_news), VERDICT_PASS);
    assert_true(seen.equal);
    assert_int_equal(seen.bytes[1], seen.bytes[0]);
    assert_true(seen.bytes[2] > seen.bytes[1]);
    assert_true(seen.bytes[3] - seen.bytes[2] <= (size_t)3 * 64);
}

/* Two goroutines that know 1,000 others pass a lock to and fro. */
static void ping_pong(void)
{
    (void)crowd();
    const uint32_t own = order_current();
    uint32_t place[2] = {own, order_begin(2000, order_release())};
    place[0] = order_current();
    (void)clock_latest(place[1], 2);
    seen.bytes[0] = clock_bytes();
    uint32_t unlocked = 0;
    for (size_t i = 0; i < 1000; i++) {
        order_enter(place[i % 2]);
        order_acquire(unlocked);
        unlocked = order_release();
        place[i % 2] = order_current();
    }
    (void)clock_latest(order_current(), 2);
    seen.bytes[1] = clock_bytes();
    order_enter(place[0]);
}

static void a_lock_between_two_costs_the_same_however_many_others_they_know(void **unused)
{
    (void)unused;
    assert_int_equal(run(ping_pong), VERDICT_PASS);
    assert_true(seen.bytes[1] - seen.bytes[0] <= (size_t)1000 * 3 * 64);
}

/* ---- Limits ------------------------------------------------------------------------------- */

static void too_many_clocks(void)
{
    length = GOROUTINES_MAX - 1;
    uint32_t last = order_begin((uint32_t)length, 0);
    const uint32_t own = order_current();
    for (;;) {
        order_enter(last);
        uint32_t news = order_release();
        last = order_current();
        order_enter(own);
        order_acquire(news);
        (void)clock_latest(order_current(), 1);
    }
}

static void too_many_edges(void)
{
    uint32_t last = order_begin(GOROUTINES_MAX - 1, 0);
    const uint32_t own = order_current();
    for (size_t i = 0; i < CLOCK_NODES_MAX / 3; i++) {
        order_enter(last);
        uint32_t news = order_release();
        last = order_current();
        order_enter(own);
        order_acquire(news);
    }
}

static void after_an_execution_all_that_has_no_room_is_ordered(void **unused)
{
    (void)unused;
    assert_int_equal(run(too_many_edges), VERDICT_PASS);
    const uint32_t lonely = 1; /* the root's first segment, which nobody ever learned of */
    const uint32_t other = 2;
    assert_int_equal(order_segment(other)->goroutine, GOROUTINES_MAX - 1);
    assert_false(clock_ordered(lonely, other));
    assert_true(clock_ordered(order_state.count - 1, order_state.count)); /* no crash */
    assert_true(clock_ordered(lonely, other));
    assert_int_equal(run(long_chain), VERDICT_PASS);
    assert_int_equal(seen.wrong, 0);
}

static void clocks_without_room_end_the_execution(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    testkit_natural(too_many_clocks, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    assert_string_equal(result.limit, "max_clocks");
    assert_int_equal(run(long_chain), VERDICT_PASS); /* and the next one is as ever */
    assert_int_equal(seen.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_equal_full_vector_clocks),
        cmocka_unit_test(numbers_of_goroutines_that_need_another_level_are_no_different),
        cmocka_unit_test(a_long_chain_of_segments_needs_no_memory),
        cmocka_unit_test(nothing_is_worked_out_before_somebody_asks),
        cmocka_unit_test(what_is_known_already_costs_nothing_and_news_of_one_a_few_nodes),
        cmocka_unit_test(a_lock_between_two_costs_the_same_however_many_others_they_know),
        cmocka_unit_test(clocks_without_room_end_the_execution),
        cmocka_unit_test(after_an_execution_all_that_has_no_room_is_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
