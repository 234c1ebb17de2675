// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Stacks and the switch, without a scheduler: coroutines and the thread hand each other control. */
#include "testkit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "coro.h"
#include "heap.h"

enum { CORO_COUNT = 3 };

static struct coro thread;
static struct coro coros[CORO_COUNT];
static struct coro *current; /* who runs: what an entry cannot be told by an argument */
static char trail[64];

static int begin(void **unused)
{
    (void)unused;
    heap_init();
    coro_reset();
    coro_thread(&thread);
    memset(trail, 0, sizeof trail);
    return 0;
}

static void leave_trail(char c) { trail[strlen(trail)] = c; }

static void enter(struct coro *from, struct coro *to)
{
    current = to;
    coro_switch(from, to);
}

/* ---- Switching ---------------------------------------------------------------------------- */

static void ping(void)
{
    struct coro *self = current;
    coro_arrived(self, &thread);
    for (;;) {
        leave_trail('a');
        enter(self, &coros[1]);
        leave_trail('c');
        enter(self, &thread);
    }
}

static void pong(void)
{
    struct coro *self = current;
    coro_arrived(self, &thread);
    for (;;) {
        leave_trail('b');
        enter(self, &coros[0]);
    }
}

static void control_goes_where_it_is_sent_and_comes_back(void **unused)
{
    (void)unused;
    assert_true(coro_make(&coros[0], ping));
    assert_true(coro_make(&coros[1], pong));
    for (int i = 0; i < 3; i++) {
        leave_trail('-');
        enter(&thread, &coros[0]);
    }
    assert_string_equal(trail, "-abc-abc-abc");
}

/* More live values than there are registers, all of them used after the switch. */
static uint64_t mix_across_switch(struct coro *from, struct coro *to, uint64_t x)
{
    uint64_t v[16];
    double d = (double)x;
    for (size_t i = 0; i < 16; i++) v[i] = x * (i + 3);
    enter(from, to);
    uint64_t sum = (uint64_t)d;
    for (size_t i = 0; i < 16; i++) sum += v[i];
    return sum;
}

static uint64_t sums[2];

static void summing(void)
{
    struct coro *self = current;
    coro_arrived(self, &thread);
    sums[1] = mix_across_switch(self, &thread, 5);
    enter(self, &thread);
}

static void values_survive_a_switch(void **unused)
{
    (void)unused;
    assert_true(coro_make(&coros[0], summing));
    sums[0] = mix_across_switch(&thread, &coros[0], 7); /* it has computed its values now */
    enter(&thread, &coros[0]);
    assert_int_equal(sums[0], 7 * 168 + 7);
    assert_int_equal(sums[1], 5 * 168 + 5);
}

static uintptr_t seen_frame;

static void look(void)
{
    struct coro *self = current;
    coro_arrived(self, &thread);
    seen_frame = (uintptr_t)__builtin_frame_address(0);
    enter(self, &thread);
}

static void a_coroutine_runs_on_its_own_aligned_stack(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CORO_COUNT; i++) {
        assert_true(coro_make(&coros[i], look));
        enter(&thread, &coros[i]);
        assert_in_range(seen_frame, coros[i].stack_low, coros[i].stack_high);
        assert_int_equal(seen_frame % 16, 0);
        assert_int_equal(heap_region_of((const void *)seen_frame), REGION_STACKS); /* NOLINT */
        assert_true(coros[i].stack_high - seen_frame < 256); /* nearly all of it is left */
    }
    assert_true(coros[0].stack_high <= coros[1].stack_low - STACK_GUARD_BYTES);
}

#ifndef HEDDLE_CORO_UCONTEXT /* there the walk ends because it leaves the stack */
static void frames_end_at_the_bottom_of_the_stack(void **unused)
{
    (void)unused;
    assert_true(coro_make(&coros[0], look));
    enter(&thread, &coros[0]);
    const void *const *frame = (const void *const *)seen_frame; /* NOLINT */
    size_t depth = 0;
    while (frame && depth < 10) {
        assert_in_range(frame, coros[0].stack_low, coros[0].stack_high);
        frame = frame[0];
        depth++;
    }
    assert_int_equal(depth, 1); /* look was entered by nobody */
}
#endif

/* ---- Slots -------------------------------------------------------------------------------- */

static void slots_are_handed_out_in_an_order_of_their_own(void **unused)
{
    (void)unused;
    uintptr_t highs[CORO_COUNT];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < CORO_COUNT; i++) {
            assert_true(coro_make(&coros[i], look));
            assert_int_equal(coros[i].slot, i);
            if (round) assert_int_equal(coros[i].stack_high, highs[i]);
            highs[i] = coros[i].stack_high;
        }
        begin(NULL);
    }
}

static void a_slot_handed_back_is_the_next_one_handed_out(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CORO_COUNT; i++) assert_true(coro_make(&coros[i], look));
    coro_release(&coros[0]);
    coro_release(&coros[2]);
    assert_int_equal(coros[0].slot, CORO_NO_SLOT);
    struct coro again[3];
    static const int32_t expected[] = {2, 0, 3};
    for (size_t i = 0; i < 3; i++) {
        assert_true(coro_make(&again[i], look));
        assert_int_equal(again[i].slot, expected[i]);
    }
}

static void stacks_begin_at_different_sets_of_the_cache(void **unused)
{
    (void)unused;
    assert_true(coro_make(&coros[0], look));
    assert_true(coro_make(&coros[1], look));
    size_t apart = coros[1].stack_high - coros[0].stack_high;
    assert_true(apart % STACK_SLOT_BYTES != 0);
}

/* What a new coroutine's own entry writes at the very top. */
#ifdef HEDDLE_CORO_UCONTEXT
enum { ENTRY_BYTES = 64 };
#else
enum { ENTRY_BYTES = 16 };
#endif

static void make_dirty(void)
{
    struct coro *self = current;
    coro_arrived(self, &thread);
    volatile char dirt[STACK_CLEAR_BYTES * 2];
    for (size_t i = 0; i < sizeof dirt; i++) dirt[i] = 0x5a;
    enter(self, &thread);
}

static void the_top_of_a_stack_is_clear_when_a_goroutine_starts_on_it(void **unused)
{
    (void)unused;
    assert_true(coro_make(&coros[0], make_dirty));
    uintptr_t top = coros[0].stack_high;
    enter(&thread, &coros[0]);
    const unsigned char *bytes = (const unsigned char *)(top - STACK_CLEAR_BYTES); /* NOLINT */
    size_t dirty = 0;
    for (size_t i = 0; i < STACK_CLEAR_BYTES; i++) dirty += bytes[i] == 0x5a;
    assert_true(dirty > STACK_CLEAR_BYTES / 2);
    coro_release(&coros[0]);
    assert_true(coro_make(&coros[0], look));
    assert_int_equal(coros[0].stack_high, top);
    size_t left = 0;
    for (size_t i = 0; i < STACK_CLEAR_BYTES - ENTRY_BYTES; i++) left += bytes[i] != 0;
    assert_int_equal(left, 0);
}

/* ---- Guards ------------------------------------------------------------------------------- */

/* Can the kernel read a byte here? Asks without a signal. */
static bool readable(uintptr_t address)
{
    int ends[2];
    if (pipe(ends)) return false;
    ssize_t n = write(ends[1], (const void *)address, 1); /* NOLINT: an address on purpose */
    bool fault = n < 0 && errno == EFAULT;
    close(ends[0]);
    close(ends[1]);
    return !fault;
}

static void below_every_stack_lies_a_guard(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CORO_COUNT; i++) {
        assert_true(coro_make(&coros[i], look));
        uintptr_t low = coros[i].stack_low;
        assert_true(readable(low));
        assert_true(readable(low + STACK_BYTES - 1));
        assert_false(readable(low - 1));
        assert_false(readable(low - STACK_GUARD_BYTES));
    }
}

static void an_address_in_a_guard_tells_whose_stack_is_used_up(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CORO_COUNT; i++) {
        assert_true(coro_make(&coros[i], look));
        const char *low = (const char *)coros[i].stack_low; /* NOLINT */
        assert_int_equal(coro_guard_hit(low - 1), i);
        assert_int_equal(coro_guard_hit(low - STACK_GUARD_BYTES), i);
        assert_int_equal(coro_guard_hit(low), CORO_NO_SLOT);
        assert_int_equal(coro_guard_hit(low + STACK_BYTES - 1), CORO_NO_SLOT);
    }
    assert_int_equal(coro_guard_hit(NULL), CORO_NO_SLOT);
    assert_int_equal(coro_guard_hit(trail), CORO_NO_SLOT);
    uintptr_t end = heap_region_start(REGION_STACKS) + heap_regions[REGION_STACKS].bytes;
    assert_int_equal(coro_guard_hit((const char *)end), CORO_NO_SLOT); /* NOLINT */
}

#define coro_case(claim) cmocka_unit_test_setup(claim, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_case(control_goes_where_it_is_sent_and_comes_back),
        coro_case(values_survive_a_switch),
        coro_case(a_coroutine_runs_on_its_own_aligned_stack),
#ifndef HEDDLE_CORO_UCONTEXT
        coro_case(frames_end_at_the_bottom_of_the_stack),
#endif
        coro_case(slots_are_handed_out_in_an_order_of_their_own),
        coro_case(a_slot_handed_back_is_the_next_one_handed_out),
        coro_case(stacks_begin_at_different_sets_of_the_cache),
        coro_case(the_top_of_a_stack_is_clear_when_a_goroutine_starts_on_it),
        coro_case(below_every_stack_lies_a_guard),
        coro_case(an_address_in_a_guard_tells_whose_stack_is_used_up),
    };
    return cmocka_run_group_tests_name("coro", tests, NULL, NULL);
}
