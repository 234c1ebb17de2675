// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From return addresses to functions and lines.
 *
 * Invariants
 * - A return address is looked up one byte earlier, inside its call: the line after it, or the
 *   function after a call that never returns, would be wrong.
 * - Who answers, in this order: llvm-symbolizer (kept running), addr2line, the sanitizer's own
 *   symbolizer if one is linked in. Without any of them a frame has its module and offset.
 * - Answers depend on the binary alone, never on ASLR: tools are asked for module + offset.
 * - What was answered once is answered for ever: entries are never dropped, their strings stay.
 *
 * Not for signal handlers and not for two threads. Does not follow dlclose.
 */
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "tool.h"

/* In every binary with a sanitizer's runtime; takes a return address and itself goes one back. */
__attribute__((weak)) void __sanitizer_symbolize_pc(void *pc, const char *format, char *out,
                                                    size_t out_bytes);

enum {
    PATIENCE_MS = 10000, /* for one answer: the first one reads all debug information */
    RESTARTS_MAX = 3,    /* of llvm-symbolizer, if somebody kills it */
    ANSWER_BYTES = 64 * 1024,
    SLOTS_MIN = 256, /* a power of two */
    MODULE_BYTES = PATH_MAX,
};

struct module {
    uintptr_t address; /* looked for */
    bool found;
    bool is_main;            /* the program itself */
    uintptr_t offset;        /* address as the file's symbols count it */
    char path[MODULE_BYTES]; /* for people */
    char file[MODULE_BYTES]; /* for tools: the bytes that run, even if path was rebuilt */
};

struct entry {
    size_t count; /* at least 1 */
    struct source_frame frames[];
};

struct slot {
    const void *pc; /* NULL: free */
    const struct entry *entry;
};

static struct {
    struct slot *slots; /* open addressing, linear probing, at most three quarters full */
    size_t slot_count;
    size_t used_count;

    struct tool llvm;
    bool llvm_searched;
    bool llvm_answered;           /* since it was started */
    char llvm_path[MODULE_BYTES]; /* "": none, or given up */
    int restarts_left;

    bool addr2line_searched;
    char addr2line_path[MODULE_BYTES];

    /* What came of the questions about the program itself. */
    bool asked;
    bool unreadable; /* its file */
    bool answered;   /* by a tool, if only that it does not know */
    bool answered_by_llvm;
    bool named;  /* a function, at least once */
    bool placed; /* in a file of source */
    bool complained;

    int patience_ms; /* tests shorten it */

    /* Buffers too large for the small stacks that a report may be printed on. */
    struct module module;
    char question[MODULE_BYTES + 64];
    char answer[ANSWER_BYTES];
} symbolizer = {.restarts_left = RESTARTS_MAX, .patience_ms = PATIENCE_MS};

/* ---- Which file a pc is in ---------------------------------------------------------------- */

static int visit_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct module *module = argument;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        if (module->address - start >= info->dlpi_phdr[i].p_memsz) continue;
        module->found = true;
        module->offset = module->address - info->dlpi_addr;
        module->is_main = !info->dlpi_name || !info->dlpi_name[0];
        if (!module->is_main && !realpath(info->dlpi_name, module->path))
            snprintf(module->path, sizeof module->path, "%s", info->dlpi_name);
        return 1;
    }
    return 0;
}

static bool program_path(char path[MODULE_BYTES])
{
    ssize_t length = readlink("/proc/self/exe", path, MODULE_BYTES - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

static void name_program(struct module *module)
{
    if (!program_path(module->path)) {
        module->found = false;
        return;
    }
    struct stat running, there;
    bool same = stat("/proc/self/exe", &running) == 0 && stat(module->path, &there) == 0 &&
                running.st_dev == there.st_dev && running.st_ino == there.st_ino;
    if (same)
        memcpy(module->file, module->path, sizeof module->file);
    else
        snprintf(module->file, sizeof module->file, "/proc/%ld/exe", (long)getpid());
}

/* Valid until the next call; NULL if pc is in no file. */
static struct module *find_module(const void *pc)
{
    struct module *module = &symbolizer.module;
    module->address = (uintptr_t)pc - 1;
    module->found = false;
    module->path[0] = module->file[0] = '\0';
    if (!pc) return NULL;
    dl_iterate_phdr(visit_object, module);
    if (!module->found) return NULL;
    if (module->is_main)
        name_program(module);
    else
        memcpy(module->file, module->path, sizeof module->file);
    return module->found ? module : NULL;
}

bool symbolize_module(const void *pc, char *path, size_t path_bytes, uintptr_t *offset)
{
    const struct module *module = find_module(pc);
    const char *text = module ? module->path : "";
    size_t length = path_bytes > 0 ? strnlen(text, path_bytes - 1) : 0;
    memcpy(path, text, length);
    if (path_bytes > 0) path[length] = '\0';
    *offset = module ? module->offset : 0;
    return module != NULL;
}

/* ---- Names -------------------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Length of "operator" and its symbol ("operator<<", "operator()"), 0 if there is none here. */
static size_t operator_length(const char *name, const char *start)
{
    static const char word[] = "operator";
    bool inside_word = name > start && (name[-1] == '_' || name[-1] == '$');
    if (inside_word || !starts_with(name, word)) return 0;
    size_t length = sizeof word - 1;
    if (starts_with(name + length, "()")) return length + 2;
    return length + strspn(name + length, "<>=+-*/%&|^~!,[]");
}

/* A C name without the suffixes of compilers' clones (.constprop.0, .isra.1, .part.2, .cold), which
 * differ between optimization levels. A name that begins with a dot has only that name. */
static size_t c_name_length(const char *name)
{
    size_t length = strcspn(name, ".");
    return length > 0 ? length : strlen(name);
}

static const char anonymous[] = "(anonymous namespace)::";

/* Of a demangled C++ name the qualified name: no return type and no parameters, which would make
 * signatures long and are not what people call the function. */
static const char *cpp_name(const char *name, size_t *length)
{
    const char *start = name, *c = name;
    int angles = 0;
    bool after_operator = false;
    while (*c) {
        size_t skip = operator_length(c, name);
        if (angles == 0 && skip > 0) after_operator = true;
        if (skip == 0 && starts_with(c, anonymous)) skip = sizeof anonymous - 1;
        if (skip > 0) {
            c += skip;
            continue;
        }
        if (*c == '(' && angles == 0 && c > start) break;
        if (*c == '<') angles++;
        if (*c == '>' && angles > 0) angles--;
        if (*c == ' ' && angles == 0 && !after_operator) start = c + 1;
        c++;
    }
    *length = (size_t)(c - start);
    return start;
}

/* What is printed as the function's name: one word, or "" for none. */
static void tidy_function(const char *name, char *out, size_t out_bytes)
{
    bool unknown =
        starts_with(name, "??") || strcmp(name, "<null>") == 0 || strcmp(name, "(null)") == 0;
    size_t length = unknown ? 0 : strlen(name);
    if (strpbrk(name, "(<: "))
        name = length ? cpp_name(name, &length) : name;
    else if (length)
        length = c_name_length(name);
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < out_bytes; i++) {
        if (starts_with(name + i, anonymous)) {
            i += sizeof anonymous - 2;
            continue;
        }
        if (name[i] == ' ' && i > 0 && name[i - 1] == ',') continue;
        out[used++] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
    }
    out[used] = '\0';
}

/* A path without "//", "/./" and "/x/..": what different compilers and tools write differently. */
static void tidy_path(const char *path, char *out, size_t out_bytes)
{
    const bool absolute = *path == '/';
    size_t used = 0, fixed = 0; /* out[0, fixed) is a relative path's leading "../" */
    while (*path) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        bool here = length == 1 && path[0] == '.';
        bool up = length == 2 && path[0] == '.' && path[1] == '.';
        if (up && used > fixed) {
            while (used > fixed && out[used - 1] != '/') used--;
            if (used > fixed) used--;
        } else if (length > 0 && !here && !(up && absolute)) {
            bool slash = absolute || used > 0;
            if (used + slash + length + 1 > out_bytes) break;
            if (slash) out[used++] = '/';
            memcpy(out + used, path, length);
            used += length;
            if (up) fixed = used;
        }
        path += length;
    }
    out[used] = '\0';
}

/* ---- Answers ------------------------------------------------------------------------------ */

/* Cut ":number" (or ":?") off the end of text. -1 if it does not end so. */
static int cut_number(char *text)
{
    char *colon = strrchr(text, ':');
    if (!colon) return -1;
    const char *digits = colon + 1;
    if (digits[strspn(digits, "0123456789?")] != '\0') return -1;
    long number = strtol(digits, NULL, 10);
    *colon = '\0';
    return number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* FILE:LINE[:COLUMN][ (discriminator N)] */
static void parse_place(char *place, bool has_column, struct source_frame *frame)
{
    char *extra = strstr(place, " (discriminator ");
    if (extra) *extra = '\0';
    int column = has_column ? cut_number(place) : 0;
    int line = cut_number(place);
    frame->line = line > 0 ? line : 0;
    frame->column = line > 0 && column > 0 ? column : 0;
    /* "??", or from newer tools the name of an object's source without directory or line. */
    if (starts_with(place, "??") || (place[0] != '/' && frame->line == 0)) place[0] = '\0';
    tidy_path(place, frame->file, sizeof frame->file);
}

static char *next_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line) return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end) *end = '\0';
    return line;
}

/* Pairs of lines, function and place, innermost first, up to an empty line. */
static size_t parse_pairs(char *answer, bool has_column,
                          struct source_frame frames[SOURCE_FRAMES_MAX])
{
    size_t count = 0;
    char *rest = answer;
    while (count < SOURCE_FRAMES_MAX) {
        char *function = next_line(&rest);
        char *place = function && *function ? next_line(&rest) : NULL;
        if (!place) break;
        tidy_function(function, frames[count].function, sizeof frames[count].function);
        parse_place(place, has_column, &frames[count]);
        count++;
    }
    return count;
}

/* One string "function TAB file TAB line TAB column" for each frame, then an empty one. */
static size_t parse_strings(char *answer, size_t answer_bytes,
                            struct source_frame frames[SOURCE_FRAMES_MAX])
{
    size_t count = 0;
    const char *end = answer + answer_bytes;
    char *next = answer;
    while (count < SOURCE_FRAMES_MAX && next < end && *next) {
        char *text = next;
        next += strlen(text) + 1;
        char *file = strchr(text, '\t');
        char *line = file ? strchr(file + 1, '\t') : NULL;
        char *column = line ? strchr(line + 1, '\t') : NULL;
        if (!column) break;
        *file = *line = *column = '\0';
        struct source_frame *frame = &frames[count++];
        tidy_function(text, frame->function, sizeof frame->function);
        bool unknown = file[1] != '/';
        tidy_path(unknown ? "" : file + 1, frame->file, sizeof frame->file);
        frame->line = unknown ? 0 : (int)strtol(line + 1, NULL, 10);
        frame->column = unknown ? 0 : (int)strtol(column + 1, NULL, 10);
    }
    return count;
}

/* ---- Who answers -------------------------------------------------------------------------- */

static void search_llvm(void)
{
    symbolizer.llvm_searched = true;
    char directory[MODULE_BYTES];
    char *slash = program_path(directory) ? strrchr(directory, '/') : NULL;
    if (slash) *slash = '\0';
    char *path = symbolizer.llvm_path;
    const size_t bytes = sizeof symbolizer.llvm_path;
    bool found = tool_find("llvm-symbolizer", slash ? directory : NULL, path, bytes);
    for (int version = 22; version >= 14 && !found; version--) {
        char name[32];
        snprintf(name, sizeof name, "llvm-symbolizer-%d", version);
        found = tool_find(name, NULL, path, bytes);
    }
}

static bool start_llvm(void)
{
    if (tool_is_mine(&symbolizer.llvm)) return true;
    if (!symbolizer.llvm_searched) search_llvm();
    if (!symbolizer.llvm_path[0]) return false;
    char *argv[] = {symbolizer.llvm_path,  "--inlines",           "--demangle",
                    "--functions=linkage", "--output-style=LLVM", NULL};
    symbolizer.llvm_answered = false;
    if (tool_start(&symbolizer.llvm, argv)) return true;
    symbolizer.llvm_path[0] = '\0';
    return false;
}

/* It died or fell silent. Somebody may have killed it, but one that never answered never will. */
static void give_up_llvm_if_hopeless(void)
{
    if (!symbolizer.llvm_answered || symbolizer.restarts_left == 0) symbolizer.llvm_path[0] = '\0';
    if (symbolizer.restarts_left > 0) symbolizer.restarts_left--;
}

/* Fills frames and returns their number; 0 if there is no tool or it does not answer. */
static size_t ask_llvm(const struct module *module, struct source_frame frames[SOURCE_FRAMES_MAX])
{
    /* Quotes cannot be quoted in a question, a line end would end it. */
    if (strpbrk(module->file, "\"\n")) return 0;
    snprintf(symbolizer.question, sizeof symbolizer.question, "CODE \"%s\" 0x%lx\n", module->file,
             (unsigned long)module->offset);
    while (start_llvm()) {
        if (tool_ask(&symbolizer.llvm, symbolizer.question, "\n\n", symbolizer.answer,
                     sizeof symbolizer.answer, symbolizer.patience_ms)) {
            symbolizer.llvm_answered = true;
            return parse_pairs(symbolizer.answer, true, frames);
        }
        give_up_llvm_if_hopeless();
    }
    return 0;
}

static size_t ask_addr2line(struct module *module, struct source_frame frames[SOURCE_FRAMES_MAX])
{
    if (!symbolizer.addr2line_searched) {
        symbolizer.addr2line_searched = true;
        tool_find("addr2line", NULL, symbolizer.addr2line_path, sizeof symbolizer.addr2line_path);
    }
    if (!symbolizer.addr2line_path[0]) return 0;
    char offset[32];
    snprintf(offset, sizeof offset, "0x%lx", (unsigned long)module->offset);
    char *argv[] = {symbolizer.addr2line_path, "-f", "-i", "-C", "-e", module->file, offset, NULL};
    struct tool tool;
    if (tool_start(&tool, argv) && tool_ask(&tool, "", NULL, symbolizer.answer,
                                            sizeof symbolizer.answer, symbolizer.patience_ms))
        return parse_pairs(symbolizer.answer, false, frames);
    symbolizer.addr2line_path[0] = '\0';
    return 0;
}

static size_t ask_sanitizer(const void *pc, struct source_frame frames[SOURCE_FRAMES_MAX])
{
    if (!__sanitizer_symbolize_pc) return 0;
    memset(symbolizer.answer, 0, sizeof symbolizer.answer);
    __sanitizer_symbolize_pc((void *)(uintptr_t)pc, "%f\t%s\t%l\t%c", symbolizer.answer,
                             sizeof symbolizer.answer - 1);
    return parse_strings(symbolizer.answer, sizeof symbolizer.answer, frames);
}

static size_t ask(const void *pc, struct source_frame frames[SOURCE_FRAMES_MAX])
{
    memset(frames, 0, SOURCE_FRAMES_MAX * sizeof frames[0]);
    struct module *module = find_module(pc);
    if (!module) return 1;
    bool readable = access(module->file, R_OK) == 0;
    size_t count = readable ? ask_llvm(module, frames) : 0;
    bool by_llvm = count > 0;
    if (count == 0 && readable) count = ask_addr2line(module, frames);
    bool by_tool = count > 0;
    if (count == 0) count = ask_sanitizer(pc, frames);
    if (count == 0) count = 1;
    if (module->is_main) {
        symbolizer.asked = true;
        symbolizer.unreadable = !readable;
        symbolizer.answered |= by_tool;
        symbolizer.answered_by_llvm |= by_llvm;
        symbolizer.named |= frames[0].function[0] != '\0';
        symbolizer.placed |= frames[0].file[0] != '\0';
    }
    return count;
}

const char *symbolize_complaint(void)
{
    const char *text = NULL;
    if (!symbolizer.asked || symbolizer.complained) return NULL;
    if (!symbolizer.named && symbolizer.unreadable)
        text = "the program's file cannot be read: frames are module and offset, the signature is "
               "\"unknown\"";
    else if (!symbolizer.named && !symbolizer.answered)
        text = "no llvm-symbolizer and no addr2line that answers in PATH: frames are module and "
               "offset, the signature is \"unknown\"";
    else if (!symbolizer.named)
        text = "the program has no symbols: frames are module and offset, the signature is "
               "\"unknown\"; build it with -g and do not strip it";
    else if (!symbolizer.placed)
        text = "the program has no debug information: no lines, and functions that were inlined "
               "are missing, also in the signature; build it with -g and do not strip it";
    else if (!symbolizer.answered_by_llvm)
        text = "no llvm-symbolizer that answers in PATH: frames were named by another, slower "
               "tool, and functions that were inlined may be missing, also in the signature";
    symbolizer.complained = text != NULL;
    return text;
}

/* ---- The cache ---------------------------------------------------------------------------- */

/* The slot of pc, or the free one where it belongs. There is always a free one. */
static struct slot *find_slot(struct slot *slots, size_t slot_count, const void *pc)
{
    size_t i = (size_t)mix64(0, (uintptr_t)pc) & (slot_count - 1);
    while (slots[i].pc && slots[i].pc != pc) i = (i + 1) & (slot_count - 1);
    return &slots[i];
}

/* Room for one more. Without memory the old table stays, and may be too full to add to. */
static bool make_room(void)
{
    if (symbolizer.used_count + 1 <= symbolizer.slot_count / 4 * 3) return true;
    size_t count = symbolizer.slot_count ? symbolizer.slot_count * 2 : SLOTS_MIN;
    struct slot *slots = calloc(count, sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < symbolizer.slot_count; i++) {
        const struct slot *old = &symbolizer.slots[i];
        if (old->pc) *find_slot(slots, count, old->pc) = *old;
    }
    free(symbolizer.slots);
    symbolizer.slots = slots;
    symbolizer.slot_count = count;
    return true;
}

/* The entry of pc; NULL for a NULL pc and when there is no memory. */
static const struct entry *look_up(const void *pc)
{
    if (!pc) return NULL;
    if (likely(symbolizer.slots)) {
        const struct slot *slot = find_slot(symbolizer.slots, symbolizer.slot_count, pc);
        if (likely(slot->pc)) return slot->entry;
    }
    struct source_frame frames[SOURCE_FRAMES_MAX];
    size_t count = ask(pc, frames);
    rt_assert(count >= 1);
    rt_assert(count <= SOURCE_FRAMES_MAX);
    struct entry *entry = make_room() ? malloc(sizeof *entry + count * sizeof frames[0]) : NULL;
    if (!entry) return NULL;
    entry->count = count;
    memcpy(entry->frames, frames, count * sizeof frames[0]);
    *find_slot(symbolizer.slots, symbolizer.slot_count, pc) = (struct slot){pc, entry};
    symbolizer.used_count++;
    return entry;
}

size_t symbolize(const void *pc, struct source_frame out[SOURCE_FRAMES_MAX])
{
    const struct entry *entry = look_up(pc);
    if (!entry) {
        out[0] = (struct source_frame){0};
        return 1;
    }
    memcpy(out, entry->frames, entry->count * sizeof out[0]);
    return entry->count;
}

const char *symbolize_function(const void *pc)
{
    const struct entry *entry = look_up(pc);
    return entry ? entry->frames[0].function : "";
}
