// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Shadow memory: where cells lie, what they hold, and that executions find them empty. */
#include "../testkit.h"

#include <string.h>

#include "../sched.h"
#include "race.h"
#include "shadow.h"
#include "tsan_abi.h"

static char in_data[100] __attribute__((section("heddle_data"))) = {1};
static char in_bss[100] __attribute__((section("heddle_bss")));
static char elsewhere[64];

static struct run_result run(void (*root)(void), const struct run_options *options)
{
    struct run_result result;
    __tsan_init();
    testkit_natural(root, options, &result);
    return result;
}

static void write_range(void *at, size_t bytes) { __tsan_write_range(at, bytes); }

static size_t used_cells(uintptr_t low, uintptr_t high)
{
    static const struct shadow_cell zero;
    size_t used = 0;
    for (uintptr_t at = low & ~(uintptr_t)7; at < high; at += CELL_BYTES) {
        const struct shadow_cell *c = shadow_of(at);
        used += !c || memcmp(c, &zero, sizeof zero) != 0;
    }
    return used;
}

/* ---- Where cells lie ---------------------------------------------------------------------- */

static void nothing_is_mapped_for_a_program_that_is_not_instrumented(void **unused)
{
    (void)unused;
    struct run_result result;
    assert_false(access_state.instrumented); /* the first test of this process */
    testkit_natural(go_gosched, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    shadow_set_bad(heap_region_start(REGION_HEAP), 64, true); /* would fault */
    assert_int_equal(shadow_bytes(), 0);
}

static void each_8_bytes_have_one_cell_next_to_their_neighbours(void **unused)
{
    (void)unused;
    const uintptr_t lows[] = {SHADOW_COVERED_LOW, heap_region_start(REGION_HEAP) & ~(uintptr_t)7,
                              (uintptr_t)in_data & ~(uintptr_t)7,
                              (uintptr_t)in_bss & ~(uintptr_t)7};
    run(go_gosched, NULL);
    for (size_t i = 0; i < 4; i++) {
        const struct shadow_cell *first = shadow_of(lows[i] + 8);
        assert_non_null(first);
        for (uintptr_t k = 0; k < 64; k++)
            assert_ptr_equal(shadow_of(lows[i] + 8 + k), first + k / 8);
    }
}

static void only_stacks_heap_and_globals_have_cells(void **unused)
{
    (void)unused;
    int here = 0;
    run(go_gosched, NULL);
    const uintptr_t heap_high = heap_region_start(REGION_HEAP) + HEAP_BYTES_MAX;
    assert_null(shadow_of(SHADOW_COVERED_LOW - 1));
    assert_non_null(shadow_of(SHADOW_COVERED_LOW));
    assert_non_null(shadow_of(heap_high - 1));
    assert_null(shadow_of(heap_high));
    assert_null(shadow_of(heap_region_start(REGION_ARENA)));
    assert_null(shadow_of((uintptr_t)&here));
    assert_null(shadow_of((uintptr_t)elsewhere));
    assert_null(shadow_of(0));
    for (int section = 0; section < GLOBALS_COUNT; section++) {
        const struct globals_range range = globals_range(section);
        assert_true(range.low < range.high);
        assert_non_null(shadow_of(range.low));
        assert_non_null(shadow_of(range.high - 1));
    }
    assert_true(SHADOW_LOW + 2 * SHADOW_COVERED_BYTES <= SHADOW_GLOBALS_LOW);
    assert_ptr_not_equal(shadow_of(globals_range(GLOBALS_DATA).high - 1),
                         shadow_of(globals_range(GLOBALS_BSS).low));
}

static void a_mask_has_a_bit_for_each_byte(void **unused)
{
    (void)unused;
    for (size_t offset = 0; offset < 8; offset++)
        for (size_t bytes = 1; bytes <= 8 - offset; bytes++) {
            unsigned expected = 0;
            for (size_t i = 0; i < bytes; i++) expected |= 1u << (offset + i);
            assert_int_equal(shadow_mask(0x1000 + offset, bytes), expected);
        }
}

/* ---- Details ------------------------------------------------------------------------------ */

static struct {
    uint32_t first[3];
    uint32_t count[3];
    size_t wrong;
} seen;

static void add_and_drop(void)
{
    struct shadow_cell *c = shadow_of((uintptr_t)go_new(8));
    for (uint32_t s = 1; s <= 3; s++) {
        shadow_add_detail(c, s, (uint8_t)s, ACCESS_READ);
        seen.first[s - 1] = shadow_detail_number(c);
    }
    uint32_t n = shadow_detail_number(c);
    for (uint32_t s = 3; s >= 1; s--, n = shadow_detail_at(n)->next) {
        seen.wrong += shadow_detail_at(n)->segment != s;
        seen.wrong += shadow_detail_at(n)->mask != s;
    }
    seen.wrong += n != 0;
    /* The middle one is taken back, and serves again. */
    uint32_t *link = &shadow_detail_at(seen.first[2])->next;
    shadow_drop_detail(link);
    seen.wrong += *link != seen.first[0];
    shadow_add_detail(c, 9, 9, ACCESS_WRITE);
    seen.wrong += shadow_detail_number(c) != seen.first[1];
    seen.wrong += shadow_detail_at(seen.first[1])->next != seen.first[2];
    /* A number of three bytes. */
    shadow_set_detail(c, 0xabcdef);
    seen.wrong += shadow_detail_number(c) != 0xabcdef;
    *c = (struct shadow_cell){0};
}

static void details_are_a_list_of_which_each_can_be_taken_back(void **unused)
{
    (void)unused;
    memset(&seen, 0, sizeof seen);
    assert_int_equal(run(add_and_drop, NULL).verdict, VERDICT_PASS);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.first[0], 1);
    assert_int_equal(run(add_and_drop, NULL).verdict, VERDICT_PASS);
    assert_int_equal(seen.first[0], 1); /* each execution begins with the first one */
}

enum { CROWD_BYTES = 34 << 20 }; /* of cells with a detail each: more than there are */
_Static_assert(CROWD_BYTES / 8 > SHADOW_DETAILS_MAX, "max_shadow is reached");

static void read_all(void *arg) { __tsan_read_range(arg, CROWD_BYTES); }

static void two_read_much(void)
{
    void *block = go_new(CROWD_BYTES);
    go(read_all, block);
    read_all(block);
    go_gosched();
}

static void read_some(void)
{
    char *block = go_new(64);
    seen.count[0] += (uint32_t)used_cells((uintptr_t)block, (uintptr_t)block + 64);
}

static void details_without_room_end_the_execution(void **unused)
{
    (void)unused;
    struct run_result result = run(two_read_much, NULL);
    assert_int_equal(result.verdict, VERDICT_INCONCLUSIVE);
    assert_string_equal(result.limit, "max_shadow");
    seen.count[0] = 0;
    assert_int_equal(run(read_some, NULL).verdict, VERDICT_PASS);
    assert_int_equal(seen.count[0], 0);
}

/* ---- Clearing ----------------------------------------------------------------------------- */

static size_t heap_bytes; /* of the block that the programs below make */

static void use_all(void *arg)
{
    char on_stack[3000];
    char *block = arg;
    write_range(on_stack, sizeof on_stack);
    write_range(block + 5, 3);
    write_range(block + heap_bytes - 1, 1);
    write_range(block + heap_bytes / 2, 9);
    write_range(in_data, sizeof in_data);
    write_range(in_bss + 3, 1);
    write_range(in_bss + 90, 2);
    __asm__("" ::"r"(on_stack) : "memory");
}

static void use(void)
{
    char *block = go_new(heap_bytes);
    use_all(block);
    char *more = go_new(16384);
    write_range(more + 4000, 8);
    shadow_set_bad((uintptr_t)more + 8000, 16, true);
}

static void look_at_heap_and_globals(void)
{
    const uintptr_t heap = heap_region_start(REGION_HEAP);
    seen.count[0] = (uint32_t)used_cells(heap, heap + heap_bytes + 8192);
    for (int i = 0; i < GLOBALS_COUNT; i++)
        seen.count[0] += (uint32_t)used_cells(globals_range(i).low, globals_range(i).high);
}

static void look(void)
{
    const struct coro *own = &sched.running->coro;
    look_at_heap_and_globals();
    seen.count[1] = (uint32_t)used_cells(own->stack_low, own->stack_high);
}

static void an_execution_finds_nothing_of_the_one_before(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {100, 5000, 40000, 3 << 20, 20 << 20, (20 << 20) + 4096 + 88};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        heap_bytes = sizes[i];
        assert_int_equal(run(use, NULL).verdict, VERDICT_PASS);
        look_at_heap_and_globals();
        assert_int_not_equal(seen.count[0], 0);
        assert_int_equal(run(look, NULL).verdict, VERDICT_PASS);
        assert_int_equal(seen.count[0], 0);
        assert_int_equal(seen.count[1], 0);
    }
}

static void use_stack(void *arg)
{
    const struct coro *own = &sched.running->coro;
    (void)arg;
    write_range((void *)(own->stack_high - 8), 8); /* NOLINT(performance-no-int-to-ptr) */
    write_range((void *)own->stack_low, 1);        /* NOLINT(performance-no-int-to-ptr) */
    seen.count[2] = (uint32_t)own->slot;
}

static void look_at_stack(void *arg)
{
    const struct coro *own = &sched.running->coro;
    (void)arg;
    seen.wrong += own->slot != (int32_t)seen.count[2]; /* it is the same one */
    seen.count[1] = (uint32_t)used_cells(own->stack_low, own->stack_high);
}

static void one_after_the_other(void)
{
    go(use_stack, NULL);
    go_gosched();
    go(look_at_stack, NULL);
    go_gosched();
}

static void a_goroutine_finds_nothing_of_the_one_before_on_its_stack(void **unused)
{
    (void)unused;
    memset(&seen, 0, sizeof seen);
    seen.count[1] = 1;
    assert_int_equal(run(one_after_the_other, NULL).verdict, VERDICT_PASS);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.count[1], 0);
}

static void the_bytes_used_are_known(void **unused)
{
    (void)unused;
    run(go_gosched, NULL);
    const size_t empty = shadow_bytes();
    heap_bytes = 1 << 20;
    run(use, NULL);
    assert_true(shadow_bytes() > empty + 2 * heap_bytes);
    assert_true(shadow_bytes() < empty + 2 * heap_bytes + 3 * STACK_BYTES);
    run(go_gosched, NULL);
    assert_true(shadow_bytes() <=
                empty + 2 * STACK_BYTES); /* stacks keep theirs until used again */
}

/* ---- Bad bytes ---------------------------------------------------------------------------- */

static uint8_t bad_at(const char *at) { return shadow_of((uintptr_t)at)->bad; }

static void make_bad(void)
{
    char *block = go_new(64);
    write_range(block, 64);
    shadow_set_bad((uintptr_t)block + 13, 22, true);
    seen.wrong += bad_at(block) != 0;
    seen.wrong += bad_at(block + 8) != 0xe0;
    seen.wrong += bad_at(block + 16) != 0xff || bad_at(block + 24) != 0xff;
    seen.wrong += bad_at(block + 32) != 0x07;
    seen.wrong += bad_at(block + 40) != 0;
    /* Accesses to these cells are forgotten, others are not. */
    seen.wrong += shadow_of((uintptr_t)block + 16)->write_mask != 0;
    seen.wrong += shadow_of((uintptr_t)block)->write_mask != 0xff;
    shadow_set_bad((uintptr_t)block + 16, 1, false);
    seen.wrong += bad_at(block + 16) != 0xfe;
    shadow_set_bad((uintptr_t)block, 0, true);
    seen.wrong += bad_at(block) != 0;
    shadow_set_bad((uintptr_t)block + 50, 1, true);
    shadow_set_bad((uintptr_t)block + 48, 1, true);
    seen.wrong += bad_at(block + 48) != 0x05;
    write_range(block + 16, 1);
    write_range(block + 8, 5);
    write_range(block + 35, 5);
    testkit_say("good");
    __tsan_read1(block + 15);
    testkit_say("bad");
}

static void bad_bytes_are_bad_to_the_byte(void **unused)
{
    (void)unused;
    const struct run_options off = {.detectors_off = DETECTOR_MEMORY};
    memset(&seen, 0, sizeof seen);
    assert_int_equal(run(make_bad, NULL).verdict, VERDICT_BUG);
    assert_string_equal(testkit_said(), "good");
    assert_int_equal(run(make_bad, &off).verdict, VERDICT_PASS);
    assert_string_equal(testkit_said(), "goodbad");
    assert_int_equal(seen.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_mapped_for_a_program_that_is_not_instrumented),
        cmocka_unit_test(each_8_bytes_have_one_cell_next_to_their_neighbours),
        cmocka_unit_test(only_stacks_heap_and_globals_have_cells),
        cmocka_unit_test(a_mask_has_a_bit_for_each_byte),
        cmocka_unit_test(details_are_a_list_of_which_each_can_be_taken_back),
        cmocka_unit_test(details_without_room_end_the_execution),
        cmocka_unit_test(an_execution_finds_nothing_of_the_one_before),
        cmocka_unit_test(a_goroutine_finds_nothing_of_the_one_before_on_its_stack),
        cmocka_unit_test(the_bytes_used_are_known),
        cmocka_unit_test(bad_bytes_are_bad_to_the_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
