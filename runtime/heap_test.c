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
    assert_int_equal(starts[0], heap_region_start(REGION_HEAP) + HEAP_RED_BYTES);
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
        size_t held = block->bytes ? block->bytes : 1;
        assert_ptr_equal(heap_block_of(pointer_to(block->start + held - 1)), block);
        assert_ptr_equal(heap_block_before(pointer_to(block->start + held - 1)), block);
        assert_null(heap_block_of(pointer_to(block->start + held)));
        assert_ptr_equal(heap_block_before(pointer_to(block->start + held)), block);
        assert_null(heap_block_of(pointer_to(block->start - 1)));
        assert_ptr_equal(heap_block_before(pointer_to(block->start - 1)),
                         i ? heap_block_at(i - 1) : NULL);
    }
    assert_null(heap_block_of(pointer_to(heap_region_start(REGION_HEAP) - 1)));
    assert_null(heap_block_of(NULL));
    begin(NULL);
    assert_null(heap_block_of(pointer_to(heap_region_start(REGION_HEAP))));
}

static void between_blocks_lie_zeroed_bytes_of_nobody(void **unused)
{
    for (int round = 0; round < 2; round++) {
        begin(unused);
        assert_int_equal(heap_end(), heap_region_start(REGION_HEAP));
        uintptr_t before = heap_end(); /* end of the block before */
        for (size_t bytes = 0; bytes < 100; bytes++) {
            const uintptr_t low = heap_end();
            const struct heap_block *block = heap_block_make(bytes);
            assert_true(block->start - before >= HEAP_RED_BYTES);
            before = block->start + bytes;
            assert_true(heap_end() - before >= HEAP_RED_BYTES);
            assert_true(heap_end() - before < HEAP_RED_BYTES + HEAP_ALIGNMENT);
            assert_true(is_zero(pointer_to(low), heap_end() - low));
            memset(pointer_to(low), 0xa5, heap_end() - low);
        }
    }
}

static void what_was_never_handed_out_is_beyond(void **unused)
{
    (void)unused;
    const uintptr_t start = heap_region_start(REGION_HEAP);
    const uintptr_t end = start + heap_regions[REGION_HEAP].bytes;
    assert_true(heap_is_beyond(start));
    heap_block_make(13);
    assert_false(heap_is_beyond(start));
    assert_false(heap_is_beyond(heap_end() - 1));
    assert_true(heap_is_beyond(heap_end()));
    assert_true(heap_is_beyond(end - 1));
    assert_false(heap_is_beyond(end));
    assert_false(heap_is_beyond(start - 1));
}

static void an_alignment_is_kept_and_its_gap_is_nobody_s(void **unused)
{
    (void)unused;
    for (size_t alignment = 1; alignment <= (size_t)1 << 20; alignment *= 2) {
        const struct heap_block *small = heap_block_make(1);
        const struct heap_block *block = heap_block_make_aligned(5, alignment);
        assert_int_equal(block->start % alignment, 0);
        assert_int_equal(block->start % HEAP_ALIGNMENT, 0);
        assert_true(block->start >= small->start + 1 + HEAP_RED_BYTES);
        assert_null(heap_block_of(pointer_to(block->start - 1)));
    }
    assert_null(heap_block_make_aligned(1, (size_t)1 << 63));
    assert_null(heap_block_make_aligned(1, heap_regions[REGION_HEAP].bytes * 2));
    assert_non_null(heap_block_make(1));
}

/* Larger than what is cleared byte by byte. */
static void a_large_block_is_zeroed_up_to_its_edges(void **unused)
{
    const size_t bytes = ((size_t)5 << 20) + 123;
    for (int round = 0; round < 2; round++) {
        begin(unused);
        for (size_t shift = 0; shift < 3; shift++) {
            heap_block_make(shift * 1000);
            const uintptr_t low = heap_end();
            const struct heap_block *block = heap_block_make(bytes);
            assert_true(is_zero(pointer_to(low), heap_end() - low));
            memset(pointer_to(block->start), 0xa5, bytes);
            assert_int_equal(*(unsigned char *)pointer_to(low - 1), 0);
        }
    }
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
    size_t left = heap_region_start(REGION_HEAP) + all - heap_end();
    assert_null(heap_block_make(left - HEAP_RED_BYTES + 1));
    assert_non_null(heap_block_make(left - HEAP_RED_BYTES - HEAP_ALIGNMENT));
    assert_true(heap_end() <= heap_region_start(REGION_HEAP) + all);
    assert_null(heap_block_make(16));
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

/* Not by where the program's image lies: that differs from process to process. */
static void a_place_between_blocks_has_a_name_of_its_own(void **unused)
{
    (void)unused;
    const struct heap_block *block = heap_block_make(16);
    const size_t offset = HEAP_RED_BYTES + 16;
    assert_int_equal(object_place_stable(pointer_to(block->start + 16)),
                     mix64(REGION_HEAP, offset));
    assert_int_equal(object_place_stable(heap_table(REGION_STACKS)), mix64(REGION_STACKS, 0));
    assert_true(object_place_stable(unused) != object_place_stable(unused + 1));
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
        heap_test(between_blocks_lie_zeroed_bytes_of_nobody),
        heap_test(what_was_never_handed_out_is_beyond),
        heap_test(an_alignment_is_kept_and_its_gap_is_nobody_s),
        heap_test(a_large_block_is_zeroed_up_to_its_edges),
        heap_test(a_block_that_does_not_fit_is_refused_and_others_still_fit),
        heap_test(arena_memory_is_zeroed_aligned_and_bounded),
        heap_test(regions_are_told_by_address_and_do_not_meet),
        heap_test(a_place_between_blocks_has_a_name_of_its_own),
        cmocka_unit_test(a_block_has_one_stable_id_in_every_schedule),
        natural_test(a_block_larger_than_the_heap_is_a_limit, "inconclusive: max_heap"),
        natural_test(more_blocks_than_the_table_holds_is_a_limit, "inconclusive: max_heap"),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
