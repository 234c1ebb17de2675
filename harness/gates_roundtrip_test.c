// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: what was found is found again. Every buggy kernel is found with generated inputs of every
 * grain and written to a folder; every program that can run it, of this build and of those
 * beside it, must then print the report that was written, byte for byte if the same compiler made
 * it, else with the same signature; and die of it as its engine wants it.
 *
 *   gates_roundtrip_test [--part=I/N] [--share=N]
 *
 * Budgets: SEEDS findings of every kernel in grain sync and one in each finer grain go through all
 * programs; of each kernel one in grain sync and one in a finer grain die in each engine; SEEDS in
 * each grain are written as explicit entries. Each is the first of at most INPUTS_MAX inputs. What
 * costs is starting programs, so a share (gates_testkit.h: builds with sanitizers) means one seed
 * instead of SEEDS, and this build's own programs only: that the programs of the other builds agree
 * about the same inputs is seen in those builds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli.h"
#include "engine.h"
#include "gates_testkit.h"
#include "input.h"
#include "policy_bytes.h"
#include "record.h"
#include "report/report.h"
#include "status.h"
#include "target.h"
#include "testkit.h"

enum { SEEDS = 2, INPUTS_MAX = 20000, SHOWMAP_CRASH = 2, OPTION_BYTES = 256 };

/* A finding in its folder. */
struct finding {
    const struct kernel *kernel;
    enum grain grain; /* of all inputs that were tried */
    char input[PROGRAM_PATH_BYTES];
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t size;
    uint64_t digest;
    char signature[TARGET_SIGNATURE_BYTES];
    char report[PROGRAM_TEXT_BYTES];
};

static struct finding finding; /* safe: tests run one after the other */
static struct program_end end; /* likewise */
static char scratch[PROGRAM_PATH_BYTES];

static int make_scratch(void **state)
{
    (void)state;
    folder_make(scratch);
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    folder_remove(scratch);
    return 0;
}

/* Take off the bytes at the end that change nothing, so that one that gets lost will show. */
static void cut_idle_tail(struct run_result *result)
{
    uint64_t digest = result->digest;
    while (finding.size > 0) {
        target_try(finding.bytes, finding.size - 1, result);
        if (result->digest != digest) break;
        finding.size--;
    }
    target_try(finding.bytes, finding.size, result);
}

/* The first generated input of this grain and seed that fails, written to a folder of its own. */
static void find(const struct kernel *k, enum grain grain, uint64_t seed)
{
    struct run_result result;
    struct artifact_place place;
    char artifacts[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    struct target_options options = {.artifacts = artifacts};
    size_t report_bytes;
    path_of(artifacts, "%s/%s-%d", scratch, input_grain_name(grain), (int)seed);
    cli_target_of(k, &options);
    target_open(&options);
    uint64_t i = 0;
    do {
        if (i == INPUTS_MAX) fail_msg("%s: not found with %d inputs", k->name, INPUTS_MAX);
        finding.size = input_random_in(grain, seed, i++, finding.bytes);
        target_try(finding.bytes, finding.size, &result);
    } while (result.verdict != VERDICT_BUG);
    cut_idle_tail(&result);
    finding.kernel = k;
    finding.grain = grain;
    finding.digest = result.digest;
    report_signature(result.report, finding.signature, sizeof finding.signature);
    if (!target_save(finding.bytes, finding.size, &result, &place)) fail_msg("%s", place.error);
    path_of(finding.input, "%s", place.input);
    path_of(path, "%s/%s/%s/report.txt", artifacts, k->name, finding.signature);
    file_get(path, finding.report, sizeof finding.report, &report_bytes);
}

static void for_each_finding(enum grain grain, uint64_t seeds, void (*check)(void))
{
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss || !gate_has(k)) continue;
        for (uint64_t seed = 1; seed <= gate_share(seeds); seed++) {
            find(k, grain, seed);
            check();
        }
    }
}

/* ---- Replay ------------------------------------------------------------------------------- */

#ifdef __clang__
enum { OWN_IS_CLANG = 1 };
#else
enum { OWN_IS_CLANG = 0 };
#endif

static const struct replayer {
    const char *path; /* in the folder of this build */
    bool is_clang;    /* what compiled it */
    bool is_cli;
} replayers[] = {
    {"heddle", OWN_IS_CLANG, true},
    {"heddle-libfuzzer", true, false},
    {"../fuzz/heddle-libfuzzer", true, false},
    {"../afl/heddle-afl", true, false},
    {"../afl/heddle", true, true},
    {"../gcc/heddle", false, true},
};
enum { REPLAYER_COUNT = sizeof replayers / sizeof replayers[0] };

/* False if there is none. */
static bool path_of_program(const char *name, char path[PROGRAM_PATH_BYTES])
{
    path_of(path, HEDDLE_BUILD_DIR "/%s", name);
    return access(path, X_OK) == 0;
}

static void check_report(const struct replayer *replayer, const char *program)
{
    char token[OPTION_BYTES + TARGET_SIGNATURE_BYTES];
    bool same_compiler = replayer->is_clang == OWN_IS_CLANG;
    snprintf(token, sizeof token, "\nDEDUP_TOKEN: %s\n", finding.signature);
    bool equal =
        same_compiler ? strcmp(end.output, finding.report) == 0 : strstr(end.output, token) != NULL;
    if (end.status == STATUS_FOUND && equal &&
        (end.errors[0] == '\0' || text_says_reproduced(end.errors)))
        return;
    fail_msg("%s (is it of these sources?): status %d\n%s%s--- written was\n%s", program,
             end.status, end.errors, end.output, finding.report);
}

/* How the kernels beside this program were compiled. */
static void way_of_program(const char *program, char way[OPTION_BYTES])
{
    char path[PROGRAM_PATH_BYTES];
    path_of(path, "%.*s/kernels-compiler", (int)(strrchr(program, '/') - program), program);
    FILE *in = fopen(path, "r");
    if (!in || !fgets(way, OPTION_BYTES, in)) snprintf(way, OPTION_BYTES, "unknown");
    if (in) fclose(in);
}

/* In the finer grains equal inputs are equal executions where kernels make the same accesses. */
static bool can_replay(const char *program)
{
    char own[OPTION_BYTES], its[OPTION_BYTES];
    if (finding.grain == GRAIN_SYNC) return true;
    way_of_program(HEDDLE_BUILD_DIR "/heddle", own);
    way_of_program(program, its);
    return strcmp(own, its) == 0;
}

static void replay_everywhere(void)
{
    char kernel[OPTION_BYTES], program[PROGRAM_PATH_BYTES];
    snprintf(kernel, sizeof kernel, "--heddle-kernel=%s", finding.kernel->name);
    for (size_t i = 0; i < REPLAYER_COUNT; i++) {
        if (gate_is_shared() && replayers[i].path[0] == '.') continue;
        if (!path_of_program(replayers[i].path, program)) continue;
        if (!can_replay(program)) continue;
        if (replayers[i].is_cli)
            program_run(&end, NULL,
                        (const char *const[]){program, "replay", "--stable", finding.input, NULL});
        else
            program_run(&end, NULL,
                        (const char *const[]){program, kernel, "--heddle-stable", "--heddle-replay",
                                              finding.input, NULL});
        check_report(&replayers[i], program);
    }
    print_message("round trip: %-26s grain %-6s %3zu bytes  %s\n", finding.kernel->name,
                  input_grain_name(finding.grain), finding.size, finding.signature);
}

static void written_finding_gives_one_report_in_every_program(void **state)
{
    (void)state;
    char program[PROGRAM_PATH_BYTES];
    gate_begin();
    for_each_finding(GRAIN_SYNC, SEEDS, replay_everywhere);
    for_each_finding(GRAIN_SHARED, 1, replay_everywhere);
    for_each_finding(GRAIN_ALL, 1, replay_everywhere);
    for (size_t i = 0; i < REPLAYER_COUNT; i++)
        print_message("round trip: %s: %s\n", replayers[i].path,
                      gate_is_shared() && replayers[i].path[0] == '.' ? "not in a share"
                      : !path_of_program(replayers[i].path, program)  ? "not built"
                      : replayers[i].is_clang == OWN_IS_CLANG         ? "the same reports"
                                                                      : "the same signatures");
}

/* ---- Engines ------------------------------------------------------------------------------ */

static void check_death(const char *program, int status)
{
    char token[OPTION_BYTES + TARGET_SIGNATURE_BYTES];
    snprintf(token, sizeof token, "\nDEDUP_TOKEN: %s\n", finding.signature);
    if (end.status != status || text_count(end.errors, token) != 1 ||
        text_count(end.errors, "ERROR: HeddleSanitizer: ") != 1)
        fail_msg("%s: status %d, expected %d and %s\n%s", program, end.status, status,
                 finding.signature, end.errors);
}

static void run_by_libfuzzer(void)
{
    char kernel[OPTION_BYTES], program[PROGRAM_PATH_BYTES];
    assert_true(path_of_program("heddle-libfuzzer", program));
    snprintf(kernel, sizeof kernel, "--heddle-kernel=%s", finding.kernel->name);
    program_run(&end, NULL, (const char *const[]){program, kernel, finding.input, NULL});
    check_death(program, ENGINE_STATUS_LIBFUZZER);
}

static void run_by_afl(void)
{
    char kernel[OPTION_BYTES], program[PROGRAM_PATH_BYTES], map[PROGRAM_PATH_BYTES];
    assert_true(path_of_program("../afl/heddle-afl", program));
    snprintf(kernel, sizeof kernel, "--heddle-kernel=%s", finding.kernel->name);
    path_of(map, "%s/map", scratch);
    static const char *const shell = "exec afl-showmap -o \"$1\" -- \"$2\" \"$3\" <\"$4\"";
    program_run(&end, NULL,
                (const char *const[]){"/bin/sh", "-c", shell, "sh", map, program, kernel,
                                      finding.input, NULL});
    check_death(program, SHOWMAP_CRASH);
    if (!strstr(end.output, "Program killed by signal 5")) fail_msg("not SIGTRAP: %s", end.output);
}

static void skip_without(const char *name)
{
    char program[PROGRAM_PATH_BYTES];
    if (path_of_program(name, program)) return;
    print_message("skipped: %s is not built\n", name);
    skip();
}

static void written_finding_is_a_crash_to_libfuzzer(void **state)
{
    (void)state;
    skip_without("heddle-libfuzzer");
    gate_begin();
    for_each_finding(GRAIN_SYNC, 1, run_by_libfuzzer);
    for_each_finding(GRAIN_ALL, 1, run_by_libfuzzer);
}

static void written_finding_is_a_signal_to_afl(void **state)
{
    (void)state;
    if (gate_is_shared()) skip(); /* It is another build's program. */
    skip_without("../afl/heddle-afl");
    gate_begin();
    for_each_finding(GRAIN_SYNC, 1, run_by_afl);
    char program[PROGRAM_PATH_BYTES];
    assert_true(path_of_program("../afl/heddle-afl", program));
    finding.grain = GRAIN_SHARED;
    if (can_replay(program)) for_each_finding(GRAIN_SHARED, 1, run_by_afl);
}

/* ---- Explicit entries --------------------------------------------------------------------- */

/* What the minimizer starts from. */
static void encode_again(void)
{
    static const struct run_options options;
    uint8_t *bytes;
    size_t size;
    struct run_result recorded, replayed;
    struct policy_bytes player;
    struct record record;
    policy_bytes_init(&player);
    policy_bytes_play(&player, finding.bytes, finding.size);
    record_init(&record, &player.policy);
    run_execute(finding.kernel->main, &record.policy, &options, &recorded, NULL);
    assert_int_equal(recorded.digest, finding.digest);
    assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
    target_try(bytes, size, &replayed);
    assert_int_equal(replayed.digest, finding.digest);
    free(bytes);
    record_free(&record);
}

static void finding_in_explicit_entries_is_the_same_execution(void **state)
{
    (void)state;
    gate_begin();
    for_each_finding(GRAIN_SYNC, SEEDS, encode_again);
    for_each_finding(GRAIN_SHARED, SEEDS, encode_again);
    for_each_finding(GRAIN_ALL, SEEDS, encode_again);
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_finding_gives_one_report_in_every_program),
        cmocka_unit_test(written_finding_is_a_crash_to_libfuzzer),
        cmocka_unit_test(written_finding_is_a_signal_to_afl),
        cmocka_unit_test(finding_in_explicit_entries_is_the_same_execution),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
