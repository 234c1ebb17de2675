// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What reports about memory say: the two accesses, the place, the stacks of the past. Programs here
 * are not compiled instrumented: touch() announces the accesses. */
#include "../testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_report.h"
#include "sched.h"
#include "shadow.h"
#include "tsan_abi.h"

__attribute__((section("heddle_data"))) static uint64_t global = 1;

static int begin(void **unused)
{
    (void)unused;
    __tsan_init();
    return 0;
}

GO_API static void touch(const void *address, size_t bytes, enum access_kind kind)
{
    access_runtime(address, bytes, kind, CALL_SITE());
}

static struct run_result result; /* safe: tests run one after the other */

static const struct report *report_of(void (*root)(void))
{
    testkit_natural(root, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_BUG);
    return result.report;
}

static void expect_function(const struct trace *trace, uint32_t frame, const char *function)
{
    assert_true(frame < trace->count);
    assert_string_equal(symbolize_function(trace->pc[frame]), function);
}

static void expect_signature(const struct report *r, const char *expect)
{
    char signature[256];
    report_signature(r, signature, sizeof signature);
    assert_string_equal(signature, expect);
}

/* ---- Races ---------------------------------------------------------------------------------- */

static char *shared; /* safe: set by each root */

GO_API static void write_low_half(void) { touch(shared, 4, ACCESS_WRITE); }

static void writer(void *arg)
{
    (void)arg;
    write_low_half();
}

GO_API static void read_word(void) { touch(shared, 8, ACCESS_READ); }

static void race_on_a_block(void)
{
    go_new(100);
    shared = (char *)go_new(24) + 8;
    go(writer, NULL);
    go_gosched();
    read_word();
}

static void a_race_names_both_accesses_and_their_stacks(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_on_a_block);
    assert_int_equal(r->type, REPORT_DATA_RACE);
    assert_int_equal(r->access.address, (uintptr_t)shared);
    assert_int_equal(r->access.bytes, 8);
    assert_int_equal(r->access.goroutine, 1);
    assert_false(r->access.writes || r->access.atomic || r->access.frees);
    assert_int_equal(r->previous.address, (uintptr_t)shared);
    assert_int_equal(r->previous.bytes, 4);
    assert_int_equal(r->previous.goroutine, 2);
    assert_true(r->previous.writes);
    expect_function(&r->first, 0, "read_word");
    expect_function(&r->first, 1, "race_on_a_block");
    expect_function(&r->previous_trace, 0, "write_low_half");
    expect_function(&r->previous_trace, 1, "writer");
    expect_signature(r, "data-race--read_word--write_low_half");
    assert_string_equal(r->message, "nothing orders the write by G2 before the read by G1 of byte 8"
                                    " of a block of 24 bytes");
    assert_string_equal(r->object.kind, "block");
    assert_int_equal(r->object.number, 2);
    assert_int_equal(r->object.made_by, 1);
    expect_function(&r->object.made, 0, "race_on_a_block");
    assert_int_equal(r->object.offset, (uintptr_t)shared - heap_region_start(REGION_HEAP));
    assert_int_equal(r->access.offset, r->object.offset);
    assert_int_equal(r->previous.offset, r->object.offset);
    assert_int_equal(r->note_count, 0);
}

static void the_creation_of_both_goroutines_is_shown(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_on_a_block);
    assert_int_equal(r->related_count, 1); /* nobody created the root */
    assert_string_equal(r->related[0].label, "Goroutine 2 was created by goroutine 1 at:");
    expect_function(&r->related[0].trace, 0, "race_on_a_block");
}

static void atomic_write_and_tell(void *arg)
{
    (void)arg;
    touch(shared + 4, 2, ACCESS_WRITE | ACCESS_ATOMIC);
}

static void race_with_an_atomic(void)
{
    shared = go_new(8);
    go(atomic_write_and_tell, NULL);
    go_gosched();
    touch(shared, 8, ACCESS_WRITE);
}

static void a_race_is_at_the_first_byte_that_both_access(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_with_an_atomic);
    assert_int_equal(r->object.address, (uintptr_t)shared + 4);
    assert_int_equal(r->access.address, (uintptr_t)shared);
    assert_int_equal(r->previous.address, (uintptr_t)shared + 4);
    assert_int_equal(r->previous.bytes, 2);
    assert_true(r->previous.atomic);
    assert_true(r->previous.writes);
    assert_true(r->access.writes);
    assert_false(r->access.atomic);
    assert_string_equal(r->message, "nothing orders the atomic write by G2 before the write by G1 "
                                    "of byte 4 of a block of 8 bytes");
}

static void write_all(void *arg)
{
    (void)arg;
    touch(shared, 24, ACCESS_WRITE);
}

static void race_with_a_long_write(void)
{
    shared = go_new(24);
    go(write_all, NULL);
    go_gosched();
    touch(shared + 18, 2, ACCESS_READ);
}

static void the_other_access_is_shown_as_a_whole(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_with_a_long_write);
    assert_int_equal(r->object.address, (uintptr_t)shared + 18);
    assert_int_equal(r->previous.address, (uintptr_t)shared);
    assert_int_equal(r->previous.offset, (uintptr_t)shared - heap_region_start(REGION_HEAP));
    assert_int_equal(r->previous.bytes, 24);
}

static void race_on_a_global(void)
{
    shared = (char *)&global;
    go(writer, NULL);
    go_gosched();
    read_word();
}

static void a_global_is_a_global(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_on_a_global);
    assert_string_equal(r->object.kind, "global");
    assert_int_equal(r->object.number, 0);
    assert_int_equal(r->object.made_by, 0);
    assert_int_equal(r->object.address, (uintptr_t)&global);
    assert_int_equal(r->object.offset, 0);
    assert_int_equal(r->access.offset, 0);
}

static void share_its_stack(void *arg)
{
    uint64_t local = 0;
    shared = (char *)&local;
    read_word();
    if (arg) go_sleep(1);
}

static void race_on_a_stack(void)
{
    go(share_its_stack, shared);
    go_gosched();
    write_low_half();
}

static void race_on_a_stack_of_nobody(void)
{
    go(share_its_stack, NULL);
    go_gosched();
    write_low_half();
}

static void a_stack_variable_says_whose_stack_it_is(void **unused)
{
    (void)unused;
    const struct report *r = report_of(race_on_a_stack);
    assert_string_equal(r->object.kind, "stack-variable");
    assert_int_equal(r->object.number, 0);
    assert_int_equal(r->object.made_by, 2);
    assert_int_equal(r->object.offset, 0);
    assert_non_null(strstr(r->message, " of the stack of G2"));
    r = report_of(race_on_a_stack_of_nobody);
    assert_string_equal(r->object.kind, "stack-address");
    assert_int_equal(r->object.made_by, 0);
    assert_non_null(strstr(r->message, " of the stack of a goroutine that has ended"));
}

/* ---- Stacks of the past ---------------------------------------------------------------------- */

static int executions; /* safe: this is what it is about: a program that is not repeatable */

static void depends_on_the_process(void)
{
    shared = go_new(8);
    go(writer, NULL);
    if (executions++ == 0) go_gosched();
    if (executions == 1) read_word();
    go_gosched();
}

static void a_report_without_the_past_says_what_it_knows(void **unused)
{
    (void)unused;
    executions = 0;
    const struct report *r = report_of(depends_on_the_process);
    assert_int_equal(executions, 2);
    assert_int_equal(r->previous.goroutine, 2);
    assert_int_equal(r->previous.bytes, 0);
    assert_int_equal(r->previous_trace.count, 0);
    expect_function(&r->object.made, 0, "depends_on_the_process");
    expect_signature(r, "data-race--read_word");
    assert_int_equal(r->note_count, 1);
    assert_non_null(strstr(r->notes[0], "took another way"));
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    report_print_text(out, r, NULL);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, " by goroutine 2 (its stack is not known)\n"));
    free(text);
}

GO_API static void drop(void *memory) { go_free(memory); }

static void frees_in_another_way_the_second_time(void)
{
    char *block = go_malloc(8);
    if (executions++ == 0) {
        drop(block);
        touch(block, 1, ACCESS_READ);
    }
}

static void a_free_is_known_without_a_second_execution(void **unused)
{
    (void)unused;
    executions = 0;
    const struct report *r = report_of(frees_in_another_way_the_second_time);
    assert_int_equal(r->type, REPORT_USE_AFTER_FREE);
    assert_int_equal(r->freed_by, 1);
    assert_int_equal(r->freed.count, 1);
    expect_function(&r->freed, 0, "drop");
    assert_int_equal(r->note_count, 1);
}

static void dropper(void *arg)
{
    (void)arg;
    drop(shared);
}

static void reads_what_another_freed(void)
{
    shared = go_malloc(8);
    go(dropper, NULL);
    go_gosched();
    read_word();
}

static void a_race_with_a_free_has_the_stack_of_the_free(void **unused)
{
    (void)unused;
    const struct report *r = report_of(reads_what_another_freed);
    expect_signature(r, "data-race--drop--read_word");
    assert_true(r->previous.frees);
    assert_int_equal(r->freed_by, 0); /* it is the other access already */
    expect_function(&r->previous_trace, 0, "drop");
    expect_function(&r->previous_trace, 1, "dropper");
}

static void uses_what_it_freed(void)
{
    char *block = go_malloc(8);
    go_malloc(8);
    drop(block);
    touch(block + 3, 2, ACCESS_WRITE);
}

static void a_use_after_free_has_the_stacks_of_malloc_and_free(void **unused)
{
    (void)unused;
    const struct report *r = report_of(uses_what_it_freed);
    expect_signature(r, "use-after-free--uses_what_it_freed");
    assert_int_equal(r->object.number, 1);
    expect_function(&r->object.made, 0, "uses_what_it_freed");
    assert_int_equal(r->freed_by, 1);
    expect_function(&r->freed, 0, "drop");
    expect_function(&r->freed, 1, "uses_what_it_freed");
    assert_int_equal(r->previous.goroutine, 0);
    assert_int_equal(r->related_count, 0);
}

static void reader(void *arg)
{
    (void)arg;
    read_word();
}

static void resizes_what_is_written(void)
{
    shared = go_malloc(16);
    go(writer, NULL);
    go_gosched();
    go_realloc(shared, 8);
}

static void reads_what_was_resized(void)
{
    shared = go_malloc(16);
    go(reader, NULL);
    shared = go_realloc(shared, 100);
}

static void to_resize_is_to_read_the_old_and_write_the_new(void **unused)
{
    (void)unused;
    const struct report *r = report_of(resizes_what_is_written);
    expect_signature(r, "data-race--resizes_what_is_written--write_low_half");
    assert_false(r->access.writes || r->access.frees);
    assert_int_equal(r->access.bytes, 8); /* as many as are kept */
    r = report_of(reads_what_was_resized);
    expect_signature(r, "data-race--read_word--reads_what_was_resized");
    assert_true(r->previous.writes);
    assert_false(r->previous.frees);
    assert_int_equal(r->previous.address, (uintptr_t)shared);
    assert_int_equal(r->previous.bytes, 16);
    assert_int_equal(r->object.number, 2);
}

/* ---- Places between blocks ------------------------------------------------------------------- */

static struct {
    size_t first; /* bytes of two blocks */
    size_t second;
    ptrdiff_t at; /* accessed, from the start of the first */
    size_t bytes;
} asked; /* safe: set by the test for the root */

static void touch_what_is_asked(void)
{
    char *first = asked.first ? go_malloc(asked.first) : NULL;
    if (asked.second) go_malloc(asked.second);
    if (!first) first = heap_table(REGION_HEAP);
    touch(first + asked.at, asked.bytes, ACCESS_READ);
}

static void an_address_beside_a_block_names_the_nearest(void **unused)
{
    (void)unused;
    static const struct {
        size_t first;
        size_t second;
        ptrdiff_t at;
        size_t bytes;
        ptrdiff_t wrong; /* the first byte that is */
        uint32_t number;
        const char *expect; /* "the read is of ..."; NULL: no report */
    } rows[] = {
        {16, 16, 0, 16, 0, 0, NULL},
        {16, 16, 16, 1, 16, 1, "memory 0 bytes after a block of 16 bytes"},
        {16, 16, 15, 2, 16, 1, "memory 0 bytes after a block of 16 bytes"},
        {16, 16, 24, 1, 24, 1, "memory 8 bytes after a block of 16 bytes"},
        {16, 16, 25, 1, 25, 2, "memory 7 bytes before a block of 16 bytes"},
        {16, 16, 31, 1, 31, 2, "memory 1 byte before a block of 16 bytes"},
        {16, 16, 31, 2, 31, 2, "memory 1 byte before a block of 16 bytes"},
        {1, 0, 1, 1, 1, 1, "memory 0 bytes after a block of 1 byte"},
        {13, 0, 12, 1, 0, 0, NULL},
        {13, 0, 8, 8, 13, 1, "memory 0 bytes after a block of 13 bytes"},
        {13, 0, -1, 1, -1, 1, "memory 1 byte before a block of 13 bytes"},
        {13, 0, -16, 8, -16, 1, "memory 16 bytes before a block of 13 bytes"},
        {13, 0, -4, 8, -4, 1, "memory 4 bytes before a block of 13 bytes"},
        {13, 0, 32, 1, 32, 1, "memory 19 bytes after a block of 13 bytes"},
        {13, 0, 1 << 20, 64, 1 << 20, 1, "memory 1048563 bytes after a block of 13 bytes"},
        {0, 0, 40, 2, 40, 0, "the heap, of which nothing was handed out"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        asked.first = rows[i].first;
        asked.second = rows[i].second;
        asked.at = rows[i].at;
        asked.bytes = rows[i].bytes;
        testkit_natural(touch_what_is_asked, NULL, &result);
        if (!rows[i].expect) {
            assert_int_equal(result.verdict, VERDICT_PASS);
            continue;
        }
        const struct report *r = result.report;
        assert_non_null(r);
        assert_int_equal(r->type, REPORT_HEAP_OUT_OF_BOUNDS);
        assert_string_equal(r->message + strlen("the read is of "), rows[i].expect);
        assert_int_equal(r->object.number, rows[i].number);
        assert_true(r->object.beside);
        uintptr_t start = heap_region_start(REGION_HEAP) + (asked.first ? HEAP_RED_BYTES : 0);
        assert_int_equal(r->access.address, start + (uintptr_t)rows[i].at);
        assert_int_equal(r->access.bytes, rows[i].bytes);
        assert_int_equal(r->object.address, start + (uintptr_t)rows[i].wrong);
        expect_signature(r, "heap-buffer-overflow--touch_what_is_asked");
    }
}

#define access_test(claim) cmocka_unit_test_setup(claim, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        access_test(a_race_names_both_accesses_and_their_stacks),
        access_test(the_creation_of_both_goroutines_is_shown),
        access_test(a_race_is_at_the_first_byte_that_both_access),
        access_test(the_other_access_is_shown_as_a_whole),
        access_test(a_global_is_a_global),
        access_test(a_stack_variable_says_whose_stack_it_is),
        access_test(a_report_without_the_past_says_what_it_knows),
        access_test(a_free_is_known_without_a_second_execution),
        access_test(a_race_with_a_free_has_the_stack_of_the_free),
        access_test(a_use_after_free_has_the_stacks_of_malloc_and_free),
        access_test(to_resize_is_to_read_the_old_and_write_the_new),
        access_test(an_address_beside_a_block_names_the_nearest),
    };
    return cmocka_run_group_tests_name("access_report", tests, NULL, NULL);
}
