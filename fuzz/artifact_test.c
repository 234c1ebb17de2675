// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Artifact folders: whole or not at all, the shortest input wins, and what is written can be read.
 */
#include "artifact.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "heddle.h"
#include "policies.h"
#include "testkit.h"

static const struct run_options options = {
    .max_steps = 1234, .waits_after_end = 77, .go123_timers = true};

static void wait_for_nobody(void) { go_chan_recv(go_chan_make(0, 0), NULL); }

/* An artifact of a real finding; the rest can be changed. */
static struct artifact make_artifact(const char *folder, struct run_result *result)
{
    struct policy *policy = policy_find("natural")->create(0);
    run_execute(wait_for_nobody, policy, &options, result, NULL);
    policy_destroy(policy);
    assert_int_equal(result->verdict, VERDICT_BUG);
    return (struct artifact){
        .directory = folder,
        .target = "some_kernel",
        .variant = "buggy",
        .options = &options,
        .input = (const uint8_t *)"\1\2\0long input",
        .input_bytes = 13,
        .result = result,
        .signature = "deadlock--wait_for_nobody",
        .report = "the report\n",
    };
}

static void read_text(const char *folder, const char *name, char *text, size_t text_bytes,
                      size_t *size)
{
    char path[2 * FORK_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    *size = fread(text, 1, text_bytes - 1, in);
    text[*size] = '\0';
    fclose(in);
}

static void folder_has_input_report_and_trace(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES], text[4096];
    size_t size;
    struct run_result result;
    struct artifact_place place;
    fork_make_folder(folder);
    struct artifact a = make_artifact(folder, &result);
    assert_true(artifact_write(&a, &place));
    snprintf(path, sizeof path, "%s/some_kernel/deadlock--wait_for_nobody/input", folder);
    assert_string_equal(place.input, path);
    assert_string_equal(place.error, "");
    assert_false(place.kept);
    *strrchr(path, '/') = '\0';
    assert_int_equal(fork_count_entries(path), 3);
    read_text(path, "input", text, sizeof text, &size);
    assert_int_equal(size, 13);
    assert_memory_equal(text, a.input, 13);
    read_text(path, "report.txt", text, sizeof text, &size);
    assert_string_equal(text, "the report\n");
    read_text(path, "trace.json", text, sizeof text, &size);
    assert_non_null(strstr(text, "\"op\":\"chan receive\""));
    assert_non_null(strstr(text, "\n\"grain\": \"all\",\n"));
    fork_remove_folder(folder);
}

static void facts_are_read_as_they_were_written(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES], error[ARTIFACT_ERROR_BYTES];
    struct run_result result;
    struct artifact_place place;
    struct artifact_facts facts;
    fork_make_folder(folder);
    struct artifact a = make_artifact(folder, &result);
    assert_true(artifact_write(&a, &place));
    snprintf(path, sizeof path, "%.*s/trace.json", (int)(strlen(place.input) - 6), place.input);
    assert_true(artifact_read_facts(path, &facts, error, sizeof error));
    assert_string_equal(facts.target, "some_kernel");
    assert_string_equal(facts.variant, "buggy");
    assert_string_equal(facts.signature, "deadlock--wait_for_nobody");
    assert_int_equal(facts.digest, result.digest);
    assert_int_equal(facts.options.max_steps, 1234);
    assert_int_equal(facts.options.fair_steps, RUN_FAIR_STEPS); /* Defaults by their value. */
    assert_int_equal(facts.options.waits_after_end, 77);
    assert_true(facts.options.go123_timers);
    fork_remove_folder(folder);
}

static void what_is_no_trace_is_refused_with_one_line(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{", "[]", "{\"target\":\"x\"}", "\xff\xfe", "null"};
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES], error[ARTIFACT_ERROR_BYTES];
    struct artifact_facts facts;
    fork_make_folder(folder);
    snprintf(path, sizeof path, "%s/trace.json", folder);
    assert_false(artifact_read_facts(path, &facts, error, sizeof error));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        fputs(bad[i], out);
        fclose(out);
        assert_false(artifact_read_facts(path, &facts, error, sizeof error));
        assert_non_null(strstr(error, "trace.json: "));
        assert_null(strchr(error, '\n'));
    }
    fork_remove_folder(folder);
}

static void shorter_input_replaces_a_longer_one_only(void **state)
{
    (void)state;
    static const struct {
        size_t input_bytes;
        bool kept;
    } steps[] = {{5, false}, {5, true}, {9, true}, {4, false}, {0, false}, {0, true}};
    char folder[FORK_PATH_BYTES], parent[2 * FORK_PATH_BYTES];
    struct run_result result;
    struct artifact_place place;
    fork_make_folder(folder);
    snprintf(parent, sizeof parent, "%s/some_kernel", folder);
    struct artifact a = make_artifact(folder, &result);
    size_t smallest = SIZE_MAX;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct stat status;
        a.input_bytes = steps[i].input_bytes;
        assert_true(artifact_write(&a, &place));
        assert_int_equal(place.kept, steps[i].kept);
        if (a.input_bytes < smallest) smallest = a.input_bytes;
        assert_int_equal(stat(place.input, &status), 0);
        assert_int_equal(status.st_size, smallest);
        assert_int_equal(fork_count_entries(parent), 1); /* Nothing is left over. */
    }
    fork_remove_folder(folder);
}

/* What replaces what, in this order: a line is written onto what the lines before have left. */
static void smaller_finding_replaces_a_larger_one_only(void **state)
{
    (void)state;
    static const struct {
        bool described, minimal;
        enum grain grain;
        uint64_t preemptions;
        size_t deviations, input_bytes;
        bool kept;
    } steps[] = {
        {false, false, GRAIN_SYNC, 0, 0, 9, false}, /* as an engine leaves it */
        {true, false, GRAIN_SYNC, 9, 3, 9, false},  /* the same, and its deviations */
        {false, false, GRAIN_SYNC, 0, 0, 9, true},
        {false, false, GRAIN_SYNC, 0, 0, 3, false}, /* shorter */
        {true, false, GRAIN_SYNC, 9, 3, 5, true},
        {true, true, GRAIN_ALL, 2, 2, 13, false}, /* minimized, though longer */
        {false, false, GRAIN_SYNC, 0, 0, 0, true},
        {true, false, GRAIN_SYNC, 0, 0, 0, true},
        {true, true, GRAIN_ALL, 2, 2, 13, true},
        {true, true, GRAIN_SHARED, 3, 3, 13, false}, /* coarser */
        {true, true, GRAIN_ALL, 0, 0, 0, true},
        {true, true, GRAIN_SHARED, 2, 3, 13, false}, /* fewer preemptions */
        {true, true, GRAIN_SHARED, 3, 1, 4, true},
        {true, true, GRAIN_SHARED, 2, 2, 13, false}, /* fewer deviations */
        {true, true, GRAIN_SHARED, 2, 3, 4, true},
        {true, true, GRAIN_SHARED, 2, 2, 12, false}, /* fewer bytes */
        {true, true, GRAIN_SHARED, 2, 2, 13, true},
    };
    char folder[FORK_PATH_BYTES], parent[2 * FORK_PATH_BYTES];
    uint8_t input[16] = {2};
    struct deviation list[3] = {{.after = 1, .place = 1}, {.after = 2}, {.after = 3}};
    struct run_result result;
    struct artifact_place place;
    fork_make_folder(folder);
    snprintf(parent, sizeof parent, "%s/some_kernel", folder);
    struct artifact a = make_artifact(folder, &result);
    size_t there = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct deviations deviations = {
            .grain = steps[i].grain, .list = list, .count = steps[i].deviations};
        struct stat status;
        input[1] = (uint8_t)steps[i].grain;
        a.input = input;
        a.input_bytes = steps[i].input_bytes;
        a.deviations = steps[i].described ? &deviations : NULL;
        a.minimal = steps[i].minimal;
        result.preemptions = steps[i].preemptions;
        assert_true(artifact_write(&a, &place));
        if (place.kept != steps[i].kept) fail_msg("step %zu: kept %d", i, place.kept);
        if (!place.kept) there = steps[i].input_bytes;
        assert_int_equal(stat(place.input, &status), 0);
        assert_int_equal(status.st_size, there);
        assert_int_equal(fork_count_entries(parent), 1);
    }
    fork_remove_folder(folder);
}

/* Writers at the same time: whoever comes last, the smallest stays. */
static void of_writers_at_once_the_smallest_wins(void **state)
{
    (void)state;
    enum { WRITERS = 8, ROUNDS = 5 };
    char folder[FORK_PATH_BYTES];
    struct run_result result;
    struct artifact_place place = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct stat status;
        fork_make_folder(folder);
        struct artifact a = make_artifact(folder, &result);
        for (size_t i = 0; i < WRITERS; i++) {
            a.input_bytes = 1 + i;
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) _exit(artifact_write(&a, &place) ? 0 : 1);
        }
        for (size_t i = 0; i < WRITERS; i++) {
            int ended;
            assert_true(wait(&ended) > 0);
            assert_int_equal(ended, 0);
        }
        assert_true(artifact_write(&a, &place));
        assert_true(place.kept);
        assert_int_equal(stat(place.input, &status), 0);
        assert_int_equal(status.st_size, 1);
        fork_remove_folder(folder);
    }
}

static void broken_folder_of_that_name_is_replaced(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES];
    struct run_result result;
    struct artifact_place place;
    fork_make_folder(folder);
    struct artifact a = make_artifact(folder, &result);
    assert_true(artifact_write(&a, &place));
    assert_int_equal(unlink(place.input), 0);
    assert_true(artifact_write(&a, &place));
    assert_false(place.kept);
    assert_int_equal(access(place.input, R_OK), 0);
    snprintf(path, sizeof path, "%s/some_kernel", folder);
    assert_int_equal(fork_count_entries(path), 1);
    fork_remove_folder(folder);
}

static void any_signature_is_one_component_of_a_path(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], longest[1000];
    struct run_result result;
    struct artifact_place place;
    fork_make_folder(folder);
    struct artifact a = make_artifact(folder, &result);
    a.target = "../up";
    a.signature = ".hidden/operator()(int, char*)";
    assert_true(artifact_write(&a, &place));
    assert_non_null(strstr(place.input, "/_._up/_hidden_operator___int__char__/input"));
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    a.signature = longest;
    assert_true(artifact_write(&a, &place));
    assert_int_equal(access(place.input, R_OK), 0);
    fork_remove_folder(folder);
}

/* Nothing is written, and one line says why. */
static void check_failure(const struct artifact *a, const char *why)
{
    struct artifact_place place;
    assert_false(artifact_write(a, &place));
    assert_string_equal(place.input, "");
    assert_non_null(strstr(place.error, "artifact not written: "));
    assert_non_null(strstr(place.error, why));
    assert_null(strchr(place.error, '\n'));
}

static void failure_is_one_line_and_leaves_nothing(void **state)
{
    (void)state;
    char folder[FORK_PATH_BYTES], path[2 * FORK_PATH_BYTES], deep[ARTIFACT_PATH_BYTES];
    struct run_result result;
    fork_make_folder(folder);
    struct artifact a = make_artifact(folder, &result);
    snprintf(path, sizeof path, "%s/file", folder);
    fclose(fopen(path, "w"));
    a.directory = path;
    check_failure(&a, "Not a directory");
    memset(deep, 'd', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    a.directory = deep;
    check_failure(&a, "path too long");

    /* No room: every write fails, as on a full disk. */
    struct rlimit old, none = {0};
    getrlimit(RLIMIT_FSIZE, &old);
    none.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    a.directory = folder;
    setrlimit(RLIMIT_FSIZE, &none);
    struct artifact_place place;
    bool written = artifact_write(&a, &place);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(written);
    assert_non_null(strstr(place.error, "File too large"));
    snprintf(path, sizeof path, "%s/some_kernel", folder);
    assert_int_equal(fork_count_entries(path), 0);
    fork_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_has_input_report_and_trace),
        cmocka_unit_test(facts_are_read_as_they_were_written),
        cmocka_unit_test(what_is_no_trace_is_refused_with_one_line),
        cmocka_unit_test(shorter_input_replaces_a_longer_one_only),
        cmocka_unit_test(smaller_finding_replaces_a_larger_one_only),
        cmocka_unit_test(of_writers_at_once_the_smallest_wins),
        cmocka_unit_test(broken_folder_of_that_name_is_replaced),
        cmocka_unit_test(any_signature_is_one_component_of_a_path),
        cmocka_unit_test(failure_is_one_line_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
