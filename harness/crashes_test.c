// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Every file in crashes/ replays: the recorded execution, the stored report, the signature that its
 * folder is named after, REPLAYS times the same; it is 1-minimal; and no kernel is without one.
 * GOLDEN_UPDATE=1 minimizes them and writes reports and traces anew instead; the review is the
 * diff.
 *
 * The stored reports are clang's: another compiler may put a call on another line of its statement,
 * and then only the signature has to be equal.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "cli.h"
#include "file.h"
#include "gates_testkit.h"
#include "minimize.h"
#include "status.h"
#include "target.h"
#include "testkit.h"

static const char crashes[] = HEDDLE_SOURCE_DIR "/crashes";
static struct program_end end; /* safe: tests run one after the other */

enum { REPLAYS = 100 };

#ifdef __clang__
enum { reports_are_of_this_compiler = 1 };
#else
enum { reports_are_of_this_compiler = 0 };
#endif

static void open_kernel(const struct kernel *k)
{
    struct target_options options = {.artifacts = crashes};
    cli_target_of(k, &options);
    target_open(&options);
}

static void update(const struct kernel *k, const char *folder_signature, const char *path)
{
    uint8_t *bytes;
    size_t size;
    char error[FILE_ERROR_BYTES];
    struct minimized result;
    struct artifact_place place;
    if (!file_read(path, &bytes, &size, error, sizeof error)) fail_msg("%s", error);
    open_kernel(k);
    if (!minimize(bytes, size, NULL, &result, error, sizeof error)) fail_msg("%s: %s", path, error);
    if (strcmp(result.signature, folder_signature) != 0)
        fail_msg("%s: now %s", path, result.signature);
    assert_true(result.proved);
    assert_int_equal(unlink(path), 0); /* A folder without an input is replaced. */
    if (!target_save_described(result.bytes, result.size, true, &place))
        fail_msg("%s", place.error);
    free(result.bytes);
    free(bytes);
}

/* Without any one of its deviations the bug does not happen. */
static void check_minimal(const struct kernel *k, const char *path)
{
    uint8_t *bytes;
    size_t size, superfluous;
    char error[FILE_ERROR_BYTES];
    if (!file_read(path, &bytes, &size, error, sizeof error)) fail_msg("%s", error);
    open_kernel(k);
    if (!minimize_check(bytes, size, &superfluous))
        fail_msg("%s: not minimal: the bug happens without deviation %zd", path,
                 (ssize_t)superfluous);
    free(bytes);
}

/* The report that another process printed, again and again. */
static void check_repeats(const struct kernel *k, const char *path)
{
    uint8_t *bytes;
    size_t size;
    char error[FILE_ERROR_BYTES];
    if (!file_read(path, &bytes, &size, error, sizeof error)) fail_msg("%s", error);
    open_kernel(k);
    for (int i = 0; i < REPLAYS; i++) {
        struct run_result result;
        char *text;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        target_try(bytes, size, &result);
        assert_int_equal(result.verdict, VERDICT_BUG);
        target_print(out, &result, true, "input");
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, end.output);
        free(text);
    }
    free(bytes);
}

static char stored[PROGRAM_TEXT_BYTES]; /* safe, as above */

/* The ASan mode sees no C11 atomics: they are no positions there, and order nothing. */
static bool has_what_is_not_seen(const char *kernel, const char *signature)
{
#if HEDDLE_ASAN
    char path[PROGRAM_PATH_BYTES];
    size_t size;
    path_of(path, "%s/%s/%s/trace.json", crashes, kernel, signature);
    file_get(path, stored, sizeof stored, &size);
    return strstr(stored, "\"atomic ") != NULL;
#else
    (void)kernel, (void)signature;
    return false;
#endif
}

static void check_crash(const char *kernel, const char *signature)
{
    char path[PROGRAM_PATH_BYTES], token[PROGRAM_PATH_BYTES];
    size_t size;
    const struct kernel *k = kernel_find(kernel, true);
    if (!k) fail_msg("crashes/%s: no such kernel", kernel);
    path_of(path, "%s/%s/%s/input", crashes, kernel, signature);
    if (getenv("GOLDEN_UPDATE") && reports_are_of_this_compiler) update(k, signature, path);
    heddle_run(&end, "replay", "--stable", path);
    if (has_what_is_not_seen(kernel, signature)) {
        assert_true(end.status == STATUS_FOUND || end.status == STATUS_OK ||
                    end.status == STATUS_INCONCLUSIVE);
        return;
    }
    if (end.status != STATUS_FOUND || !text_says_reproduced(end.errors))
        fail_msg("%s: status %d: %s%s", path, end.status, end.errors, end.output);
    check_minimal(k, path);
    check_repeats(k, path);
    path_of(token, "DEDUP_TOKEN: %s\n", signature);
    if (!strstr(end.output, token)) fail_msg("%s: another signature:\n%s", path, end.output);
    path_of(path, "%s/%s/%s/report.txt", crashes, kernel, signature);
    file_get(path, stored, sizeof stored, &size);
    if (reports_are_of_this_compiler && strcmp(end.output, stored) != 0)
        fail_msg("%s is not what is reported now:\n%s", path, end.output);
}

/* Names in a folder, sorted; hidden ones are none. */
static int names_in(const char *path, struct dirent ***names)
{
    struct dirent **all;
    int kept = 0, count = scandir(path, &all, NULL, alphasort);
    if (count < 0) return 0;
    for (int i = 0; i < count; i++) {
        if (all[i]->d_name[0] == '.')
            free(all[i]);
        else
            all[kept++] = all[i];
    }
    *names = all;
    return kept;
}

static void every_stored_crash_replays(void **state)
{
    (void)state;
    struct dirent **kernels = NULL, **signatures = NULL;
    char path[PROGRAM_PATH_BYTES];
    int crash_count = 0;
    gate_begin();
    int kernel_count = names_in(crashes, &kernels);
    for (int k = 0; k < kernel_count; k++) {
        path_of(path, "%s/%s", crashes, kernels[k]->d_name);
        int count = names_in(path, &signatures);
        for (int s = 0; s < count; s++, crash_count++) {
            check_crash(kernels[k]->d_name, signatures[s]->d_name);
            free(signatures[s]);
        }
        if (count > 0) free(signatures);
        free(kernels[k]);
    }
    if (kernels) free(kernels);
    print_message("crashes: %d stored, each %s\n", crash_count,
                  reports_are_of_this_compiler ? "replays to its report"
                                               : "replays to its signature (not clang)");
}

static void no_kernel_is_without_a_stored_crash(void **state)
{
    (void)state;
    char path[PROGRAM_PATH_BYTES];
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!k->buggy || k->miss) continue;
        path_of(path, "%s/%s/%s/input", crashes, k->name, k->expect[0]);
        if (access(path, R_OK) != 0) fail_msg("%s is missing", path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stored_crash_replays),
        cmocka_unit_test(no_kernel_is_without_a_stored_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
