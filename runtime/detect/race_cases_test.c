// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Every case of detect/cases: expect and never, in each grain. One cmocka test for a case.
 *
 *   race_cases_test [PATTERN [RUNS]]     cases whose name matches; how often each runs at random
 *
 * A case runs naturally and at random in each grain, and under every schedule of grain sync if they
 * are not more than ENUMERATED_MAX. Enumeration and random choice are the test's own: what policies
 * of the fuzzer reach is the gates' affair.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../access.h"
#include "../testkit.h"
#include "cases/case.h"

enum { CASES_MAX = 512, RANDOM_RUNS = 1000, TWICE_RUNS = 20, ENUMERATED_MAX = 1500 };

static const struct race_case *cases[CASES_MAX];
static size_t case_count;
static uint64_t random_runs = RANDOM_RUNS;
static uint64_t executions;

void case_register(const struct race_case *c)
{
    rt_assert(case_count < CASES_MAX);
    cases[case_count++] = c;
}

/* ---- Policies ------------------------------------------------------------------------------ */

static size_t choose_first(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 0;
}

/* Uniform among the candidates, by a seed. */
struct random {
    struct policy policy;
    uint64_t seed;
    uint64_t state;
};

static void begin_random(struct policy *self)
{
    struct random *random = (struct random *)self;
    random->state = random->seed;
}

static size_t choose_random(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)kind, (void)c;
    struct random *random = (struct random *)self;
    random->state = mix64(random->state, 1);
    return (size_t)((random->state >> 32) * n >> 32);
}

/* Depth first, every answer. answers[0 .. planned) are prescribed. */
enum { DEPTH_MAX = 256 };
struct walk {
    struct policy policy;
    size_t depth;
    size_t planned;
    bool too_deep;
    size_t answers[DEPTH_MAX];
    size_t counts[DEPTH_MAX];
};

static void begin_walk(struct policy *self) { ((struct walk *)self)->depth = 0; }

static size_t choose_walk(struct policy *self, enum choice_kind kind, const struct candidate *c,
                          size_t n)
{
    (void)kind, (void)c;
    struct walk *walk = (struct walk *)self;
    if (walk->depth == DEPTH_MAX) {
        walk->too_deep = true; /* a loop that polls */
        return 0;
    }
    size_t i = walk->depth++;
    if (i >= walk->planned) walk->answers[i] = 0;
    walk->counts[i] = n;
    return walk->answers[i];
}

static bool end_walk(struct policy *self)
{
    struct walk *walk = (struct walk *)self;
    size_t depth = walk->depth;
    while (depth && walk->answers[depth - 1] + 1 == walk->counts[depth - 1]) depth--;
    walk->planned = depth;
    if (!depth) return false;
    walk->answers[depth - 1]++;
    return true;
}

/* ---- What one execution must be ------------------------------------------------------------- */

static const char *const grain_names[] = {"sync", "shared", "all"};

static bool is_expected(const struct race_case *c, const char *signature)
{
    for (size_t i = 0; i < CASE_EXPECT_MAX && c->expect[i]; i++)
        if (strcmp(c->expect[i], signature) == 0) return true;
    return false;
}

static bool is_access(const struct case_access *expected, const struct report_access *seen)
{
    if (!expected->kind) return true;
    return (expected->kind == 'W') == seen->writes && expected->bytes == seen->bytes;
}

static bool is_pair(const struct race_case *c, const struct report *r)
{
    const struct case_access *pair = c->pair;
    return (is_access(&pair[0], &r->access) && is_access(&pair[1], &r->previous)) ||
           (is_access(&pair[1], &r->access) && is_access(&pair[0], &r->previous));
}

/* A report must be complete: two stacks, two accesses, and no word of doubt. */
static const char *wrong_in_race(const struct race_case *c, const struct report *r)
{
    if (!r->first.count) return "the stack of the access is empty";
    if (!r->previous_trace.count) return "the stack of the previous access is empty";
    if (!r->access.bytes || !r->previous.bytes) return "an access without size";
    if (r->access.address + r->access.bytes <= r->previous.address ||
        r->previous.address + r->previous.bytes <= r->access.address)
        return "accesses without a byte in common";
    if (r->access.goroutine == r->previous.goroutine) return "one goroutine raced with itself";
    if (!r->access.writes && !r->previous.writes) return "two reads";
    for (size_t i = 0; i < r->note_count; i++)
        if (strstr(r->notes[i], "executed again")) return "the second execution went another way";
    return is_pair(c, r) ? NULL : "other accesses than the case has";
}

static void print_report(const struct run_result *result)
{
    static const struct report_style style = {.stable = true};
    report_print_text(stderr, result->report, &style);
    const struct report_access *a = &result->report->access;
    const struct report_access *b = &result->report->previous;
    (void)fprintf(stderr, "%s %zu bytes, previously %s %zu bytes\n", a->writes ? "write" : "read",
                  a->bytes, b->writes ? "write" : "read", b->bytes);
}

/* True if the execution reported what is expected; anything else but silence fails the test. */
static bool judge(const struct race_case *c, const struct run_result *result, const char *how)
{
    executions++;
    if (result->verdict == VERDICT_PASS) return false;
    const char *wrong = NULL;
    char signature[256] = "";
    if (result->verdict == VERDICT_INCONCLUSIVE) {
        wrong = result->limit;
    } else {
        report_signature(result->report, signature, sizeof signature);
        if (c->miss)
            wrong = "a known miss was found: it is none any more";
        else if (!is_expected(c, signature))
            wrong = "not expected";
        else if (result->report->type == REPORT_DATA_RACE)
            wrong = wrong_in_race(c, result->report);
    }
    if (!wrong) return true;
    (void)fprintf(stderr, "%s: %s: %s: %s %s\n", c->file, c->name, how, wrong, signature);
    if (result->report) print_report(result);
    fail();
    return false;
}

/* ---- One case -------------------------------------------------------------------------------- */

static void check_natural(const struct race_case *c, const struct run_options *options,
                          enum grain grain)
{
    struct policy natural = {
        .name = "natural", .blind = true, .grain = grain, .choose = choose_first};
    struct run_result result;
    testkit_execute(c->root, &natural, options, &result, NULL);
    bool found = judge(c, &result, "natural");
    if (found == (c->expect[0] && !c->natural_is_silent)) return;
    print_error("natural, grain %s: %s\n", grain_names[grain], found ? "reported" : "silent");
    fail();
}

static void check_random(const struct race_case *c, const struct run_options *options,
                         enum grain grain)
{
    struct random random = {.policy = {.name = "random",
                                       .blind = true,
                                       .grain = grain,
                                       .begin = begin_random,
                                       .choose = choose_random}};
    uint64_t found = 0;
    for (uint64_t run = 1; run <= random_runs; run++) {
        random.seed = mix64(run, 0);
        struct run_result result;
        struct run_result again;
        testkit_execute(c->root, &random.policy, options, &result, NULL);
        found += judge(c, &result, grain_names[grain]);
        if (run > TWICE_RUNS) continue;
        uint64_t digest = result.digest;
        testkit_execute(c->root, &random.policy, options, &again, NULL);
        assert_true(digest == again.digest);
    }
    bool always = !c->not_always && !c->natural_is_silent;
    bool enough = always ? found == random_runs : found || !c->natural_is_silent;
    if (c->expect[0] && !enough) {
        print_error("grain %s: reported in %zu of %zu random executions\n", grain_names[grain],
                    (size_t)found, (size_t)random_runs);
        fail();
    }
}

static size_t enumerated; /* cases whose every schedule was run */

static void check_every(const struct race_case *c, const struct run_options *options)
{
    static struct walk walk; /* safe: one case at a time */
    walk = (struct walk){.policy = {.name = "walk",
                                    .blind = true,
                                    .begin = begin_walk,
                                    .choose = choose_walk,
                                    .end = end_walk}};
    bool more = true;
    size_t found = 0;
    size_t count = 0;
    for (; more && !walk.too_deep && count < ENUMERATED_MAX; count++) {
        struct run_result result;
        testkit_execute(c->root, &walk.policy, options, &result, &more);
        found += judge(c, &result, "every schedule");
    }
    if (!more && !walk.too_deep) enumerated++;
    if (c->expect[0] && !c->not_always && !c->natural_is_silent) assert_true(found == count);
}

static void check_case(void **state)
{
    const struct race_case *c = *state;
    const struct run_options options = {.go123_timers = c->go123_timers};
    for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
        check_natural(c, &options, grain);
        check_random(c, &options, grain);
    }
    check_every(c, &options);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void there_are_cases_of_each_kind(void **state)
{
    (void)state;
    size_t expect = 0;
    size_t miss = 0;
    for (size_t i = 0; i < case_count; i++) {
        if (cases[i]->expect[0]) expect++;
        if (cases[i]->miss) miss++;
        for (size_t j = 0; j < i; j++) assert_string_not_equal(cases[i]->name, cases[j]->name);
    }
    print_message("%zu cases: %zu expect, %zu never, %zu miss; %zu in every schedule; "
                  "%zu executions\n",
                  case_count, expect, case_count - expect - miss, miss, enumerated,
                  (size_t)executions);
    assert_true(case_count >= 300);
    assert_true(enumerated > case_count * 3 / 4);
}

int main(int count, char **arguments)
{
    static struct CMUnitTest tests[CASES_MAX + 1];
    if (count > 1) cmocka_set_test_filter(arguments[1]);
    if (count > 2) random_runs = strtoull(arguments[2], NULL, 10);
#ifdef HEDDLE_NOT_INSTRUMENTED
    print_message("programs are not instrumented together with AddressSanitizer\n");
    return 0;
#endif
    rt_assert(access_state.instrumented);
    for (size_t i = 0; i < case_count; i++)
        tests[i] = (struct CMUnitTest){.name = cases[i]->name,
                                       .test_func = check_case,
                                       .initial_state = (void *)(uintptr_t)cases[i]};
    tests[case_count] = (struct CMUnitTest){.name = "there_are_cases_of_each_kind",
                                            .test_func = there_are_cases_of_each_kind};
    return _cmocka_run_group_tests("race cases", tests, case_count + 1, NULL, NULL);
}
