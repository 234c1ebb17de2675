// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The text form: whole reports byte for byte, and the rules by which ClusterFuzz reads them.
 *
 * Linked with text.c, types.c and signature.c. The symbolizer is this file's: a pc is base + an
 * index of places[], and base is where "this process" was loaded. read_report() is a small model
 * of clusterfuzz.stacktraces: which lines make the type, which frames the state, what spoils them.
 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

/* ---- A symbolizer of our own -------------------------------------------------------------- */

enum place {
    SEND = 1,
    RUN,
    FUZZER,
    NEW,
    CLOSER,
    LOOP,
    INLINED,
    NO_FILE,
    NO_SYMBOL,
    NO_MODULE,
    ELSEWHERE,
    NEIGHBOUR,
    RELATIVE,
};

static const struct source_frame places[][SOURCE_FRAMES_MAX] = {
    [SEND] = {{"worker_send", "/src/proj/worker.c", 42, 7}},
    [RUN] = {{"pool_run", "/src/proj/pool.c", 88, 3}},
    [FUZZER] = {{"LLVMFuzzerTestOneInput", "/src/proj/fuzz/target.c", 20, 3}},
    [NEW] = {{"pool_new", "/src/proj/pool.c", 30, 12}},
    [CLOSER] = {{"consumer_close", "/src/proj/consumer.c", 17, 9}},
    [LOOP] = {{"consumer_loop", "/src/proj/consumer.c", 60, 3}},
    [INLINED] = {{"helper", "/src/proj/helper.h", 5, 1}, {"caller", "/src/proj/caller.c", 9, 2}},
    [NO_FILE] = {{"lib_call", "", 0, 0}},
    [NO_SYMBOL] = {{"", "", 0, 0}},
    [NO_MODULE] = {{"", "", 0, 0}},
    [ELSEWHERE] = {{"other", "/usr/include/other.h", 3, 0}},
    [NEIGHBOUR] = {{"near", "/src/project2/near.c", 4, 4}},
    [RELATIVE] = {{"rel", "lib/rel.c", 6, 4}},
};

static uintptr_t base = 0x55d0c0a00000; /* set by the tests that move "this process" */

static const void *at(enum place place) { return (const void *)(base + 0x100 * (uintptr_t)place); }

static enum place place_of(const void *pc) { return (enum place)(((uintptr_t)pc - base) / 0x100); }

size_t symbolize(const void *pc, struct source_frame out[SOURCE_FRAMES_MAX])
{
    size_t count = place_of(pc) == INLINED ? 2 : 1;
    memcpy(out, places[place_of(pc)], count * sizeof out[0]);
    return count;
}

bool symbolize_module(const void *pc, char *module, size_t module_bytes, uintptr_t *offset)
{
    if (place_of(pc) == NO_MODULE) return false;
    snprintf(module, module_bytes, "/src/proj/out/target");
    *offset = (uintptr_t)pc - base - 1;
    return true;
}

const char *symbolize_function(const void *pc) { return places[place_of(pc)][0].function; }

__attribute__((weak)) void fault_internal(const char *what, const char *file, int line)
{
    (void)what, (void)file, (void)line;
    abort();
}

/* ---- Reports ------------------------------------------------------------------------------ */

static struct trace trace_of(enum place a, enum place b, enum place c)
{
    struct trace trace = {0};
    const enum place all[] = {a, b, c};
    for (size_t i = 0; i < 3; i++)
        if (all[i]) trace.pc[trace.count++] = at(all[i]);
    return trace;
}

static struct report_object channel(void)
{
    return (struct report_object){.number = 1,
                                  .name = "C1",
                                  .kind = "channel",
                                  .made_by = 1,
                                  .address = base + 0x5000,
                                  .offset = 0x40,
                                  .made = trace_of(NEW, FUZZER, 0)};
}

static struct report *make_report(enum report_type type)
{
    static struct report report; /* safe: one thread, and every test begins by setting it */
    report = (struct report){.type = type,
                             .object = channel(),
                             .goroutine = 3,
                             .state = "running",
                             .first = trace_of(SEND, RUN, FUZZER),
                             .culprit_pc = {at(SEND)},
                             .culprit_count = 1,
                             .steps = 31,
                             .switches = 4,
                             .preemptions = 2};
    return &report;
}

/* Caller frees. */
static char *print(const struct report *report, const struct report_style *style)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    report_print_text(out, report, style);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void expect_text(const struct report *report, const struct report_style *style,
                        const char *expect)
{
    char *text = print(report, style);
    assert_string_equal(text, expect);
    free(text);
}

/* ---- What ClusterFuzz would read ---------------------------------------------------------- */

struct reading {
    char type[64];
    char address[32];
    char state[512]; /* "function\n" for each frame of the crash state */
    size_t headers;
    size_t stops; /* stop markers */
    bool non_security;
    char spoiler[256]; /* first line that would be taken for something else; "" is good */
};

static bool matches(const char *pattern, int flags, const char *line, regmatch_t groups[4])
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | flags), 0);
    bool match = regexec(&regex, line, 4, groups, 0) == 0;
    regfree(&regex);
    return match;
}

/* Patterns of clusterfuzz/stacktraces/constants.py that change type, state or address of a report
 * that has them already. Those with ^ are tried at the start of a line only, as match() does. */
static bool spoils(const char *line)
{
    static const char *const any_case[] = {
        "^(\\[.*\\]|.*\\.[ch][cpx+]*:.*)?[[:space:]]*(assert(ion)? fail(ure|ed)|panic): ",
        ":[[:space:]]*assertion .* failed",
        "^thread[[:space:]].*[[:space:]]panicked at '",
    };
    static const char *const this_case[] = {
        "^ *([^ ]*|Atomic [^ ]*) of size [^ ]* at [^ ]*",
        "(Thread|Memory)Sanitizer:[[:space:]]",
        "Sanitizer: (FPE|ILL|TRAP|breakpoint) ",
        "Sanitizer CHECK failed",
        "AddressSanitizer.*(double-free|memcpy-param-overlap|attempting free)",
        "Sanitizer.*(SEGV|access-violation) on unknown address ",
        "runtime error: ",
        "Internal error: (Oops)?( -|:) ([0-9a-fA-F]+|BUG)",
        "ERROR:[[:space:]]*libFuzzer",
        "^========= (Per-input timeout|Stack limit|RSS limit) exceeded:",
        "rss limit exhausted|in rust_oom|libFuzzer: out-of-memory|Out of memory\\. Dying",
        "FatalProcessOutOfMemory|blinkGCOutOfMemory|FX_OutOfMemoryTerminate|::OnNoMemory",
        "is out of memory trying|JavaScript (out of memory|invalid size)",
        "signal.*\\(SIG.*fault addr|signal.*\\(SIG(ABRT|TRAP)",
        "[^(]*\\[<[x0-9a-fA-F]+>\\][[:space:]]",
        "Security D?CHECK failed:",
        "^[[:space:]]*SHOULD NEVER BE REACHED[[:space:]]*$",
        "^(kernel BUG at|Kernel panic|BUG: KASAN|KASAN:|Abort message: |Program received signal)",
        "^(Reason:.*at address|Attempt to .* address|===BUG DETECTED|ChildEBP|rip +[0-9a-f]+)",
        "^0[xX][0-9a-fA-F]+[[:space:]]+in[[:space:]]",
        "KASAN|FuzzerSecurityIssue|\\.py\", line|\\.go:|Jazzer\\.js|Trusted App crash",
    };
    regmatch_t groups[4];
    for (size_t i = 0; i < sizeof any_case / sizeof any_case[0]; i++)
        if (matches(any_case[i], REG_ICASE, line, groups)) return true;
    for (size_t i = 0; i < sizeof this_case / sizeof this_case[0]; i++)
        if (matches(this_case[i], 0, line, groups)) return true;
    return false;
}

static bool is_stop(const char *line)
{
    static const char *const markers[] = {
        "previously allocated by",
        "allocated by thread",
        "created by main thread at",
        "located in stack of thread",
        "Direct leak of",
        "Uninitialized value was stored to memory at",
    };
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++)
        if (strstr(line, markers[i])) return true;
    return false;
}

static void read_line(struct reading *reading, const char *line, bool *stopped)
{
    regmatch_t g[4];
    if (strstr(line, "SUMMARY:")) return;
    if (matches("ERROR: [a-zA-Z]+Sanitizer[: ]*(.*) on (unknown address |address |)(0x[0-9a-f]+)",
                0, line, g)) {
        reading->headers++;
        reading->state[0] = '\0';
        *stopped = false;
        snprintf(reading->type, sizeof reading->type, "%.*s", (int)(g[1].rm_eo - g[1].rm_so),
                 line + g[1].rm_so);
        snprintf(reading->address, sizeof reading->address, "%.*s", (int)(g[3].rm_eo - g[3].rm_so),
                 line + g[3].rm_so);
        return;
    }
    if (spoils(line) && !reading->spoiler[0])
        snprintf(reading->spoiler, sizeof reading->spoiler, "%.200s", line);
    if (strstr(line, "Sanitizer: ABRT ")) reading->non_security = true;
    if (reading->state[0] && is_stop(line)) {
        reading->stops++;
        *stopped = true;
        return;
    }
    if (!*stopped && matches("^[[:space:]]*#[0-9]+[[:space:]]+[xX0-9a-fA-F]+[[:space:]]+in ([^ ]+)",
                             0, line, g)) {
        size_t used = strlen(reading->state);
        snprintf(reading->state + used, sizeof reading->state - used, "%.*s\n",
                 (int)(g[1].rm_eo - g[1].rm_so), line + g[1].rm_so);
    }
}

static struct reading read_report(const char *text)
{
    struct reading reading = {0};
    bool stopped = false;
    while (*text) {
        size_t length = strcspn(text, "\n");
        char line[2048];
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        read_line(&reading, line, &stopped);
        text += length;
        if (*text) text++;
    }
    if (strstr(reading.type, "-leak") || strcmp(reading.type, "stack-overflow") == 0 ||
        strcmp(reading.type, "data race") == 0)
        reading.non_security = true;
    return reading;
}

/* Print it both ways and demand the form; returns what was read of the unstable one. */
static struct reading expect_form(const struct report *report)
{
    struct reading readings[2];
    for (int stable = 0; stable <= 1; stable++) {
        const struct report_style style = {.stable = stable,
                                           .pid = 123,
                                           .input = "crash-0123",
                                           .replay = "heddle replay pool crash-0123",
                                           .root = "/src/proj"};
        char *text = print(report, &style);
        struct reading *reading = &readings[stable];
        *reading = read_report(text);
        assert_string_equal(reading->spoiler, "");
        assert_int_equal(reading->headers, 1);
        assert_int_equal(reading->stops, 1);
        assert_string_equal(reading->type, report_type_info(report->type)->text);
        assert_string_equal(reading->state, "worker_send\npool_run\nLLVMFuzzerTestOneInput\n");
        assert_int_equal(strncmp(text, "=====", 5), 0);
        assert_non_null(strstr(text, "\n    #0 0x"));
        assert_non_null(strstr(text, "\nDEDUP_TOKEN: "));
        assert_non_null(strstr(text, "\nSUMMARY: HeddleSanitizer: "));
        assert_true(strstr(text, "\nDEDUP_TOKEN: ") < strstr(text, "\nSUMMARY: "));
        assert_string_equal(strstr(text, "ABORTING"), "ABORTING\n");
        free(text);
    }
    return readings[0];
}

/* ---- Whole reports ------------------------------------------------------------------------ */

#define LINE_65 "=================================================================\n"

static void a_double_close_is_printed_as_the_template_says(void **state)
{
    (void)state;
    struct report *report = make_report(REPORT_CLOSE_OF_CLOSED);
    strcpy(report->message, "G3 closed C1, which was closed");
    report->related_count = 1;
    strcpy(report->related[0].label, "Channel previously closed by goroutine 2 at:");
    report->related[0].trace = trace_of(CLOSER, LOOP, 0);
    const struct report_style style = {.pid = 123,
                                       .input = "crash-0123456789ab",
                                       .replay = "heddle replay pool /tmp/crash-0123456789ab"};
    expect_text(report, &style,
                LINE_65
                "==123==ERROR: HeddleSanitizer: close-of-closed-channel on address 0x55d0c0a05000\n"
                "    #0 0x55d0c0a000ff in worker_send /src/proj/worker.c:42:7\n"
                "    #1 0x55d0c0a001ff in pool_run /src/proj/pool.c:88:3\n"
                "    #2 0x55d0c0a002ff in LLVMFuzzerTestOneInput /src/proj/fuzz/target.c:20:3\n"
                "\n"
                "0x55d0c0a05000 is a channel previously allocated by goroutine 1 here:\n"
                "    #0 0x55d0c0a003ff in pool_new /src/proj/pool.c:30:12\n"
                "    #1 0x55d0c0a002ff in LLVMFuzzerTestOneInput /src/proj/fuzz/target.c:20:3\n"
                "\n"
                "The first stack is of goroutine 3 [running]; the channel is C1\n"
                "What happened: G3 closed C1, which was closed\n"
                "\n"
                "Channel previously closed by goroutine 2 at:\n"
                "    #0 0x55d0c0a004ff in consumer_close /src/proj/consumer.c:17:9\n"
                "    #1 0x55d0c0a005ff in consumer_loop /src/proj/consumer.c:60:3\n"
                "\n"
                "==123==SCHEDULE: steps=31 switches=4 preemptions=2 input=crash-0123456789ab\n"
                "==123==REPLAY: heddle replay pool /tmp/crash-0123456789ab\n"
                "==123==NOTE: HeddleSanitizer: ABRT class=availability\n"
                "DEDUP_TOKEN: close-of-closed-channel--worker_send\n"
                "SUMMARY: HeddleSanitizer: close-of-closed-channel /src/proj/worker.c:42:7 in "
                "worker_send\n"
                "==123==ABORTING\n");
}

static struct report *make_deadlock(void)
{
    struct report *report = make_report(REPORT_GOROUTINE_LEAK);
    strcpy(report->state, "sync.Mutex.Lock (leaked)");
    report->object = (struct report_object){.number = 2,
                                            .name = "M1",
                                            .kind = "mutex",
                                            .made_by = 1,
                                            .address = base + 0x6000,
                                            .offset = 0x60,
                                            .first_use = true,
                                            .made = trace_of(LOOP, 0, 0)};
    report->culprit_pc[1] = at(CLOSER);
    report->culprit_count = 2;
    strcpy(report->notes[0], "G3 waits for M1, which G2 holds since step 12");
    strcpy(report->notes[1], "G2 waits for C1");
    report->note_count = 2;
    report->goroutine_count = 2;
    report->goroutines[0] = (struct report_goroutine){.number = 2,
                                                      .leaked = true,
                                                      .state = "chan send",
                                                      .waits_for = "waits for a receiver of C1",
                                                      .created_by = 1,
                                                      .created = trace_of(ELSEWHERE, 0, 0),
                                                      .trace = trace_of(INLINED, LOOP, 0)};
    report->goroutines[1] =
        (struct report_goroutine){.number = 1, .state = "select", .trace = trace_of(RUN, 0, 0)};
    report->goroutines_omitted = 2;
    return report;
}

static void a_stable_report_names_neither_process_nor_machine(void **state)
{
    (void)state;
    const struct report_style style = {.stable = true,
                                       .pid = 123,
                                       .input = "/tmp/x/crash-0123",
                                       .replay = "/build/out/heddle replay pool /tmp/x/crash-0123",
                                       .root = "/src/proj"};
    expect_text(make_deadlock(), &style,
                LINE_65
                "==1==ERROR: HeddleSanitizer: goroutine-leak on address 0x60\n"
                "    #0 0x0 in worker_send worker.c:42\n"
                "    #1 0x0 in pool_run pool.c:88\n"
                "    #2 0x0 in LLVMFuzzerTestOneInput fuzz/target.c:20\n"
                "\n"
                "0x60 is a mutex previously allocated by goroutine 1, first used here:\n"
                "    #0 0x0 in consumer_loop consumer.c:60\n"
                "\n"
                "The first stack is of goroutine 3 [sync.Mutex.Lock (leaked)]; the mutex is M1\n"
                "Note: G3 waits for M1, which G2 holds since step 12\n"
                "Note: G2 waits for C1\n"
                "\n"
                "Goroutine 2 [chan send (leaked)], created by goroutine 1 at other.h:3:\n"
                "    - waits for a receiver of C1\n"
                "    #0 0x0 in helper helper.h:5\n"
                "    #1 0x0 in caller caller.c:9\n"
                "    #2 0x0 in consumer_loop consumer.c:60\n"
                "\n"
                "Goroutine 1 [select]:\n"
                "    #0 0x0 in pool_run pool.c:88\n"
                "\n"
                "... and 2 more goroutines\n"
                "\n"
                "==1==SCHEDULE: steps=31 switches=4 preemptions=2 input=input\n"
                "==1==REPLAY: heddle replay pool input\n"
                "DEDUP_TOKEN: goroutine-leak--consumer_close--worker_send\n"
                "SUMMARY: HeddleSanitizer: goroutine-leak worker.c:42 in worker_send\n"
                "==1==ABORTING\n");
}

static void stable_reports_are_equal_wherever_the_process_was_loaded(void **state)
{
    (void)state;
    const uintptr_t usual_base = base;
    char *texts[2], *unstable[2];
    for (int i = 0; i < 2; i++) {
        base = i ? 0x7f1234500000 : 0x400000;
        const struct report_style style = {.stable = true,
                                           .pid = 10 + i,
                                           .root = i ? "/src/proj/" : "/src/proj",
                                           .input = i ? "/a/crash-1" : "b/crash-22",
                                           .replay = i ? "'/my dir/heddle' replay /a/crash-1"
                                                       : "./heddle replay b/crash-22"};
        struct report_style other = style;
        other.stable = false;
        texts[i] = print(make_deadlock(), &style);
        unstable[i] = print(make_deadlock(), &other);
    }
    base = usual_base;
    assert_string_equal(texts[0], texts[1]);
    assert_string_not_equal(unstable[0], unstable[1]);
    for (int i = 0; i < 2; i++) {
        free(texts[i]);
        free(unstable[i]);
    }
}

/* ---- Rules -------------------------------------------------------------------------------- */

static void every_type_is_read_back_as_itself(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "deadlock",
        "partial-deadlock",
        "goroutine-leak",
        "livelock",
        "close-of-closed-channel",
        "close-of-nil-channel",
        "send-to-closed-channel",
        "negative-waitgroup-counter",
        "waitgroup-misuse",
        "unlock-of-unlocked-mutex",
        "unlock-of-unlocked-rwmutex",
        "copy-of-locked-lock",
        "concurrent-map-write",
        "concurrent-map-read-write",
        "assignment-to-nil-map",
        "oracle-failure",
        "unrecovered-panic",
        "nil-dereference",
        "stack-overflow",
        "invalid-access",
        "arithmetic-fault",
        "illegal-instruction",
        "abort",
        "exit-status",
        "data race",
        "use-after-free",
        "double-free",
        "invalid-free",
        "heap-buffer-overflow",
    };
    assert_int_equal(REPORT_TYPE_COUNT, 1 + sizeof texts / sizeof texts[0]);
    for (unsigned type = REPORT_DEADLOCK; type < REPORT_TYPE_COUNT; type++) {
        assert_string_equal(report_type_info((enum report_type)type)->text, texts[type - 1]);
        struct reading reading = expect_form(make_report((enum report_type)type));
        /* Only memory errors may be taken for security issues, and they must be. */
        bool memory = type == REPORT_INVALID_ACCESS || type > REPORT_DATA_RACE;
        assert_int_equal(reading.non_security, !memory);
    }
}

static void note_is_printed_only_for_types_with_an_abort_class(void **state)
{
    (void)state;
    static const enum report_type none[] = {REPORT_GOROUTINE_LEAK, REPORT_STACK_OVERFLOW,
                                            REPORT_INVALID_ACCESS, REPORT_DATA_RACE,
                                            REPORT_USE_AFTER_FREE, REPORT_DOUBLE_FREE,
                                            REPORT_INVALID_FREE,   REPORT_HEAP_OUT_OF_BOUNDS};
    static const enum report_type logic[] = {REPORT_ORACLE_FAILURE, REPORT_COPY_OF_LOCKED,
                                             REPORT_EXIT_STATUS};
    for (unsigned type = REPORT_DEADLOCK; type < REPORT_TYPE_COUNT; type++) {
        const char *expect = "ABRT class=availability\n";
        const char *never = "ABRT class=logic\n";
        bool any = true;
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
            if (type == none[i]) any = false;
        for (size_t i = 0; i < 3; i++) {
            if (type == logic[i]) expect = "ABRT class=logic\n", never = "ABRT class=avail";
        }
        char *text = print(make_report((enum report_type)type), NULL);
        assert_int_equal(strstr(text, expect) != NULL, any);
        assert_int_equal(strstr(text, "NOTE: ") != NULL, any);
        assert_null(strstr(text, never));
        free(text);
    }
}

static void first_stack_is_followed_by_a_stop_marker(void **state)
{
    (void)state;
    static const struct {
        struct report_object object;
        const char *expect;
    } rows[] = {
        {{.number = 1, .kind = "channel", .address = 0x70, .made_by = 4},
         "\n0x70 is a channel previously allocated by goroutine 4 here:\n"},
        {{.number = 1, .kind = "waitgroup", .address = 0x70, .made_by = 4, .first_use = true},
         "\n0x70 is a waitgroup previously allocated by goroutine 4, first used here:\n"},
        {{.number = 1, .address = 0x70, .made_by = 4},
         "\n0x70 is a object previously allocated by goroutine 4 here:\n"},
        {{.kind = "channel"}, "\n0x0 is a nil channel not previously allocated by any goroutine\n"},
        {{.kind = "memory", .address = 0xdead0},
         "\n0xdead0 is a memory not previously allocated by any goroutine\n"},
        {{0},
         "\n0x0 is a test-state previously allocated by goroutine 1 (no single object is at "
         "fault)\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_deadlock();
        report->object = rows[i].object;
        expect_form(report);
        char *text = print(report, NULL);
        const char *stop = strstr(text, rows[i].expect);
        assert_non_null(stop);
        /* Nothing but the first stack stands before it, everything else behind it. */
        assert_null(strstr(stop, "worker_send /"));
        assert_true(strstr(text, "helper") > stop);
        assert_true(strstr(text, "The first stack") > stop);
        assert_true(strstr(text, "Note: ") > stop);
        free(text);
    }
}

static void nothing_that_a_user_wrote_is_taken_for_a_report(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "panic: close of closed channel",
        "x.c:12: panic: no",
        "[0.1] Assertion failed: x > 0",
        "f.c:88: f: Assertion `x' failed.",
        "thread main panicked at 'oops'",
        "\npanic: new line",
        "\r\nassertion failure: x",
        "a\xc2\x85panic: b",
        "a\xe2\x80\xa8panic: b",
        "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
        "ERROR: FooSanitizer bar on 0x12",
        "WARNING: ThreadSanitizer: data race (pid=1)",
        "MemorySanitizer: use-of-uninitialized-value",
        "channel of size 3 at 0x10",
        "of size 3 at 0x10",
        "x.c:3: assert failure: y",
        "\nREAD of size 4 at 0x10",
        "x.c:1:2: runtime error: signed integer overflow",
        "==1== ERROR: libFuzzer: timeout after 25 seconds",
        "rss limit exhausted",
        "Out of memory. Dying",
        "allocator is out of memory trying to allocate",
        "v8 FatalProcessOutOfMemory",
        "WTF::OnNoMemory",
        "in rust_oom",
        "BUG: KASAN: use-after-free",
        "Fatal JavaScript invalid size error",
        "libFuzzer: out-of-memory (used: 1Mb)",
        "Fatal signal 6 (SIGABRT)",
        "signal 11 (SIGSEGV), fault addr 0x10",
        "[<c0667574>] f+0x1/0x2",
        "    #0 0x1234 in evil /src/evil.c:1:1",
        "\n    #0 0x1234 in evil /src/evil.c:1:1",
        "FuzzerSecurityIssueHigh",
        "chan.go:12",
        "File \"a.py\", line 3, in f",
        "Jazzer.js",
        "Trusted App crash stacktrace",
        "AddressSanitizer: SEGV on unknown address 0x1",
        "Sanitizer: ILL caught",
        "\nSHOULD NEVER BE REACHED",
        "Sanitizer CHECK failed: a.cc:1",
        "[x:y] Security CHECK failed: z. ",
        "Internal error: Oops: BUG",
        "\n0x12 in main",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct report *report = make_deadlock();
        strcpy(report->message, hostile[i]);
        strcpy(report->notes[0], hostile[i]);
        snprintf(report->state, sizeof report->state, "%s", hostile[i]);
        strcpy(report->goroutines[0].waits_for, hostile[i]);
        snprintf(report->goroutines[0].state, sizeof report->goroutines[0].state, "%s", hostile[i]);
        expect_form(report);
        char *text = print(report, NULL);
        assert_null(strstr(text, "\xc2\x85"));
        assert_null(strstr(text, "\xe2\x80\xa8"));
        assert_null(strchr(text, '\r'));
        free(text);
    }
}

static void text_of_a_user_stays_readable(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expect;
    } rows[] = {
        {"queue: got 3, want 4 (a < b) [x] 100%", "queue: got 3, want 4 (a < b) [x] 100%"},
        {"gr\xc3\xb6\xc3\x9f"
         "e \xe2\x80\xa6",
         "gr\xc3\xb6\xc3\x9f"
         "e \xe2\x80\xa6"},
        {"two\nlines\tand tab", "two lines and tab"},
        {"panic: x", "panic; x"},
        {"Assertion `x' failed", "Assertion-`x' failed"},
        {"%s%n%d", "%s%n%d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_report(REPORT_ORACLE_FAILURE);
        strcpy(report->message, rows[i].text);
        char expect[256];
        snprintf(expect, sizeof expect, "\nWhat happened: %s\n", rows[i].expect);
        char *text = print(report, NULL);
        assert_non_null(strstr(text, expect));
        free(text);
    }
}

static void frames_without_symbols_keep_a_form_that_can_be_symbolized(void **state)
{
    (void)state;
    static const struct {
        enum place place;
        const char *expect;
        const char *expect_stable;
    } rows[] = {
        {SEND, "    #0 0x55d0c0a000ff in worker_send /src/proj/worker.c:42:7\n",
         "    #0 0x0 in worker_send worker.c:42\n"},
        {NO_FILE, "    #0 0x55d0c0a007ff in lib_call (/src/proj/out/target+0x7ff)\n",
         "    #0 0x0 in lib_call (out/target+0x7ff)\n"},
        {NO_SYMBOL, "    #0 0x55d0c0a008ff  (/src/proj/out/target+0x8ff)\n",
         "    #0 0x0  (out/target+0x8ff)\n"},
        {NO_MODULE, "    #0 0x55d0c0a009ff  (<unknown module>)\n",
         "    #0 0x0  (<unknown module>)\n"},
        {ELSEWHERE, "    #0 0x55d0c0a00aff in other /usr/include/other.h:3\n",
         "    #0 0x0 in other other.h:3\n"},
        {NEIGHBOUR, "    #0 0x55d0c0a00bff in near /src/project2/near.c:4:4\n",
         "    #0 0x0 in near near.c:4\n"},
        {RELATIVE, "    #0 0x55d0c0a00cff in rel lib/rel.c:6:4\n",
         "    #0 0x0 in rel lib/rel.c:6\n"},
        {INLINED,
         "    #0 0x55d0c0a006ff in helper /src/proj/helper.h:5:1\n"
         "    #1 0x55d0c0a006ff in caller /src/proj/caller.c:9:2\n"
         "    #2 0x55d0c0a001ff in pool_run /src/proj/pool.c:88:3\n",
         "    #0 0x0 in helper helper.h:5\n    #1 0x0 in caller caller.c:9\n"
         "    #2 0x0 in pool_run pool.c:88\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_report(REPORT_ABORT);
        report->first = trace_of(rows[i].place, RUN, 0);
        for (int stable = 0; stable <= 1; stable++) {
            const struct report_style style = {.stable = stable, .root = "/src/proj"};
            char *text = print(report, &style);
            const char *first = strstr(text, "    #0 ");
            const char *expect = stable ? rows[i].expect_stable : rows[i].expect;
            assert_memory_equal(first, expect, strlen(expect));
            free(text);
        }
    }
}

static void summary_says_where_the_first_frame_is(void **state)
{
    (void)state;
    static const struct {
        enum place place;
        const char *expect;
    } rows[] = {
        {SEND, "\nSUMMARY: HeddleSanitizer: abort /src/proj/worker.c:42:7 in worker_send\n"},
        {INLINED, "\nSUMMARY: HeddleSanitizer: abort /src/proj/helper.h:5:1 in helper\n"},
        {NO_FILE, "\nSUMMARY: HeddleSanitizer: abort (/src/proj/out/target+0x7ff) in lib_call\n"},
        {NO_SYMBOL, "\nSUMMARY: HeddleSanitizer: abort (/src/proj/out/target+0x8ff)\n"},
        {0, "\nSUMMARY: HeddleSanitizer: abort\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_report(REPORT_ABORT);
        report->first = trace_of(rows[i].place, 0, 0);
        char *text = print(report, NULL);
        assert_non_null(strstr(text, rows[i].expect));
        free(text);
    }
}

static void replay_in_the_stable_form_has_no_directory(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *replay;
        const char *expect; /* NULL: no line */
    } rows[] = {
        {"crash-1", "./prog --heddle-replay crash-1", "prog --heddle-replay input"},
        {"/tmp/a/crash-1", "/x/y/prog --heddle-replay /tmp/a/crash-1",
         "prog --heddle-replay input"},
        {"/tmp/a b/crash-1", "'/x y/prog' --f='/tmp/a b/crash-1'  -v", "prog --f=input  -v"},
        {"crash-1", "heddle replay --target=/out/prog crash-1",
         "heddle replay --target=prog input"},
        {NULL, "heddle replay pool", "heddle replay pool"},
        {"crash-1", "heddle 'unfinished /quote", "heddle quote"},
        {"crash-1", "", ""},
        {"crash-1", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct report_style style = {
            .stable = true, .input = rows[i].input, .replay = rows[i].replay};
        char expect[256];
        const char *command = rows[i].expect ? rows[i].expect : "";
        snprintf(expect, sizeof expect, "\n==1==REPLAY: %s\n", command);
        char *text = print(make_report(REPORT_DEADLOCK), &style);
        assert_int_equal(strstr(text, expect) != NULL, rows[i].expect != NULL);
        assert_int_equal(strstr(text, "REPLAY") != NULL, rows[i].expect != NULL);
        assert_null(strstr(text, "crash-1"));
        free(text);
    }
}

static void replay_is_printed_to_be_pasted(void **state)
{
    (void)state;
    const struct report_style style = {.replay = "'/a b/error: x/prog' --heddle-replay /t/crash-1"};
    char *text = print(make_report(REPORT_DEADLOCK), &style);
    assert_non_null(strstr(text, "==REPLAY: '/a b/error: x/prog' --heddle-replay /t/crash-1\n"));
    assert_non_null(strstr(text, " input=-\n"));
    free(text);
}

static void full_reports_and_wrong_counts_stay_in_bounds(void **state)
{
    (void)state;
    struct report *report = make_deadlock();
    memset(report->message, 'x', sizeof report->message - 1);
    report->first.count = 99;
    for (size_t i = 0; i < TRACE_FRAMES_MAX; i++) report->first.pc[i] = at(SEND);
    report->related_count = report->goroutine_count = report->note_count = 1000;
    report->culprit_count = 1000;
    for (size_t i = 0; i < sizeof report->culprit_pc / sizeof report->culprit_pc[0]; i++)
        report->culprit_pc[i] = at(RUN);
    report->goroutines_omitted = 1;
    char *text = print(report, NULL);
    assert_non_null(strstr(text, "    #7 0x55d0c0a000ff in worker_send"));
    assert_null(strstr(text, "    #8 "));
    assert_non_null(strstr(text, "\n... and 1 more goroutine\n"));
    size_t goroutines = 0;
    for (const char *c = text; (c = strstr(c, "\nGoroutine ")); c++) goroutines++;
    assert_int_equal(goroutines, REPORT_GOROUTINES_MAX);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_double_close_is_printed_as_the_template_says),
        cmocka_unit_test(a_stable_report_names_neither_process_nor_machine),
        cmocka_unit_test(stable_reports_are_equal_wherever_the_process_was_loaded),
        cmocka_unit_test(every_type_is_read_back_as_itself),
        cmocka_unit_test(note_is_printed_only_for_types_with_an_abort_class),
        cmocka_unit_test(first_stack_is_followed_by_a_stop_marker),
        cmocka_unit_test(nothing_that_a_user_wrote_is_taken_for_a_report),
        cmocka_unit_test(text_of_a_user_stays_readable),
        cmocka_unit_test(frames_without_symbols_keep_a_form_that_can_be_symbolized),
        cmocka_unit_test(summary_says_where_the_first_frame_is),
        cmocka_unit_test(replay_in_the_stable_form_has_no_directory),
        cmocka_unit_test(replay_is_printed_to_be_pasted),
        cmocka_unit_test(full_reports_and_wrong_counts_stay_in_bounds),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
