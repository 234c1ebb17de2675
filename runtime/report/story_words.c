// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Words of the text form of stories. */
#include "story_words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

__attribute__((format(printf, 1, 2))) static char *make(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length < 0 ? NULL : text;
}

static const char *only_file(const struct story *s)
{
    const char *file = "";
    for (size_t i = 0; i < s->place_count; i++) {
        const char *other = s->places[i].file;
        if (!other[0]) continue;
        if (file[0] && strcmp(file, other) != 0) return "";
        file = other;
    }
    size_t root = strlen(s->root);
    return strncmp(file, s->root, root) == 0 ? file + root : file;
}

static char *make_place(const struct words *w, const struct story_place *p)
{
    const char *function = p->function[0] ? p->function : "?";
    if (!p->line) return make("%s", function);
    if (w->file[0]) return make("%s:%d", function, p->line);
    return make("%s:%d", base_of(p->file), p->line);
}

static char *make_actor(const struct story_goroutine *g)
{
    if (g->number == 0) return make("%s", g->name);
    return make("G%u%s%s", g->number, g->name[0] ? " " : "", g->name);
}

bool words_init(struct words *w, const struct story *s)
{
    bool ok = true;
    *w = (struct words){.s = s, .file = only_file(s)};
    w->places = calloc(s->place_count + 1, sizeof *w->places);
    w->actors = calloc(s->goroutine_count + 1, sizeof *w->actors);
    if (!w->places || !w->actors) return false;
    for (size_t i = 0; i < s->place_count; i++)
        ok = (w->places[i] = make_place(w, &s->places[i])) && ok;
    for (size_t i = 0; i < s->goroutine_count; i++)
        ok = (w->actors[i] = make_actor(&s->goroutines[i])) && ok;
    return ok;
}

void words_free(struct words *w)
{
    for (size_t i = 0; w->places && i < w->s->place_count; i++) free(w->places[i]);
    for (size_t i = 0; w->actors && i < w->s->goroutine_count; i++) free(w->actors[i]);
    free(w->places);
    free(w->actors);
    *w = (struct words){0};
}

const char *words_place(const struct words *w, size_t place)
{
    return place == STORY_NONE ? "" : w->places[place];
}

const char *words_actor(const struct words *w, size_t goroutine) { return w->actors[goroutine]; }

/* "sync.Mutex.Lock" is Lock where the object says that it is a mutex's. */
static const char *short_operation(const char *operation)
{
    const char *dot = strrchr(operation, '.');
    if (strncmp(operation, "chan ", 5) == 0) return operation + 5;
    if (strncmp(operation, "sync.", 5) == 0 && dot) return dot + 1;
    return operation;
}

const char *words_event(const struct words *w, const struct story_event *e, bool full, char *out,
                        size_t out_bytes)
{
    const struct story *s = w->s;
    const char *object = e->object == STORY_NONE ? "" : s->objects[e->object].name;
    const char *operation = full ? e->operation : short_operation(e->operation);
    const char *phase_colon = e->phase[0] ? ": " : "";
    if (object[0]) /* send C1: waits, full */
        snprintf(out, out_bytes, "%s %s%s%s%s%s", operation, object, phase_colon, e->phase,
                 e->detail[0] ? ", " : "", e->detail);
    else /* select 2 cases: waits */
        snprintf(out, out_bytes, "%s%s%s%s%s", operation, e->detail[0] ? " " : "", e->detail,
                 phase_colon, e->phase);
    return out;
}

void words_cut(const char *text, char *out, size_t width)
{
    size_t length = strlen(text), room = width ? width - 1 : 0;
    if (length <= room) {
        memcpy(out, text, length + 1);
        return;
    }
    size_t tail = room / 3, head = room > tail ? room - tail - 1 : 0;
    memcpy(out, text, head);
    if (room) out[head] = '~';
    memcpy(out + head + (room ? 1 : 0), text + length - tail, tail + 1);
}
