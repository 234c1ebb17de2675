// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The page as text: whole, self-contained, and safe whatever a story says. What it does in a
 * browser is harness/page_test's. */
#include "story_testkit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "story_source.h"

/* ---- Pages ----------------------------------------------------------------------------------- */

static char *page_of(const struct story *story)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    assert_true(story_print_html(out, story));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), bytes);
    return text;
}

/* The text of a JSON block of the page; *bytes long. */
static const char *block_of(const char *page, const char *id, size_t *bytes)
{
    char tag[80];
    snprintf(tag, sizeof tag, "<script type=\"application/json\" id=\"%s\">", id);
    const char *start = strstr(page, tag);
    assert_non_null(start);
    start += strlen(tag);
    const char *end = strstr(start, "</script>");
    assert_non_null(end);
    *bytes = (size_t)(end - start);
    return start;
}

static json_t *json_of(const char *page, const char *id)
{
    size_t bytes;
    const char *text = block_of(page, id, &bytes);
    json_error_t why;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    if (!json) fail_msg("%s: %s in\n%.*s", id, why.text, (int)bytes, text);
    return json;
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) count++;
    return count;
}

/* ---- The page -------------------------------------------------------------------------------- */

static void a_page_is_whole(void **state)
{
    (void)state;
    struct story story = test_story();
    char *page = page_of(&story);
    assert_memory_equal(page, "<!doctype html>\n", 16);
    assert_string_equal(page + strlen(page) - 8, "</html>\n");
    static const char *const tags[] = {"html", "head",   "style",  "body", "header", "main",
                                       "h1",   "script", "dialog", "nav",  "pre",    "noscript"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        char open[16], close[16];
        snprintf(open, sizeof open, "<%s>", tags[i]);
        snprintf(close, sizeof close, "</%s>", tags[i]);
        size_t opened = count_of(page, open);
        open[strlen(open) - 1] = ' '; /* with attributes */
        opened += count_of(page, open);
        if (opened == 0 || opened != count_of(page, close)) fail_msg("%s: %zu", tags[i], opened);
    }
    assert_null(strstr(page, "@TITLE@"));
    assert_null(strstr(page, "@REPORT@"));
    assert_null(strstr(page, "@STORY@"));
    assert_null(strstr(page, "@SOURCES@"));
    assert_null(strstr(page, "@STYLE"));
    assert_null(strstr(page, "@SCRIPT"));
    assert_non_null(strstr(page, "<title>goroutine-leak: pool</title>"));
    free(page);
}

static void it_holds_the_story_as_its_json_says_it(void **state)
{
    (void)state;
    struct story story = test_story();
    char *page = page_of(&story);
    json_t *in_page = json_of(page, "story");
    json_t *alone = test_print(story_print_json, &story);
    assert_true(json_equal(in_page, alone));
    json_decref(in_page);
    json_decref(alone);
    free(page);
}

/* ---- Nothing from elsewhere ------------------------------------------------------------------ */

static void it_loads_nothing(void **state)
{
    (void)state;
    struct story story = test_story();
    char *page = page_of(&story);
    static const char *const never[] = {
        " src=",          "http:",          "https:",      "@import",   "url(",
        "import(",        "eval(",          "Function(",   "innerHTML", "outerHTML =",
        "insertAdjacent", "document.write", "XMLHttp",     "WebSocket", "unsafe-inline",
        "sendBeacon",     "fetch(",         "unsafe-eval", "<object",   "<iframe"};
    for (const char *at = page; (at = strstr(at, "http://www.w3.org/")); at++)
        memcpy((char *)(uintptr_t)at, "name", 4); /* of a language, not a place to load from */
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strstr(page, never[i])) fail_msg("%s", never[i]);
    for (const char *at = page; (at = strstr(at, " href=\"")); at++) {
        const char *to = at + strlen(" href=\"");
        if (*to != '#' && strncmp(to, "data:,\"", 7) != 0) fail_msg("%.40s", at);
    }
    free(page);
}

static void its_policy_comes_first_and_names_what_it_runs(void **state)
{
    (void)state;
    struct story story = test_story();
    char *page = page_of(&story);
    const char *policy = strstr(page, "http-equiv=\"Content-Security-Policy\"");
    assert_non_null(policy);
    assert_true(policy < strstr(page, "<style"));
    assert_true(policy < strstr(page, "<script"));
    assert_true(policy < strstr(page, "<link"));
    assert_non_null(strstr(policy, "default-src 'none'"));
    const char *script = strstr(policy, "script-src 'sha256-");
    assert_non_null(script);
    script += strlen("script-src 'sha256-");
    assert_int_equal(strcspn(script, "'"), 44); /* 32 bytes in base64 */
    assert_memory_equal(script + 43, "=';", 3);
    free(page);
}

/* ---- Text from elsewhere --------------------------------------------------------------------- */

#define HOSTILE                                                                                    \
    "</script><script>alert(1)</script><!--<script>-->\"'`&amp;]]>@STORY@ @TITLE@ \xe2\x80\xa8 "   \
    "\\ "                                                                                          \
    "\x01\x7f \xc3\xa4"

static void text_of_a_story_is_never_markup(void **state)
{
    (void)state;
    struct story plain = test_story();
    char *expected = page_of(&plain);
    struct story story = test_story();
    struct story_place places[sizeof test_places / sizeof test_places[0]];
    memcpy(places, test_places, sizeof places);
    places[IN_MAIN] = (struct story_place){HOSTILE, "/src/proj/" HOSTILE ".c", 3};
    story.places = places;
    story.target = story.message = story.replay = story.variant = story.type = HOSTILE;
    story.report = "What happened: " HOSTILE "\n    #0 0x0 in f " HOSTILE ".c:5\n";
    char *page = page_of(&story);
    assert_int_equal(count_of(page, "<"), count_of(expected, "<"));
    assert_int_equal(count_of(page, "<script"), count_of(expected, "<script"));
    json_t *json = json_of(page, "story");
    assert_string_equal(json_string_value(json_object_get(json, "message")), HOSTILE);
    json_decref(json);
    json_decref(json_of(page, "sources"));
    free(page);
    free(expected);
}

static void a_page_is_utf8_whatever_the_story_holds(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xff\xfe",     "\xc0\xaf", "\xe0\x80\xaf",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "end \xe2\x80", "\x80",     "\xf0\x82\x82\xac", "\xc3(",        "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct story story = test_story();
        story.target = story.message = story.report = story.type = bad[i];
        char *page = page_of(&story);
        json_t *text = json_string(page); /* jansson takes nothing else */
        if (!text) fail_msg("string %zu", i);
        json_decref(text);
        assert_non_null(strstr(page, "\xef\xbf\xbd")); /* in the place of what was no character */
        free(page);
    }
    assert_int_equal(story_utf8_bytes("\xf0\x9f\x98\x80", 4), 4);
    assert_int_equal(story_utf8_bytes("\xe2\x80\xa8", 3), 3);
    assert_int_equal(story_utf8_bytes("\xc3\xa4", 2), 2);
    assert_int_equal(story_utf8_bytes("a", 1), 1);
    assert_int_equal(story_utf8_bytes("", 0), 0);
}

/* ---- Sources --------------------------------------------------------------------------------- */

struct tree {
    char root[32];
    struct story_place places[4];
    struct story story;
};

static const char *in_tree(const struct tree *tree, const char *name)
{
    static char path[128]; /* safe: used before the next call */
    snprintf(path, sizeof path, "%s/%s", tree->root, name);
    return path;
}

static void make_tree(struct tree *tree)
{
    strcpy(tree->root, "/tmp/heddle-html-XXXXXX");
    assert_non_null(mkdtemp(tree->root));
    FILE *file = fopen(in_tree(tree, "pool.c"), "w");
    assert_non_null(file);
    for (int line = 1; line <= 60; line++) {
        fprintf(file, "line %d </script>", line);
        if (line == 31)
            for (int i = 0; i < 2 * SOURCE_LINE_BYTES; i++) fputc('x', file);
        if (line == 33) fputc(0xff, file);
        fputs(line == 32 ? "\r\n" : "\n", file);
    }
    assert_int_equal(fclose(file), 0);
    tree->story = test_story();
    tree->story.root = tree->root;
    tree->story.places = tree->places;
}

static void remove_tree(struct tree *tree)
{
    static const char *const names[] = {"pool.c", "pipe", "large.c"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(in_tree(tree, names[i]));
    assert_int_equal(rmdir(tree->root), 0);
}

/* Printing with count places; caller decrefs. */
static json_t *files_of(struct tree *tree, size_t count)
{
    tree->story.place_count = count;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_true(story_print_sources(out, &tree->story));
    assert_int_equal(fclose(out), 0);
    assert_null(strchr(text, '<'));
    json_error_t why;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    if (!json) fail_msg("%s in\n%s", why.text, text);
    free(text);
    json_t *files = json_incref(json_object_get(json, "files"));
    json_decref(json);
    return files;
}

static void lines_around_each_place_are_quoted(void **state)
{
    (void)state;
    struct tree tree;
    make_tree(&tree);
    char path[128];
    strcpy(path, in_tree(&tree, "pool.c"));
    tree.places[0] = (struct story_place){"f", path, 30};
    tree.places[1] = (struct story_place){"g", path, 35};
    tree.places[2] = (struct story_place){"h", path, 2};
    tree.story.report = "    #0 0x0 in main pool.c:59\n#1 0x0 in x pool.c:50\n";
    json_t *files = files_of(&tree, 3);
    assert_int_equal(json_array_size(files), 1);
    json_t *file = json_array_get(files, 0);
    assert_string_equal(json_string_value(json_object_get(file, "name")), "pool.c");
    json_t *lines = json_object_get(file, "lines");
    for (int line = 0; line <= 62; line++) {
        char number[16];
        snprintf(number, sizeof number, "%d", line);
        const char *text = json_string_value(json_object_get(lines, number));
        bool near = (line >= 1 && line <= 2 + SOURCE_AROUND) ||
                    (line >= 30 - SOURCE_AROUND && line <= 35 + SOURCE_AROUND) ||
                    (line >= 59 - SOURCE_AROUND && line <= 60);
        if (near != (text != NULL)) fail_msg("line %d: %s", line, text ? text : "missing");
        if (!near) continue;
        char expected[64];
        snprintf(expected, sizeof expected, "line %d </script>%s", line,
                 line == 33 ? "\xef\xbf\xbd" : "");
        if (line == 31)
            assert_int_equal(strlen(text), SOURCE_LINE_BYTES);
        else
            assert_string_equal(text, expected);
    }
    json_decref(files);
    remove_tree(&tree);
}

/* A pipe would keep us waiting, a device has no end. */
static void only_files_of_text_are_read(void **state)
{
    (void)state;
    struct tree tree;
    make_tree(&tree);
    char pipe_path[128], large[128];
    strcpy(pipe_path, in_tree(&tree, "pipe"));
    strcpy(large, in_tree(&tree, "large.c"));
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int fd = open(large, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(ftruncate(fd, SOURCE_FILE_BYTES_MAX + 1), 0);
    close(fd);
    tree.places[0] = (struct story_place){"f", pipe_path, 3};
    tree.places[1] = (struct story_place){"f", "/dev/zero", 3};
    tree.places[2] = (struct story_place){"f", tree.root, 3};
    tree.places[3] = (struct story_place){"f", large, 1};
    tree.story.report = "    #0 0x0 in f not/there.c:5\n    #0 0x0 in f \n    # \n    #0:\n";
    json_t *files = files_of(&tree, 4);
    assert_int_equal(json_array_size(files), 0);
    json_decref(files);
    remove_tree(&tree);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

enum { BIG_EVENTS = 5000, BIG_GOROUTINES = 50, BIG_BYTES_MAX = 2 << 20 };

static void a_big_story_is_a_page_of_less_than_two_megabytes(void **state)
{
    (void)state;
    struct story story = test_story();
    struct story_event *events = calloc(BIG_EVENTS, sizeof *events);
    struct story_edge *edges = calloc(BIG_EVENTS - 1, sizeof *edges);
    struct story_goroutine *goroutines = calloc(BIG_GOROUTINES + 1, sizeof *goroutines);
    for (uint32_t i = 0; i <= BIG_GOROUTINES; i++) {
        goroutines[i] = test_goroutines[i ? 2 : 0];
        goroutines[i].number = i;
    }
    for (size_t i = 0; i < BIG_EVENTS; i++) {
        events[i] = test_events[i % TEST_EVENTS];
        events[i].goroutine = 1 + i % BIG_GOROUTINES;
    }
    for (size_t i = 0; i + 1 < BIG_EVENTS; i++)
        edges[i] = (struct story_edge){STORY_EDGE_MESSAGE, i, i + 1};
    story.events = events;
    story.event_count = BIG_EVENTS;
    story.edges = edges;
    story.edge_count = BIG_EVENTS - 1;
    story.goroutines = goroutines;
    story.goroutine_count = BIG_GOROUTINES + 1;
    char *page = page_of(&story);
    assert_true(strlen(page) < BIG_BYTES_MAX);
    json_t *json = json_of(page, "story");
    assert_int_equal(json_array_size(json_object_get(json, "events")), BIG_EVENTS);
    json_decref(json);
    free(page);
    free(events);
    free(edges);
    free(goroutines);
}

static void a_story_that_passes_and_one_without_events_are_pages(void **state)
{
    (void)state;
    struct story story = test_story_that_passes();
    char *page = page_of(&story);
    assert_non_null(strstr(page, "<title>pass: pool</title>"));
    free(page);
    story.event_count = story.edge_count = story.place_count = 0;
    story.goroutine_count = story.object_count = 0;
    page = page_of(&story);
    json_decref(json_of(page, "story"));
    json_decref(json_of(page, "sources"));
    free(page);
}

/* Wherever it ends: in the page's own text, in the story, in the sources. */
static void a_page_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    test_full_disk(story_print_html);
    struct story story = test_story();
    char *page = page_of(&story);
    size_t bytes = strlen(page);
    free(page);
    for (size_t room = 1; room < bytes; room += 1 + bytes / 50) {
        char *memory = malloc(room);
        FILE *out = fmemopen(memory, room, "w");
        setvbuf(out, NULL, _IONBF, 0);
        if (story_print_html(out, &story)) fail_msg("%zu bytes of %zu", room, bytes);
        fclose(out);
        free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_whole),
        cmocka_unit_test(it_holds_the_story_as_its_json_says_it),
        cmocka_unit_test(it_loads_nothing),
        cmocka_unit_test(its_policy_comes_first_and_names_what_it_runs),
        cmocka_unit_test(text_of_a_story_is_never_markup),
        cmocka_unit_test(a_page_is_utf8_whatever_the_story_holds),
        cmocka_unit_test(lines_around_each_place_are_quoted),
        cmocka_unit_test(only_files_of_text_are_read),
        cmocka_unit_test(a_big_story_is_a_page_of_less_than_two_megabytes),
        cmocka_unit_test(a_story_that_passes_and_one_without_events_are_pages),
        cmocka_unit_test(a_page_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
