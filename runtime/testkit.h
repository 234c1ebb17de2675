// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of the runtime share: run a small program under every schedule, and say exactly
 * what can happen. Compiled into tests, no part of the library; brings cmocka with it.
 *
 *   static void two_senders_meet_in_either_order(void) { ... testkit_say("%d", x); ... }
 *   ...
 *   const struct CMUnitTest tests[] = {
 *       outcomes_test(two_senders_meet_in_either_order, "12 pass", "21 pass"),
 *       cmocka_unit_test(anything_else),
 *   };
 *
 * An outcome in words is what the program said in this execution, one blank, and the verdict:
 * "pass", the text of the report's type ("deadlock"), or "inconclusive: max_steps"; where
 * go_observe was called, its mix follows as " observed=<hex>". A program that says nothing gives
 * the verdict alone.
 *
 * Invariants
 * - Nothing is asserted inside an execution: programs say or record, tests compare afterwards.
 * - An enumeration that was cut short is not complete, and assert_outcomes fails on it.
 * - Enumeration answers choose() alone: that the same answers lead to the same n, and the empty
 *   script to the digest of the natural schedule, is asserted on the way.
 */
#ifndef HEDDLE_TESTKIT_H
#define HEDDLE_TESTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs all of these before it */

#include "run.h"

enum {
    TESTKIT_OUTCOMES_MAX = 128,       /* different ones of one program */
    TESTKIT_SAID_BYTES = 96,          /* of one execution; more is cut, and the cut shows as "~" */
    TESTKIT_TEXT_BYTES = 192,         /* of one outcome in words */
    TESTKIT_DEPTH_MAX = 4096,         /* choices with several candidates in one execution */
    TESTKIT_EXECUTIONS_MAX = 1000000, /* budget of one enumeration */
    TESTKIT_EVENTS_MAX = 20000000,    /* likewise */
};

struct testkit_outcome {
    enum verdict verdict;
    enum report_type type; /* REPORT_NONE unless VERDICT_BUG */
    const char *limit;     /* NULL unless VERDICT_INCONCLUSIVE */
    uint64_t observed;     /* run_result.observed */
    char said[TESTKIT_SAID_BYTES];
    uint64_t count; /* schedules that led to it */
};

struct testkit_outcomes {
    struct testkit_outcome items[TESTKIT_OUTCOMES_MAX]; /* in order of discovery */
    size_t count;
    uint64_t executions;
    uint64_t events;
    const char *incomplete; /* NULL: every schedule was run; else what cut the enumeration */
};

/* ---- In the program under test ------------------------------------------------------------- */

/* Append to what this execution says. printf-like; no scheduling point. */
void testkit_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What the running or latest execution said. */
const char *testkit_said(void);

/* ---- Policies ------------------------------------------------------------------------------ */

/* run_execute, with the runtime's signal handlers in place though cmocka has its own: tests start
 * every execution here or by what follows. */
void testkit_execute(void (*root)(void), struct policy *policy, const struct run_options *options,
                     struct run_result *result, bool *more);

/* The grain of the executions that follow; GRAIN_SYNC at first. */
void testkit_set_grain(enum grain wanted);

/* Answers 0 to everything: the natural schedule, data 0. Returns result for use in expressions. */
struct run_result *testkit_natural(void (*root)(void), const struct run_options *options,
                                   struct run_result *result);

/* Give these answers, in order, to the choices that have several candidates (CHOICE_DATA included;
 * an answer that is too large becomes the last candidate), 0 after them. */
struct run_result *testkit_scripted(void (*root)(void), const struct run_options *options,
                                    const size_t *answers, size_t count, struct run_result *result);

/* Run root under every schedule, depth first. options may be NULL. Returns out->count; look at
 * out->incomplete. */
size_t testkit_all(void (*root)(void), const struct run_options *options,
                   struct testkit_outcomes *out);

/* Run schedules in the same order until one has this outcome in words (result->report stays valid);
 * false if there is none within the budget. */
bool testkit_find(void (*root)(void), const struct run_options *options, const char *outcome,
                  struct run_result *result);

/* ---- Outcomes in words --------------------------------------------------------------------- */

/* The outcome of the latest execution. */
void testkit_outcome_of(const struct run_result *result, struct testkit_outcome *out);
void testkit_text(const struct testkit_outcome *outcome, char out[TESTKIT_TEXT_BYTES]);

/* Is the set exactly this one (in any order, ended by NULL), and complete? If not, prints what is
 * missing, what was not expected, and all that was seen. */
bool testkit_equal(const struct testkit_outcomes *seen, const char *const *expected);
/* Print all outcomes with their counts to stderr. */
void testkit_print(const struct testkit_outcomes *seen);

/* testkit_all and testkit_equal in one. */
bool testkit_expect(void (*root)(void), const struct run_options *options,
                    const char *const *expected);

/* ---- Entries of cmocka's table -------------------------------------------------------------- */

/* A program and what can happen: a set, ended by NULL. */
struct testkit_claim {
    void (*root)(void);
    const struct run_options *options;
    const char *const *expected;
};
void testkit_test_outcomes(void **claim);
void testkit_test_natural(void **claim);

#define TESTKIT_ENTRY(function, root, options, ...)                                                \
    {                                                                                              \
#root, function, NULL, NULL, &(struct testkit_claim)                                       \
        {                                                                                          \
            (root), (options), (const char *const[]) { __VA_ARGS__, NULL }                         \
        }                                                                                          \
    }
/* Over all schedules, root has exactly these outcomes. The name of root is the claim. */
#define outcomes_test(root, ...) TESTKIT_ENTRY(testkit_test_outcomes, root, NULL, __VA_ARGS__)
#define outcomes_test_under(root, options, ...)                                                    \
    TESTKIT_ENTRY(testkit_test_outcomes, root, options, __VA_ARGS__)
/* In the natural schedule, the outcome is this one. */
#define natural_test(root, outcome) TESTKIT_ENTRY(testkit_test_natural, root, NULL, outcome)
#define natural_test_under(root, options, outcome)                                                 \
    TESTKIT_ENTRY(testkit_test_natural, root, options, outcome)

/* The same inside a test. */
#define assert_outcomes(root, ...)                                                                 \
    assert_true(testkit_expect((root), NULL, (const char *const[]){__VA_ARGS__, NULL}))
#define assert_outcomes_under(root, options, ...)                                                  \
    assert_true(testkit_expect((root), (options), (const char *const[]){__VA_ARGS__, NULL}))

/* ---- Small numbers as arguments of goroutines ------------------------------------------------ */

static inline void *testkit_arg(intptr_t number)
{
    return (void *)number; /* NOLINT(performance-no-int-to-ptr) */
}
static inline int testkit_int(const void *arg) { return (int)(intptr_t)arg; }

#endif
