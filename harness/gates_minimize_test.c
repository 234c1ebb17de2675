// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: what minimizing promises, for every kernel. Findings of other policies, seeds and grains
 * come to one small, 1-minimal schedule; and where that has preemptions, another enumeration, which
 * shares no code with the search, finds the bug in no schedule with fewer.
 *
 *   gates_minimize_test [--share=N]
 *
 * `heddle bench minimize` is the same with more findings, as a table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_minimize.h"
#include "cli.h"
#include "gates_testkit.h"
#include "input.h"
#include "minimize.h"
#include "policies.h"
#include "report/report.h"
#include "target.h"
#include "testkit.h"

enum { RUNS_MAX = 20000, DEVIATIONS_MAX = 3, BYTES_MAX = 16, EVENTS_MAX = 400000 };

static const struct finding_kind {
    const char *policy;
    enum grain grain;
    uint64_t seed;
} kinds[] = {
    {"random", GRAIN_SYNC, 1},
    {"random", GRAIN_SYNC, 2},
    {"pct", GRAIN_SYNC, 3},
    {"random", GRAIN_SHARED, 4},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void open_kernel(const struct kernel *k)
{
    struct target_options options = {0};
    cli_target_of(k, &options);
    target_open(&options);
}

static void check_result(const struct kernel *k, const struct minimized *result)
{
    char signature[TARGET_SIGNATURE_BYTES], error[256];
    struct run_result run;
    struct minimized again;
    target_try(result->bytes, result->size, &run);
    if (run.verdict != VERDICT_BUG) fail_msg("%s: minimized, it shows no bug", k->name);
    report_signature(run.report, signature, sizeof signature);
    assert_string_equal(signature, result->signature);
    assert_int_equal(run.preemptions, result->preemptions);
    if (!result->proved) fail_msg("%s: not 1-minimal", k->name);
    if (result->deviations > DEVIATIONS_MAX || result->size > BYTES_MAX)
        fail_msg("%s: %zu deviations, %zu bytes", k->name, result->deviations, result->size);
    if (!result->complete) return;
    assert_true(minimize(result->bytes, result->size, NULL, &again, error, sizeof error));
    assert_int_equal(again.size, result->size);
    if (result->size) assert_memory_equal(again.bytes, result->bytes, result->size);
    free(again.bytes);
}

/* One finding, minimized, in *result; false if there is none. */
static bool minimize_one(const struct kernel *k, const struct finding_kind *kind,
                         const char *signature, struct minimized *result)
{
    struct finding_search search = {
        .policy = kind->policy, .grain = kind->grain, .seed = kind->seed, .runs = RUNS_MAX};
    char error[256];
    uint8_t *bytes;
    size_t size;
    if (signature) snprintf(search.signature, sizeof search.signature, "%s", signature);
    if (!finding_search(&search, &bytes, &size)) return false;
    if (!minimize(bytes, size, NULL, result, error, sizeof error))
        fail_msg("%s: %s", k->name, error);
    free(bytes);
    assert_string_equal(result->signature, search.signature);
    return true;
}

static void findings_of_a_bug_come_to_one_small_schedule(void **state)
{
    (void)state;
    size_t minimized_count = 0, kernel_count = 0;
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss || !gate_has(k)) continue;
        struct minimized first = {0}, result;
        open_kernel(k);
        size_t kind_count = gate_is_shared() ? 1 : KINDS;
        for (size_t i = 0; i < kind_count; i++) {
            const char *signature = first.bytes ? first.signature : NULL;
            if (!minimize_one(k, &kinds[i], signature, &result)) continue;
            minimized_count++;
            check_result(k, &result);
            if (!first.bytes) {
                first = result;
                continue;
            }
            bool same =
                result.size == first.size && memcmp(result.bytes, first.bytes, first.size) == 0;
            if (!same && first.complete && result.complete)
                fail_msg("%s: finding %zu comes to another schedule", k->name, i);
            free(result.bytes);
        }
        if (!first.bytes && !gate_is_shared()) fail_msg("%s: no finding", k->name);
        free(first.bytes);
        kernel_count++;
    }
    print_message("minimize: %zu findings of %zu kernels\n", minimized_count, kernel_count);
}

/* ---- Every schedule with few preemptions ----------------------------------------------------- */

/* Depth first; where the running goroutine could go on and no preemption is left, it does, or the
 * clock comes. */
struct bounded {
    struct policy policy;
    size_t bound;
    size_t preemptions;
    uint32_t running; /* G number of who executed the latest event, without the clock */
    bool parked;
    struct branch {
        size_t index, n; /* among what is allowed */
    } * path;
    size_t depth, planned, capacity;
};

static void begin_bounded(struct policy *self)
{
    struct bounded *b = (struct bounded *)self;
    b->depth = 0;
    b->preemptions = 0;
    b->running = 0;
    b->parked = false;
}

static size_t next_branch(struct bounded *b, size_t n)
{
    if (b->depth < b->planned) {
        assert_int_equal(b->path[b->depth].n, n);
        return b->path[b->depth++].index;
    }
    if (b->depth == b->capacity) {
        b->capacity = 2 * b->capacity + 64;
        b->path = policy_realloc(b->path, b->capacity * sizeof b->path[0]);
    }
    b->path[b->depth++] = (struct branch){.n = n};
    return 0;
}

static size_t choose_bounded(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    struct bounded *b = (struct bounded *)self;
    if (kind == CHOICE_DATA) return 0;
    bool goes_on = kind == CHOICE_RUN && !b->parked && c[0].id == b->running;
    bool has_clock = kind == CHOICE_RUN && c[n - 1].id == CLOCK_ID;
    if (goes_on && b->preemptions == b->bound)
        return has_clock && next_branch(b, 2) == 1 ? n - 1 : 0;
    size_t index = next_branch(b, n);
    b->preemptions += goes_on && index > 0 && !(has_clock && index == n - 1);
    return index;
}

static void executed_bounded(struct policy *self, const struct event *event)
{
    struct bounded *b = (struct bounded *)self;
    if (event->goroutine == CLOCK_ID) return;
    b->running = event->goroutine;
    b->parked = event->phase == PHASE_ARRIVE;
}

static bool end_bounded(struct policy *self)
{
    struct bounded *b = (struct bounded *)self;
    b->planned = b->depth;
    while (b->planned > 0 && b->path[b->planned - 1].index + 1 == b->path[b->planned - 1].n)
        b->planned--;
    if (b->planned == 0) return false;
    b->path[b->planned - 1].index++;
    return true;
}

enum enumeration { NOT_FOUND, FOUND, CUT };

static enum enumeration enumerate(const struct kernel *k, size_t bound, const char *signature)
{
    struct bounded b = {.policy = {.name = "bounded",
                                   .begin = begin_bounded,
                                   .choose = choose_bounded,
                                   .executed = executed_bounded,
                                   .end = end_bounded},
                        .bound = bound};
    char found[TARGET_SIGNATURE_BYTES];
    enum enumeration outcome = CUT;
    bool more = true;
    for (uint64_t events = 0; events < EVENTS_MAX && outcome == CUT;) {
        struct run_result result;
        run_execute(k->main, &b.policy, &target_options()->run, &result, &more);
        events += result.events;
        bool fair = result.events > RUN_MAX_STEPS; /* decided by nobody */
        if (!fair) assert_int_equal(result.preemptions, b.preemptions);
        if (!more) outcome = NOT_FOUND;
        if (result.verdict != VERDICT_BUG || fair) continue;
        report_signature(result.report, found, sizeof found);
        if (strcmp(found, signature) == 0) outcome = FOUND;
    }
    free(b.path);
    return outcome;
}

/* The slides' bugs among them; and the enumeration finds each bug where it may preempt as often. */
/* Those that people are shown first: here the enumeration has to be complete. */
static bool is_slide(const struct kernel *k)
{
    static const char *const names[] = {"kubernetes_5316", "moby_21692", "moby_22985",
                                        "moby_24007",      "moby_25384", "moby_27037"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(k->name, names[i]) == 0) return true;
    return strncmp(k->name, "slide_", strlen("slide_")) == 0;
}

static void no_schedule_with_fewer_preemptions_shows_the_bug(void **state)
{
    (void)state;
    size_t fewest = 0, complete = 0;
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss || !gate_has(k)) continue;
        struct minimized result;
        open_kernel(k);
        if (!minimize_one(k, &kinds[0], NULL, &result) &&
            !minimize_one(k, &kinds[2], NULL, &result)) {
            assert_false(is_slide(k));
            continue;
        }
        struct input in = input_decode(result.bytes, result.size);
        if (in.grain == GRAIN_SYNC && in.data_bytes == 0 && result.preemptions > 0 &&
            result.events <= RUN_MAX_STEPS) {
            enum enumeration fewer = enumerate(k, result.preemptions - 1, result.signature);
            if (fewer == FOUND) fail_msg("%s: fewer preemptions show it too", k->name);
            if (is_slide(k)) assert_int_equal(fewer, NOT_FOUND);
            complete += fewer == NOT_FOUND;
            fewest++;
        } else if (is_slide(k)) {
            assert_int_equal(result.preemptions, 0);
        }
        free(result.bytes);
    }
    print_message("minimize: %zu results with preemptions, %zu shown to have the fewest\n", fewest,
                  complete);
    assert_true(complete > 0);
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_of_a_bug_come_to_one_small_schedule),
        cmocka_unit_test(no_schedule_with_fewer_preemptions_shows_the_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
