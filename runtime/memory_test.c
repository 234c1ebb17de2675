// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The program's heap as programs see it: C's rules, limits, and each mistake reported where it is
 * made. The programs with mistakes are memory_programs.c, compiled at three levels. */
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/shadow.h"
#include "memory_programs.h"
#include "sched.h"

enum { LEVELS = 3, LINE_BYTES = 256, SIGNATURE_BYTES = 256 };

static const struct memory_programs *const levels[LEVELS] = {&memory_programs_0, &memory_programs_1,
                                                             &memory_programs_2};

/* ---- Each mistake, at each level ------------------------------------------------------------ */

/* Is `mark` in a comment of the line that pc comes from? */
static bool is_marked(const void *pc, const char *mark)
{
    struct source_frame frames[SOURCE_FRAMES_MAX];
    (void)symbolize(pc, frames);
    FILE *source = fopen(HEDDLE_SOURCE_DIR "/runtime/memory_programs.c", "re");
    if (!source) return false;
    char line[LINE_BYTES] = "";
    bool found = true;
    for (int i = 0; i < frames[0].line && found; i++) found = fgets(line, sizeof line, source);
    (void)fclose(source);
    const char *comment = strstr(line, "/* ");
    return found && comment && strstr(comment, mark);
}

/* Is the function among the frames of the trace, inlined ones included? */
static bool passes_through(const struct trace *trace, const char *function)
{
    for (uint32_t i = 0; i < trace->count; i++) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        size_t count = symbolize(trace->pc[i], frames);
        for (size_t f = 0; f < count; f++)
            if (strcmp(frames[f].function, function) == 0) return true;
    }
    return false;
}

static bool expect_place(const struct trace *trace, bool wanted, const char *mark)
{
    if (!wanted) return true;
    if (trace->count && is_marked(trace->pc[0], mark)) return true;
    struct source_frame frames[SOURCE_FRAMES_MAX] = {0};
    if (trace->count) (void)symbolize(trace->pc[0], frames);
    print_error("'%s' is not marked: %s:%d in %s\n", mark, frames[0].file, frames[0].line,
                frames[0].function);
    return false;
}

static bool expect_report(const struct memory_program *program, const struct report *r)
{
    char signature[SIGNATURE_BYTES];
    report_signature(r, signature, sizeof signature);
    bool good = strcmp(signature, program->signature) == 0;
    if (!good) print_error("signature %s\n", signature);
    if (program->message && strcmp(program->message, r->message) != 0) {
        print_error("message: %s\n", r->message);
        good = false;
    }
    good = expect_place(&r->first, true, "guilty") && good;
    good = expect_place(&r->object.made, program->made, "made") && good;
    if (program->made) good = passes_through(&r->object.made, program->name) && good;
    good = expect_place(&r->freed, program->freed, "freed") && good;
    good = expect_place(&r->previous_trace, program->earlier, "earlier") && good;
    return good && !r->note_count;
}

static bool can_find(const struct memory_program *program)
{
    return program->signature && (program->plain || access_state.instrumented);
}

/* With ASan's own interceptors a nil pointer is met inside of them. */
static bool is_not_for_asan(const struct memory_program *program)
{
    return HEDDLE_ASAN && !can_find(program) && program->signature &&
           strncmp(program->signature, "nil", 3) == 0;
}

static void a_mistake_is_reported_where_it_is_made_at_every_level(void **unused)
{
    (void)unused;
    size_t wrong = 0;
    for (size_t level = 0; level < LEVELS; level++) {
        for (const struct memory_program *p = levels[level]->programs; p->name; p++) {
            if (is_not_for_asan(p)) continue;
            struct run_result result;
            testkit_natural(p->root, NULL, &result);
            bool good = can_find(p) ? result.report && expect_report(p, result.report)
                                    : result.verdict == VERDICT_PASS;
            if (good) continue;
            print_error("%s at %s\n", p->name, levels[level]->level);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void a_mistake_is_reported_in_every_schedule(void **unused)
{
    (void)unused;
    for (const struct memory_program *p = levels[1]->programs; p->name; p++) {
        if (is_not_for_asan(p)) continue;
        char outcome[SIGNATURE_BYTES] = "pass";
        if (can_find(p))
            (void)snprintf(outcome, sizeof outcome, "%.*s",
                           (int)(strstr(p->signature, "--") - p->signature), p->signature);
        if (strcmp(outcome, "data-race") == 0) outcome[4] = ' ';
        assert_outcomes(p->root, outcome);
    }
}

static const struct memory_program *program_named(const char *name)
{
    const struct memory_program *p = levels[1]->programs;
    while (p->name && strcmp(p->name, name) != 0) p++;
    assert_non_null(p->name);
    return p;
}

static void a_detector_that_is_off_reports_nothing(void **unused)
{
    (void)unused;
    static const struct run_options off = {.detectors_off = DETECTOR_MEMORY};
    static const struct run_options both = {.detectors_off = DETECTOR_MEMORY | DETECTOR_RACE};
    for (const struct memory_program *p = levels[1]->programs; p->name; p++) {
        if (p->signature && strncmp(p->signature, "nil", 3) == 0) continue;
        bool race = can_find(p) && strncmp(p->signature, "data-race", 9) == 0;
        assert_outcomes_under(p->root, &off, race ? "data race" : "pass");
        assert_outcomes_under(p->root, &both, "pass");
    }
}

/* Without the race detector nobody knows an order: memory that is freed is freed. */
static void without_the_race_detector_a_race_with_free_is_a_use_after_free(void **unused)
{
    (void)unused;
    if (!access_state.instrumented) skip();
    static const struct run_options off = {.detectors_off = DETECTOR_RACE};
    assert_outcomes_under(program_named("releases_what_another_reads")->root, &off, "pass",
                          "use-after-free");
}

static void the_size_of_an_access_is_that_of_the_whole(void **unused)
{
    (void)unused;
    if (!access_state.instrumented) skip();
    struct run_result result;
    testkit_natural(program_named("copies_too_much")->root, NULL, &result);
    const struct report *r = result.report;
    assert_int_equal(r->access.bytes, 39);
    assert_true(r->access.writes);
    assert_int_equal(r->object.address - r->access.address, 13);
    assert_true(r->object.beside);
    testkit_natural(program_named("releases_what_another_has_read")->root, NULL, &result);
    r = result.report;
    assert_true(r->access.frees);
    assert_int_equal(r->access.bytes, heap_block_at(0)->bytes);
    assert_false(r->previous.writes);
    assert_int_equal(r->previous.bytes, 4);
    assert_int_equal(r->previous.address, heap_block_at(0)->start + 8);
    testkit_natural(program_named("reads_what_another_has_freed")->root, NULL, &result);
    r = result.report;
    assert_true(r->previous.frees);
    assert_int_equal(r->previous.bytes, heap_block_at(0)->bytes);
    assert_false(r->access.writes);
}

/* ---- What an execution leaves ---------------------------------------------------------------- */

static struct {
    uintptr_t end;   /* of the heap, after the execution before */
    uintptr_t first; /* addresses of two blocks */
    uintptr_t second;
    size_t dirty; /* cells that were not zero */
} left;

static bool is_zero(const void *memory, size_t bytes)
{
    const unsigned char *at = memory;
    for (size_t i = 0; i < bytes; i++)
        if (at[i]) return false;
    return true;
}

static void look_at_the_shadow(void)
{
    for (uintptr_t at = heap_region_start(REGION_HEAP); at < left.end + 4096; at += CELL_BYTES)
        if (!is_zero(shadow_fixed(at), sizeof(struct shadow_cell))) left.dirty++;
    unsigned char *first = go_malloc(100);
    unsigned char *second = go_malloc(1000);
    left.first = (uintptr_t)first;
    left.second = (uintptr_t)second;
    if (!is_zero(first - HEAP_RED_BYTES, heap_end() - left.first + HEAP_RED_BYTES)) left.dirty++;
    memset(first - HEAP_RED_BYTES, 0xa5, heap_end() - left.first + HEAP_RED_BYTES);
    go_free(second);
}

static void nothing_is_left_and_addresses_are_equal_whatever_ran_before(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(look_at_the_shadow, NULL, &result);
    const uintptr_t first = left.first;
    const uintptr_t second = left.second;
    static const struct run_options off = {.detectors_off = DETECTOR_MEMORY};
    for (const struct memory_program *p = levels[1]->programs; p->name; p++) {
        if (is_not_for_asan(p)) continue;
        for (int i = 0; i < 2; i++) {
            testkit_natural(p->root, i ? &off : NULL, &result);
            left.end = heap_end();
            if (!access_state.instrumented) left.end = 0;
            testkit_natural(look_at_the_shadow, NULL, &result);
            assert_int_equal(result.verdict, VERDICT_PASS);
            assert_int_equal(left.dirty, 0);
            assert_int_equal(left.first, first);
            assert_int_equal(left.second, second);
        }
    }
}

/* ---- C's rules ------------------------------------------------------------------------------ */

static void a_free_of_null_is_nothing_and_of_zero_bytes_a_block(void)
{
    go_free(NULL);
    void *one = go_malloc(0);
    void *other = go_calloc(0, 10);
    void *third = go_realloc(NULL, 0);
    if (!one || !other || !third || one == other || other == third) testkit_say("no block");
    if (go_realloc(third, 0)) testkit_say("a block");
    go_free(one);
    go_free(other);
    if (heap_block_count() != 3) testkit_say("%zu blocks", heap_block_count());
}

static void memory_is_zero_and_not_handed_out_again(void)
{
    char *before = NULL;
    for (int i = 0; i < 100; i++) {
        char *memory = i % 2 ? go_malloc(64) : go_calloc(8, 8);
        if (!is_zero(memory, 64)) testkit_say("dirty ");
        memset(memory, 'x', 64);
        if (memory <= before) testkit_say("again ");
        before = memory;
        go_free(memory);
        if (memory[63] != 'x') testkit_say("lost ");
    }
}

static void a_product_that_overflows_is_refused(void)
{
    errno = 0;
    if (go_calloc(SIZE_MAX / 2, 3) || errno != ENOMEM) testkit_say("calloc ");
    if (go_calloc((size_t)1 << 32, (size_t)1 << 32)) testkit_say("calloc ");
    errno = 0;
    void *memory = go_malloc(1);
    if (go_reallocarray(memory, SIZE_MAX, 2) || errno != ENOMEM) testkit_say("reallocarray ");
    memory = go_reallocarray(memory, 4, 5);
    if (heap_block_of(memory)->bytes != 20) testkit_say("20 ");
    go_free(memory);
}

static void alignment_is_kept_or_refused(void)
{
    for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
        void *memory = go_aligned_alloc(alignment, 5);
        if ((uintptr_t)memory % alignment) testkit_say("%zu ", alignment);
        go_free(memory);
        int status = go_posix_memalign(&memory, alignment, 5);
        if (status != (alignment < sizeof(void *) ? EINVAL : 0)) testkit_say("%zu! ", alignment);
        if (!status && (uintptr_t)memory % alignment) testkit_say("%zu ", alignment);
    }
    void *memory = NULL;
    if (go_aligned_alloc(24, 24) || errno != EINVAL) testkit_say("24 ");
    if (go_aligned_alloc(0, 24)) testkit_say("0 ");
    if (go_posix_memalign(&memory, 0, 1) != EINVAL || memory) testkit_say("0! ");
    if (go_posix_memalign(&memory, 24, 1) != EINVAL) testkit_say("24! ");
}

static void texts_are_duplicated(void)
{
    if (strcmp(go_strdup("a text"), "a text") != 0) testkit_say("strdup ");
    if (strcmp(go_strdup(""), "") != 0) testkit_say("empty ");
    if (strcmp(go_strndup("a text", 3), "a t") != 0) testkit_say("strndup ");
    const char unterminated[2] = {'a', 'b'};
    if (strcmp(go_strndup(unterminated, 2), "ab") != 0) testkit_say("unterminated ");
    if (heap_block_of(go_strndup("abc", 100))->bytes != 4) testkit_say("bytes ");
}

static void too_much_at_once_is_a_limit(void) { go_malloc(SIZE_MAX); }
static void too_much_zeroed_is_a_limit(void) { go_calloc(SIZE_MAX / 16, 16); }
static void too_much_to_resize_to_is_a_limit(void) { go_realloc(go_malloc(1), PTRDIFF_MAX); }
static void too_much_in_all_is_a_limit(void)
{
    for (;;) go_malloc((size_t)300 << 20);
}
static void too_large_an_alignment_is_a_limit(void) { go_aligned_alloc((size_t)1 << 63, 1); }
static void what_is_freed_counts_towards_the_limit(void)
{
    for (;;) go_free(go_malloc(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_reported_where_it_is_made_at_every_level),
        cmocka_unit_test(a_mistake_is_reported_in_every_schedule),
        cmocka_unit_test(a_detector_that_is_off_reports_nothing),
        cmocka_unit_test(without_the_race_detector_a_race_with_free_is_a_use_after_free),
        cmocka_unit_test(the_size_of_an_access_is_that_of_the_whole),
        cmocka_unit_test(nothing_is_left_and_addresses_are_equal_whatever_ran_before),
        natural_test(a_free_of_null_is_nothing_and_of_zero_bytes_a_block, "pass"),
        natural_test(memory_is_zero_and_not_handed_out_again, "pass"),
        natural_test(a_product_that_overflows_is_refused, "pass"),
        natural_test(alignment_is_kept_or_refused, "pass"),
        natural_test(texts_are_duplicated, "pass"),
        natural_test(too_much_at_once_is_a_limit, "inconclusive: max_heap"),
        natural_test(too_much_zeroed_is_a_limit, "inconclusive: max_heap"),
        natural_test(too_much_to_resize_to_is_a_limit, "inconclusive: max_heap"),
        natural_test(too_much_in_all_is_a_limit, "inconclusive: max_heap"),
        natural_test(too_large_an_alignment_is_a_limit, "inconclusive: max_heap"),
        natural_test(what_is_freed_counts_towards_the_limit, "inconclusive: max_heap"),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
