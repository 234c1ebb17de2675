// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench forms: the goroutine that is added to a kernel, and a short run of real engines. */
#include "bench_forms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run.h"
#include "target.h"
#include "testkit.h"

enum { IDS_MAX = 64 };

static const char libfuzzer[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";
static struct program_end end, again; /* safe: tests run one after the other */

/* Stable ids of the goroutines that ran, without repeats. */
static size_t run_beside(const char *kernel, struct form_neighbour neighbour, uint64_t ids[IDS_MAX],
                         char signature[TARGET_SIGNATURE_BYTES])
{
    const struct kernel *k = kernel_find(kernel, true);
    size_t count = 0, event_count;
    uint64_t dropped;
    assert_non_null(k);
    form_beside(k, FORM_GAP, GRAIN_SYNC, neighbour, NULL, 0, signature, TARGET_SIGNATURE_BYTES);
    const struct event *events = run_events(&event_count, &dropped);
    for (size_t i = 0; i < event_count; i++) {
        size_t at = 0;
        while (at < count && ids[at] != events[i].stable) at++;
        if (at < count) continue;
        assert_true(count < IDS_MAX);
        ids[count++] = events[i].stable;
    }
    return count;
}

static size_t common(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count)
{
    size_t count = 0;
    for (size_t i = 0; i < a_count; i++)
        for (size_t j = 0; j < b_count; j++) count += a[i] == b[j];
    return count;
}

static void a_neighbour_is_one_goroutine_more_and_renames_only_if_asked(void **state)
{
    (void)state;
    uint64_t alone[IDS_MAX], kept[IDS_MAX], renamed[IDS_MAX];
    char signature[TARGET_SIGNATURE_BYTES];
    size_t count = run_beside("moby_24007", (struct form_neighbour){0}, alone, signature);
    assert_true(count > 2);
    assert_string_equal(signature, "");
    size_t kept_count =
        run_beside("moby_24007", (struct form_neighbour){.rounds = 3}, kept, signature);
    assert_int_equal(kept_count, count + 1);
    assert_int_equal(common(alone, count, kept, kept_count), count);
    assert_string_equal(signature, "");
    struct form_neighbour renames = {.rounds = 3, .renames = true};
    size_t renamed_count = run_beside("moby_24007", renames, renamed, signature);
    assert_int_equal(renamed_count, count + 1);
    assert_true(common(alone, count, renamed, renamed_count) < count);
    assert_string_equal(signature, "");
}

/* It does not hide, change or make a bug where the schedule does not matter. */
static void a_neighbour_is_unrelated(void **state)
{
    (void)state;
    uint64_t ids[IDS_MAX];
    char alone[TARGET_SIGNATURE_BYTES], beside[TARGET_SIGNATURE_BYTES];
    run_beside("litmus_canary", (struct form_neighbour){0}, ids, alone);
    assert_true(kernel_expects(kernel_find("litmus_canary", true), alone));
    for (uint32_t rounds = 1; rounds <= 20; rounds++) {
        run_beside("litmus_canary", (struct form_neighbour){rounds, rounds % 2}, ids, beside);
        assert_string_equal(alone, beside);
    }
}

/* Executions of libFuzzer are a function of the seed: the tables are the same ones again. */
static void tables_are_the_same_however_often_they_are_made(void **state)
{
    (void)state;
    static const char *const rows[] = {"| slide_send_under_lock |",
                                       "\n| byte |",
                                       "\n| wide |",
                                       "\n| gap |",
                                       "\n| keyed |",
                                       "\n| named |"};
    static const char *const titles[] = {"\n### libFuzzer, its own mutators: executions",
                                         "\n### libFuzzer, schedule-aware mutator: executions"};
    program_need(libfuzzer);
    heddle_run(&end, "bench", "forms", "slide_send_under_lock", "litmus_canary", "--seed", "1",
               "--runs", "300", "--jobs", "4");
    assert_int_equal(end.status, STATUS_OK);
    assert_string_equal(end.errors, "");
    for (size_t i = 0; i < 2; i++) assert_non_null(strstr(end.output, titles[i]));
    for (size_t i = 0; i < 6; i++) assert_true(text_count(end.output, rows[i]) >= 2);
    assert_null(strstr(end.output, "litmus_canary")); /* fails whatever the input */
    assert_non_null(strstr(end.output, "| gap | 1 of 1 | 1 of 1 |"));
    heddle_run(&again, "bench", "forms", "slide_send_under_lock", "--seed", "1", "--runs", "300");
    assert_string_equal(again.output, end.output);
}

static void what_cannot_be_compared_is_one_line(void **state)
{
    (void)state;
    static const char *const arguments[][3] = {
        {"--engine", "nothing", "--engine nothing: expected libfuzzer, schedule or afl"},
        {"--seed", "0..3", "--seed 0..3: expected at most"},
        {"--seed", "1..40", "--seed 1..40: expected at most"},
        {"--grain", "fine", "--grain fine: expected sync, shared or all"},
        {"--jobs", "0", "--jobs 0: expected a number"},
        {"--runs", "0", "--runs 0: expected a number"},
        {"nobody", "all", "nobody: no such kernel"},
        {"litmus_canary", "litmus_canary", "fails on the empty input"},
    };
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        heddle_run(&end, "bench", "forms", arguments[i][0], arguments[i][1]);
        if (end.status != STATUS_USAGE || !strstr(end.errors, arguments[i][2]) ||
            !text_is_one_line(end.errors))
            fail_msg("status %d, \"%s\", expected \"%s\"", end.status, end.errors, arguments[i][2]);
    }
    heddle_run(&end, "bench", "forms", "--help");
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "usage: heddle bench forms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_neighbour_is_one_goroutine_more_and_renames_only_if_asked),
        cmocka_unit_test(a_neighbour_is_unrelated),
        cmocka_unit_test(tables_are_the_same_however_often_they_are_made),
        cmocka_unit_test(what_cannot_be_compared_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
