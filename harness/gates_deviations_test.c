// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: what an input does is what its deviations do. Of each kernel, both variants: the stored
 * crash and generated inputs of every grain are written as deviations and played, and the digest
 * must be the input's; then the played execution, written as entries, is the input's again.
 *
 *   gates_deviations_test [--share=N]
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "deviation.h"
#include "file.h"
#include "gates_testkit.h"
#include "input.h"
#include "record.h"
#include "target.h"
#include "testkit.h"

enum { INPUTS = 40, SEED = 11 };

static uint64_t check_count; /* safe: tests run one after the other */
static uint64_t deviation_count;

static void open_kernel(const struct kernel *k)
{
    struct target_options options = {0};
    cli_target_of(k, &options);
    target_open(&options);
}

static bool same_key_twice(const struct deviations *d)
{
    for (size_t i = 0; i < d->count; i++)
        for (size_t j = 0; j < i; j++)
            if (deviation_is_at(&d->list[i], &d->list[j])) return true;
    return false;
}

/* What is wrong with playing these deviations and then their bytes; NULL if all is well. */
static const char *replay(const struct deviations *d, uint64_t digest)
{
    struct deviation_play play;
    struct record record;
    struct run_result result;
    uint8_t *bytes;
    size_t size;
    deviation_play_init(&play, d);
    record_init(&record, &play.policy);
    run_execute(target_options()->root, &record.policy, &target_options()->run, &result, NULL);
    const char *wrong = NULL;
    if (play.missed) wrong = "a deviation did not apply";
    if (result.digest != digest) wrong = "another execution";
    if (!wrong && record_encode(&record, &bytes, &size) == RECORD_OK) {
        target_try(bytes, size, &result);
        if (result.digest != digest) wrong = "another execution when written as entries";
        free(bytes);
    }
    record_free(&record);
    deviation_play_free(&play);
    return wrong;
}

static void check(const struct kernel *k, const char *which, const uint8_t *bytes, size_t size)
{
    struct run_result result;
    struct deviations d;
    target_try(bytes, size, &result);
    deviations_of(bytes, size, &d);
    const char *wrong = same_key_twice(&d) ? "one key twice" : replay(&d, result.digest);
    if (wrong) fail_msg("%s %s, %s: %s", k->name, k->buggy ? "buggy" : "fixed", which, wrong);
    check_count++;
    deviation_count += d.count;
    deviations_free(&d);
}

static void generated_inputs_are_their_deviations(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    char which[64];
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!gate_has(k)) continue;
        open_kernel(k);
        uint64_t inputs = gate_runs(k, INPUTS);
        for (int grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            for (uint64_t i = 0; i < inputs; i++) {
                size_t size = input_random_in((enum grain)grain, SEED, i, bytes);
                snprintf(which, sizeof which, "input %d of grain %s", (int)i,
                         input_grain_name((enum grain)grain));
                check(k, which, bytes, size);
            }
        }
    }
    print_message("deviations: %llu inputs, %llu deviations\n", (unsigned long long)check_count,
                  (unsigned long long)deviation_count);
}

static void stored_crashes_are_their_deviations(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES], error[FILE_ERROR_BYTES];
    gate_begin();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || !gate_has(k)) continue;
        path_of(folder, HEDDLE_SOURCE_DIR "/crashes/%s", k->name);
        DIR *signatures = opendir(folder);
        if (!signatures) continue;
        open_kernel(k);
        for (const struct dirent *e; (e = readdir(signatures));) {
            uint8_t *bytes;
            size_t size;
            if (e->d_name[0] == '.') continue;
            path_of(path, "%s/%s/input", folder, e->d_name);
            if (!file_read(path, &bytes, &size, error, sizeof error)) fail_msg("%s", error);
            check(k, e->d_name, bytes, size);
            free(bytes);
        }
        closedir(signatures);
    }
}

int main(int argc, char **argv)
{
    gate_options(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_inputs_are_their_deviations),
        cmocka_unit_test(stored_crashes_are_their_deviations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
