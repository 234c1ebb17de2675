// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The race check against a naive oracle that remembers every access to every byte, with full vector
 * clocks. One goroutine plays all the others: it enters their segments and makes their accesses. */
#include "../testkit.h"

#include <string.h>

#include "../order.h"
#include "../sched.h"
#include "race.h"
#include "tsan_abi.h"

enum { PLAYERS_MAX = 8, OBJECTS = 3, ACTIONS_MAX = 64, MEMORY_BYTES = 32 };

struct vector {
    uint32_t time[PLAYERS_MAX];
};

static void learn(struct vector *v, const struct vector *from)
{
    for (size_t i = 0; i < PLAYERS_MAX; i++)
        if (from->time[i] > v->time[i]) v->time[i] = from->time[i];
}

/* ---- The oracle --------------------------------------------------------------------------- */

struct seen {
    size_t low;
    size_t bytes;
    size_t player;
    uint32_t time; /* the player's own, which begins at 1 */
    bool writes;
    bool atomic;
};

static struct oracle {
    struct vector knows[PLAYERS_MAX];
    struct vector objects[OBJECTS];
    struct seen seen[ACTIONS_MAX];
    size_t count;
} oracle;

static bool is_race(const struct seen *a, const struct seen *b)
{
    if (a->low >= b->low + b->bytes || b->low >= a->low + a->bytes) return false;
    if (!a->writes && !b->writes) return false;
    if (a->atomic && b->atomic) return false;
    return oracle.knows[b->player].time[a->player] < a->time;
}

/* Does this access, the latest, race with an earlier one? It is remembered. */
static bool oracle_access(const struct seen *now)
{
    bool race = false;
    for (size_t i = 0; i < oracle.count; i++) race |= is_race(&oracle.seen[i], now);
    oracle.seen[oracle.count++] = *now;
    return race;
}

/* ---- One random sequence ------------------------------------------------------------------ */

/* How a sequence is made, and what came of it. */
static struct {
    uint64_t seed;
    size_t players;
    unsigned sync_percent;
    size_t lapse_one_in; /* switches that forget the common mutex: 1 all of them, 2 half, ... */
    bool by_callbacks;   /* plain aligned accesses go the way that compilers take */
    bool expected;       /* the oracle has seen a race at the access that comes now */
    bool missed;         /* and the detector let it pass */
} play;

static uint64_t state;

static size_t draw(size_t n)
{
    state += 0x9e3779b97f4a7c15u;
    return (size_t)((mix64(state, state >> 31) >> 20) % n);
}

static uint32_t segments[PLAYERS_MAX];
static uint32_t objects[OBJECTS];
static size_t player;
static char *memory;

static void enter(size_t next)
{
    segments[player] = order_current();
    player = next;
    order_enter(segments[player]);
}

/* What an Unlock does, and a Lock. */
static void release(size_t o)
{
    objects[o] = order_release();
    oracle.objects[o] = oracle.knows[player];
    oracle.knows[player].time[player]++;
}
static void acquire(size_t o)
{
    order_acquire(objects[o]);
    learn(&oracle.knows[player], &oracle.objects[o]);
}
/* What WaitGroup.Done does. */
static void merge(size_t o)
{
    objects[o] = order_merge(objects[o], order_release());
    learn(&oracle.objects[o], &oracle.knows[player]);
    oracle.knows[player].time[player]++;
}

static void sync_somehow(void)
{
    static void (*const ways[])(size_t) = {release, merge, acquire, acquire};
    ways[draw(4)](draw(OBJECTS));
}

/* Another player goes on, mostly as if all held one mutex. */
static void switch_somehow(void)
{
    size_t next = draw(play.players);
    bool forgets = draw(play.lapse_one_in) == 0;
    if (!forgets) release(0);
    enter(next);
    if (!forgets) acquire(0);
}

/* The site of an access says which one it was. */
static const void *site_of(size_t number)
{
    return (const void *)(number + 1); /* NOLINT(performance-no-int-to-ptr) */
}

static __attribute__((noinline)) void call_back(void *at, size_t bytes, bool writes)
{
    switch (bytes) {
    case 1:
        writes ? __tsan_write1(at) : __tsan_read1(at);
        break;
    case 2:
        writes ? __tsan_write2(at) : __tsan_read2(at);
        break;
    case 4:
        writes ? __tsan_write4(at) : __tsan_read4(at);
        break;
    case 8:
        writes ? __tsan_write8(at) : __tsan_read8(at);
        break;
    default:
        writes ? __tsan_write16(at) : __tsan_read16(at);
        break;
    }
}

static void access_somehow(void)
{
    static const size_t sizes[] = {1, 2, 4, 8, 16};
    size_t bytes = draw(2) ? sizes[draw(5)] : 1 + draw(16);
    size_t low = draw(MEMORY_BYTES - bytes + 1);
    bool atomic = draw(4) == 0;
    bool power = (bytes & (bytes - 1)) == 0;
    if (power && draw(2)) low &= ~(bytes - 1);
    enum access_kind kind = draw(5) < 2 ? ACCESS_WRITE : ACCESS_READ;
    const struct seen now = {.low = low,
                             .bytes = bytes,
                             .player = player,
                             .time = oracle.knows[player].time[player],
                             .writes = kind == ACCESS_WRITE,
                             .atomic = atomic};
    play.expected = oracle_access(&now);
    if (play.by_callbacks && power && low % bytes == 0 && !atomic) {
        call_back(memory + low, bytes, kind == ACCESS_WRITE);
    } else {
        const struct access a = {.address = (uintptr_t)memory + low,
                                 .bytes = bytes,
                                 .kind = atomic ? kind | ACCESS_ATOMIC : kind,
                                 .site = {.pc = site_of(oracle.count - 1)}};
        race_access(&a);
    }
    if (play.expected) play.missed = true;
    play.expected = false;
}

static void nothing(void *arg) { (void)arg; }

static void random_sequence(void)
{
    memset(&oracle, 0, sizeof oracle);
    memset(objects, 0, sizeof objects);
    state = play.seed;
    play.expected = play.missed = false;
    memory = go_new(MEMORY_BYTES);
    for (size_t i = 1; i < play.players; i++) go(nothing, NULL);
    for (size_t i = 0; i < PLAYERS_MAX; i++) oracle.knows[i].time[i] = 1;
    player = 0;
    segments[0] = order_current();
    for (size_t i = 1; i < play.players; i++) {
        enter(draw(i));
        learn(&oracle.knows[i], &oracle.knows[player]);
        segments[i] = order_begin((uint32_t)i + 1, order_release());
        oracle.knows[player].time[player]++;
    }
    for (size_t i = 0; i < ACTIONS_MAX; i++) {
        if (draw(2)) switch_somehow();
        if (draw(100) < play.sync_percent)
            sync_somehow();
        else
            access_somehow();
    }
    enter(0);
}

/* The two accesses of the report, by their sites: do they race? */
static bool is_right(const struct report *r)
{
    size_t at = (size_t)r->previous_trace.pc[0] - 1;
    if (r->previous_trace.count != 1 || at >= oracle.count - 1) return false;
    const struct seen *earlier = &oracle.seen[at];
    return is_race(earlier, &oracle.seen[oracle.count - 1]) &&
           r->previous.goroutine == earlier->player + 1 && r->previous.writes == earlier->writes &&
           r->previous.atomic == earlier->atomic;
}

static void play_sequences(bool by_callbacks, size_t count, size_t counts[2])
{
    const struct run_options options = {.detectors_off = DETECTOR_LEAK};
    __tsan_init();
    counts[0] = counts[1] = 0;
    for (size_t i = 0; i < count; i++) {
        play.seed = mix64(i, by_callbacks) << 8;
        play.players = 2 + i % (PLAYERS_MAX - 1);
        play.sync_percent = 10 + (unsigned)(i % 5) * 18;
        play.lapse_one_in = (size_t)1 << i % 7;
        play.by_callbacks = by_callbacks;
        struct run_result result;
        testkit_natural(random_sequence, &options, &result);
        assert_false(play.missed);
        assert_int_equal(result.verdict, play.expected ? VERDICT_BUG : VERDICT_PASS);
        if (play.expected) {
            assert_int_equal(result.report->type, REPORT_DATA_RACE);
            if (!by_callbacks) assert_true(is_right(result.report));
        }
        counts[play.expected]++;
    }
}

static void the_first_race_that_an_oracle_sees_is_reported_and_nothing_else(void **unused)
{
    (void)unused;
    size_t counts[2];
    play_sequences(false, 60000, counts);
    assert_true(counts[0] > 10000); /* both happen often enough to mean something */
    assert_true(counts[1] > 10000);
}

static void the_fast_path_lets_no_race_pass(void **unused)
{
    (void)unused;
    size_t counts[2];
    play_sequences(true, 60000, counts);
    assert_true(counts[0] > 10000);
    assert_true(counts[1] > 10000);
}

/* ---- Single facts ------------------------------------------------------------------------- */

static void access_cell(char *at, size_t bytes, enum access_kind kind)
{
    const struct access a = {.address = (uintptr_t)at, .bytes = bytes, .kind = kind};
    race_access(&a);
}

/* What a cell remembers, as recorded by the programs below. */
static struct {
    size_t details[3];
    struct shadow_cell cell;
} noted;

static size_t details_of(const char *at)
{
    size_t n = 0;
    const struct shadow_cell *c = shadow_of((uintptr_t)at);
    for (uint32_t d = shadow_detail_number(c); d; d = shadow_detail_at(d)->next) n++;
    return n;
}

/* Readers that know nothing of each other are all kept; a write after all of them stands for all.
 */
static void many_readers(void)
{
    memory = go_new(8);
    uint32_t joint = 0;
    uint32_t first = order_release();
    uint32_t own = order_current();
    for (uint32_t g = 2; g < 22; g++) {
        order_enter(order_begin(g, first));
        access_cell(memory, 8, ACCESS_READ);
        access_cell(memory, 8, ACCESS_READ);
        joint = order_merge(joint, order_release());
    }
    noted.details[0] = details_of(memory);
    order_enter(own);
    order_acquire(joint);
    access_cell(memory, 4, ACCESS_WRITE);
    noted.details[1] = details_of(memory);
    access_cell(memory + 4, 4, ACCESS_WRITE);
    noted.details[2] = details_of(memory);
    noted.cell = *shadow_of((uintptr_t)memory);
}

static void a_write_stands_for_the_reads_before_it(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    testkit_natural(many_readers, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(noted.details[0], 19); /* and one in the cell itself */
    assert_int_equal(noted.details[1], 19); /* four bytes are still only read */
    assert_int_equal(noted.details[2], 0);
    assert_int_equal(noted.cell.read_mask, 0);
    assert_int_equal(noted.cell.read_segment, 0);
    assert_int_equal(noted.cell.write_mask, 0xff);
}

/* One goroutine's atomics leave one record of each kind, however many segments they span. */
static void many_atomics(void)
{
    memory = go_new(8);
    for (size_t i = 0; i < 1000; i++) {
        access_cell(memory, 4, ACCESS_WRITE | ACCESS_ATOMIC);
        access_cell(memory, 4, ACCESS_READ | ACCESS_ATOMIC);
        (void)order_release();
    }
    noted.details[0] = details_of(memory);
}

static void what_one_goroutine_did_before_is_not_kept(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    testkit_natural(many_atomics, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_true(noted.details[0] <= 2);
}

static void racy_write(void *arg) { access_cell(arg, 8, ACCESS_WRITE); }

static void two_writes(void)
{
    memory = go_new(8);
    go(racy_write, memory);
    racy_write(memory);
    go_gosched();
}

static void nothing_is_reported_while_the_detector_is_off(void **unused)
{
    (void)unused;
    const struct run_options off = {.detectors_off = DETECTOR_RACE};
    struct run_result result;
    __tsan_init();
    testkit_natural(two_writes, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    assert_int_equal(result.report->type, REPORT_DATA_RACE);
    testkit_natural(two_writes, &off, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(order_state.count, 0);
}

/* Memory that is not covered: a static of a test is none of the program's. */
static void write_elsewhere(void *arg)
{
    static char elsewhere[16];
    access_cell(arg ? arg : elsewhere, 16, ACCESS_WRITE);
}

static void two_writes_elsewhere(void)
{
    go(write_elsewhere, NULL);
    write_elsewhere(NULL);
    go_gosched();
}

static void what_is_not_covered_is_not_checked(void **unused)
{
    (void)unused;
    struct run_result result;
    __tsan_init();
    testkit_natural(two_writes_elsewhere, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_race_that_an_oracle_sees_is_reported_and_nothing_else),
        cmocka_unit_test(the_fast_path_lets_no_race_pass),
        cmocka_unit_test(a_write_stands_for_the_reads_before_it),
        cmocka_unit_test(what_one_goroutine_did_before_is_not_kept),
        cmocka_unit_test(nothing_is_reported_while_the_detector_is_off),
        cmocka_unit_test(what_is_not_covered_is_not_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
