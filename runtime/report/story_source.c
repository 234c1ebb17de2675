// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Quotes the sources of a story. Places come from its list and from the frames of its report, whose
 * paths are relative to the root in the stable form. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "story_source.h"

enum { PATH_BYTES = 4096 };

/* ---- Text ------------------------------------------------------------------------------------ */

size_t story_utf8_bytes(const char *text, size_t bytes)
{
    const unsigned char *c = (const unsigned char *)text;
    if (bytes == 0) return 0;
    if (c[0] < 0x80) return 1;
    size_t length = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4 || bytes < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    /* Too long a form, a surrogate, or beyond Unicode: told by the second byte. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f)) return 0;
    if ((c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f)) return 0;
    return length;
}

/* The character at text, of `length` bytes, as JSON that no HTML parser stumbles over. */
static bool print_character(FILE *out, const char *text, size_t length)
{
    unsigned char c = (unsigned char)*text;
    if (length == 0) return fputs("\\ufffd", out) >= 0;
    if (c == '"' || c == '\\') return fprintf(out, "\\%c", c) > 0;
    if (c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x7f)
        return fprintf(out, "\\u%04x", c) > 0;
    return fwrite(text, 1, length, out) == length;
}

bool story_print_script_string(FILE *out, const char *text, size_t bytes)
{
    size_t end = strnlen(text, bytes);
    bool ok = fputc('"', out) != EOF;
    for (size_t i = 0; ok && i < end;) {
        size_t length = story_utf8_bytes(text + i, end - i);
        ok = print_character(out, text + i, length);
        i += length ? length : 1;
    }
    return ok && fputc('"', out) != EOF;
}

/* ---- Which lines ----------------------------------------------------------------------------- */

/* A line that is quoted with those around it. */
struct quote {
    char *name; /* of its file, as shown */
    int line;
};
struct quotes {
    const struct story *story;
    struct quote *list;
    size_t count, room;
    bool failed; /* out of memory */
};

/* Without the root and a slash; else as it is. */
static const char *shown_name(const struct story *s, const char *file)
{
    size_t length = strlen(s->root);
    while (length > 0 && s->root[length - 1] == '/') length--;
    bool inside = length > 0 && strncmp(file, s->root, length) == 0 && file[length] == '/';
    return inside ? file + length + 1 : file;
}

static void add_quote(struct quotes *q, const char *name, size_t name_bytes, int line)
{
    if (q->failed || line <= 0 || name_bytes == 0) return;
    if (q->count == q->room) {
        size_t room = q->room ? 2 * q->room : 64;
        struct quote *list = realloc(q->list, room * sizeof *list);
        if (!list) {
            q->failed = true;
            return;
        }
        q->list = list;
        q->room = room;
    }
    char *copy = strndup(name, name_bytes);
    q->failed = !copy;
    if (copy) q->list[q->count++] = (struct quote){.name = copy, .line = line};
}

/* "    #0 0x0 in function path:line" */
static void add_frame(struct quotes *q, const char *text, size_t bytes)
{
    size_t at = strspn(text, " ");
    if (at == 0 || text[at] != '#') return;
    const char *end = text + bytes;
    const char *path = end;
    while (path > text && path[-1] != ' ') path--;
    const char *colon = memrchr(path, ':', (size_t)(end - path));
    long line = colon ? strtol(colon + 1, NULL, 10) : 0;
    if (line > 0 && line < INT_MAX) add_quote(q, path, (size_t)(colon - path), (int)line);
}

static int by_file_and_line(const void *a, const void *b)
{
    const struct quote *x = a, *y = b;
    int names = strcmp(x->name, y->name);
    return names ? names : (x->line > y->line) - (x->line < y->line);
}

static void collect(struct quotes *q)
{
    const struct story *s = q->story;
    for (size_t i = 0; i < s->place_count; i++) {
        const char *name = shown_name(s, s->places[i].file);
        add_quote(q, name, strlen(name), s->places[i].line);
    }
    for (const char *line = s->report; *line;) {
        size_t bytes = strcspn(line, "\n");
        add_frame(q, line, bytes);
        line += bytes + (line[bytes] == '\n');
    }
    if (q->count > 0) qsort(q->list, q->count, sizeof q->list[0], by_file_and_line);
}

static void release(struct quotes *q)
{
    for (size_t i = 0; i < q->count; i++) free(q->list[i].name);
    free(q->list);
}

/* ---- The lines ------------------------------------------------------------------------------- */

/* NULL if it is not there to be read as text: no device, no pipe, nothing without end. */
static FILE *open_source(const struct story *s, const char *name)
{
    char path[PATH_BYTES];
    const char *root = name[0] == '/' ? "" : s->root;
    int length = snprintf(path, sizeof path, "%s%s%s", root, root[0] ? "/" : "", name);
    if (length < 0 || length >= PATH_BYTES || (name[0] != '/' && !root[0])) return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return NULL;
    struct stat facts;
    FILE *file = NULL;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size <= SOURCE_FILE_BYTES_MAX)
        file = fdopen(fd, "r");
    if (!file) close(fd);
    return file;
}

/* Lines of one file around those of list[0..count), which are sorted. */
static bool print_lines(FILE *out, FILE *file, const struct quote *list, size_t count)
{
    char *text = NULL;
    size_t room = 0;
    size_t next = 0;
    bool ok = true, first = true;
    for (int line = 1; ok && next < count && getline(&text, &room, file) >= 0; line++) {
        while (next < count && list[next].line + SOURCE_AROUND < line) next++;
        if (next == count || list[next].line - SOURCE_AROUND > line) continue;
        text[strcspn(text, "\r\n")] = '\0';
        ok = fprintf(out, "%s\"%d\":", first ? "" : ",\n", line) > 0 &&
             story_print_script_string(out, text, SOURCE_LINE_BYTES);
        first = false;
    }
    free(text);
    return ok;
}

static bool print_files(FILE *out, const struct quotes *q)
{
    bool ok = true, first = true;
    for (size_t i = 0, count; ok && i < q->count; i += count) {
        const char *name = q->list[i].name;
        for (count = 1; i + count < q->count; count++)
            if (strcmp(q->list[i + count].name, name) != 0) break;
        FILE *file = open_source(q->story, name);
        if (!file) continue;
        ok = fprintf(out, "%s{\"name\":", first ? "" : ",\n") > 0 &&
             story_print_script_string(out, name, strlen(name)) &&
             fputs(",\"lines\":{", out) >= 0 && print_lines(out, file, q->list + i, count) &&
             fputs("}}", out) >= 0;
        first = false;
        fclose(file);
    }
    return ok;
}

bool story_print_sources(FILE *out, const struct story *s)
{
    struct quotes q = {.story = s};
    collect(&q);
    bool ok = !q.failed && fputs("{\"files\":[", out) >= 0 && print_files(out, &q) &&
              fputs("]}", out) >= 0;
    release(&q);
    return ok;
}
