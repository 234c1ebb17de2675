// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What must always hold, for every kernel: equal runs are equal here and in another process,
 * findings make the round trip through a file, buggy kernels are found and fixed ones are silent,
 * and a detector that is switched off is missed.
 */
#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "input.h"
#include "policy_bytes.h"
#include "record.h"
#include "report/report.h"
#include "status.h"
#include "tally.h"
#include "target.h"
#include "testkit.h"

enum {
    TWICE_RUNS = 300,
    TWICE_SEEDS = 3,
    BUDGET_RUNS = 2000, /* executions in which every buggy kernel must be found */
    BUDGET_SEEDS = 5,
    ROUND_TRIP_INPUTS = 20000,
};

static const struct run_options defaults;
static struct program_end end; /* safe: tests run one after the other */

/* ---- Twice -------------------------------------------------------------------------------- */

static uint64_t digest_of(const struct kernel *k, const char *policy, uint64_t seed)
{
    struct tally tally;
    tally_run(&tally, k, policy_find(policy), seed, TWICE_RUNS, &defaults);
    uint64_t digest = tally.digest;
    tally_free(&tally);
    return digest;
}

/* One line of `heddle sample --json` of another process: the same digest as here, twice. */
static void check_other_process(const char *line)
{
    json_t *object = json_loads(line, 0, NULL);
    assert_non_null(object);
    const char *name = json_string_value(json_object_get(object, "kernel"));
    const char *policy = json_string_value(json_object_get(object, "policy"));
    const char *variant = json_string_value(json_object_get(object, "variant"));
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(object, "seed"));
    const struct kernel *k = kernel_find(name, strcmp(variant, "buggy") == 0);
    assert_non_null(k);
    char first[17], second[17];
    snprintf(first, sizeof first, "%016" PRIx64, digest_of(k, policy, seed));
    snprintf(second, sizeof second, "%016" PRIx64, digest_of(k, policy, seed));
    const char *there = json_string_value(json_object_get(object, "digest"));
    if (strcmp(first, second) != 0 || strcmp(first, there) != 0)
        fail_msg("%s %s %s seed %" PRIu64 ": %s, again %s, in another process %s", name, variant,
                 policy, seed, first, second, there);
    json_decref(object);
}

static void equal_runs_have_equal_digests_here_and_elsewhere(void **state)
{
    (void)state;
    static const char *const names[] = {"natural", "random", "pct", "bytes"};
    char runs[16], seeds[16];
    size_t kernel_count = 0, lines = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) kernel_count++;
    snprintf(runs, sizeof runs, "%d", TWICE_RUNS);
    snprintf(seeds, sizeof seeds, "1..%d", TWICE_SEEDS);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        heddle_run(&end, "sample", "all", "--variant", "both", "--policy", names[i], "--runs", runs,
                   "--seed", seeds, "--json");
        char *rest = NULL;
        for (char *line = strtok_r(end.output, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest)) {
            check_other_process(line);
            lines++;
        }
    }
    assert_int_equal(lines, kernel_count * (1 + 3 * TWICE_SEEDS));
}

/* ---- Round trip --------------------------------------------------------------------------- */

static void open_kernel(const struct kernel *k, const char *artifacts)
{
    struct target_options options = {.artifacts = artifacts};
    cli_target_of(k, &options);
    target_open(&options);
}

/* The first generated input that fails; its size, SIZE_MAX if there is none. */
static size_t find_input(uint8_t bytes[INPUT_RANDOM_BYTES_MAX], struct run_result *result)
{
    for (uint64_t i = 0; i < ROUND_TRIP_INPUTS; i++) {
        size_t size = input_random(1, i, bytes);
        target_try(bytes, size, result);
        if (result->verdict == VERDICT_BUG) return size;
    }
    return SIZE_MAX;
}

static void finding_replays_to_the_same_report(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    static char stored[PROGRAM_TEXT_BYTES];
    folder_make(folder);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss) continue;
        uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
        struct run_result result;
        struct artifact_place place;
        size_t size;
        open_kernel(k, folder);
        size_t input_bytes = find_input(bytes, &result);
        if (input_bytes == SIZE_MAX) fail_msg("%s: not found", k->name);
        if (!target_save(bytes, input_bytes, &result, &place)) fail_msg("%s", place.error);
        path_of(path, "%.*sreport.txt", (int)(strlen(place.input) - 5), place.input);
        file_get(path, stored, sizeof stored, &size);
        heddle_run(&end, "replay", "--stable", place.input);
        assert_int_equal(end.status, STATUS_FOUND);
        assert_string_equal(end.output, stored);
        assert_string_equal(end.errors, ""); /* It is the recorded execution. */
    }
    folder_remove(folder);
}

static void re_encoded_finding_is_the_same_execution(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss) continue;
        uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
        uint8_t *encoded;
        struct run_result found, recorded, replayed;
        struct policy_bytes player;
        struct record record;
        size_t size;
        open_kernel(k, NULL);
        size_t input_bytes = find_input(bytes, &found);
        policy_bytes_init(&player);
        policy_bytes_play(&player, bytes, input_bytes);
        record_init(&record, &player.policy);
        run_execute(k->main, &record.policy, &defaults, &recorded, NULL);
        assert_int_equal(record_encode(&record, &encoded, &size), RECORD_OK);
        target_try(encoded, size, &replayed);
        assert_int_equal(recorded.digest, found.digest);
        assert_int_equal(replayed.digest, found.digest);
        free(encoded);
        record_free(&record);
    }
}

/* ---- Found and silent --------------------------------------------------------------------- */

static void check_promise(const struct kernel *k, const char *policy, uint64_t seed)
{
    struct tally tally;
    bool wanted = k->buggy && !k->miss;
    tally_run(&tally, k, policy_find(policy), seed, BUDGET_RUNS, &defaults);
    if ((tally.found > 0) != wanted || tally.unexpected > 0)
        fail_msg("%s %s, %s, seed %" PRIu64 ": found %" PRIu64 ", unexpected %" PRIu64 " (%s)",
                 k->name, k->buggy ? "buggy" : "fixed", policy, seed, tally.found, tally.unexpected,
                 tally.signatures.count ? tally.signatures.entries[0].name : "");
    tally_free(&tally);
}

static void buggy_kernels_are_found_and_fixed_ones_are_silent(void **state)
{
    (void)state;
    static const char *const names[] = {"random", "pct", "bytes"};
    for (const struct kernel *k = kernel_first(); k; k = k->next)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            for (uint64_t seed = 1; seed <= BUDGET_SEEDS; seed++) check_promise(k, names[i], seed);
}

/* The four kernels that are small enough: every schedule there is. */
static void small_fixed_kernels_are_silent_in_every_schedule(void **state)
{
    (void)state;
    static const char *const names[] = {"moby_25384", "kubernetes_5316", "moby_24007",
                                        "slide_send_under_lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int buggy = 0; buggy < 2; buggy++) {
            struct tally tally;
            const struct kernel *k = kernel_find(names[i], buggy);
            assert_non_null(k);
            tally_run(&tally, k, policy_find("dfs"), 0, 1000000, &defaults);
            print_message("%-22s %s: %" PRIu64 " schedules, %" PRIu64 " with the bug\n", k->name,
                          buggy ? "buggy" : "fixed", tally.runs, tally.found);
            assert_true(tally.complete);
            assert_int_equal(tally.distinct, tally.runs);
            assert_int_equal(tally.unexpected, 0);
            assert_int_equal(tally.found > 0, buggy);
            tally_free(&tally);
        }
    }
}

/* ---- Canary ------------------------------------------------------------------------------- */

static void detector_that_is_off_is_missed(void **state)
{
    (void)state;
    static const struct {
        const char *kernel;
        unsigned detector;
    } cases[] = {
        {"litmus_canary", DETECTOR_DEADLOCK},         {"moby_25384", DETECTOR_LEAK},
        {"slide_context_overwritten", DETECTOR_LEAK}, {"moby_24007", DETECTOR_MISUSE},
        {"slide_add_after_wait", DETECTOR_MISUSE},    {"moby_21692", DETECTOR_ORACLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct kernel *k = kernel_find(cases[i].kernel, true);
        assert_non_null(k);
        for (int off = 0; off < 2; off++) {
            struct run_options options = {.detectors_off = off ? cases[i].detector : 0};
            struct tally tally;
            tally_run(&tally, k, policy_find("random"), 1, BUDGET_RUNS, &options);
            if ((tally.found > 0) == off) fail_msg("%s, detector off: %d", k->name, off);
            tally_free(&tally);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_have_equal_digests_here_and_elsewhere),
        cmocka_unit_test(finding_replays_to_the_same_report),
        cmocka_unit_test(re_encoded_finding_is_the_same_execution),
        cmocka_unit_test(buggy_kernels_are_found_and_fixed_ones_are_silent),
        cmocka_unit_test(small_fixed_kernels_are_silent_in_every_schedule),
        cmocka_unit_test(detector_that_is_off_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
