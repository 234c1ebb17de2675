// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What keeps names and lines out of a report is said in it, in one line, once: no tool that knows
 * them, a program without symbols. The stable form is the same everywhere, so it is not in there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "status.h"
#include "testkit.h"

static struct program_end end; /* safe: tests run one after the other */
static char folder[PROGRAM_PATH_BYTES];

static const char heddle[] = HEDDLE_BUILD_DIR "/heddle";
static const char input[] =
    HEDDLE_SOURCE_DIR "/crashes/moby_24007/close-of-closed-channel--watcher_close/input";
static const char complaint[] = "==WARNING: HeddleSanitizer: ";

static int make_folder(void **state)
{
    (void)state;
    folder_make(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

/* Path of a system's program. False if there is none. */
static bool find(const char *name, char path[PROGRAM_PATH_BYTES])
{
    static const char *const places[] = {"/usr/bin", "/usr/local/bin", "/bin"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        path_of(path, "%s/%s", places[i], name);
        if (program_is_built(path)) return true;
    }
    return false;
}

/* Replay twice in one process, with this PATH; then in the stable form. */
static void check(const char *program, const char *path, const char *line, const char *token)
{
    char setting[PROGRAM_PATH_BYTES], expected[PROGRAM_PATH_BYTES];
    path_of(setting, "PATH=%s", path);
    path_of(expected, "DEDUP_TOKEN: close-of-closed-channel--%s", token);
    program_run(
        &end, NULL,
        (const char *const[]){"/usr/bin/env", setting, program, "replay", input, input, NULL});
    assert_int_equal(end.status, STATUS_FOUND);
    if (text_count(end.output, expected) != 2 ||
        text_count(end.output, complaint) != (line ? 1 : 0) ||
        (line && !strstr(strstr(end.output, complaint), line)))
        fail_msg("%s, %s: expected once \"%s\", and %s%s", program, setting, line, expected,
                 end.output);
    program_run(
        &end, NULL,
        (const char *const[]){"/usr/bin/env", setting, program, "replay", "--stable", input, NULL});
    assert_int_equal(end.status, STATUS_FOUND);
    assert_null(strstr(end.output, complaint));
}

/* A sanitizer in this build may know a symbolizer of its own, wherever PATH leads. */
__attribute__((weak)) void __sanitizer_symbolize_pc(void *pc, const char *format, char *out,
                                                    size_t out_bytes);

static void check_without_tools(const char *path)
{
    if (__sanitizer_symbolize_pc)
        check(heddle, path, "no llvm-symbolizer", "");
    else
        check(heddle, path, "no llvm-symbolizer and no addr2line that answers", "unknown");
}

static void nothing_is_said_when_nothing_is_missing(void **state)
{
    (void)state;
    check(heddle, getenv("PATH"), NULL, "watcher_close");
}

static void without_any_tool(void **state)
{
    (void)state;
    check_without_tools("/nonexistent");
}

static void without_llvm_symbolizer(void **state)
{
    (void)state;
    char tool[PROGRAM_PATH_BYTES], link[PROGRAM_PATH_BYTES];
    if (!find("addr2line", tool)) skip();
    path_of(link, "%s/addr2line", folder);
    assert_int_equal(symlink(tool, link), 0);
    /* Some versions name the function that another was inlined into. */
    check(heddle, folder, "no llvm-symbolizer that answers", "");
}

static void with_a_symbolizer_that_dies(void **state)
{
    (void)state;
    char tool[PROGRAM_PATH_BYTES], link[PROGRAM_PATH_BYTES];
    if (!find("true", tool)) skip();
    path_of(link, "%s/llvm-symbolizer", folder);
    assert_int_equal(symlink(tool, link), 0);
    check_without_tools(folder);
}

static void strip(const char *what, char copy[PROGRAM_PATH_BYTES])
{
    char tool[PROGRAM_PATH_BYTES];
    if (!find("strip", tool)) skip();
    path_of(copy, "%s/heddle", folder);
    program_run(&end, NULL, (const char *const[]){tool, what, "-o", copy, heddle, NULL});
    assert_int_equal(end.status, 0);
}

static void without_symbols(void **state)
{
    (void)state;
    char copy[PROGRAM_PATH_BYTES];
    strip("--strip-all", copy);
    check(copy, getenv("PATH"), "the program has no symbols", "unknown");
}

static void without_debug_information(void **state)
{
    (void)state;
    char copy[PROGRAM_PATH_BYTES];
    strip("--strip-debug", copy);
    /* Perhaps of the function that another was inlined into. */
    check(copy, getenv("PATH"), "the program has no debug information", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_said_when_nothing_is_missing),
        TEST(without_any_tool),
        TEST(without_llvm_symbolizer),
        TEST(with_a_symbolizer_that_dies),
        TEST(without_symbols),
        TEST(without_debug_information),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
