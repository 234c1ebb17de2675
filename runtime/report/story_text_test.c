// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The text form: what a person must find in it, at every width, and that no line is too long. */
#include "story_testkit.h"

static char *print_story(const struct story *story, size_t width)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    assert_true(story_print_text(out, story, &(struct story_style){.width = width}));
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (strstr(text, part)) return;
    print_message("%s", text);
    fail_msg("it does not have:\n%s", part);
}

static void a_table_has_a_column_for_each_goroutine(void **state)
{
    (void)state;
    struct story story = test_story();
    story.message = "G1 waits for ever";
    char *text = print_story(&story, 100);
    /* clang-format off */
    static const char table[] =
        " step clock                      G1 main                    "
        "G2 worker                  source\n"
        "------------------------------------------------------------"
        "----------------------------------------\n"
        "    1                            go                         "
        "                           pool.c:30\n"
        " >>> G1 preempted before its chan send [without this the bug does not happen]\n"
        "    2                            |                          start\n"
        "    3                            |                          "
        "Lock M1                    worker%.c:42\n"
        "    4                            send C1: waits             "
        "|                          pool.c:30\n"
        "    5                            :                          "
        "receive C1, 1 queued       helper.h:7\n"
        "    6                            send C1: goes on           "
        "|                          pool.c:30\n"
        "                                 Lock M1: waits             "
        "|                          pool.c:30\n"
        "    7 timer fire                 :                          |\n"
        "    8 |                          :                          "
        "receive C1: waits          gone\n";
    /* clang-format on */
    expect(text, table);
    expect(text, "pool (buggy): goroutine-leak\n");
    expect(text, "  G1 -> M1 -> G2 -> C1 -> nobody\n");
    expect(text, "  * G1 main, blocked in sync.Mutex.Lock M1 at pool.c:30: waits for M1");
    expect(text, "  C1   channel of G1, pool.c:30\n");
    expect(text, "again: heddle replay pool input\n");
    free(text);
}

static void narrow_ones_have_one_column_for_all(void **state)
{
    (void)state;
    struct story story = test_story();
    char *text = print_story(&story, 60);
    expect(text, " step who and what ");
    expect(text, "    3 G2   sync.Mutex.Lock M1 ");
    expect(text, "    7 clock timer fire\n");
    free(text);
}

static void no_line_is_too_long_nor_ends_with_blanks(void **state)
{
    (void)state;
    struct story story = test_story();
    story.message = "a long sentence of many words, again and again, until it does not fit on any "
                    "line that is as short as these, whatever their width may be";
    for (size_t width = 60; width <= 200; width += 10) {
        char *text = print_story(&story, width);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            size_t length = strlen(line);
            if (length > width) fail_msg("%zu columns, not %zu: %s", length, width, line);
            if (line[length - 1] == ' ') fail_msg("blanks at the end: %s", line);
        }
        free(text);
    }
}

static void a_circle_is_called_so(void **state)
{
    (void)state;
    struct story story = test_story();
    struct story_wait circle[] = {{1, 1, 2}, {2, 0, 1}};
    story.waits = circle;
    char *text = print_story(&story, 100);
    expect(text, "  G1 -> M1 -> G2 -> C1 -> G1 (a circle)\n");
    free(text);
}

static void the_contrast_says_where_both_part(void **state)
{
    (void)state;
    struct story story = test_story();
    story.contrast = (struct story_contrast){.found = true,
                                             .event = 1,
                                             .expected = "G1 chan send C1 at pool.c:30",
                                             .sentence = "without the preemption it passes"};
    char *text = print_story(&story, 100);
    expect(text, "is the same up to step 1: without the preemption it passes.\n");
    expect(text, "  step 2 here:  G2 start\n");
    expect(text, "  step 2 there: G1 chan send C1 at pool.c:30\n");
    free(text);
}

static void who_passes_has_no_report(void **state)
{
    (void)state;
    struct story story = test_story_that_passes();
    char *text = print_story(&story, 100);
    expect(text, "pool (buggy): pass\n");
    assert_null(strstr(text, "The report"));
    free(text);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct story story = test_story();
    FILE *out = fopen("/dev/full", "w");
    assert_non_null(out);
    assert_false(story_print_text(out, &story, NULL));
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_a_column_for_each_goroutine),
        cmocka_unit_test(narrow_ones_have_one_column_for_all),
        cmocka_unit_test(no_line_is_too_long_nor_ends_with_blanks),
        cmocka_unit_test(a_circle_is_called_so),
        cmocka_unit_test(the_contrast_says_where_both_part),
        cmocka_unit_test(who_passes_has_no_report),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
