// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Strings of stories as JSON: a library writes it, which takes UTF-8 only, and a program under test
 * may name and say what it likes. */
#include "story_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1024 };

json_t *parts_text(const char *text)
{
    json_t *string = json_string(text);
    if (string) return string;
    char *plain = strdup(text);
    if (!plain) return NULL;
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    string = json_string(plain);
    free(plain);
    return string;
}

json_t *parts_textf(const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return parts_text(text);
}

const char *parts_below_root(const struct story *s, const char *file)
{
    if (file[0] != '/') return file;
    size_t length = strlen(s->root);
    while (length > 0 && s->root[length - 1] == '/') length--;
    if (length == 0 || strncmp(file, s->root, length) != 0 || file[length] != '/') return NULL;
    return file + length + 1;
}

json_t *parts_event_text(const struct story *s, const struct story_event *event)
{
    const char *object = event->object == STORY_NONE ? "" : s->objects[event->object].name;
    return parts_textf("%s%s%s%s%s%s%s", event->operation, object[0] ? " " : "", object,
                       event->phase[0] ? ": " : "", event->phase, event->detail[0] ? ", " : "",
                       event->detail);
}

json_t *parts_goroutine_text(const struct story_goroutine *goroutine)
{
    if (goroutine->number == 0) return parts_text(goroutine->name);
    return parts_textf("G%u %s", (unsigned)goroutine->number, goroutine->name);
}

bool parts_dump(FILE *out, json_t *document)
{
    bool ok = document && json_dumpf(document, out, JSON_INDENT(1)) == 0 && fputc('\n', out) >= 0 &&
              fflush(out) == 0;
    json_decref(document);
    return ok;
}
