// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A story as a table for people: a column for each goroutine, a line for each event.
 *
 * Invariants
 * - Plain ASCII; no line is longer than the width but for a name that is, and the report's own.
 * - A goroutine's column has '|' while it is there and ':' while it waits.
 * - Where columns would be too narrow for an operation and its object, there is one column for all
 *   and each line begins with who acts.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"
#include "story_words.h"

enum {
    WIDTH_DEFAULT = 100,
    WIDTH_MIN = 60,
    WIDTH_MAX = 1000,
    STEP_COLUMNS = 6, /* "  12  " */
    CELL_MIN = 15,
    CELL_MAX = 34,
    PLACE_MAX = 34,
    OBJECTS_MAX = 60, /* shown at the end */
};

enum life { UNBORN, ALIVE, WAITS, GONE };

struct table {
    FILE *out;
    const struct story *s;
    struct words words;
    size_t width;
    size_t place_width; /* of the last column */
    size_t cell_width;  /* with the blank behind it */
    size_t column_count;
    size_t *column;     /* of each goroutine; STORY_NONE: it does nothing */
    enum life *lives;   /* by goroutine */
    size_t *last;       /* by goroutine: its last event */
    size_t *stuck;      /* by event: one that is stuck since then; 0: nobody */
    size_t *next_stuck; /* by goroutine: the next of the same event */
    bool compact;
};

/* ---- Lines ----------------------------------------------------------------------------------- */

static void repeat(FILE *out, char c, size_t n)
{
    while (n--) fputc(c, out);
}

/* How much of text, at most room characters, is put on one line: up to a blank if there is one. */
static size_t piece_of(const char *text, size_t room)
{
    size_t length = strlen(text);
    if (length <= room) return length;
    for (size_t i = room; i > room / 3; i--)
        if (text[i] == ' ') return i;
    return room;
}

/* Text over several lines: the first begins with `head`, the others with `indent` blanks. */
static void print_wrapped(struct table *t, const char *head, size_t indent, const char *text)
{
    fputs(head, t->out);
    for (size_t used = strlen(head);; used = indent) {
        size_t length = piece_of(text, t->width - used);
        fprintf(t->out, "%.*s\n", (int)length, text);
        text += length;
        while (*text == ' ') text++;
        if (!*text) return;
        repeat(t->out, ' ', indent);
    }
}

static void print_title(struct table *t, const char *title)
{
    fprintf(t->out, "\n%s\n", title);
    repeat(t->out, '-', strlen(title));
    fputc('\n', t->out);
}

/* ---- Head ------------------------------------------------------------------------------------ */

/* "1 step", "2 steps" */
static const char *plural(uint64_t count) { return count == 1 ? "" : "s"; }

static void print_head(struct table *t)
{
    const struct story *s = t->s;
    char counts[256];
    fprintf(t->out, "%s%s%s%s: %s\n", s->target, s->variant[0] ? " (" : "", s->variant,
            s->variant[0] ? ")" : "", s->type[0] ? s->type : s->verdict);
    if (s->signature[0]) fprintf(t->out, "%s\n", s->signature);
    if (s->message[0]) print_wrapped(t, "", 0, s->message);
    snprintf(counts, sizeof counts,
             "%" PRIu64 " step%s, %" PRIu64 " change%s of goroutine, %" PRIu64
             " preemption%s; the schedule forces %" PRIu64 " answer%s",
             s->steps, plural(s->steps), s->switches, plural(s->switches), s->preemptions,
             plural(s->preemptions), s->deviations, plural(s->deviations));
    print_wrapped(t, "", 0, counts);
    if (t->words.file[0]) fprintf(t->out, "source: %s\n", t->words.file);
}

/* ---- Columns --------------------------------------------------------------------------------- */

static size_t widest_place(struct table *t)
{
    size_t widest = 6;
    for (size_t i = 0; i < t->s->event_count; i++) {
        size_t length = strlen(words_place(&t->words, t->s->events[i].place));
        if (length > widest) widest = length;
    }
    for (size_t g = 0; g < t->s->goroutine_count; g++) {
        size_t length = strlen(words_place(&t->words, t->s->goroutines[g].place));
        if (length > widest) widest = length;
    }
    return widest < PLACE_MAX ? widest : PLACE_MAX;
}

static bool find_columns(struct table *t)
{
    const struct story *s = t->s;
    t->column = calloc(s->goroutine_count, sizeof *t->column);
    t->lives = calloc(s->goroutine_count, sizeof *t->lives);
    t->last = calloc(s->goroutine_count, sizeof *t->last);
    t->stuck = calloc(s->event_count + 1, sizeof *t->stuck);
    t->next_stuck = calloc(s->goroutine_count, sizeof *t->next_stuck);
    if (!t->column || !t->lives || !t->last || !t->stuck || !t->next_stuck) return false;
    for (size_t g = s->goroutine_count; g-- > 1;) {
        if (s->goroutines[g].end != STORY_BLOCKED || s->goroutines[g].stuck_at == STORY_NONE)
            continue;
        t->next_stuck[g] = t->stuck[s->goroutines[g].stuck_at];
        t->stuck[s->goroutines[g].stuck_at] = g;
    }
    for (size_t i = 0; i < s->event_count; i++) {
        t->column[s->events[i].goroutine] = 1;
        t->last[s->events[i].goroutine] = i;
    }
    for (size_t g = 0; g < s->goroutine_count; g++)
        t->column[g] = t->column[g] ? t->column_count++ : STORY_NONE;
    t->place_width = widest_place(t);
    size_t room = t->width > STEP_COLUMNS + t->place_width
                      ? t->width - STEP_COLUMNS - t->place_width
                      : CELL_MIN;
    t->cell_width = t->column_count ? room / t->column_count : CELL_MAX;
    t->compact = t->cell_width < CELL_MIN;
    if (t->cell_width > CELL_MAX) t->cell_width = CELL_MAX;
    if (t->compact) t->cell_width = room;
    return true;
}

static void print_header(struct table *t)
{
    const struct story *s = t->s;
    fputs("\n step ", t->out);
    if (t->compact) fprintf(t->out, "%-*s", (int)t->cell_width, "who and what");
    for (size_t g = 0; !t->compact && g < s->goroutine_count; g++) {
        if (t->column[g] == STORY_NONE) continue;
        char name[CELL_MAX + 1];
        words_cut(words_actor(&t->words, g), name, t->cell_width - 1);
        fprintf(t->out, "%-*s", (int)t->cell_width, name);
    }
    fputs("source\n", t->out);
    repeat(t->out, '-', t->width);
    fputc('\n', t->out);
}

/* One line of the table, put together and then written without the blanks at its end. */
struct line {
    char text[WIDTH_MAX + 1024];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(l->text + l->used, sizeof l->text - l->used, format, arguments);
    va_end(arguments);
    if (n > 0) l->used += (size_t)n;
    if (l->used >= sizeof l->text) l->used = sizeof l->text - 1;
}

static void end_line(struct table *t, struct line *l)
{
    while (l->used && l->text[l->used - 1] == ' ') l->used--;
    fprintf(t->out, "%.*s\n", (int)l->used, l->text);
}

/* The columns left and right of the one that acts; marks how the others are. */
static void add_guides(const struct table *t, struct line *l, size_t from, size_t to)
{
    static const char marks[] = {[UNBORN] = ' ', [ALIVE] = '|', [WAITS] = ':', [GONE] = ' '};
    for (size_t g = from; g < to; g++)
        if (t->column[g] != STORY_NONE)
            add(l, "%c%*s", marks[t->lives[g]], (int)t->cell_width - 1, "");
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void add_cell(const struct table *t, struct line *l, size_t goroutine, const char *text,
                     size_t length)
{
    if (!t->compact) add_guides(t, l, 0, goroutine);
    add(l, "%.*s%*s", (int)length, text, (int)(t->cell_width - length), "");
    if (!t->compact) add_guides(t, l, goroutine + 1, t->s->goroutine_count);
}

/* What somebody does, in its column, on as many lines as that takes. step 0: no event. */
static void print_row(struct table *t, size_t step, size_t goroutine, const char *what,
                      size_t place)
{
    char cut[PLACE_MAX + 2], named[640];
    const char *text = what;
    const uint32_t number = t->s->goroutines[goroutine].number;
    if (t->compact) {
        if (number) snprintf(named, sizeof named, "G%-3u %s", number, what);
        if (!number) snprintf(named, sizeof named, "clock %s", what);
        text = named;
    }
    words_cut(words_place(&t->words, place), cut, t->place_width + 1);
    for (bool first = true;; first = false) {
        struct line line = {.used = 0};
        size_t indent = !first && t->compact ? 5 : 0;
        size_t length = piece_of(text, t->cell_width - 1 - indent);
        if (first && step)
            add(&line, "%5zu ", step);
        else
            add(&line, "%*s", (int)(STEP_COLUMNS + indent), "");
        add_cell(t, &line, goroutine, text, length);
        if (first) add(&line, "%s", cut);
        end_line(t, &line);
        text += length;
        while (*text == ' ') text++;
        if (!*text) return;
    }
}

static void live_on(struct table *t, const struct story_event *e)
{
    enum life *life = &t->lives[e->goroutine];
    *life = strcmp(e->phase, "waits") == 0     ? WAITS
            : strcmp(e->operation, "end") == 0 ? GONE
                                               : ALIVE;
}

/* What is reported may be no event: it is told behind the last one of who does it. */
static void print_reported(struct table *t, size_t i)
{
    const struct story *s = t->s;
    const size_t who = s->events[i].goroutine;
    const struct story_goroutine *g = &s->goroutines[who];
    if (t->last[who] == i && g->end == STORY_RUNNING && g->culprit)
        print_row(t, 0, who, "** reported **", g->place);
}

/* Nor is it one that somebody begins to wait for a lock, for good. */
static void print_stuck(struct table *t, size_t i)
{
    const struct story *s = t->s;
    char cell[512];
    for (size_t who = t->stuck[i]; who; who = t->next_stuck[who]) {
        const struct story_goroutine *g = &s->goroutines[who];
        if (t->column[who] == STORY_NONE || t->lives[who] == WAITS) continue;
        const struct story_event stuck = {
            .operation = g->state, .phase = "waits", .detail = "", .object = g->waits_for};
        t->lives[who] = WAITS;
        print_row(t, 0, who, words_event(&t->words, &stuck, t->compact, cell, sizeof cell),
                  g->place);
    }
}

static void print_event(struct table *t, size_t i)
{
    const struct story_event *e = &t->s->events[i];
    char cell[512];
    live_on(t, e);
    print_row(t, i + 1, e->goroutine, words_event(&t->words, e, t->compact, cell, sizeof cell),
              e->place);
    print_reported(t, i);
    print_stuck(t, i);
}

static void print_turn(struct table *t, const struct story_event *e)
{
    if (e->turn != STORY_FORCED) return;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", e->reason,
             e->needed ? " [without this the bug does not happen]" : "");
    print_wrapped(t, e->needed ? " >>> " : "  >> ", STEP_COLUMNS, text);
}

static void print_events(struct table *t)
{
    const struct story *s = t->s;
    print_header(t);
    for (size_t i = 0; i < s->event_count; i++) {
        print_turn(t, &s->events[i]);
        print_event(t, i);
    }
    if (s->events_dropped)
        fprintf(t->out, "and %" PRIu64 " more that were not kept\n", s->events_dropped);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void print_left(struct table *t)
{
    const struct story *s = t->s;
    char text[512];
    for (size_t g = 1; g < s->goroutine_count; g++) {
        const struct story_goroutine *o = &s->goroutines[g];
        if (o->end == STORY_ENDED) continue;
        const char *place = words_place(&t->words, o->place);
        const char *object = o->waits_for == STORY_NONE ? "" : s->objects[o->waits_for].name;
        snprintf(text, sizeof text, "%s%s%s %s%s%s%s%s%s%s%s", o->culprit ? "* " : "",
                 words_actor(&t->words, g), ",", o->end == STORY_BLOCKED ? "blocked in " : "",
                 o->state, object[0] ? " " : "", object, place[0] ? " at " : "", place,
                 o->waiting[0] ? ": " : "", o->waiting);
        print_wrapped(t, o->culprit ? "  " : "    ", 6, text);
    }
}

static const struct story_wait *wait_of(const struct story *s, size_t goroutine)
{
    for (size_t i = 0; i < s->wait_count; i++)
        if (s->waits[i].goroutine == goroutine) return &s->waits[i];
    return NULL;
}

enum { CHAIN_MAX = 12 };

/* "G5 -> M3 -> G2 -> C2 -> nobody" */
static void print_chain(struct table *t, const struct story_wait *w)
{
    const struct story *s = t->s;
    size_t seen[CHAIN_MAX];
    size_t count = 0;
    bool again = false;
    struct line line = {.used = 0};
    add(&line, "G%u", s->goroutines[w->goroutine].number);
    for (; w && !again && count < CHAIN_MAX; w = wait_of(s, w->holder)) {
        seen[count++] = w->goroutine;
        const char *state = s->goroutines[w->goroutine].state;
        add(&line, " -> %s", w->object == STORY_NONE ? state : s->objects[w->object].name);
        if (w->holder == STORY_NONE) {
            add(&line, " -> nobody");
            break;
        }
        const struct story_goroutine *h = &s->goroutines[w->holder];
        add(&line, " -> G%u%s", h->number, h->end == STORY_ENDED ? " (has ended)" : "");
        for (size_t i = 0; i < count; i++) again |= seen[i] == w->holder;
        if (again) add(&line, " (a circle)");
    }
    print_wrapped(t, "  ", 2, line.text);
}

/* Is the story about somebody who waits? */
static bool is_stuck(const struct story *s)
{
    for (size_t g = 0; g < s->goroutine_count; g++)
        if (s->goroutines[g].culprit && s->goroutines[g].end == STORY_BLOCKED) return true;
    return false;
}

static void print_end(struct table *t)
{
    const struct story *s = t->s;
    size_t left = 0;
    for (size_t g = 1; g < s->goroutine_count; g++) left += s->goroutines[g].end != STORY_ENDED;
    if (!left) return;
    print_title(t, "At the end (*: the report is about them)");
    print_left(t);
    if (!is_stuck(s)) return;
    print_title(t, "Who waits -> for what -> that who has");
    for (size_t i = 0; i < s->wait_count; i++) print_chain(t, &s->waits[i]);
}

/* What the report says of stacks and accesses; a story of who waits has said it all. */
static void print_report(struct table *t)
{
    const struct story *s = t->s;
    if (is_stuck(s) || !s->report[0]) return;
    print_title(t, "The report");
    for (const char *line = s->report; *line;) {
        size_t length = strcspn(line, "\n");
        bool frame = strncmp(line, "==", 2) == 0 || strncmp(line, "DEDUP", 5) == 0 ||
                     strncmp(line, "SUMMARY", 7) == 0;
        if (!frame) fprintf(t->out, "%.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void print_object(struct table *t, const struct story_object *o)
{
    const char *place = words_place(&t->words, o->made_at);
    fprintf(t->out, "  %-4s %s", o->name, o->kind);
    if (o->made_by != STORY_NONE) fprintf(t->out, " of G%u", t->s->goroutines[o->made_by].number);
    fprintf(t->out, "%s%s\n", place[0] ? ", " : "", place);
}

/* Those that somebody did something with. */
static bool print_objects(struct table *t)
{
    const struct story *s = t->s;
    bool *used = calloc(s->object_count + 1, sizeof *used);
    if (!used) return false;
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < s->event_count; i++)
        if (s->events[i].object != STORY_NONE) used[s->events[i].object] = true;
    for (size_t i = 0; i < s->object_count; i++) count += used[i];
    if (count) print_title(t, "Objects");
    for (size_t i = 0; i < s->object_count && shown < OBJECTS_MAX; i++) {
        if (!used[i]) continue;
        print_object(t, &s->objects[i]);
        shown++;
    }
    if (shown < count) fprintf(t->out, "  and %zu more\n", count - shown);
    free(used);
    return true;
}

static void print_contrast(struct table *t)
{
    const struct story *s = t->s;
    const struct story_contrast *c = &s->contrast;
    char text[1024], cell[512];
    if (!c->sentence[0]) return;
    print_title(t, "The nearest schedule that passes");
    if (!c->found) {
        print_wrapped(t, "  ", 2, c->sentence);
        return;
    }
    snprintf(text, sizeof text, "is the same up to step %zu: %s.", c->event, c->sentence);
    print_wrapped(t, "  ", 2, text);
    const struct story_event *e = &s->events[c->event];
    const char *place = words_place(&t->words, e->place);
    uint32_t number = s->goroutines[e->goroutine].number;
    char who[16] = "clock";
    if (number) snprintf(who, sizeof who, "G%u", number);
    snprintf(text, sizeof text, "step %zu here:  %s %s%s%s", c->event + 1, who,
             words_event(&t->words, e, true, cell, sizeof cell), place[0] ? " at " : "", place);
    print_wrapped(t, "  ", 4, text);
    snprintf(text, sizeof text, "step %zu there: %s", c->event + 1, c->expected);
    print_wrapped(t, "  ", 4, text);
}

bool story_print_text(FILE *out, const struct story *s, const struct story_style *style)
{
    struct table t = {.out = out, .s = s, .width = WIDTH_DEFAULT};
    if (style && style->width) t.width = style->width;
    if (t.width < WIDTH_MIN) t.width = WIDTH_MIN;
    if (t.width > WIDTH_MAX) t.width = WIDTH_MAX;
    bool ok = words_init(&t.words, s) && find_columns(&t);
    if (ok) {
        print_head(&t);
        print_events(&t);
        print_end(&t);
        print_report(&t);
        print_contrast(&t);
        ok = print_objects(&t);
        fprintf(out, "\nagain: %s\n", s->replay);
    }
    free(t.column);
    free(t.lives);
    free(t.last);
    free(t.stuck);
    free(t.next_stuck);
    words_free(&t.words);
    return ok && fflush(out) == 0 && !ferror(out);
}
