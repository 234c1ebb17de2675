// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Replay after a change of the program: its parts on small tables, and the whole on a program that
 * is recorded in one form and replayed in others. */
#include "robust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heddle.h"
#include "input.h"
#include "report/report.h"
#include "target.h"
#include "testkit.h"

/* ---- The first difference ----------------------------------------------------------------- */

static void difference_is_the_first_event_that_is_another_one(void **state)
{
    (void)state;
    const struct trace_event a[] = {{1, 1, OP_START, 0}, {1, 2, OP_GO, 0}, {2, 1, OP_START, 0}};
    struct trace_event b[3];
    assert_int_equal(robust_first_difference(a, 3, a, 3), SIZE_MAX);
    assert_int_equal(robust_first_difference(a, 0, a, 0), SIZE_MAX);
    assert_int_equal(robust_first_difference(a, 3, a, 2), 2);
    assert_int_equal(robust_first_difference(a, 2, a, 3), 2);
    memcpy(b, a, sizeof b);
    b[1].g = 3;
    assert_int_equal(robust_first_difference(a, 3, b, 3), 1);
    memcpy(b, a, sizeof b);
    b[0].op = OP_END;
    assert_int_equal(robust_first_difference(a, 3, b, 3), 0);
    memcpy(b, a, sizeof b);
    b[2].phase = PHASE_FAIL;
    assert_int_equal(robust_first_difference(a, 3, b, 3), 2);
    memcpy(b, a, sizeof b);
    b[2].place = 9; /* follows from what went before: no difference of its own */
    assert_int_equal(robust_first_difference(a, 3, b, 3), SIZE_MAX);
}

/* ---- Goroutines --------------------------------------------------------------------------- */

/* Goroutines with ids from 10 on and these names; "-": the id is nobody's. */
static struct trace_events cast(const char *const names[], size_t count)
{
    static struct trace_goroutine all[2][8]; /* safe: two casts at a time, one test after another */
    static size_t turn;
    struct trace_goroutine *g = all[turn++ % 2];
    struct trace_events t = {.goroutines = g};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], "-") == 0) continue;
        g[t.goroutine_count].g = 10 + i;
        snprintf(g[t.goroutine_count++].name, TRACE_NAME_BYTES, "%s", names[i]);
    }
    return t;
}

static void goroutines_are_found_by_id_name_and_order(void **state)
{
    (void)state;
    static const struct {
        const char *was[4], *is[4];
        uint64_t expect[4];
    } cases[] = {
        {{"main", "a", "b"}, {"main", "a", "b"}, {10, 11, 12}},
        {{"main", "a", "b"}, {"main", "c", "b"}, {10, 11, 12}},        /* renamed */
        {{"main", "a", "b"}, {"main", "new", "a", "b"}, {10, 12, 13}}, /* one more, first */
        {{"main", "a", "a"}, {"main", "new", "a", "a"}, {10, 12, 13}}, /* ids overlap */
        {{"main", "a", "b"}, {"main", "b"}, {10, 0, 11}},              /* one less */
        {{"main", "a", "a"}, {"main", "a", "a", "a"}, {10, 11, 12}},   /* one more of a kind */
        {{"main", "a", "b"}, {"main", "-", "b"}, {10, 11, 12}},        /* not created yet */
        {{"main", "a", "a"}, {"main", "-", "a", "a"}, {10, 12, 13}},   /* an object more, first */
        {{"main", "a", "b"}, {"main", "b", "a"}, {10, 12, 11}},        /* exchanged */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t was_count = 0, is_count = 0;
        while (was_count < 4 && cases[i].was[was_count]) was_count++;
        while (is_count < 4 && cases[i].is[is_count]) is_count++;
        struct trace_events was = cast(cases[i].was, was_count);
        struct trace_events is = cast(cases[i].is, is_count);
        for (size_t g = 0; g < was_count; g++)
            if (robust_goroutine(&was, &is, 10 + g) != cases[i].expect[g])
                fail_msg("case %zu, goroutine %zu: %d", i, g,
                         (int)robust_goroutine(&was, &is, 10 + g));
        assert_int_equal(robust_goroutine(&was, &is, 99), 99); /* the clock */
    }
}

/* ---- Places ------------------------------------------------------------------------------- */

static void places_are_aligned_by_operations(void **state)
{
    (void)state;
    static const struct {
        const char *was, *is;
        uint32_t place, expect;
    } cases[] = {
        {"slu", "slu", 2, 2},  {"slu", "sxlu", 1, 1},      {"slu", "sxlu", 2, 3},
        {"slu", "sxlu", 3, 4}, {"sxlu", "slu", 3, 2},      {"sxlu", "slu", 2, 1},
        {"slu", "slu", 5, 5},  {"slulu", "slululu", 5, 5}, {"slu", "s", 3, 3},
        {"", "slu", 1, 1},     {"slu", "", 2, 2},          {"slu", "slu", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t place =
            robust_place((const uint8_t *)cases[i].was, strlen(cases[i].was),
                         (const uint8_t *)cases[i].is, strlen(cases[i].is), cases[i].place);
        if (place != cases[i].expect) fail_msg("case %zu: %u", i, (unsigned)place);
    }
}

/* ---- A program that changes ---------------------------------------------------------------- */

enum program_form {
    AS_RECORDED,
    MORE_OPERATIONS,
    MORE_GOROUTINES,
    REPAIRED,
    OTHERWISE,
};
static enum program_form form; /* safe: one test after another */

static struct go_chan *stopped; /* safe: set by each execution */

static void work(void)
{
    struct go_mutex *mutex = go_new(sizeof *mutex);
    go_mutex_lock(mutex);
    go_mutex_unlock(mutex);
}

/* Two look whether the channel is closed, and both close it. */
static void stop(void *unused)
{
    (void)unused;
    if (form == MORE_OPERATIONS) work();
    struct go_case is_stopped[] = {GO_RECV(stopped, NULL)};
    if (go_select_default(is_stopped, 1) == 0) return;
    if (form == REPAIRED) return;
    go_chan_close(stopped);
}

static void unrelated(void *unused) { (void)unused; }

static void program(void)
{
    stopped = go_chan_make(0, 0);
    if (form == OTHERWISE) {
        work();
        return;
    }
    if (form == MORE_OPERATIONS) work();
    if (form == MORE_GOROUTINES) go(unrelated, NULL);
    go(stop, NULL);
    go(stop, NULL);
    work();
}

/* A finding of the program as it was: the first generated input that shows the double close. */
struct finding {
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t size;
    uint64_t digest;
    char signature[TARGET_SIGNATURE_BYTES];
    struct trace_events trace;
};

static bool shows_bug(enum program_form as, const struct finding *f, struct run_result *result)
{
    form = as;
    target_try(f->bytes, f->size, result);
    return result->verdict == VERDICT_BUG;
}

/* One whose bytes alone do not show it in the other form, unless that is the same. */
static void record(struct finding *f, const char *folder, enum program_form other)
{
    struct run_result result;
    char error[ARTIFACT_ERROR_BYTES], path[ARTIFACT_PATH_BYTES + 16];
    struct artifact_place place;
    const struct target_options options = {.name = "program",
                                           .variant = "",
                                           .root = program,
                                           .artifacts = folder,
                                           .program = "./program"};
    target_open(&options);
    for (uint64_t i = 0;; i++) {
        assert_true(i < 1000);
        f->size = input_random(1, i, f->bytes);
        if (other != AS_RECORDED && shows_bug(other, f, &result)) continue;
        if (shows_bug(AS_RECORDED, f, &result)) break;
    }
    f->digest = result.digest;
    report_signature(result.report, f->signature, sizeof f->signature);
    assert_string_equal(f->signature, "close-of-closed-channel--stop");
    assert_true(target_save_described(f->bytes, f->size, false, &place));
    snprintf(path, sizeof path, "%.*s/trace.json", (int)(strlen(place.input) - 6), place.input);
    if (!trace_events_read(path, &f->trace, error, sizeof error)) fail_msg("%s", error);
}

static void replay_as(enum program_form as, struct robust *out)
{
    struct finding f;
    char folder[FORK_PATH_BYTES];
    fork_make_folder(folder);
    record(&f, folder, as);
    form = as;
    robust_replay(&f.trace, f.signature, f.digest, f.bytes, f.size, out);
    trace_events_free(&f.trace);
    fork_remove_folder(folder);
}

static void a_trace_is_read_as_it_was_executed(void **state)
{
    (void)state;
    struct finding f;
    struct trace_events latest;
    struct run_result result;
    char folder[FORK_PATH_BYTES];
    fork_make_folder(folder);
    record(&f, folder, AS_RECORDED);
    target_try(f.bytes, f.size, &result);
    trace_events_latest(&latest);
    assert_int_equal(f.trace.event_count, latest.event_count);
    for (size_t i = 0; i < latest.event_count; i++) {
        const struct trace_event *a = &f.trace.events[i], *b = &latest.events[i];
        assert_true(a->g == b->g && a->place == b->place && a->op == b->op && a->phase == b->phase);
    }
    assert_int_equal(f.trace.goroutine_count, 3);
    assert_string_equal(f.trace.goroutines[0].name, "main");
    assert_string_equal(f.trace.goroutines[1].name, "stop");
    assert_true(f.trace.has_deviations);
    struct deviations expected;
    deviations_of(f.bytes, f.size, &expected);
    assert_int_equal(f.trace.deviation_count, expected.count);
    for (size_t i = 0; i < expected.count; i++) {
        const struct deviation *a = &f.trace.deviations[i], *b = &expected.list[i];
        assert_true(deviation_is_at(a, b) && a->to == b->to && a->op == b->op);
    }
    deviations_free(&expected);
    trace_events_free(&latest);
    trace_events_free(&f.trace);
    fork_remove_folder(folder);
}

static void the_same_program_reproduces(void **state)
{
    (void)state;
    struct robust r;
    replay_as(AS_RECORDED, &r);
    assert_int_equal(r.outcome, ROBUST_REPRODUCED);
    assert_int_equal(r.result.verdict, VERDICT_BUG);
    assert_int_equal(r.event, 0);
}

static void operations_more_reproduce_and_are_named(void **state)
{
    (void)state;
    struct robust r;
    replay_as(MORE_OPERATIONS, &r);
    assert_int_equal(r.outcome, ROBUST_DIVERGED);
    assert_false(r.by_bytes);
    assert_int_equal(r.result.verdict, VERDICT_BUG);
    assert_true(r.event > 0);
    assert_non_null(strstr(r.found, "sync.Mutex.Lock of "));
}

static void a_goroutine_more_reproduces(void **state)
{
    (void)state;
    struct robust r;
    replay_as(MORE_GOROUTINES, &r);
    assert_int_equal(r.outcome, ROBUST_DIVERGED);
    assert_false(r.by_bytes);
    assert_int_equal(r.result.verdict, VERDICT_BUG);
    assert_true(r.event > 0);
}

static void a_repaired_program_has_the_bug_no_more(void **state)
{
    (void)state;
    struct robust r;
    replay_as(REPAIRED, &r);
    assert_true(r.outcome == ROBUST_GONE || r.outcome == ROBUST_LOST);
    assert_int_equal(r.result.verdict, VERDICT_PASS);
    assert_true(r.event > 0);
    assert_string_not_equal(r.expected, r.found);
}

static void another_program_is_lost_where_it_differs(void **state)
{
    (void)state;
    struct robust r;
    replay_as(OTHERWISE, &r);
    assert_int_equal(r.outcome, ROBUST_LOST);
    assert_int_equal(r.event, 2);
    assert_non_null(strstr(r.expected, " (its event "));
    assert_string_equal(r.found, "sync.Mutex.Lock of main (its event 2)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_is_the_first_event_that_is_another_one),
        cmocka_unit_test(goroutines_are_found_by_id_name_and_order),
        cmocka_unit_test(places_are_aligned_by_operations),
        cmocka_unit_test(a_trace_is_read_as_it_was_executed),
        cmocka_unit_test(the_same_program_reproduces),
        cmocka_unit_test(operations_more_reproduce_and_are_named),
        cmocka_unit_test(a_goroutine_more_reproduces),
        cmocka_unit_test(a_repaired_program_has_the_bug_no_more),
        cmocka_unit_test(another_program_is_lost_where_it_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
