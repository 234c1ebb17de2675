// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* corpus/README.md is what `heddle list --markdown` prints, and the figures of Go's own tools that
 * it stands on are complete.
 *
 * Figures of the policy targets belong to the compiler that the page names; another build compares
 * the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base.h"
#include "catalogue.h"
#include "status.h"
#include "testkit.h"

enum { GOKER_KERNELS = 85, GOKER_BLOCKING = 56 };

static const char readme[] = HEDDLE_SOURCE_DIR "/corpus/README.md";
static const char data[] = HEDDLE_SOURCE_DIR "/corpus/go-baseline.json";
static struct program_end end; /* safe: tests run one after the other */

/* ---- The page ----------------------------------------------------------------------------- */

/* The compiler that the page's figures of targets are of. */
static bool is_of_this_compiler(const char *page)
{
    char line[PROGRAM_PATH_BYTES], tag[PROGRAM_PATH_BYTES];
    size_t size;
    file_get(HEDDLE_BUILD_DIR "/kernels-compiler", tag, sizeof tag, &size);
    path_of(line, "\n| targets, %.*s |", (int)strcspn(tag, "\n"), tag);
    return strstr(page, line) != NULL;
}

/* Start of cell `index` (from 0) of a row; cells end with " |". */
static char *cell_of(char *row, size_t index)
{
    char *cell = row + 1;
    for (size_t i = 0; i < index && cell; i++) {
        cell = strstr(cell, " |");
        if (cell) cell += 2;
    }
    return cell;
}

/* Blank what is of one compiler. */
static void mask_targets(char *page)
{
    enum { TARGETS_CELL = 6 };
    for (char *line = page; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *masked = strncmp(line, "| targets", 9) == 0 ? line : NULL;
        if (strncmp(line, "| [", 3) == 0) masked = cell_of(line, TARGETS_CELL);
        if (!masked) continue;
        size_t length = masked == line ? strcspn(line, "\n") : strcspn(masked, "|\n");
        memmove(masked, masked + length, strlen(masked + length) + 1);
    }
}

static void page_is_what_the_command_prints(void **state)
{
    (void)state;
    static char stored[PROGRAM_TEXT_BYTES];
    size_t size;
    if (HEDDLE_ASAN) {
        print_message("skipped: atomics order nothing in this build\n");
        skip();
    }
    file_get(readme, stored, sizeof stored, &size);
    heddle_run(&end, "list", "--markdown");
    assert_int_equal(end.status, STATUS_OK);
    assert_string_equal(end.errors, "");
    bool whole = is_of_this_compiler(stored);
    if (!whole) {
        mask_targets(stored);
        mask_targets(end.output);
    }
    print_message("catalogue: compared %s\n", whole ? "whole" : "without the policy targets");
    if (strcmp(end.output, stored) == 0) return;
    size_t at = 0;
    while (end.output[at] && end.output[at] == stored[at]) at++;
    while (at > 0 && end.output[at - 1] != '\n') at--;
    fail_msg("%s: run heddle list --markdown > corpus/README.md; it has\n%.*s\nwhere now is\n%.*s",
             readme, (int)strcspn(stored + at, "\n"), stored + at,
             (int)strcspn(end.output + at, "\n"), end.output + at);
}

static void masking_takes_out_targets_and_nothing_else(void **state)
{
    (void)state;
    char page[] = "| targets, X-1 | 5 |\n| pct | 5 |\n"
                  "| [a](a.c) | t ([source](s)) | `x` | fails | 1 (2) | 3 (4) | 5 (6) | | |\n"
                  "| targets, here | 5 |\n";
    mask_targets(page);
    assert_string_equal(page, "\n| pct | 5 |\n"
                              "| [a](a.c) | t ([source](s)) | `x` | fails | 1 (2) | 3 (4) || | |\n"
                              "\n");
}

/* A part of the corpus is a page as well, of that part. */
static void page_can_be_narrowed(void **state)
{
    (void)state;
    heddle_run(&end, "list", "--markdown", "--class", "close", "--project", "moby");
    assert_int_equal(end.status, STATUS_OK);
    assert_non_null(strstr(end.output, "[moby_24007](kernels/moby_24007.c)"));
    assert_int_equal(text_count(end.output, "\n| ["), 1);
    assert_non_null(strstr(end.output, "| close | 1 | 1 |\n"));
    assert_non_null(strstr(end.output, "already shows 0 of the 1 bugs"));
}

/* ---- The data ----------------------------------------------------------------------------- */

static struct go_baseline load(void)
{
    struct go_baseline baseline;
    char error[GO_BASELINE_ERROR_BYTES];
    if (!go_baseline_read(data, &baseline, error)) fail_msg("%s", error);
    return baseline;
}

static void every_kernel_of_goker_has_a_row_and_every_row_its_kernel(void **state)
{
    (void)state;
    struct go_baseline baseline = load();
    size_t blocking = 0;
    for (size_t i = 0; i < baseline.row_count; i++) {
        const char *name = baseline.rows[i].kernel;
        if (!kernel_find(name, true)) fail_msg("%s: no such kernel", name);
        blocking += baseline.rows[i].published;
    }
    assert_int_equal(baseline.row_count, GOKER_KERNELS);
    assert_int_equal(blocking, GOKER_BLOCKING);
    go_baseline_free(&baseline);
}

/* Figures that are known from elsewhere: what the rows add up to. */
static void rows_add_up(void **state)
{
    (void)state;
    struct go_baseline baseline = load();
    size_t found = 0, by[GO_MEANS_COUNT] = {0}, by_tool[GO_TOOLS_MAX] = {0};
    for (size_t i = 0; i < baseline.row_count; i++) {
        const struct go_row *row = &baseline.rows[i];
        found += row->found > 0;
        for (size_t m = 0; m < GO_MEANS_COUNT; m++) by[m] += row->means[m];
        for (size_t t = 0; t < baseline.tool_count; t++) by_tool[t] += row->by_tool[t];
    }
    assert_int_equal(found, 80);
    assert_int_equal(by[GO_DEADLOCK], 16);
    assert_int_equal(by[GO_LEAK], 36);
    assert_int_equal(by[GO_RACE], 27);
    assert_int_equal(by[GO_PANIC], 8);
    assert_int_equal(by[GO_HANG], 1);
    static const char *const tools[] = {"builtin", "goleak", "go-deadlock", "goat-0",
                                        "goat-2",  "gfuzz",  "gopie"};
    static const size_t finds[] = {16, 47, 22, 52, 56, 15, 55};
    assert_int_equal(baseline.tool_count, sizeof tools / sizeof tools[0]);
    for (size_t t = 0; t < baseline.tool_count; t++) {
        assert_string_equal(baseline.tools[t].id, tools[t]);
        assert_int_equal(by_tool[t], finds[t]);
    }
    go_baseline_free(&baseline);
}

#define TOOLS "\"tools\":[{\"id\":\"t\",\"name\":\"T\",\"source\":\"s\",\"executions\":9}]"
#define ROWS(rows) "{" TOOLS ",\"kernels\":[" rows "]}"
#define ROW "{\"kernel\":\"a\",\"found\":1,\"runs\":2,\"by\":[\"leak\"]}"

static void bad_data_is_refused_with_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *line; /* NULL: it is good */
    } cases[] = {
        {ROWS(""), NULL},
        {ROWS(ROW), NULL},
        {ROWS("{\"kernel\":\"a\",\"found\":0,\"runs\":2,\"by\":[],\"published\":{\"t\":3},"
              "\"longer\":{\"runs\":5,\"found\":5},\"note\":\"n\",\"more\":[]}"),
         NULL},
        {"{", "end of file"},
        {"[]", "kernels: expected an array"},
        {"{\"kernels\":[]}", "tools: expected an array"},
        {"{\"tools\":[{}],\"kernels\":[]}", "tool 0: "},
        {ROWS("{\"kernel\":\"a\",\"found\":1,\"by\":[\"leak\"]}"), "row 1: "},
        {ROWS("{\"kernel\":\"a\",\"found\":3,\"runs\":2,\"by\":[\"leak\"]}"),
         "a: more found than run"},
        {ROWS("{\"kernel\":\"a\",\"found\":1,\"runs\":2,\"by\":[\"luck\"]}"),
         "a: by: no such means"},
        {ROWS("{\"kernel\":\"a\",\"found\":1,\"runs\":2,\"by\":[]}"), "a: by: expected the means"},
        {ROWS("{\"kernel\":\"a\",\"found\":0,\"runs\":2,\"by\":[\"leak\"]}"),
         "a: by: expected the means"},
        {ROWS("{\"kernel\":\"a\",\"found\":0,\"runs\":2,\"by\":[],\"published\":{}}"),
         "a: nothing about t"},
        {ROWS("{\"kernel\":\"b\",\"found\":0,\"runs\":2,\"by\":[]}," ROW), "a: not in order"},
        {ROWS(ROW "," ROW), "a: not in order, or there twice"},
    };
    char folder[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES], error[GO_BASELINE_ERROR_BYTES];
    struct go_baseline baseline;
    folder_make(folder);
    path_of(path, "%s/data", folder);
    assert_false(go_baseline_read(path, &baseline, error));
    assert_non_null(strstr(error, path));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        file_put(path, cases[i].text, strlen(cases[i].text));
        error[0] = '\0';
        bool good = go_baseline_read(path, &baseline, error);
        if (good != !cases[i].line || (!good && !strstr(error, cases[i].line)) ||
            strchr(error, '\n'))
            fail_msg("%s: \"%s\"", cases[i].text, error);
        if (good) go_baseline_free(&baseline);
    }
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_what_the_command_prints),
        cmocka_unit_test(masking_takes_out_targets_and_nothing_else),
        cmocka_unit_test(page_can_be_narrowed),
        cmocka_unit_test(every_kernel_of_goker_has_a_row_and_every_row_its_kernel),
        cmocka_unit_test(rows_add_up),
        cmocka_unit_test(bad_data_is_refused_with_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
