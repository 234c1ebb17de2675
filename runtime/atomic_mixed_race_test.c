// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Atomic accesses beside plain ones (rule 7 of atomic.h), of several sizes, on stacks and in the
 * heap; and idioms that are made of them: programs that race and programs that never do, over all
 * schedules of grain sync. This file is instrumented: it is a program under test. */
#include "atomic_testkit.h"

/* ---- Rule 7, and plain against atomic -------------------------------------------------------- */

static int *plainly(void *object) { return object; }

static void look_plainly(const void *object)
{
    volatile int seen = *(const int *)object;
    (void)seen;
}

TWO(race_plain_write_atomic_load, LOAD(x, SEQ_CST), *plainly(&x) = 1)
TWO(race_plain_write_atomic_store, STORE(x, 2, SEQ_CST), *plainly(&x) = 1)
TWO(race_plain_read_atomic_store, STORE(x, 2, SEQ_CST), look_plainly(&x))
TWO(race_plain_read_rmw, ADD(x, 2, SEQ_CST), look_plainly(&x))
TWO(race_plain_read_compare_exchange, cas(&x, 0, 1, ACQ_REL, RELAXED), look_plainly(&x))
TWO(race_plain_write_failed_exchange, cas(&x, 7, 8, ACQ_REL, RELAXED), *plainly(&x) = 1)
TWO(never_plain_read_failed_exchange, cas(&x, 7, 8, ACQ_REL, RELAXED), look_plainly(&x))
/* What was expected is plain memory: read, and written by a failure. */
static atomic_int seven = 7;
TWO(race_expected_is_written_by_a_failure, atomic_compare_exchange_strong(&seven, &data, 8),
    look_plainly(&data))
TWO(race_expected_is_read, atomic_compare_exchange_strong(&x, &data, 8), data = 3)
TWO(never_expected_is_only_read, atomic_compare_exchange_strong(&x, &data, 8), look_plainly(&data))
TWO(never_plain_read_atomic_load, LOAD(x, RELAXED), look_plainly(&x))
TWO(never_atomic_stores, STORE(x, 1, RELAXED), STORE(x, 2, RELAXED))
TWO(never_atomic_rmws, ADD(x, 1, RELAXED), ADD(x, 2, RELAXED))
TWO(never_atomic_load_and_store, LOAD(x, RELAXED), STORE(x, 2, RELAXED))
TWO(
    never_plain_write_after_acquiring,
    {
        if (LOAD(x, ACQUIRE)) *plainly(&x) = 5;
    },
    STORE(x, 1, RELEASE))
TWO(
    never_plain_write_after_acquiring_an_rmw,
    {
        if (LOAD(x, ACQUIRE)) *plainly(&x) = 5;
    },
    ADD(x, 1, RELEASE))
#define OWN_PLAIN(name, reads)                                                                     \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            if (LOAD(y, RELAXED)) reads;                                                           \
        },                                                                                         \
        {                                                                                          \
            *plainly(&x) = 1;                                                                      \
            STORE(x, 2, RELEASE);                                                                  \
            STORE(y, 1, RELAXED);                                                                  \
        })
OWN_PLAIN(never_plain_write_before_what_a_load_acquires, (void)LOAD(x, ACQUIRE))
OWN_PLAIN(never_plain_write_before_what_an_rmw_acquires, ADD(x, 1, ACQUIRE))
OWN_PLAIN(never_plain_write_before_what_an_exchange_acquires, cas(&x, 2, 3, ACQUIRE, RELAXED))
OWN_PLAIN(race_plain_write_before_what_a_load_does_not_acquire, (void)LOAD(x, RELAXED))
TWO(
    race_plain_write_after_a_relaxed_load,
    {
        if (LOAD(x, RELAXED)) *plainly(&x) = 5;
    },
    STORE(x, 1, RELEASE))
static void never_plain_before_go_and_after_the_end_other(void *unused)
{
    (void)unused;
    ADD(x, 1, RELAXED);
    go_chan_send(done, NULL);
}
static void never_plain_before_go_and_after_the_end(void)
{
    done = go_chan_make(0, 1);
    *plainly(&x) = 1;
    go(never_plain_before_go_and_after_the_end_other, NULL);
    go_chan_recv(done, NULL);
    *plainly(&x) = 2;
}
/* What is published was set up plainly: the acquiring load reads what the plain write made. */
static atomic_int *_Atomic published;
#define PUBLISH_ATOMIC(name, load_order)                                                           \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            atomic_int *p = LOAD(published, load_order);                                           \
            if (p) ADD(*p, 1, RELAXED);                                                            \
        },                                                                                         \
        {                                                                                          \
            atomic_int *p = go_new(sizeof *p);                                                     \
            *plainly(p) = 1;                                                                       \
            STORE(published, p, RELEASE);                                                          \
        })
PUBLISH_ATOMIC(never_published_atomic, ACQUIRE)
PUBLISH_ATOMIC(race_published_atomic, RELAXED)

/* ---- Sizes, and where the object is ---------------------------------------------------------- */

static union {
    _Atomic uint8_t one[8];
    _Atomic uint32_t four[2];
    _Atomic uint64_t eight;
    uint8_t plain_one[8];
    uint32_t plain_four[2];
    uint64_t plain_eight;
} word;

TWO(race_byte_of_a_plain_word, STORE(word.one[3], 1, SEQ_CST), word.plain_four[0] = 1)
TWO(race_plain_byte_of_a_word, STORE(word.four[0], 1, SEQ_CST), word.plain_one[3] = 1)
TWO(race_upper_half, STORE(word.eight, 1, SEQ_CST), word.plain_four[1] = 1)
TWO(never_byte_beside_a_word, STORE(word.one[4], 1, SEQ_CST), word.plain_four[0] = 1)
TWO(never_the_other_half, STORE(word.four[0], 1, SEQ_CST), word.plain_four[1] = 1)
TWO(never_atomics_that_overlap, STORE(word.eight, 1, RELAXED), STORE(word.four[1], 1, RELAXED))
PUBLISH_BY(never_narrow_load_of_a_wide_store, STORE(word.eight, 1, RELEASE),
           LOAD(word.one[0], ACQUIRE))
PUBLISH_BY(race_adjacent_atomics_are_two, STORE(word.four[0], 1, RELEASE),
           LOAD(word.four[1], ACQUIRE) == 0)

struct large {
    long at[4];
};
static union {
    _Atomic struct large whole;
    long plain[4];
} large;
#ifdef __clang__
#pragma clang diagnostic ignored "-Watomic-alignment" /* of large ones */
#endif
TWO(race_part_of_a_large_one, STORE(large.whole, ((struct large){{1}}), SEQ_CST),
    large.plain[3] = 1)
static bool large_is_set(void)
{
    struct large now = LOAD(large.whole, ACQUIRE);
    return now.at[0];
}
/* Of one this large the order comes to us as it was written; else clang makes acquire of it. */
static bool large_is_consumed(void)
{
    struct large now = LOAD(large.whole, CONSUME);
    return now.at[0];
}
PUBLISH_BY(never_large_one_publishes, STORE(large.whole, ((struct large){{1}}), RELEASE),
           large_is_set())
PUBLISH_BY(never_large_one_consumed, STORE(large.whole, ((struct large){{1}}), RELEASE),
           large_is_consumed())
PUBLISH_BY(race_large_one_relaxed, STORE(large.whole, ((struct large){{1}}), RELAXED),
           large_is_set())

/* Orders with hints for the processor in their upper bits, as gcc may pass them. */
unsigned hinted_load(const void *object, int order) __asm__("__tsan_atomic32_load");
void hinted_store(void *object, unsigned value, int order) __asm__("__tsan_atomic32_store");
enum { HINT = 1 << 16 };
PUBLISH_BY(never_hints, hinted_store(&x, 1, __ATOMIC_RELEASE | HINT),
           hinted_load(&x, __ATOMIC_ACQUIRE | HINT))
PUBLISH_BY(race_hints, hinted_store(&x, 1, __ATOMIC_RELEASE | HINT),
           hinted_load(&x, __ATOMIC_RELAXED | HINT))

/* On G1's stack, in the heap. */
static atomic_int *place;
#define PLACED(name, where, order)                                                                 \
    static void name##_other(void *unused)                                                         \
    {                                                                                              \
        (void)unused;                                                                              \
        data = 1;                                                                                  \
        STORE(*place, 1, order);                                                                   \
        go_chan_send(done, NULL);                                                                  \
    }                                                                                              \
    static void name(void)                                                                         \
    {                                                                                              \
        done = go_chan_make(0, 1);                                                                 \
        where;                                                                                     \
        go(name##_other, NULL);                                                                    \
        if (LOAD(*place, ACQUIRE)) read_data();                                                    \
        go_chan_recv(done, NULL);                                                                  \
    }
PLACED(never_on_the_stack, atomic_int here = 0; place = &here, RELEASE)
PLACED(race_on_the_stack, atomic_int here = 0; place = &here, RELAXED)
PLACED(never_in_the_heap, place = go_new(sizeof *place), RELEASE)
PLACED(race_in_the_heap, place = go_new(sizeof *place), RELAXED)

/* ---- Idioms ---------------------------------------------------------------------------------- */

static atomic_flag taken;

static void locked_increment(memory_order take, memory_order give)
{
    if (take == ACQUIRE)
        while (atomic_flag_test_and_set_explicit(&taken, ACQUIRE)) {}
    else
        while (atomic_flag_test_and_set_explicit(&taken, RELAXED)) {}
    data++;
    if (give == RELEASE)
        atomic_flag_clear_explicit(&taken, RELEASE);
    else
        atomic_flag_clear_explicit(&taken, RELAXED);
}
TWO(never_spin_lock, locked_increment(ACQUIRE, RELEASE), locked_increment(ACQUIRE, RELEASE))
TWO(race_spin_lock_that_does_not_acquire, locked_increment(RELAXED, RELEASE),
    locked_increment(RELAXED, RELEASE))
TWO(race_spin_lock_that_does_not_release, locked_increment(ACQUIRE, RELAXED),
    locked_increment(ACQUIRE, RELAXED))

static int *counted;

static void drop_well(int *part)
{
    *part = 1;
    if (ADD(x, 1, RELEASE) != 1) return;
    FENCE(ACQUIRE);
    counted[0] = counted[1] = 2;
}
static void drop_without_fence(int *part)
{
    *part = 1;
    if (ADD(x, 1, RELEASE) == 1) counted[0] = counted[1] = 2;
}
static void drop_relaxed(int *part)
{
    *part = 1;
    if (ADD(x, 1, RELAXED) != 1) return;
    FENCE(ACQUIRE);
    counted[0] = counted[1] = 2;
}
#define COUNTED(name, drop)                                                                        \
    static void name##_other(void *part)                                                           \
    {                                                                                              \
        drop(part);                                                                                \
        go_chan_send(done, NULL);                                                                  \
    }                                                                                              \
    static void name(void)                                                                         \
    {                                                                                              \
        done = go_chan_make(0, 1);                                                                 \
        counted = go_new(2 * sizeof *counted);                                                     \
        go(name##_other, &counted[1]);                                                             \
        drop(&counted[0]);                                                                         \
        go_chan_recv(done, NULL);                                                                  \
    }
COUNTED(never_reference_count, drop_well)
COUNTED(race_reference_count_without_fence, drop_without_fence)
COUNTED(race_reference_count_relaxed, drop_relaxed)

static void check_twice(memory_order check)
{
    if (check == ACQUIRE ? LOAD(y, ACQUIRE) : LOAD(y, RELAXED)) {
        read_data();
        return;
    }
    if (!cas(&x, 0, 1, RELAXED, RELAXED)) return; /* somebody else makes it */
    data = 1;
    STORE(y, 1, RELEASE);
}
TWO(never_double_checked, check_twice(ACQUIRE), check_twice(ACQUIRE))
TWO(race_double_checked_relaxed, check_twice(RELAXED), check_twice(RELAXED))

/* ---- What a report says ---------------------------------------------------------------------- */

static void a_report_tells_atomic_from_plain(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_true(testkit_find(race_plain_write_atomic_store, NULL, "data race", &result));
    const struct report *r = result.report;
    assert_true(r->access.atomic != r->previous.atomic);
    assert_true(r->access.writes && r->previous.writes);
    assert_int_equal(r->access.bytes, 4);
    assert_int_equal(r->previous.bytes, 4);
    assert_int_equal(r->access.address, (uintptr_t)&x);
    const char *first = symbolize_function(r->first.pc[0]);
    const char *second = symbolize_function(r->previous_trace.pc[0]);
    const char *atomic = "race_plain_write_atomic_store";
    const char *plain = "race_plain_write_atomic_store_other";
    assert_string_equal(r->access.atomic ? first : second, atomic);
    assert_string_equal(r->access.atomic ? second : first, plain);
}

static void without_the_detector_operations_are_events_all_the_same(void **unused)
{
    (void)unused;
    const struct run_options off = {.detectors_off = DETECTOR_RACE};
    struct run_result with, without;
    testkit_natural(race_in_the_heap, NULL, &with);
    testkit_natural(race_in_the_heap, &off, &without);
    assert_int_equal(with.verdict, VERDICT_PASS);
    assert_int_equal(with.digest, without.digest);
    assert_outcomes_under(race_in_the_heap, &off, "pass");
}

/* Spinning has no end in some schedules: the fair phase ends them. */
static const struct run_options short_run = {.max_steps = 16, .fair_steps = 300};
#define NEVER_SPINNING(name) outcomes_test_under(name, &short_run, "pass")
#define ALWAYS_SPINNING(name) outcomes_test_under(name, &short_run, "data race")

int main(void)
{
    if (!access_state.instrumented) {
        print_message("this build does not instrument: nothing to test\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        ALWAYS(race_plain_write_atomic_load),
        ALWAYS(race_plain_write_atomic_store),
        ALWAYS(race_plain_read_atomic_store),
        ALWAYS(race_plain_read_rmw),
        ALWAYS(race_plain_read_compare_exchange),
        ALWAYS(race_plain_write_failed_exchange),
        NEVER(never_plain_read_failed_exchange),
        ALWAYS(race_expected_is_written_by_a_failure),
        ALWAYS(race_expected_is_read),
        NEVER(never_expected_is_only_read),
        NEVER(never_plain_read_atomic_load),
        NEVER(never_atomic_stores),
        NEVER(never_atomic_rmws),
        NEVER(never_atomic_load_and_store),
        NEVER(never_plain_write_after_acquiring),
        NEVER(never_plain_write_after_acquiring_an_rmw),
        NEVER(never_plain_write_before_what_a_load_acquires),
        NEVER(never_plain_write_before_what_an_rmw_acquires),
        NEVER(never_plain_write_before_what_an_exchange_acquires),
        SOMETIMES(race_plain_write_before_what_a_load_does_not_acquire),
        SOMETIMES(race_plain_write_after_a_relaxed_load),
        NEVER(never_plain_before_go_and_after_the_end),
        NEVER(never_published_atomic),
        SOMETIMES(race_published_atomic),
        ALWAYS(race_byte_of_a_plain_word),
        ALWAYS(race_plain_byte_of_a_word),
        ALWAYS(race_upper_half),
        NEVER(never_byte_beside_a_word),
        NEVER(never_the_other_half),
        NEVER(never_atomics_that_overlap),
        NEVER(never_narrow_load_of_a_wide_store),
        ALWAYS(race_adjacent_atomics_are_two),
        ALWAYS(race_part_of_a_large_one),
        NEVER(never_large_one_publishes),
        NEVER(never_large_one_consumed),
        SOMETIMES(race_large_one_relaxed),
        NEVER(never_hints),
        SOMETIMES(race_hints),
        NEVER(never_on_the_stack),
        SOMETIMES(race_on_the_stack),
        NEVER(never_in_the_heap),
        SOMETIMES(race_in_the_heap),
        NEVER_SPINNING(never_spin_lock),
        ALWAYS_SPINNING(race_spin_lock_that_does_not_acquire),
        ALWAYS_SPINNING(race_spin_lock_that_does_not_release),
        NEVER(never_reference_count),
        ALWAYS(race_reference_count_without_fence),
        ALWAYS(race_reference_count_relaxed),
        NEVER(never_double_checked),
        SOMETIMES(race_double_checked_relaxed),
        cmocka_unit_test(a_report_tells_atomic_from_plain),
        cmocka_unit_test(without_the_detector_operations_are_events_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
