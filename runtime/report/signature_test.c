// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What signatures are made of, and that nothing else gets into them.
 *
 * Linked with signature.c and types.c; the symbolizer is this file's: a pc is an index of names[].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

#define TEN_OF(x) x x x x x x x x x x
#define LONG_NAME(x) TEN_OF(TEN_OF(x)) TEN_OF(x) TEN_OF(x) x x x x x x x /* 127, the longest */

static const char *const names[] = {
    "",        "worker",       "closer",       "waiter",       "acceptor", "ns::work<int,char>",
    "unknown", LONG_NAME("c"), LONG_NAME("a"), LONG_NAME("b"),
};

const char *symbolize_function(const void *pc) { return names[(uintptr_t)pc]; }

__attribute__((weak)) void fault_internal(const char *what, const char *file, int line)
{
    (void)what, (void)file, (void)line;
    abort();
}

static struct report *make_report(enum report_type type, const char *culprits)
{
    static struct report report; /* safe: one thread, and every test begins by setting it */
    memset(&report, 0, sizeof report);
    report.type = type;
    for (; *culprits; culprits++)
        report.culprit_pc[report.culprit_count++] = (const void *)(uintptr_t)(*culprits - '0');
    return &report;
}

static void culprits_are_sorted_unique_and_at_most_three(void **state)
{
    (void)state;
    static const struct {
        enum report_type type;
        const char *culprits; /* digits: indices into names[] */
        const char *expect;
    } rows[] = {
        {REPORT_CLOSE_OF_CLOSED, "1", "close-of-closed-channel--worker"},
        {REPORT_DEADLOCK, "12", "deadlock--closer--worker"},
        {REPORT_DEADLOCK, "21", "deadlock--closer--worker"},
        {REPORT_DEADLOCK, "1212112", "deadlock--closer--worker"},
        {REPORT_GOROUTINE_LEAK, "123", "goroutine-leak--closer--waiter--worker"},
        {REPORT_GOROUTINE_LEAK, "1234", "goroutine-leak--acceptor--closer--waiter"},
        {REPORT_GOROUTINE_LEAK, "4321", "goroutine-leak--acceptor--closer--waiter"},
        {REPORT_GOROUTINE_LEAK, "3241", "goroutine-leak--acceptor--closer--waiter"},
        {REPORT_GOROUTINE_LEAK, "444444444444444444444321",
         "goroutine-leak--acceptor--closer--waiter"},
        {REPORT_ORACLE_FAILURE, "5", "oracle-failure--ns__work_int_char_"},
        {REPORT_ABORT, "0", "abort--unknown"},
        {REPORT_ABORT, "060", "abort--unknown"},
        {REPORT_ABORT, "01", "abort--unknown--worker"},
        {REPORT_ABORT, "", "abort--unknown"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[256];
        report_signature(make_report(rows[i].type, rows[i].culprits), out, sizeof out);
        assert_string_equal(out, rows[i].expect);
    }
}

static void only_culprits_and_type_get_into_a_signature(void **state)
{
    (void)state;
    struct report *report = make_report(REPORT_DEADLOCK, "2");
    char expect[256], out[256];
    report_signature(report, expect, sizeof expect);
    report->goroutine = 7;
    report->first = (struct trace){.count = 1, .pc = {(const void *)(uintptr_t)1}};
    report->object =
        (struct report_object){.number = 3, .name = "C3", .kind = "channel", .address = 0x1234};
    strcpy(report->message, "something");
    report->steps = 99;
    report_signature(report, out, sizeof out);
    assert_string_equal(out, expect);
    assert_null(strstr(out, "worker"));
    assert_null(strstr(out, "C3"));
}

static void a_short_buffer_is_never_overrun_and_always_ended(void **state)
{
    (void)state;
    const struct report *report = make_report(REPORT_DEADLOCK, "123");
    char whole[256];
    report_signature(report, whole, sizeof whole);
    for (size_t bytes = 1; bytes <= strlen(whole) + 2; bytes++) {
        char out[64];
        memset(out, '#', sizeof out);
        report_signature(report, out, bytes);
        size_t length = strlen(out);
        assert_true(length < bytes);
        assert_memory_equal(out, whole, length);
        assert_true(length == bytes - 1 || length == strlen(whole));
        for (size_t i = bytes; i < sizeof out; i++) assert_int_equal(out[i], '#');
    }
}

static void long_names_still_make_a_file_name(void **state)
{
    (void)state;
    char out[512];
    report_signature(make_report(REPORT_NEGATIVE_WAITGROUP, "789"), out, sizeof out);
    assert_non_null(strstr(out, "negative-waitgroup-counter--aaa"));
    assert_non_null(strstr(out, "a--bbb"));
    assert_non_null(strstr(out, "b--ccc"));
    assert_true(strlen(out) <= 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(culprits_are_sorted_unique_and_at_most_three),
        cmocka_unit_test(only_culprits_and_type_get_into_a_signature),
        cmocka_unit_test(a_short_buffer_is_never_overrun_and_always_ended),
        cmocka_unit_test(long_names_still_make_a_file_name),
    };
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
