// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The text form of a report: for people, ClusterFuzz, CIFuzz and libFuzzer's -minimize_crash.
 *
 * Invariants (of clusterfuzz.stacktraces, which reads line by line; text_test checks each)
 * - One header, "==PID==ERROR: HeddleSanitizer: TYPE on address 0x...", directly followed by the
 *   first stack (for races and memory errors "WRITE of size 4 at 0x..." comes between them); then a
 *   line with "previously allocated by", which ends the crash state. Everything else stands behind
 *   it.
 * - Text from elsewhere (messages, notes, labels) is defused: no line of it can be taken for an
 *   error, a frame or an assertion of another tool.
 * - In the stable form nothing depends on the process, the machine or the checkout.
 *
 * No logic: prints what the report says, in its order, and decides nothing.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "report.h"

enum { TEXT_BYTES = 1024, SIGNATURE_BYTES = 256 };

struct printer {
    FILE *out;
    const struct report *report;
    const struct report_style *style;
    int pid;
};

/* ---- Text from elsewhere ------------------------------------------------------------------ */

/* What ClusterFuzz acts upon wherever it stands in a line or in the whole text, with the one
 * character to change. Phrases that matter only at the start of a line are missing: no line starts
 * with text of a user (labels do, and are detectors' words).
 * Source: google/clusterfuzz, src/clusterfuzz/stacktraces/constants.py. */
static const struct {
    const char *phrase; /* lower case */
    unsigned char at;
    char instead;
} defused[] = {
    {"panic:", 5, ';'},
    {"error:", 5, ';'},
    {"failed:", 6, ';'},
    {"failure:", 7, ';'},
    {"libfuzzer:", 9, ';'},
    {"assertion ", 9, '-'},
    {"sanitizer", 6, 's'},
    {"of size ", 2, '-'},
    {"(sig", 0, '<'},
    {"[<", 1, '{'},
    {"out of memory", 3, '-'},
    {"outofmemory", 3, '0'},
    {"onnomemory", 3, '0'},
    {"rust_oom", 4, '-'},
    {"rss limit", 3, '-'},
    {"javascript invalid", 10, '-'},
    {"jazzer.js", 6, '-'},
    {"trusted app crash", 7, '-'},
    {"fuzzersecurityissue", 6, '-'},
    {"kasan", 1, '-'},
    {".go:", 3, ';'},
    {".py\", line", 3, '\''},
};

/* Python's splitlines() also ends a line at these. Same length, so nothing moves. */
static const struct {
    const char *utf8;
    const char *blanks;
} line_ends[] = {{"\xc2\x85", "  "}, {"\xe2\x80\xa8", "   "}, {"\xe2\x80\xa9", "   "}};

static void flatten(char *text)
{
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
        for (size_t i = 0; i < sizeof line_ends / sizeof line_ends[0]; i++) {
            size_t length = strlen(line_ends[i].utf8);
            if (strncmp(c, line_ends[i].utf8, length) == 0) memcpy(c, line_ends[i].blanks, length);
        }
    }
}

static void defuse(char *text)
{
    flatten(text);
    for (char *c = text; *c; c++)
        for (size_t i = 0; i < sizeof defused / sizeof defused[0]; i++)
            if (strncasecmp(c, defused[i].phrase, strlen(defused[i].phrase)) == 0)
                c[defused[i].at] = defused[i].instead;
}

static void print_text(const struct printer *p, const char *text)
{
    char copy[TEXT_BYTES];
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    defuse(copy);
    fputs(copy, p->out);
}

/* ---- Places ------------------------------------------------------------------------------- */

static const char *basename_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *shown_path(const struct printer *p, const char *path)
{
    if (!p->style->stable || path[0] != '/') return path;
    const char *root = p->style->root ? p->style->root : "";
    size_t length = strlen(root);
    while (length > 0 && root[length - 1] == '/') length--;
    if (length > 0 && strncmp(path, root, length) == 0 && path[length] == '/')
        return path + length + 1;
    return basename_of(path);
}

static void print_file(const struct printer *p, const struct source_frame *frame, bool with_column)
{
    fprintf(p->out, "%s:%d", shown_path(p, frame->file), frame->line);
    if (with_column && frame->column > 0 && !p->style->stable)
        fprintf(p->out, ":%d", frame->column);
}

/* The form that ClusterFuzz symbolizes by itself. */
static void print_module(const struct printer *p, const void *pc)
{
    char module[TEXT_BYTES];
    uintptr_t offset = 0;
    if (symbolize_module(pc, module, sizeof module, &offset))
        fprintf(p->out, "(%s+0x%" PRIxPTR ")", shown_path(p, module), offset);
    else
        fputs("(<unknown module>)", p->out);
}

static void print_place(const struct printer *p, const void *pc, const struct source_frame *frame)
{
    if (frame->file[0])
        print_file(p, frame, true);
    else
        print_module(p, pc);
}

/* As sanitizers do, the address shown is the one looked up: inside the call. */
static void print_frame(const struct printer *p, size_t number, const void *pc,
                        const struct source_frame *frame)
{
    uintptr_t address = p->style->stable || !pc ? 0 : (uintptr_t)pc - 1;
    fprintf(p->out, "    #%zu 0x%" PRIxPTR " ", number, address);
    if (frame->function[0]) fprintf(p->out, "in %s", frame->function);
    fputc(' ', p->out);
    print_place(p, pc, frame);
    fputc('\n', p->out);
}

static void print_trace(const struct printer *p, const struct trace *trace)
{
    size_t number = 0;
    for (size_t i = 0; i < trace->count && i < TRACE_FRAMES_MAX; i++) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        size_t count = symbolize(trace->pc[i], frames);
        for (size_t f = 0; f < count; f++) print_frame(p, number++, trace->pc[i], &frames[f]);
    }
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static uintptr_t shown_address(const struct printer *p)
{
    return p->style->stable ? p->report->object.offset : p->report->object.address;
}

static const char *access_phrase(const struct report_access *access)
{
    if (access->frees) return "free";
    if (access->atomic) return access->writes ? "atomic write" : "atomic read";
    return access->writes ? "write" : "read";
}

/* How much, where, by whom. */
static void print_access(const struct printer *p, const struct report_access *access)
{
    if (access->bytes) fprintf(p->out, " of size %zu", access->bytes);
    uintptr_t address = p->style->stable ? access->offset : access->address;
    fprintf(p->out, " at 0x%" PRIxPTR " by goroutine %" PRIu32, address, access->goroutine);
}

static void print_header(const struct printer *p)
{
    static const char line[] = "=================================================================";
    _Static_assert(sizeof line == 65 + 1, "sanitizers draw 65 of them");
    const char *type = report_type_info(p->report->type)->text;
    fprintf(p->out, "%s\n==%d==ERROR: HeddleSanitizer: %s on address 0x%" PRIxPTR "\n", line,
            p->pid, type, shown_address(p));
    const struct report_access *access = &p->report->access;
    if (access->bytes) {
        /* One word in front: ClusterFuzz makes it part of the type. What kind it is comes last. */
        fputs(access->writes ? "WRITE" : "READ", p->out);
        print_access(p, access);
        if (access->atomic || access->frees) fprintf(p->out, " (%s)", access_phrase(access));
        fputc('\n', p->out);
    }
    print_trace(p, &p->report->first);
}

/* Always holds "previously allocated by": it ends the crash state, object or not. */
static void print_object(const struct printer *p)
{
    const struct report_object *object = &p->report->object;
    fprintf(p->out, "\n0x%" PRIxPTR " is %sa ", shown_address(p), object->beside ? "next to " : "");
    if (object->number == 0 && !object->kind) {
        fputs("test-state previously allocated by goroutine 1 (no single object is at fault)\n",
              p->out);
        return;
    }
    if (object->number == 0 && object->made_by != 0) {
        print_text(p, object->kind);
        fprintf(p->out, " previously allocated by goroutine %" PRIu32 " on its stack\n",
                object->made_by);
        return;
    }
    if (object->number == 0) {
        fputs(object->address == 0 ? "nil " : "", p->out);
        print_text(p, object->kind);
        fputs(" not previously allocated by any goroutine\n", p->out);
        return;
    }
    print_text(p, object->kind ? object->kind : "object");
    fprintf(p->out, " previously allocated by goroutine %" PRIu32 "%s here:\n", object->made_by,
            object->first_use ? ", first used" : "");
    print_trace(p, &object->made);
}

/* Two words at least before "of size": alone it would be taken for a part of the type. */
static void print_previous(const struct printer *p)
{
    const struct report *r = p->report;
    if (r->previous.goroutine == 0) return;
    fprintf(p->out, "\nPrevious %s", access_phrase(&r->previous));
    print_access(p, &r->previous);
    fputs(r->previous_trace.count > 0 ? ":\n" : " (its stack is not known)\n", p->out);
    print_trace(p, &r->previous_trace);
}

static void print_freed(const struct printer *p)
{
    const struct report *r = p->report;
    if (r->freed_by == 0) return;
    fprintf(p->out, "\nFreed by goroutine %" PRIu32 " at:\n", r->freed_by);
    print_trace(p, &r->freed);
}

static void print_story(const struct printer *p)
{
    const struct report *r = p->report;
    fprintf(p->out, "\nThe first stack is of goroutine %" PRIu32, r->goroutine);
    if (r->state[0]) {
        fputs(" [", p->out);
        print_text(p, r->state);
        fputc(']', p->out);
    }
    if (r->object.number != 0 && r->object.name[0]) {
        fputs("; the ", p->out);
        print_text(p, r->object.kind ? r->object.kind : "object");
        fputs(" is ", p->out);
        print_text(p, r->object.name);
    }
    fputc('\n', p->out);
    if (r->message[0]) {
        fputs("What happened: ", p->out);
        print_text(p, r->message);
        fputc('\n', p->out);
    }
    for (size_t i = 0; i < r->note_count && i < REPORT_NOTES_MAX; i++) {
        fputs("Note: ", p->out);
        print_text(p, r->notes[i]);
        fputc('\n', p->out);
    }
}

static void print_related(const struct printer *p, const struct report_related *related)
{
    fputc('\n', p->out);
    print_text(p, related->label);
    fputc('\n', p->out);
    print_trace(p, &related->trace);
}

static void print_goroutine(const struct printer *p, const struct report_goroutine *g)
{
    fprintf(p->out, "\nGoroutine %" PRIu32 " [", g->number);
    print_text(p, g->state);
    fputs(g->leaked ? " (leaked)]" : "]", p->out);
    if (g->created_by != 0) fprintf(p->out, ", created by goroutine %" PRIu32, g->created_by);
    if (g->created_by != 0 && g->created.count > 0) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        symbolize(g->created.pc[0], frames);
        fputs(" at ", p->out);
        if (frames[0].file[0])
            print_file(p, &frames[0], false);
        else
            print_module(p, g->created.pc[0]);
    }
    fputs(":\n", p->out);
    if (g->waits_for[0]) {
        fputs("    - ", p->out);
        print_text(p, g->waits_for);
        fputc('\n', p->out);
    }
    print_trace(p, &g->trace);
}

/* ---- The command that replays ------------------------------------------------------------- */

/* One word of a command in the stable form: no quotes, no directory, the input as `input`. */
static void print_stable_word(const struct printer *p, const char *word, size_t length)
{
    char copy[TEXT_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < sizeof copy; i++)
        if (word[i] != '\'' && word[i] != '"') copy[used++] = word[i];
    copy[used] = '\0';
    const char *equals = copy[0] == '-' ? strchr(copy, '=') : NULL;
    const char *value = equals ? equals + 1 : copy;
    const char *input = p->style->input;
    bool is_input = input && strcmp(basename_of(value), basename_of(input)) == 0;
    fprintf(p->out, "%.*s%s", (int)(value - copy), copy, is_input ? "input" : basename_of(value));
}

static size_t word_length(const char *text)
{
    char quote = 0;
    size_t length = 0;
    for (; text[length] && (quote || text[length] != ' '); length++) {
        char c = text[length];
        if (quote == c)
            quote = 0;
        else if (!quote && (c == '\'' || c == '"'))
            quote = c;
    }
    return length;
}

/* Not defused: a command that was changed would not replay anything. */
static void print_replay(const struct printer *p)
{
    char command[4 * TEXT_BYTES];
    snprintf(command, sizeof command, "%s", p->style->replay);
    flatten(command);
    fprintf(p->out, "==%d==REPLAY: ", p->pid);
    if (!p->style->stable) {
        fprintf(p->out, "%s\n", command);
        return;
    }
    for (const char *text = command; *text;) {
        if (*text == ' ') {
            fputc(*text++, p->out);
            continue;
        }
        size_t length = word_length(text);
        print_stable_word(p, text, length);
        text += length;
    }
    fputc('\n', p->out);
}

/* ---- The end ------------------------------------------------------------------------------ */

static void print_summary(const struct printer *p)
{
    const struct trace *first = &p->report->first;
    fprintf(p->out, "SUMMARY: HeddleSanitizer: %s", report_type_info(p->report->type)->text);
    if (first->count > 0) {
        struct source_frame frames[SOURCE_FRAMES_MAX];
        symbolize(first->pc[0], frames);
        fputc(' ', p->out);
        print_place(p, first->pc[0], &frames[0]);
        if (frames[0].function[0]) fprintf(p->out, " in %s", frames[0].function);
    }
    fputc('\n', p->out);
}

static void print_end(const struct printer *p)
{
    const struct report *r = p->report;
    const char *input = p->style->input ? p->style->input : "-";
    fprintf(p->out,
            "\n==%d==SCHEDULE: steps=%" PRIu64 " switches=%" PRIu64 " preemptions=%" PRIu64
            " input=",
            p->pid, r->steps, r->switches, r->preemptions);
    print_text(p, p->style->stable ? "input" : input);
    fputc('\n', p->out);
    if (p->style->replay) print_replay(p);
    const char *abort_class = report_type_info(r->type)->abort_class;
    if (abort_class)
        fprintf(p->out, "==%d==NOTE: HeddleSanitizer: ABRT class=%s\n", p->pid, abort_class);
    char signature[SIGNATURE_BYTES];
    report_signature(r, signature, sizeof signature);
    const char *complaint = p->style->stable ? NULL : symbolize_complaint();
    if (complaint) fprintf(p->out, "==%d==WARNING: HeddleSanitizer: %s\n", p->pid, complaint);
    fprintf(p->out, "DEDUP_TOKEN: %s\n", signature);
    print_summary(p);
    fprintf(p->out, "==%d==ABORTING\n", p->pid);
}

void report_print_text(FILE *out, const struct report *r, const struct report_style *style)
{
    static const struct report_style plain = {0};
    if (!style) style = &plain;
    int pid = style->stable ? 1 : style->pid ? style->pid : (int)getpid();
    const struct printer p = {.out = out, .report = r, .style = style, .pid = pid};
    print_header(&p);
    print_object(&p);
    print_previous(&p);
    print_freed(&p);
    print_story(&p);
    for (size_t i = 0; i < r->related_count && i < REPORT_RELATED_MAX; i++)
        print_related(&p, &r->related[i]);
    for (size_t i = 0; i < r->goroutine_count && i < REPORT_GOROUTINES_MAX; i++)
        print_goroutine(&p, &r->goroutines[i]);
    if (r->goroutines_omitted > 0)
        fprintf(out, "\n... and %zu more goroutine%s\n", r->goroutines_omitted,
                r->goroutines_omitted == 1 ? "" : "s");
    print_end(&p);
}
