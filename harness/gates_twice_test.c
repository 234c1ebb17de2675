// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the same bytes and the same seed are the same execution. Every kernel in both variants,
 * under every policy there is and in every grain, runs twice in this process and once in another
 * one; the digests of all executions, chained, must be equal. Across builds and surroundings:
 * harness/digests.
 */
#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "input.h"
#include "kernel.h"
#include "policies.h"
#include "tally.h"
#include "testkit.h"

enum { RUNS = 300, SEEDS = 4, SEEDS_FINE = 2, GRAINS = 3, DIGEST_BYTES = 17 };

static struct program_end end; /* safe: tests run one after the other */

/* Of at most RUNS executions; executions counts them. */
static void digest_of(const struct kernel *k, const struct policy_info *policy, uint64_t seed,
                      enum grain grain, char digest[DIGEST_BYTES], uint64_t *executions)
{
    static const struct run_options options;
    struct tally tally;
    tally_run(&tally, k, policy, grain, seed, RUNS, &options);
    snprintf(digest, DIGEST_BYTES, "%016" PRIx64, tally.digest);
    *executions += tally.runs;
    tally_free(&tally);
}

/* A line of `heddle sample --json`. */
static void check_line(const char *line, const struct policy_info *policy, enum grain grain,
                       uint64_t *executions)
{
    char first[DIGEST_BYTES], second[DIGEST_BYTES];
    json_t *object = json_loads(line, 0, NULL);
    if (!object) fail_msg("no JSON: %s", line);
    const char *name = json_string_value(json_object_get(object, "kernel"));
    const char *variant = json_string_value(json_object_get(object, "variant"));
    const char *there = json_string_value(json_object_get(object, "digest"));
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(object, "seed"));
    const struct kernel *k = kernel_find(name, strcmp(variant, "buggy") == 0);
    assert_non_null(k);
    assert_string_equal(json_string_value(json_object_get(object, "grain")),
                        input_grain_name(grain));
    digest_of(k, policy, seed, grain, first, executions);
    digest_of(k, policy, seed, grain, second, executions);
    *executions += (uint64_t)json_integer_value(json_object_get(object, "runs"));
    if (strcmp(first, second) != 0 || strcmp(first, there) != 0)
        fail_msg("%s %s, policy %s, grain %s, seed %" PRIu64
                 ": %s, again %s, in another process %s",
                 name, variant, policy->name, input_grain_name(grain), seed, first, second, there);
    json_decref(object);
}

static int seeds_of(const struct policy_info *policy, enum grain grain)
{
    if (!policy->seeded) return 1;
    return grain == GRAIN_SYNC ? SEEDS : SEEDS_FINE;
}

/* Every line that the other process printed; their number. */
static size_t check_policy(const struct policy_info *policy, enum grain grain, uint64_t *executions)
{
    char runs[16], seeds[16];
    size_t lines = 0;
    char *rest = NULL;
    snprintf(runs, sizeof runs, "%d", RUNS);
    snprintf(seeds, sizeof seeds, "1..%d", seeds_of(policy, grain));
    heddle_run(&end, "sample", "all", "--variant", "both", "--policy", policy->name, "--grain",
               input_grain_name(grain), "--runs", runs, "--seed", seeds, "--json");
    for (char *line = strtok_r(end.output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        check_line(line, policy, grain, executions);
        lines++;
    }
    return lines;
}

static void equal_runs_have_equal_digests_here_and_in_another_process(void **state)
{
    (void)state;
    size_t kernel_count = 0, policy_count;
    for (const struct kernel *k = kernel_first(); k; k = k->next) kernel_count++;
    const struct policy_info *all = policies(&policy_count);
    for (size_t i = 0; i < policy_count * GRAINS; i++) {
        const struct policy_info *policy = &all[i / GRAINS];
        enum grain grain = (enum grain)(i % GRAINS);
        uint64_t executions = 0;
        size_t seeds = (size_t)seeds_of(policy, grain);
        size_t lines = check_policy(policy, grain, &executions);
        assert_int_equal(lines, kernel_count * seeds);
        print_message("twice: %-8s grain %-6s %zu kernels and variants, %zu seeds: %zu digests "
                      "equal in 3 runs, %" PRIu64 " executions\n",
                      policy->name, input_grain_name(grain), kernel_count, seeds, lines,
                      executions);
    }
}

/* What ran before is no part of an execution: the kernels in the opposite order. (Which accesses
 * are points in grain shared is learned anew whenever another kernel comes.) */
static void digest_does_not_depend_on_what_ran_before(void **state)
{
    (void)state;
    enum { KERNELS_MAX = 1024 };
    static char digests[KERNELS_MAX][DIGEST_BYTES];
    const struct kernel *kernels[KERNELS_MAX];
    const struct policy_info *policy = policy_find("random");
    uint64_t executions = 0;
    size_t count = 0;
    for (const struct kernel *k = kernel_first(); k && count < KERNELS_MAX; k = k->next) {
        kernels[count] = k;
        digest_of(k, policy, 1, (enum grain)(count % GRAINS), digests[count], &executions);
        count++;
    }
    for (size_t i = count; i-- > 0;) {
        char digest[DIGEST_BYTES];
        digest_of(kernels[i], policy, 1, (enum grain)(i % GRAINS), digest, &executions);
        assert_string_equal(digest, digests[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_have_equal_digests_here_and_in_another_process),
        cmocka_unit_test(digest_does_not_depend_on_what_ran_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
