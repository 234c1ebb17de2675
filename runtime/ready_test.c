// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The set of enabled goroutines against an array of booleans. */
#include "testkit.h"

#include <string.h>

#include "ready.h"

enum { NUMBERS_MAX = 20000 };

static bool model[NUMBERS_MAX + 1];

/* An empty set in which numbers up to count may be. */
static void begin(uint32_t count)
{
    heap_init();
    sched_reset();
    sched.goroutine_count = count;
    memset(model, 0, sizeof model);
    for (uint32_t n = 1; n <= count; n++) {
        sched_goroutine(n)->number = n;
        sched_goroutine(n)->enabled = false;
    }
}

static void put(uint32_t number, bool enabled)
{
    if (model[number] == enabled) return;
    model[number] = enabled;
    if (enabled)
        ready_set(sched_goroutine(number));
    else
        ready_clear(sched_goroutine(number));
}

/* Every number of the set and every n, against the model; one enabled number is left out of nth. */
static void compare(uint32_t without)
{
    size_t n = 0;
    uint32_t count = 0;
    uint32_t next = ready_next(0);
    for (uint32_t number = 1; number <= sched.goroutine_count; number++) {
        assert_int_equal(sched_goroutine(number)->enabled, model[number]);
        if (!model[number]) continue;
        count++;
        assert_int_equal(next, number);
        next = ready_next(number);
        if (number != without) assert_int_equal(ready_nth(n++, without), number);
    }
    assert_int_equal(next, 0);
    assert_int_equal(sched.enabled_count, count);
}

static void words_and_blocks_meet_without_gaps(void **unused)
{
    (void)unused;
    static const uint32_t edges[] = {1,    2,    63,   64,   65,   127,   128,   129,  4095,
                                     4096, 4097, 8191, 8192, 8193, 12288, 19999, 20000};
    enum { COUNT = sizeof edges / sizeof edges[0] };
    begin(NUMBERS_MAX);
    for (size_t i = 0; i < COUNT; i++) put(edges[i], true);
    for (size_t i = 0; i < COUNT; i++) compare(edges[i]);
    for (size_t i = 0; i < COUNT; i += 2) put(edges[i], false);
    for (size_t i = 1; i < COUNT; i += 2) compare(edges[i]);
}

static uint64_t state;
static uint32_t roll(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

static void random_sets_equal_the_model(void **unused)
{
    (void)unused;
    static const uint32_t sizes[] = {1, 5, 64, 70, 4096, 5000, NUMBERS_MAX};
    state = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin(sizes[i]);
        for (int round = 0; round < 10; round++) {
            uint32_t changes = roll(sizes[i]) + 1;
            while (changes--) put(roll(sizes[i]) + 1, roll(3) != 0);
            uint32_t without = roll(sizes[i]) + 1;
            put(without, true);
            compare(without);
        }
    }
}

static void a_full_set_has_every_number(void **unused)
{
    (void)unused;
    begin(NUMBERS_MAX);
    for (uint32_t n = 1; n <= NUMBERS_MAX; n++) put(n, true);
    compare(1);
    compare(NUMBERS_MAX / 2);
    compare(NUMBERS_MAX);
    for (uint32_t n = 1; n <= NUMBERS_MAX; n++) put(n, false);
    compare(0);
}

static void reset_empties_the_set(void **unused)
{
    (void)unused;
    begin((uint32_t)GOROUTINES_MAX);
    ready_set(sched_goroutine(1));
    ready_set(sched_goroutine(4097));
    ready_set(sched_goroutine((uint32_t)GOROUTINES_MAX));
    sched_reset();
    sched.goroutine_count = (uint32_t)GOROUTINES_MAX;
    assert_int_equal(ready_next(0), 0);
    assert_int_equal(sched.enabled_count, 0);
    for (size_t i = 0; i < GOROUTINE_BLOCKS; i++) assert_int_equal(sched.enabled_in_block[i], 0);
    sched_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_blocks_meet_without_gaps),
        cmocka_unit_test(random_sets_equal_the_model),
        cmocka_unit_test(a_full_set_has_every_number),
        cmocka_unit_test(reset_empties_the_set),
    };
    return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
