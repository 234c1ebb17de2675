// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the same bytes and the same seed are the same execution. Every kernel in both variants,
 * under every policy there is and in every grain, runs twice in this process and once in another
 * one; the digests of all executions, chained, must be equal. Across builds and surroundings:
 * harness/digests.
 *
 *   gates_twice_test [--part=I/N] [--share=N]
 *
 * Budget: RUNS executions for each kernel, variant, policy and grain, and of seeds SEEDS in grain
 * sync and SEEDS_FINE in the finer ones; by share and cost (gates_testkit.h). Kernels of equal cost
 * run in one other process, as starting one takes longer than their executions.
 */
#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gates_testkit.h"
#include "input.h"
#include "kernel.h"
#include "policies.h"
#include "tally.h"
#include "testkit.h"

enum { RUNS = 128, SEEDS = 2, SEEDS_FINE = 1, GRAINS = 3, DIGEST_BYTES = 17, ARGUMENTS = 14 };

static struct program_end end; /* safe: tests run one after the other */

/* Of at most as many executions as k is worth; executions counts them. */
static void digest_of(const struct kernel *k, const struct policy_info *policy, uint64_t seed,
                      enum grain grain, char digest[DIGEST_BYTES], uint64_t *executions)
{
    static const struct run_options options;
    struct tally tally;
    tally_run(&tally, k, policy, grain, seed, gate_runs(k, RUNS), &options);
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

/* Every line that another process printed of the kernels of this cost; their number. */
static size_t check_cut(uint64_t cut, const struct policy_info *policy, enum grain grain,
                        uint64_t *executions)
{
    static const char heddle[] = HEDDLE_BUILD_DIR "/heddle";
    const char *arguments[ARGUMENTS + GATE_KERNELS_MAX + 1];
    char runs[24], seeds[16];
    size_t lines = 0, count = 0;
    char *rest = NULL;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || !gate_has(k) || gate_cut(k) != cut) continue;
        assert_true(count < GATE_KERNELS_MAX);
        arguments[ARGUMENTS + count++] = k->name;
        snprintf(runs, sizeof runs, "%" PRIu64, gate_runs(k, RUNS));
    }
    if (count == 0) return 0;
    snprintf(seeds, sizeof seeds, "1..%d", seeds_of(policy, grain));
    const char *const options[ARGUMENTS] = {
        heddle,     "sample",     "--variant", "both",
        "--policy", policy->name, "--grain",   input_grain_name(grain),
        "--runs",   runs,         "--seed",    seeds,
        "--json",   "--"};
    memcpy(arguments, options, sizeof options);
    arguments[ARGUMENTS + count] = NULL;
    program_run(&end, NULL, arguments);
    for (char *line = strtok_r(end.output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        check_line(line, policy, grain, executions);
        lines++;
    }
    return lines;
}

static size_t check_policy(const struct policy_info *policy, enum grain grain, uint64_t *executions)
{
    size_t lines = 0;
    for (uint64_t cut = 1; cut <= GATE_CUT_MAX; cut *= 2)
        lines += check_cut(cut, policy, grain, executions);
    return lines;
}

static void equal_runs_have_equal_digests_here_and_in_another_process(void **state)
{
    (void)state;
    size_t kernel_count = gate_kernel_count(), policy_count;
    gate_begin();
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
    static char digests[2 * GATE_KERNELS_MAX][DIGEST_BYTES];
    const struct kernel *kernels[2 * GATE_KERNELS_MAX];
    const struct policy_info *policy = policy_find("random");
    uint64_t executions = 0;
    size_t count = 0;
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!gate_has(k)) continue;
        assert_true(count < 2 * GATE_KERNELS_MAX);
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

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_have_equal_digests_here_and_in_another_process),
        cmocka_unit_test(digest_does_not_depend_on_what_ran_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
