// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A story as one page that needs nothing else. The page itself is runtime/report/page; here its
 * marks are replaced by the story.
 *
 * Invariants
 * - Text of a story is never markup: in the JSON blocks there is no `<`, elsewhere it is escaped.
 * - The page is UTF-8 whatever the story holds.
 */
#include <stdlib.h>
#include <string.h>

#include "story_page.h"
#include "story_source.h"

/* ---- Text as HTML ---------------------------------------------------------------------------- */

static bool print_html(FILE *out, const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    bool ok = true;
    for (size_t left = strlen(text); ok && left > 0;) {
        size_t length = story_utf8_bytes(text, left);
        unsigned char c = (unsigned char)*text;
        if (length == 0 || (c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
            ok = fputs(replacement, out) >= 0;
        else if (strchr("<>&\"'", c))
            ok = fprintf(out, "&#%d;", c) > 0;
        else
            ok = fwrite(text, 1, length, out) == length;
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    return ok;
}

/* ---- What the marks stand for ---------------------------------------------------------------- */

static bool print_title(FILE *out, const struct story *s)
{
    const char *what = s->type[0] ? s->type : s->verdict;
    return print_html(out, what) && fputs(": ", out) >= 0 && print_html(out, s->target);
}

static bool print_report(FILE *out, const struct story *s) { return print_html(out, s->report); }

/* JSON made elsewhere: in strings, the only place for `<`, an escape says the same. */
static bool print_json(FILE *out, const char *json, size_t bytes)
{
    while (bytes > 0) {
        size_t plain = strcspn(json, "<");
        if (fwrite(json, 1, plain, out) != plain) return false;
        json += plain;
        bytes -= plain;
        if (bytes == 0) break;
        if (fputs("\\u003c", out) < 0) return false;
        json++;
        bytes--;
    }
    return true;
}

static bool print_story(FILE *out, const struct story *s)
{
    char *json = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&json, &bytes);
    if (!memory) return false;
    bool ok = story_print_json(memory, s);
    ok = fclose(memory) == 0 && ok && print_json(out, json, bytes);
    free(json);
    return ok;
}

static const struct {
    const char *mark;
    bool (*print)(FILE *out, const struct story *s);
} marks[] = {
    {"@TITLE@", print_title},
    {"@REPORT@", print_report},
    {"@STORY@", print_story},
    {"@SOURCES@", story_print_sources},
};

/* The mark that stands at text, or NULL. */
static const char *print_mark(FILE *out, const struct story *s, const char *text, bool *ok)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t length = strlen(marks[i].mark);
        if (strncmp(text, marks[i].mark, length) != 0) continue;
        *ok = marks[i].print(out, s);
        return text + length;
    }
    return NULL;
}

bool story_print_html(FILE *out, const struct story *s)
{
    const char *text = story_page;
    bool ok = true;
    while (ok && *text) {
        size_t plain = strcspn(text, "@");
        ok = fwrite(text, 1, plain, out) == plain;
        text += plain;
        if (!ok || !*text) break;
        const char *behind = print_mark(out, s, text, &ok);
        if (behind)
            text = behind;
        else
            ok = fputc(*text++, out) != EOF;
    }
    return ok && fflush(out) == 0;
}
