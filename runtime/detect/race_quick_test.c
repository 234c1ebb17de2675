// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the race check answers without a clock, against an oracle with full vector clocks: more
 * goroutines than there is room to remember what they know of each other, cells that many read, and
 * accesses of several sizes to one cell. One goroutine plays all the others. */
#include "../testkit.h"

#include <string.h>

#include "../order.h"
#include "../sched.h"
#include "clock.h"
#include "race.h"
#include "tsan_abi.h"

enum { PLAYERS = 24, BYTES = 16, ACTIONS = 120, LOCKS = 3 };

struct vector {
    uint32_t time[PLAYERS];
};

/* The oracle: what each player knows, and when it last accessed each byte (0: never). */
static struct vector knows[PLAYERS];
static struct vector locks[LOCKS];
static uint32_t last[BYTES][PLAYERS][2];

static struct {
    uint64_t seed;
    size_t players;
    bool on_stack;
    uint32_t writes_one_in;
    bool race;    /* the oracle has seen one: nothing may be executed after it */
    bool between; /* something was */
} play;

static uint64_t drawn;
static size_t player;
static uint32_t segments[PLAYERS];
static uint32_t released[LOCKS];

static size_t draw(size_t n)
{
    drawn += 0x9e3779b97f4a7c15u;
    return (size_t)((mix64(drawn, drawn >> 31) >> 20) % n);
}

static void learn(struct vector *v, const struct vector *from)
{
    for (size_t i = 0; i < PLAYERS; i++)
        if (from->time[i] > v->time[i]) v->time[i] = from->time[i];
}

static void unlock(size_t l)
{
    released[l] = order_release();
    locks[l] = knows[player];
    knows[player].time[player]++;
}

static void lock(size_t l)
{
    order_acquire(released[l]);
    learn(&knows[player], &locks[l]);
}

static void enter(size_t next)
{
    segments[player] = order_current();
    player = next;
    order_enter(segments[player]);
}

static bool oracle_access(size_t low, size_t bytes, bool writes)
{
    bool race = false;
    for (size_t i = low; i < low + bytes; i++) {
        for (size_t p = 0; p < PLAYERS; p++) {
            uint32_t known = knows[player].time[p];
            if (p == player) continue;
            race |= last[i][p][true] > known || (writes && last[i][p][false] > known);
        }
        last[i][player][writes] = knows[player].time[player];
    }
    return race;
}

static void access_somehow(char *memory)
{
    static void (*const reads[])(void *) = {__tsan_read1, __tsan_read2, __tsan_read4, __tsan_read8};
    static void (*const writes[])(void *) = {__tsan_write1, __tsan_write2, __tsan_write4,
                                             __tsan_write8};
    size_t size = draw(3) ? 3 : draw(4);
    size_t low = draw(BYTES >> size) << size;
    bool is_write = draw(play.writes_one_in) == 0;
    play.race = oracle_access(low, (size_t)1 << size, is_write);
    (is_write ? writes : reads)[size](memory + low);
    play.between |= play.race;
}

static void nothing(void *unused) { (void)unused; }

static void random_sequence(void)
{
    char on_stack[BYTES] __attribute__((aligned(8)));
    char *memory = play.on_stack ? on_stack : go_new(BYTES);
    memset(knows, 0, sizeof knows);
    memset(locks, 0, sizeof locks);
    memset(last, 0, sizeof last);
    memset(released, 0, sizeof released);
    drawn = play.seed;
    play.race = play.between = false;
    player = 0;
    for (size_t i = 1; i < play.players; i++) go(nothing, NULL);
    for (size_t i = 0; i < PLAYERS; i++) knows[i].time[i] = 1;
    uint32_t first = order_release();
    knows[0].time[0]++;
    for (size_t i = 1; i < play.players; i++) {
        knows[i].time[0] = 1;
        segments[i] = order_begin((uint32_t)i + 1, first);
    }
    for (size_t i = 0; i < ACTIONS; i++) {
        bool forgets = draw(12) == 0;
        size_t l = draw(LOCKS);
        if (!forgets) unlock(0);
        enter(draw(play.players));
        if (!forgets) lock(0);
        for (size_t n = draw(4); n; n--) access_somehow(memory);
        if (draw(4) == 0) (draw(2) ? lock : unlock)(l);
    }
    enter(0);
}

/* counts[1]: sequences with a race. */
static void play_sequences(bool on_stack, size_t counts[2])
{
    enum { SEQUENCES = 20000 };
    const struct run_options options = {.detectors_off = DETECTOR_LEAK};
    __tsan_init();
    counts[0] = counts[1] = 0;
    for (size_t i = 0; i < SEQUENCES; i++) {
        play.seed = mix64(i, on_stack) << 8;
        play.players = 2 + i % (PLAYERS - 1);
        play.writes_one_in = 2u << i % 6;
        play.on_stack = on_stack;
        struct run_result result;
        testkit_natural(random_sequence, &options, &result);
        assert_false(play.between);
        assert_int_equal(result.verdict, play.race ? VERDICT_BUG : VERDICT_PASS);
        counts[play.race]++;
    }
}

static void no_race_passes_and_none_is_invented_on_the_heap(void **unused)
{
    (void)unused;
    size_t counts[2];
    play_sequences(false, counts);
    assert_true(counts[0] > 1000); /* both happen often enough to mean something */
    assert_true(counts[1] > 1000);
}

static void no_race_passes_and_none_is_invented_on_a_stack(void **unused)
{
    (void)unused;
    size_t counts[2];
    play_sequences(true, counts);
    assert_true(counts[0] > 1000);
    assert_true(counts[1] > 1000);
}

/* ---- Single facts ---------------------------------------------------------------------------- */

/* C knows B, not A; A read all of the cell, later one byte of it in another segment. What it read
 * first is still remembered when C writes. a_reads_last: A's read was the one in the cell. */
static bool a_reads_last;

static void write_after_reads(void)
{
    char *memory = go_new(8);
    uint32_t first = order_release();
    uint32_t a = order_begin(2, first);
    uint32_t b = order_begin(3, first);
    uint32_t c = order_begin(4, first);
    order_enter(a);
    __tsan_read8(memory);
    a = order_make(2, a, 0);
    order_enter(b);
    __tsan_read8(memory);
    uint32_t of_b = order_release();
    order_enter(a);
    if (a_reads_last) __tsan_read8(memory);
    (void)order_release();
    __tsan_read1(memory);
    order_enter(c);
    order_acquire(of_b);
    __tsan_write1(memory + 4);
}

/* Findings about goroutines 2 and 66 have one place in the table: what is known of the one says
 * nothing of the other. */
static void read_of_a_namesake(void)
{
    char *memory = go_new(16);
    uint32_t first = order_release();
    uint32_t unknown = order_begin(66, first);
    uint32_t known = order_begin(2, first);
    uint32_t reader = order_begin(3, first);
    order_enter(unknown);
    __tsan_write8(memory);
    order_enter(known);
    __tsan_write8(memory + 8);
    uint32_t news = order_release();
    order_enter(reader);
    order_acquire(news);
    __tsan_read8(memory + 8);
    __tsan_read8(memory);
}

static void expect_race(void (*root)(void))
{
    const struct run_options options = {.detectors_off = DETECTOR_LEAK};
    struct run_result result;
    __tsan_init();
    testkit_natural(root, &options, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    assert_int_equal(result.report->type, REPORT_DATA_RACE);
}

static void a_smaller_read_does_not_stand_for_a_larger_one(void **unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) {
        a_reads_last = i;
        expect_race(write_after_reads);
    }
}

static void what_is_known_of_one_goroutine_is_not_known_of_another(void **unused)
{
    (void)unused;
    assert_ptr_equal(clock_finding_of(3, 2), clock_finding_of(3, 66));
    expect_race(read_of_a_namesake);
}

/* ---- What must cost nothing ------------------------------------------------------------------ */

static size_t clocks;
static uint32_t made;

/* A goroutine that acquires what it released itself stays in its segment. */
static void own_releases(void)
{
    uint32_t own = order_release();
    uint32_t before = order_state.count;
    for (int i = 0; i < 100; i++) order_acquire(own);
    made = order_state.count - before;
}

static void what_a_goroutine_released_itself_begins_no_segment(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    made = 1;
    testkit_natural(own_releases, NULL, &result);
    assert_int_equal(made, 0);
}

/* Readers of what was written before them: only the first access of each needs a clock. */
static void readers(void)
{
    char *memory = go_new(8);
    __tsan_write8(memory);
    uint32_t first = order_release();
    uint32_t own = order_current();
    uint32_t at[3];
    for (uint32_t g = 0; g < 3; g++) at[g] = order_begin(g + 2, first);
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t g = 0; g < 3; g++) {
            order_enter(at[g]);
            __tsan_read8(memory);
            (void)order_release();
            at[g] = order_current();
        }
        if (round == 0) clocks = clock_bytes();
    }
    clocks = clock_bytes() - clocks;
    order_enter(own);
}

static void reading_again_what_others_read_needs_no_clock(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    clocks = 1;
    testkit_natural(readers, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(clocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_race_passes_and_none_is_invented_on_the_heap),
        cmocka_unit_test(no_race_passes_and_none_is_invented_on_a_stack),
        cmocka_unit_test(a_smaller_read_does_not_stand_for_a_larger_one),
        cmocka_unit_test(what_is_known_of_one_goroutine_is_not_known_of_another),
        cmocka_unit_test(what_a_goroutine_released_itself_begins_no_segment),
        cmocka_unit_test(reading_again_what_others_read_needs_no_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
