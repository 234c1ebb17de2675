// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The rules by which ClusterFuzz reads the text form. read_report() is a small model of
 * clusterfuzz.stacktraces: which lines make the type, which frames the state, what spoils them. */
#include <regex.h>

#include "testkit.h"

/* ---- What ClusterFuzz would read ---------------------------------------------------------- */

struct reading {
    char type[64];
    char address[32];
    char state[512]; /* "function\n" for each frame of the crash state */
    size_t headers;
    size_t stops; /* stop markers */
    bool non_security;
    size_t accesses;   /* lines that are made part of the type ... */
    char access[64];   /* ... and what the last of them adds: "WRITE 4" */
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
    if (matches("^ *([^ ]*|Atomic [^ ]*) of size ([^ ]*) at ([^ ]*)", 0, line, g)) {
        reading->accesses++;
        snprintf(reading->access, sizeof reading->access, "%.*s %.*s",
                 (int)(g[1].rm_eo - g[1].rm_so), line + g[1].rm_so, (int)(g[2].rm_eo - g[2].rm_so),
                 line + g[2].rm_so);
    }
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
        assert_int_equal(reading->accesses, report->access.bytes != 0);
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
        "log-after-test",
        "fail-now-outside-test",
    };
    assert_int_equal(REPORT_TYPE_COUNT, 1 + sizeof texts / sizeof texts[0]);
    for (unsigned type = REPORT_DEADLOCK; type < REPORT_TYPE_COUNT; type++) {
        assert_string_equal(report_type_info((enum report_type)type)->text, texts[type - 1]);
        struct reading reading = expect_form(make_report((enum report_type)type));
        /* Only memory errors may be taken for security issues, and they must be. */
        bool memory = type == REPORT_INVALID_ACCESS ||
                      (type >= REPORT_USE_AFTER_FREE && type <= REPORT_HEAP_OUT_OF_BOUNDS);
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
                                             REPORT_EXIT_STATUS, REPORT_LOG_AFTER_TEST,
                                             REPORT_FAIL_NOW_ELSEWHERE};
    for (unsigned type = REPORT_DEADLOCK; type < REPORT_TYPE_COUNT; type++) {
        const char *expect = "ABRT class=availability\n";
        const char *never = "ABRT class=logic\n";
        bool any = true;
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
            if (type == none[i]) any = false;
        for (size_t i = 0; i < sizeof logic / sizeof logic[0]; i++) {
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
        {{.number = 1, .kind = "block", .address = 0x70, .made_by = 4, .beside = true},
         "\n0x70 is next to a block previously allocated by goroutine 4 here:\n"},
        {{.kind = "stack-variable", .address = 0x70, .made_by = 4},
         "\n0x70 is a stack-variable previously allocated by goroutine 4 on its stack\n"},
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

static void an_access_is_one_part_of_the_type(void **state)
{
    (void)state;
    static const struct {
        struct report_access access;
        struct report_access previous;
        const char *line;
        const char *expect;
    } rows[] = {
        {{.bytes = 4},
         {.goroutine = 1},
         "\nREAD of size 4 at 0x0 by goroutine 0\n    #0",
         "READ 4"},
        {{.bytes = 1, .writes = true, .goroutine = 2},
         {.goroutine = 1, .bytes = 8},
         "\nWRITE of size 1 at 0x0 by goroutine 2\n    #0",
         "WRITE 1"},
        {{.bytes = 8, .writes = true, .atomic = true, .goroutine = 2},
         {.goroutine = 1, .bytes = 8, .atomic = true},
         "\nWRITE of size 8 at 0x0 by goroutine 2 (atomic write)\n    #0",
         "WRITE 8"},
        {{.bytes = 8, .atomic = true, .goroutine = 2},
         {.goroutine = 1, .bytes = 8, .atomic = true, .writes = true},
         "\nREAD of size 8 at 0x0 by goroutine 2 (atomic read)\n    #0",
         "READ 8"},
        {{.bytes = 40, .writes = true, .frees = true, .goroutine = 2},
         {.goroutine = 1, .bytes = 8, .frees = true},
         "\nWRITE of size 40 at 0x0 by goroutine 2 (free)\n    #0",
         "WRITE 40"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_report(REPORT_DATA_RACE);
        report->access = rows[i].access;
        report->previous = rows[i].previous;
        report->previous_trace = trace_of(CLOSER, LOOP, 0);
        report->freed_by = 2;
        report->freed = trace_of(CLOSER, LOOP, 0);
        assert_string_equal(expect_form(report).access, rows[i].expect);
        char *text = print(report, NULL);
        assert_non_null(strstr(text, rows[i].line));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_back_as_itself),
        cmocka_unit_test(note_is_printed_only_for_types_with_an_abort_class),
        cmocka_unit_test(first_stack_is_followed_by_a_stop_marker),
        cmocka_unit_test(nothing_that_a_user_wrote_is_taken_for_a_report),
        cmocka_unit_test(text_of_a_user_stays_readable),
        cmocka_unit_test(an_access_is_one_part_of_the_type),
    };
    return cmocka_run_group_tests_name("text_rules", tests, NULL, NULL);
}
