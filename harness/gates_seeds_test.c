// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Gate: the stored seeds of corpus/seeds are what they should be. No seed fails, in either variant;
 * a kernel has some if its natural schedule passes, and else none; and `heddle seeds` writes these
 * very files. (In the ASan mode atomics are no operations: there a kernel may pass that fails in
 * all others.)
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "catalogue.h"
#include "cli.h"
#include "file.h"
#include "seeds.h"
#include "status.h"
#include "target.h"
#include "testkit.h"

enum { FOLDER_BYTES_MAX = 1024 };

static const char corpus[] = HEDDLE_SOURCE_DIR "/corpus/seeds";
static struct program_end end; /* safe: tests run one after the other */

static int is_shown(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Call `check` with each name in the folder, in order; how many there are, 0 if it is not there. */
static size_t for_each_name(const char *folder,
                            void (*check)(const char *folder, const char *name, void *argument),
                            void *argument)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_shown, alphasort);
    if (count < 0) return 0;
    for (int i = 0; i < count; i++) {
        check(folder, entries[i]->d_name, argument);
        free(entries[i]);
    }
    free(entries);
    return (size_t)count;
}

/* ---- No seed fails ------------------------------------------------------------------------ */

struct checked {
    const struct kernel *kernel;
    uint64_t digests[SEEDS_MAX];
    size_t count;
    size_t bytes;
};

static void check_seed(const char *folder, const char *name, void *argument)
{
    struct checked *checked = argument;
    char path[PROGRAM_PATH_BYTES], error[FILE_ERROR_BYTES];
    struct target_options options = {0};
    struct run_result result;
    uint8_t *bytes;
    size_t size;
    path_of(path, "%s/%s", folder, name);
    if (!file_read(path, &bytes, &size, error, sizeof error)) fail_msg("%s", error);
    cli_target_of(checked->kernel, &options);
    target_open(&options);
    target_try(bytes, size, &result);
    if (result.verdict != VERDICT_PASS) {
        fprintf(stderr, "seeds: %s, %s: does not pass\n", options.variant, path);
        if (result.report) target_print(stderr, &result, true, name);
        fail();
    }
    free(bytes);
    for (size_t i = 0; i < checked->count; i++)
        if (checked->kernel->buggy && checked->digests[i] == result.digest)
            fail_msg("%s: the same execution as another seed", path);
    if (checked->count == SEEDS_MAX) fail_msg("%s: more than %d seeds", folder, SEEDS_MAX);
    checked->digests[checked->count++] = result.digest;
    checked->bytes += size;
}

static void no_seed_fails_and_no_two_are_the_same_execution(void **state)
{
    (void)state;
    size_t count = 0, bytes = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        char folder[PROGRAM_PATH_BYTES];
        struct checked checked = {.kernel = k};
        path_of(folder, "%s/%s", corpus, k->name);
        for_each_name(folder, check_seed, &checked);
        assert_true(checked.bytes < FOLDER_BYTES_MAX);
        if (!k->buggy) continue;
        count += checked.count;
        bytes += checked.bytes;
    }
    print_message("seeds: %zu, %zu bytes, each passes in both variants\n", count, bytes);
    assert_true(count > 0);
}

/* ---- Who has seeds ------------------------------------------------------------------------ */

static void count_name(const char *folder, const char *name, void *argument)
{
    (void)folder, (void)name, (void)argument;
}

static void kernels_have_seeds_if_their_natural_schedule_passes(void **state)
{
    (void)state;
    size_t with = 0, without = 0;
    if (HEDDLE_ASAN) skip();
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        char folder[PROGRAM_PATH_BYTES];
        if (!k->buggy) continue;
        path_of(folder, "%s/%s", corpus, k->name);
        bool fails = catalogue_natural_fails(k);
        size_t count = for_each_name(folder, count_name, NULL);
        if (fails && access(folder, F_OK) == 0)
            fail_msg("%s: its natural schedule fails, but it has seeds", k->name);
        if (!fails && count == 0) fail_msg("%s: no seeds; run heddle seeds all", k->name);
        with += !fails;
        without += fails;
    }
    print_message("seeds: %zu kernels have some, %zu fail in the natural schedule\n", with,
                  without);
}

static void check_folder(const char *folder, const char *name, void *argument)
{
    (void)argument;
    if (!kernel_find(name, true)) fail_msg("%s/%s: no such kernel", folder, name);
}

static void every_folder_is_a_kernels(void **state)
{
    (void)state;
    assert_true(for_each_name(corpus, check_folder, NULL) > 0);
}

/* ---- heddle seeds ------------------------------------------------------------------------- */

static void compare_file(const char *folder, const char *name, void *argument)
{
    const char *other = argument;
    static char ours[PROGRAM_TEXT_BYTES], theirs[PROGRAM_TEXT_BYTES];
    size_t our_bytes, their_bytes;
    char path[PROGRAM_PATH_BYTES];
    path_of(path, "%s/%s", folder, name);
    file_get(path, ours, sizeof ours, &our_bytes);
    path_of(path, "%s/%s", other, name);
    file_get(path, theirs, sizeof theirs, &their_bytes);
    if (our_bytes != their_bytes || memcmp(ours, theirs, our_bytes) != 0)
        fail_msg("%s: not what is in %s", path, folder);
}

/* Every file of folder/name is the same in argument/name, which has no others. */
static void compare_folder(const char *folder, const char *name, void *argument)
{
    const char *other = argument;
    char here[PROGRAM_PATH_BYTES], there[PROGRAM_PATH_BYTES];
    path_of(here, "%s/%s", folder, name);
    path_of(there, "%s/%s", other, name);
    size_t count = for_each_name(here, compare_file, there);
    if (for_each_name(there, count_name, NULL) != count)
        fail_msg("%s and %s: not the same seeds; run heddle seeds all", here, there);
    char said[PROGRAM_PATH_BYTES];
    path_of(said, "%-26s %zu seeds, ", name, count);
    if (!strstr(end.output, said)) fail_msg("expected \"%s\" in\n%s", said, end.output);
}

static void stored_seeds_are_what_the_command_writes(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES];
    if (HEDDLE_ASAN) skip();
    folder_make(folder);
    heddle_run(&end, "seeds", "all", "--out", folder);
    assert_int_equal(end.status, STATUS_OK);
    assert_string_equal(end.errors, "");
    char stored[PROGRAM_PATH_BYTES];
    path_of(stored, "%s", corpus);
    size_t count = for_each_name(folder, compare_folder, stored);
    assert_int_equal(for_each_name(stored, count_name, NULL), count);
    assert_int_equal(text_count(end.output, " seeds, "), count);
    folder_remove(folder);
}

/* What the command leaves in the folder of a kernel in which there is something already. */
static void command_removes_stale_seeds_and_nothing_else(void **state)
{
    (void)state;
    static const char *const kernels[] = {"moby_24007", "litmus_canary"};
    char folder[PROGRAM_PATH_BYTES], stale[PROGRAM_PATH_BYTES], foreign[PROGRAM_PATH_BYTES];
    folder_make(folder);
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        path_of(stale, "%s/%s", folder, kernels[i]);
        assert_int_equal(mkdir(stale, 0777), 0);
        path_of(stale, "%s/%s/0123456789abcdef", folder, kernels[i]);
        path_of(foreign, "%s/%s/notes", folder, kernels[i]);
        file_put(stale, "x", 1);
        file_put(foreign, "x", 1);
        heddle_run(&end, "seeds", kernels[i], "--out", folder);
        assert_int_equal(end.status, STATUS_OK);
        assert_int_equal(access(stale, F_OK), -1);
        assert_int_equal(access(foreign, F_OK), 0);
    }
    /* Without the foreign file its folder goes too: this kernel has no seeds. */
    assert_int_equal(unlink(foreign), 0);
    file_put(stale, "x", 1);
    heddle_run(&end, "seeds", "litmus_canary", "--out", folder);
    path_of(stale, "%s/litmus_canary", folder);
    assert_int_equal(access(stale, F_OK), -1);
    assert_non_null(strstr(end.output, "none: the natural schedule fails"));
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_seed_fails_and_no_two_are_the_same_execution),
        cmocka_unit_test(kernels_have_seeds_if_their_natural_schedule_passes),
        cmocka_unit_test(every_folder_is_a_kernels),
        cmocka_unit_test(stored_seeds_are_what_the_command_writes),
        cmocka_unit_test(command_removes_stale_seeds_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
