// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From bytes to what happens between two accesses: lost updates in instrumented programs, by every
 * policy, in every grain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"
#include "grain_programs.h"
#include "input.h"
#include "policies.h"
#include "policy_bytes.h"
#include "record.h"
#include "report/report.h"
#include "run.h"
#include "trace.h"

enum {
    SCHEDULES_MAX = 100000, /* of one enumeration */
    EXECUTIONS = 2000,
    INPUTS = 100000,
    OUTCOMES_MAX = 64,
    GRAINS = 3,
    SIGNATURE_BYTES = 512,
};

/* The outcome is asked for, not the race. */
static const struct run_options without_races = {.detectors_off = DETECTOR_RACE};
static const struct run_options defaults;

/* go_observe mixes values: what it shows when x was this. */
static uint64_t natural_outcome;

static int learn_outcome(void **state)
{
    (void)state;
    struct run_result result;
    struct policy *natural = policy_find("natural")->create(0);
    run_execute(program_two_increments_observed, natural, &without_races, &result, NULL);
    natural_outcome = result.observed;
    policy_destroy(natural);
    return 0;
}

/* gcc with -fsanitize=address does not instrument programs. */
static void skip_if_accesses_are_not_seen(void)
{
    if (access_state.instrumented) return;
    print_message("skipped: no instrumentation in this build\n");
    skip();
}

struct outcomes {
    uint64_t values[OUTCOMES_MAX];
    size_t count;
};

static void add_outcome(struct outcomes *o, uint64_t value)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->values[i] == value) return;
    assert_true(o->count < OUTCOMES_MAX);
    o->values[o->count++] = value;
}

/* Schedules run; all there are. */
static size_t enumerate(void (*root)(void), enum grain grain, struct outcomes *outcomes)
{
    struct policy *dfs = policy_find("dfs")->create(0);
    struct run_result result;
    bool more = true;
    size_t runs = 0;
    *outcomes = (struct outcomes){0};
    dfs->grain = grain;
    for (; more; runs++) {
        assert_true(runs < SCHEDULES_MAX);
        run_execute(root, dfs, &without_races, &result, &more);
        assert_int_equal(result.verdict, VERDICT_PASS);
        add_outcome(outcomes, result.observed);
    }
    policy_destroy(dfs);
    return runs;
}

static void lost_update_is_an_outcome_of_the_finer_grains_alone(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    struct outcomes sync, shared, all;
    size_t sync_runs = enumerate(program_two_increments_observed, GRAIN_SYNC, &sync);
    size_t shared_runs = enumerate(program_two_increments_observed, GRAIN_SHARED, &shared);
    size_t all_runs = enumerate(program_two_increments_observed, GRAIN_ALL, &all);
    assert_int_equal(sync.count, 1);
    assert_int_equal(sync.values[0], natural_outcome);
    assert_int_equal(shared.count, 2);
    assert_int_equal(all.count, 2);
    print_message("grains: x++ twice: %zu, %zu and %zu schedules\n", sync_runs, shared_runs,
                  all_runs);
    assert_true(sync_runs < shared_runs);
    assert_true(shared_runs <= all_runs);
}

static void every_policy_reaches_the_lost_update(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    static const char *const names[] = {"random", "pct", "bytes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            struct policy *policy = policy_find(names[i])->create(3);
            struct run_result result;
            size_t lost = 0;
            policy->grain = (enum grain)grain;
            for (int run = 0; run < EXECUTIONS; run++) {
                run_execute(program_two_increments_observed, policy, &without_races, &result, NULL);
                lost += result.observed != natural_outcome;
            }
            print_message("grains: %-6s %-6s lost in %4zu of %d\n", names[i],
                          input_grain_name((enum grain)grain), lost, EXECUTIONS);
            if (grain == GRAIN_SYNC) assert_int_equal(lost, 0);
            if (grain != GRAIN_SYNC) assert_true(lost > EXECUTIONS / 100);
            policy_destroy(policy);
        }
    }
}

/* With switches at every access the two would keep pace; random is rare enough to let one get far
 * ahead, and frequent enough to lose many. */
static void random_loses_from_none_to_most_of_many_updates(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    struct policy *random = policy_find("random")->create(1);
    struct outcomes outcomes = {0};
    struct run_result result;
    random->grain = GRAIN_ALL;
    for (int run = 0; run < 20000; run++) {
        run_execute(program_many_increments_observed, random, &without_races, &result, NULL);
        add_outcome(&outcomes, result.observed);
    }
    print_message("grains: 20 increments twice: %zu outcomes\n", outcomes.count);
    assert_true(outcomes.count >= 20); /* of 39: x from 2 to 40 */
    policy_destroy(random);
}

static void race_is_reported_in_every_grain(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    static const char *const names[] = {"natural", "random", "pct", "bytes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            struct policy *policy = policy_find(names[i])->create(5);
            policy->grain = (enum grain)grain;
            for (int run = 0; run < EXECUTIONS / 10; run++) {
                char signature[SIGNATURE_BYTES];
                struct run_result result;
                run_execute(program_two_increments, policy, &defaults, &result, NULL);
                assert_int_equal(result.verdict, VERDICT_BUG);
                report_signature(result.report, signature, sizeof signature);
                assert_string_equal(signature, "data-race--increment_global");
            }
            policy_destroy(policy);
        }
    }
}

/* ---- Bytes -------------------------------------------------------------------------------- */

static uint64_t outcome_of(const uint8_t *bytes, size_t size, uint64_t *digest)
{
    struct policy_bytes player;
    struct run_result result;
    policy_bytes_init(&player);
    policy_bytes_play(&player, bytes, size);
    run_execute(program_two_increments_observed, &player.policy, &without_races, &result, NULL);
    if (digest) *digest = result.digest;
    return result.observed;
}

static void no_input_of_grain_sync_loses_an_update(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    for (uint64_t i = 0; i < INPUTS; i++) {
        size_t size = input_random_in(GRAIN_SYNC, 9, i, bytes);
        assert_int_equal(outcome_of(bytes, size, NULL), natural_outcome);
    }
}

static void one_entry_of_grain_all_loses_an_update(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    uint8_t bytes[] = {INPUT_VERSION, GRAIN_ALL, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    size_t lost = 0, at_position_itself = 0;
    for (bytes[8] = 0; bytes[8] < 12; bytes[8]++) {
        for (bytes[9] = 0; bytes[9] < 6; bytes[9]++) {
            bool is_lost = outcome_of(bytes, sizeof bytes, NULL) != natural_outcome;
            lost += is_lost;
            at_position_itself += is_lost && bytes[9] == 0;
            if (is_lost)
                print_message("grains: 01 02 00 00 00 00 00 00 %02x %02x %02x loses it\n", bytes[8],
                              bytes[9], bytes[10]);
        }
    }
    assert_true(lost > 0);
    assert_int_equal(at_position_itself, 0);
}

/* A switch at an access is an event of the trace, but no operation of its goroutine. */
static void trace_has_the_access_at_which_another_goroutine_went_on(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    const uint8_t bytes[] = {INPUT_VERSION, GRAIN_ALL, 0, 0, 0, 0, 0, 0, 5, 2, 1};
    struct policy_bytes player;
    struct run_result result;
    char *text = NULL;
    size_t size;
    policy_bytes_init(&player);
    policy_bytes_play(&player, bytes, sizeof bytes);
    run_execute(program_two_increments_observed, &player.policy, &without_races, &result, NULL);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    struct artifact a = {.target = "increments",
                         .variant = "",
                         .options = &without_races,
                         .input = bytes,
                         .input_bytes = sizeof bytes,
                         .result = &result,
                         .signature = "none"};
    assert_true(trace_print(out, &a));
    fclose(out);
    assert_non_null(strstr(text, "\n\"grain\": \"all\",\n"));
    char *access = strstr(text, "\"op\":\"write\"");
    assert_non_null(access);
    assert_null(strstr(access + 1, "\"op\":\"write\""));
    assert_null(strstr(text, "\"op\":\"read\""));
    /* The goroutine had started (1), and is done after that (2). */
    *strchr(access, '\n') = '\0';
    char *line = access, goroutine[32];
    while (line[-1] != '\n') line--;
    assert_non_null(strstr(line, "\"place\":1,"));
    snprintf(goroutine, sizeof goroutine, "%.*s", 22, strstr(line, "\"g\":"));
    char *done = strstr(access + strlen(access) + 1, goroutine);
    assert_non_null(done);
    assert_non_null(strstr(done, "\"place\":2,\"op\":\"sync.WaitGroup"));
    free(text);
}

/* All answers of the execution of these bytes; to be freed with record_free. */
static void record_bytes(struct policy_bytes *player, struct record *record, const uint8_t *bytes,
                         size_t size)
{
    struct run_result result;
    policy_bytes_init(player);
    policy_bytes_play(player, bytes, size);
    record_init(record, &player->policy);
    run_execute(program_two_increments_observed, &record->policy, &without_races, &result, NULL);
}

static struct input_entry last_entry(const uint8_t *bytes, size_t size)
{
    struct input in = input_decode(bytes, size);
    struct input_entry entry = {0}, previous = {0};
    for (size_t i = 0; i < in.entry_count; i++) {
        entry = input_entry_at(&in, i, i ? &previous : NULL);
        previous = entry;
    }
    return entry;
}

/* Without its last entry, the input gives the same answers before that entry's point. */
static void check_cut(const uint8_t *bytes, size_t size)
{
    struct policy_bytes whole_player, cut_player;
    struct record whole, cut;
    struct input_entry lost = last_entry(bytes, size);
    record_bytes(&whole_player, &whole, bytes, size);
    record_bytes(&cut_player, &cut, bytes, size - INPUT_ENTRY_BYTES_FINE);
    for (size_t i = 0; i < whole.answer_count && i < cut.answer_count; i++) {
        const struct record_answer *a = &whole.answers[i], *b = &cut.answers[i];
        if (a->position > lost.position ||
            (a->position == lost.position && a->access >= lost.access))
            break;
        assert_int_equal(a->position, b->position);
        assert_int_equal(a->access, b->access);
        assert_int_equal(a->n, b->n);
        assert_int_equal(a->index, b->index);
    }
    record_free(&whole);
    record_free(&cut);
}

/* Inputs with many entries that lose the update get shorter by their tail until it is needed. */
static void losing_inputs_shrink_by_their_tail(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    size_t losing = 0, shorter = 0;
    for (uint64_t i = 0; losing < 200; i++) {
        assert_true(i < INPUTS);
        size_t size = input_random_in(GRAIN_ALL, 4, i, bytes);
        if (size < INPUT_HEADER_BYTES) continue;
        bytes[1] = GRAIN_ALL; /* and the natural tail */
        size -= (size - INPUT_HEADER_BYTES - input_decode(bytes, size).data_bytes) %
                INPUT_ENTRY_BYTES_FINE;
        if (outcome_of(bytes, size, NULL) == natural_outcome) continue;
        losing++;
        size_t start = size;
        for (;;) {
            check_cut(bytes, size);
            if (outcome_of(bytes, size - INPUT_ENTRY_BYTES_FINE, NULL) == natural_outcome) break;
            size -= INPUT_ENTRY_BYTES_FINE;
        }
        assert_true(input_decode(bytes, size).entry_count > 0);
        shorter += size < start;
    }
    assert_true(shorter > 50);
}

/* What any policy did in any grain, written as entries. */
static void re_encoded_execution_has_the_same_digest_in_every_grain(void **state)
{
    (void)state;
    skip_if_accesses_are_not_seen();
    size_t policy_count;
    const struct policy_info *table = policies(&policy_count);
    for (size_t p = 0; p < policy_count; p++) {
        for (int grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            struct policy *bare = table[p].create(17), *inner = table[p].create(17);
            struct record record;
            bare->grain = inner->grain = (enum grain)grain;
            record_init(&record, inner);
            for (int i = 0; i < EXECUTIONS / 10; i++) {
                struct run_result alone, recorded;
                uint64_t digest;
                uint8_t *bytes;
                size_t size;
                run_execute(program_two_increments_observed, bare, &without_races, &alone, NULL);
                run_execute(program_two_increments_observed, &record.policy, &without_races,
                            &recorded, NULL);
                assert_int_equal(alone.digest, recorded.digest);
                assert_int_equal(record_encode(&record, &bytes, &size), RECORD_OK);
                assert_int_equal(outcome_of(bytes, size, &digest), recorded.observed);
                assert_int_equal(digest, recorded.digest);
                free(bytes);
            }
            record_free(&record);
            policy_destroy(bare);
            policy_destroy(inner);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_update_is_an_outcome_of_the_finer_grains_alone),
        cmocka_unit_test(every_policy_reaches_the_lost_update),
        cmocka_unit_test(random_loses_from_none_to_most_of_many_updates),
        cmocka_unit_test(race_is_reported_in_every_grain),
        cmocka_unit_test(no_input_of_grain_sync_loses_an_update),
        cmocka_unit_test(one_entry_of_grain_all_loses_an_update),
        cmocka_unit_test(trace_has_the_access_at_which_another_goroutine_went_on),
        cmocka_unit_test(losing_inputs_shrink_by_their_tail),
        cmocka_unit_test(re_encoded_execution_has_the_same_digest_in_every_grain),
    };
    return cmocka_run_group_tests(tests, learn_outcome, NULL);
}
