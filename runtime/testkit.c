// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Enumeration, scripts, and sets of outcomes for tests. Invariants in testkit.h.
 *
 * The enumeration is plain depth-first search over the answers of choose(), without any reduction:
 * slow, and too simple to be wrong in the way that what it tests might be. */
#include "testkit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

/* A global of the program under test: empty when an execution begins, whoever runs it and why. */
static struct {
    char text[TESTKIT_SAID_BYTES];
    size_t used;
} said __attribute__((section("heddle_data"))); /* safe: one execution at a time */

void testkit_say(const char *format, ...)
{
    size_t room = sizeof said.text - said.used;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(said.text + said.used, room, format, arguments);
    va_end(arguments);
    if (n < 0) return;
    if ((size_t)n < room) {
        said.used += (size_t)n;
        return;
    }
    said.used = sizeof said.text - 1;
    said.text[said.used - 1] = '~';
}

const char *testkit_said(void) { return said.text; }

/* ---- Scripts ------------------------------------------------------------------------------ */

struct script {
    struct policy policy;
    const size_t *answers;
    size_t count;
    size_t used;
};

static void begin_script(struct policy *self) { ((struct script *)self)->used = 0; }

static size_t choose_script(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)kind, (void)c;
    struct script *script = (struct script *)self;
    if (script->used == script->count) return 0;
    size_t i = script->answers[script->used++];
    return i < n ? i : n - 1;
}

/* cmocka puts its own handlers of signals in place before each test; the runtime's, installed by
 * the first execution of the process, belong there while programs run. */
static void keep_handlers(bool known)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    enum { COUNT = sizeof signals / sizeof signals[0] };
    static struct sigaction of_runtime[COUNT]; /* safe: tests run one after the other */
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(signals[i], known ? &of_runtime[i] : NULL, known ? NULL : &of_runtime[i]);
}

void testkit_execute(void (*root)(void), struct policy *policy, const struct run_options *options,
                     struct run_result *result, bool *more)
{
    static bool known; /* safe: likewise */
    if (known) keep_handlers(true);
    run_execute(root, policy, options, result, more);
    if (!known) keep_handlers(false);
    known = true;
}

static enum grain grain; /* safe: tests run one after the other */

struct run_result *testkit_scripted(void (*root)(void), const struct run_options *options,
                                    const size_t *answers, size_t count, struct run_result *result)
{
    struct script script = {.policy = {.name = "script",
                                       .blind = true,
                                       .grain = grain,
                                       .begin = begin_script,
                                       .choose = choose_script},
                            .answers = answers,
                            .count = count};
    testkit_execute(root, &script.policy, options, result, NULL);
    return result;
}

struct run_result *testkit_natural(void (*root)(void), const struct run_options *options,
                                   struct run_result *result)
{
    return testkit_scripted(root, options, NULL, 0, result);
}

/* ---- Enumeration -------------------------------------------------------------------------- */

/* path[0..depth) are the answers of the running execution; the first `planned` are prescribed. */
struct enumeration {
    struct policy policy;
    size_t depth;
    size_t planned;
    bool too_deep; /* an execution had more choices than path has room for */
    struct {
        size_t index;
        size_t n;
    } path[TESTKIT_DEPTH_MAX];
};

static void begin_enumeration(struct policy *self) { ((struct enumeration *)self)->depth = 0; }

static size_t choose_enumeration(struct policy *self, enum choice_kind kind,
                                 const struct candidate *c, size_t n)
{
    (void)kind, (void)c;
    struct enumeration *e = (struct enumeration *)self;
    if (e->depth == TESTKIT_DEPTH_MAX) {
        e->too_deep = true;
        return 0;
    }
    size_t i = e->depth++;
    if (i < e->planned)
        rt_assert(e->path[i].n == n);
    else
        e->path[i].index = 0;
    e->path[i].n = n;
    return e->path[i].index;
}

/* Prescribe the next path; false after the last one. */
static bool end_enumeration(struct policy *self)
{
    struct enumeration *e = (struct enumeration *)self;
    rt_assert(e->depth >= e->planned);
    while (e->depth && e->path[e->depth - 1].index + 1 == e->path[e->depth - 1].n) e->depth--;
    e->planned = e->depth;
    if (!e->depth) return false;
    e->path[e->depth - 1].index++;
    return true;
}

static struct enumeration enumeration = {.policy = {.name = "testkit",
                                                    .blind = true,
                                                    .begin = begin_enumeration,
                                                    .choose = choose_enumeration,
                                                    .end = end_enumeration}};

void testkit_set_grain(enum grain wanted)
{
    grain = wanted;
    enumeration.policy.grain = wanted;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_outcome(const struct testkit_outcome *a, const struct testkit_outcome *b)
{
    return a->verdict == b->verdict && a->type == b->type && a->observed == b->observed &&
           same_text(a->limit, b->limit) && same_text(a->said, b->said);
}

static void count_outcome(struct testkit_outcomes *out, const struct testkit_outcome *outcome)
{
    for (size_t i = 0; i < out->count; i++) {
        if (!same_outcome(&out->items[i], outcome)) continue;
        out->items[i].count++;
        return;
    }
    if (out->count == TESTKIT_OUTCOMES_MAX) {
        out->incomplete = "more outcomes than TESTKIT_OUTCOMES_MAX";
        return;
    }
    out->items[out->count] = *outcome;
    out->items[out->count++].count = 1;
}

/* One step of the enumeration; false when it is over. */
static bool next_execution(void (*root)(void), const struct run_options *options,
                           struct run_result *result, struct testkit_outcomes *out)
{
    bool more;
    run_execute(root, &enumeration.policy, options, result, &more);
    struct testkit_outcome outcome;
    testkit_outcome_of(result, &outcome);
    count_outcome(out, &outcome);
    out->executions++;
    out->events += result->events;
    if (!more) return false;
    if (out->executions >= TESTKIT_EXECUTIONS_MAX) out->incomplete = "TESTKIT_EXECUTIONS_MAX";
    if (out->events >= TESTKIT_EVENTS_MAX) out->incomplete = "TESTKIT_EVENTS_MAX";
    if (enumeration.too_deep) out->incomplete = "TESTKIT_DEPTH_MAX";
    return !out->incomplete;
}

static void begin_outcomes(struct testkit_outcomes *out)
{
    out->count = 0;
    out->executions = 0;
    out->events = 0;
    out->incomplete = NULL;
    enumeration.planned = 0;
    enumeration.too_deep = false;
}

size_t testkit_all(void (*root)(void), const struct run_options *options,
                   struct testkit_outcomes *out)
{
    struct run_result result;
    uint64_t natural_digest = testkit_natural(root, options, &result)->digest;
    begin_outcomes(out);
    bool more = next_execution(root, options, &result, out);
    rt_assert(result.digest == natural_digest);
    while (more) more = next_execution(root, options, &result, out);
    return out->count;
}

static struct testkit_outcomes scratch; /* safe: one enumeration at a time; too large for a stack */

bool testkit_find(void (*root)(void), const struct run_options *options, const char *outcome,
                  struct run_result *result)
{
    testkit_natural(root, options, result); /* for the handlers */
    begin_outcomes(&scratch);
    for (bool more = true; more;) {
        more = next_execution(root, options, result, &scratch);
        struct testkit_outcome seen;
        char text[TESTKIT_TEXT_BYTES];
        testkit_outcome_of(result, &seen);
        testkit_text(&seen, text);
        if (strcmp(text, outcome) == 0) return true;
    }
    (void)fprintf(stderr, "no schedule leads to \"%s\"\n", outcome);
    testkit_print(&scratch);
    return false;
}

/* ---- Words -------------------------------------------------------------------------------- */

void testkit_outcome_of(const struct run_result *result, struct testkit_outcome *out)
{
    *out = (struct testkit_outcome){.verdict = result->verdict,
                                    .type = result->report ? result->report->type : REPORT_NONE,
                                    .limit = result->limit,
                                    .observed = result->observed};
    memcpy(out->said, said.text, sizeof out->said);
}

void testkit_text(const struct testkit_outcome *outcome, char out[TESTKIT_TEXT_BYTES])
{
    const char *verdict = "pass";
    char limit[64];
    if (outcome->verdict == VERDICT_BUG) verdict = report_type_info(outcome->type)->text;
    if (outcome->verdict == VERDICT_INCONCLUSIVE) {
        (void)snprintf(limit, sizeof limit, "inconclusive: %s", outcome->limit);
        verdict = limit;
    }
    char observed[32] = "";
    if (outcome->observed)
        (void)snprintf(observed, sizeof observed, " observed=%" PRIx64, outcome->observed);
    (void)snprintf(out, TESTKIT_TEXT_BYTES, "%s%s%s%s", outcome->said, outcome->said[0] ? " " : "",
                   verdict, observed);
}

void testkit_print(const struct testkit_outcomes *seen)
{
    (void)fprintf(stderr, "seen in %" PRIu64 " executions%s%s:\n", seen->executions,
                  seen->incomplete ? ", incomplete: " : "",
                  seen->incomplete ? seen->incomplete : "");
    for (size_t i = 0; i < seen->count; i++) {
        char text[TESTKIT_TEXT_BYTES];
        testkit_text(&seen->items[i], text);
        (void)fprintf(stderr, "  \"%s\"  x %" PRIu64 "\n", text, seen->items[i].count);
    }
}

static bool is_expected(const struct testkit_outcome *outcome, const char *const *expected)
{
    char text[TESTKIT_TEXT_BYTES];
    testkit_text(outcome, text);
    for (; *expected; expected++)
        if (strcmp(*expected, text) == 0) return true;
    (void)fprintf(stderr, "not expected: \"%s\"\n", text);
    return false;
}

static bool is_seen(const struct testkit_outcomes *seen, const char *expected)
{
    for (size_t i = 0; i < seen->count; i++) {
        char text[TESTKIT_TEXT_BYTES];
        testkit_text(&seen->items[i], text);
        if (strcmp(expected, text) == 0) return true;
    }
    (void)fprintf(stderr, "missing: \"%s\"\n", expected);
    return false;
}

bool testkit_equal(const struct testkit_outcomes *seen, const char *const *expected)
{
    bool equal = !seen->incomplete;
    for (size_t i = 0; i < seen->count; i++)
        if (!is_expected(&seen->items[i], expected)) equal = false;
    for (; *expected; expected++)
        if (!is_seen(seen, *expected)) equal = false;
    if (!equal) testkit_print(seen);
    return equal;
}

bool testkit_expect(void (*root)(void), const struct run_options *options,
                    const char *const *expected)
{
    (void)testkit_all(root, options, &scratch);
    return testkit_equal(&scratch, expected);
}

void testkit_test_outcomes(void **claim)
{
    const struct testkit_claim *c = *claim;
    assert_true(testkit_expect(c->root, c->options, c->expected));
}

void testkit_test_natural(void **claim)
{
    const struct testkit_claim *c = *claim;
    struct run_result result;
    testkit_natural(c->root, c->options, &result);
    struct testkit_outcome outcome;
    char text[TESTKIT_TEXT_BYTES];
    testkit_outcome_of(&result, &outcome);
    testkit_text(&outcome, text);
    assert_string_equal(text, c->expected[0]);
}
