// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Regions, blocks and the arena: fixed addresses, zeroed memory, limits by name. */
#include "testkit.h"

#include <string.h>

#include "heap.h"
#include "sched.h"

static int begin(void **unused)
{
    (void)unused;
    heap_init();
    heap_reset();
    return 0;
}

static bool is_zero(const void *memory, size_t bytes)
{
    const unsigned char *at = memory;
    for (size_t i = 0; i < bytes; i++)
        if (at[i]) return false;
    return true;
}

static void *pointer_to(uintptr_t address)
{
    return (void *)address; /* NOLINT(performance-no-int-to-ptr) */
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static void a_block_is_zeroed_and_aligned_though_it_was_used_before(void **unused)
{
    static const size_t sizes[] = {1, 15, 16, 17, 100, 4096, 100000};
    for (int round = 0; round < 2; round++) {
        begin(unused);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const struct heap_block *block = heap_block_make(sizes[i]);
            assert_non_null(block);
            assert_int_equal(block->bytes, sizes[i]);
            assert_int_equal(block->start % 16, 0);
            assert_true(is_zero(pointer_to(block->start), sizes[i]));
            memset(pointer_to(block->start), 0xa5, sizes[i]);
        }
    }
}

static void blocks_have_the_same_addresses_after_every_reset(void **unused)
{
    uintptr_t starts[3];
    for (size_t i = 0; i < 3; i++) starts[i] = heap_block_make(100 + i)->start;
    assert_int_equal(starts[0], heap_region_start(REGION_HEAP));
    begin(unused);
    assert_int_equal(heap_block_count(), 0);
    for (size_t i = 0; i < 3; i++) assert_int_equal(heap_block_make(100 + i)->start, starts[i]);
}

static void a_block_of_no_bytes_is_a_block(void **unused)
{
    (void)unused;
    const struct heap_block *first = heap_block_make(0);
    const struct heap_block *second = heap_block_make(0);
    assert_true(second->start > first->start);
    assert_ptr_equal(heap_block_of(pointer_to(first->start)), first);
}

static void an_address_finds_its_block_from_first_byte_to_last(void **unused)
{
    (void)unused;
    enum { COUNT = 100 };
    for (size_t i = 0; i < COUNT; i++) heap_block_make(i * 7 % 50);
    assert_int_equal(heap_block_count(), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const struct heap_block *block = heap_block_at(i);
        assert_ptr_equal(heap_block_of(pointer_to(block->start)), block);
        assert_ptr_equal(heap_block_of(pointer_to(block->start + block->bytes - 1)), block);
        const struct heap_block *beyond = heap_block_of(pointer_to(block->start + block->bytes));
        bool touches = i + 1 < COUNT && heap_block_at(i + 1)->start == block->start + block->bytes;
        assert_ptr_equal(beyond, touches ? heap_block_at(i + 1) : NULL);
    }
    assert_null(heap_block_of(pointer_to(heap_region_start(REGION_HEAP) - 1)));
    assert_null(heap_block_of(NULL));
    begin(NULL);
    assert_null(heap_block_of(pointer_to(heap_region_start(REGION_HEAP))));
}

static void a_block_that_does_not_fit_is_refused_and_others_still_fit(void **unused)
{
    (void)unused;
    size_t all = heap_regions[REGION_HEAP].bytes;
    assert_null(heap_block_make(all + 1));
    assert_null(heap_block_make(SIZE_MAX));
    assert_null(heap_block_make(SIZE_MAX - 15));
    assert_int_equal(heap_block_count(), 0);
    assert_non_null(heap_block_make(16));
    assert_null(heap_block_make(all));
    assert_non_null(heap_block_make(16));
}

static void arena_memory_is_zeroed_aligned_and_bounded(void **unused)
{
    for (int round = 0; round < 2; round++) {
        begin(unused);
        for (size_t bytes = 1; bytes < 3000; bytes = bytes * 3 + 1) {
            void *memory = arena_alloc(bytes);
            assert_int_equal((uintptr_t)memory % 16, 0);
            assert_true(is_zero(memory, bytes));
            memset(memory, 0xa5, bytes);
            assert_true((uintptr_t)memory + bytes <= arena_end());
            assert_int_equal(heap_region_of(memory), REGION_ARENA);
        }
    }
    assert_null(arena_alloc(heap_regions[REGION_ARENA].bytes));
    assert_null(arena_alloc(SIZE_MAX));
    assert_non_null(arena_alloc(1));
}

static void regions_are_told_by_address_and_do_not_meet(void **unused)
{
    for (enum region r = 0; r < REGION_COUNT; r++) {
        uintptr_t start = heap_region_start(r);
        size_t bytes = heap_regions[r].bytes;
        assert_int_equal(heap_region_of(pointer_to(start)), r);
        assert_int_equal(heap_region_of(pointer_to(start + bytes - 1)), r);
        if (r + 1 < REGION_COUNT) assert_true(start + bytes <= heap_region_start(r + 1));
        if (r) assert_true(heap_region_of(pointer_to(start - 1)) != r);
    }
    assert_int_equal(heap_region_of(NULL), REGION_COUNT);
    assert_int_equal(heap_region_of(unused), REGION_COUNT);
    uintptr_t end = heap_region_start(REGION_COUNT - 1) + heap_regions[REGION_COUNT - 1].bytes;
    assert_int_equal(heap_region_of(pointer_to(end)), REGION_COUNT);
}

/* ---- go_new ------------------------------------------------------------------------------- */

enum { ROLES = 3, BLOCKS = ROLES * 2 };

static struct {
    uint64_t stable[BLOCKS]; /* of the first execution: two of each role */
    bool differs;
} made;

static void make_blocks(void *arg)
{
    for (int i = testkit_int(arg) * 2; i <= testkit_int(arg) * 2 + 1; i++) {
        unsigned char *memory = go_new(40);
        const struct heap_block *block = heap_block_of(memory);
        if (!is_zero(memory, 40)) testkit_say("dirty");
        memset(memory, 0xa5, 40);
        if (!made.stable[i]) made.stable[i] = block->stable;
        if (made.stable[i] != block->stable || block->made_by != sched.running->number ||
            !block->site)
            made.differs = true;
    }
}

static void make_two_blocks_each(void)
{
    go(make_blocks, testkit_arg(1));
    go(make_blocks, testkit_arg(2));
    make_blocks(testkit_arg(0));
}

static void a_block_has_one_stable_id_in_every_schedule(void **unused)
{
    (void)unused;
    memset(&made, 0, sizeof made);
    assert_outcomes(make_two_blocks_each, "pass");
    assert_false(made.differs);
    for (int i = 0; i < BLOCKS; i++)
        for (int j = 0; j < i; j++) assert_true(made.stable[i] != made.stable[j]);
}

static void a_block_larger_than_the_heap_is_a_limit(void) { go_new(SIZE_MAX); }

static void more_blocks_than_the_table_holds_is_a_limit(void)
{
    for (;;) go_new(1);
}

#define heap_test(claim) cmocka_unit_test_setup(claim, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        heap_test(a_block_is_zeroed_and_aligned_though_it_was_used_before),
        heap_test(blocks_have_the_same_addresses_after_every_reset),
        heap_test(a_block_of_no_bytes_is_a_block),
        heap_test(an_address_finds_its_block_from_first_byte_to_last),
        heap_test(a_block_that_does_not_fit_is_refused_and_others_still_fit),
        heap_test(arena_memory_is_zeroed_aligned_and_bounded),
        heap_test(regions_are_told_by_address_and_do_not_meet),
        cmocka_unit_test(a_block_has_one_stable_id_in_every_schedule),
        natural_test(a_block_larger_than_the_heap_is_a_limit, "inconclusive: max_heap"),
        natural_test(more_blocks_than_the_table_holds_is_a_limit, "inconclusive: max_heap"),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
