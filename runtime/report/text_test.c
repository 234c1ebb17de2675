// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The text form byte by byte: whole reports, frames, the summary and the command that replays. How
 * ClusterFuzz reads it is text_rules_test's. */
#include "testkit.h"

/* ---- Whole reports ------------------------------------------------------------------------ */

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

/* ---- Races and memory errors --------------------------------------------------------------- */

static struct report *make_race(void)
{
    struct report *report = make_report(REPORT_DATA_RACE);
    report->access = (struct report_access){
        .address = base + 0x5004, .offset = 0x44, .bytes = 4, .goroutine = 3, .writes = true};
    report->object.kind = "block";
    report->object.name[0] = '\0';
    report->object.address = base + 0x5004;
    report->object.offset = 0x44;
    report->previous = (struct report_access){
        .address = base + 0x5000, .offset = 0x40, .bytes = 8, .goroutine = 2};
    report->previous_trace = trace_of(CLOSER, LOOP, 0);
    report->culprit_pc[report->culprit_count++] = at(CLOSER);
    strcpy(report->message, "nothing orders the read by G2 before the write by G3");
    return report;
}

static void a_race_is_printed_as_the_template_says(void **state)
{
    (void)state;
    const struct report_style style = {.pid = 123, .input = "crash-0123456789ab"};
    expect_text(make_race(), &style,
                LINE_65
                "==123==ERROR: HeddleSanitizer: data race on address 0x55d0c0a05004\n"
                "WRITE of size 4 at 0x55d0c0a05004 by goroutine 3\n"
                "    #0 0x55d0c0a000ff in worker_send /src/proj/worker.c:42:7\n"
                "    #1 0x55d0c0a001ff in pool_run /src/proj/pool.c:88:3\n"
                "    #2 0x55d0c0a002ff in LLVMFuzzerTestOneInput /src/proj/fuzz/target.c:20:3\n"
                "\n"
                "0x55d0c0a05004 is a block previously allocated by goroutine 1 here:\n"
                "    #0 0x55d0c0a003ff in pool_new /src/proj/pool.c:30:12\n"
                "    #1 0x55d0c0a002ff in LLVMFuzzerTestOneInput /src/proj/fuzz/target.c:20:3\n"
                "\n"
                "Previous read of size 8 at 0x55d0c0a05000 by goroutine 2:\n"
                "    #0 0x55d0c0a004ff in consumer_close /src/proj/consumer.c:17:9\n"
                "    #1 0x55d0c0a005ff in consumer_loop /src/proj/consumer.c:60:3\n"
                "\n"
                "The first stack is of goroutine 3 [running]\n"
                "What happened: nothing orders the read by G2 before the write by G3\n"
                "\n"
                "==123==SCHEDULE: steps=31 switches=4 preemptions=2 input=crash-0123456789ab\n"
                "DEDUP_TOKEN: data-race--consumer_close--worker_send\n"
                "SUMMARY: HeddleSanitizer: data race /src/proj/worker.c:42:7 in worker_send\n"
                "==123==ABORTING\n");
}

static void a_use_after_free_in_the_stable_form(void **state)
{
    (void)state;
    struct report *report = make_race();
    report->type = REPORT_USE_AFTER_FREE;
    report->access.writes = false;
    report->previous = (struct report_access){0};
    report->previous_trace.count = 0;
    report->culprit_count = 1;
    report->freed_by = 2;
    report->freed = trace_of(INLINED, 0, 0);
    report->message[0] = '\0';
    const struct report_style style = {.stable = true, .root = "/src/proj"};
    expect_text(report, &style,
                LINE_65 "==1==ERROR: HeddleSanitizer: use-after-free on address 0x44\n"
                        "READ of size 4 at 0x44 by goroutine 3\n"
                        "    #0 0x0 in worker_send worker.c:42\n"
                        "    #1 0x0 in pool_run pool.c:88\n"
                        "    #2 0x0 in LLVMFuzzerTestOneInput fuzz/target.c:20\n"
                        "\n"
                        "0x44 is a block previously allocated by goroutine 1 here:\n"
                        "    #0 0x0 in pool_new pool.c:30\n"
                        "    #1 0x0 in LLVMFuzzerTestOneInput fuzz/target.c:20\n"
                        "\n"
                        "Freed by goroutine 2 at:\n"
                        "    #0 0x0 in helper helper.h:5\n"
                        "    #1 0x0 in caller caller.c:9\n"
                        "\n"
                        "The first stack is of goroutine 3 [running]\n"
                        "\n"
                        "==1==SCHEDULE: steps=31 switches=4 preemptions=2 input=input\n"
                        "DEDUP_TOKEN: use-after-free--worker_send\n"
                        "SUMMARY: HeddleSanitizer: use-after-free worker.c:42 in worker_send\n"
                        "==1==ABORTING\n");
}

static void the_other_access_is_named_as_far_as_it_is_known(void **state)
{
    (void)state;
    static const struct {
        struct report_access previous;
        bool recalled;
        const char *expect;
    } rows[] = {
        {{.address = 0x10, .bytes = 8, .goroutine = 2, .writes = true},
         true,
         "\nPrevious write of size 8 at 0x10 by goroutine 2:\n    #0 "},
        {{.address = 0x10, .bytes = 2, .goroutine = 2, .atomic = true},
         true,
         "\nPrevious atomic read of size 2 at 0x10 by goroutine 2:\n    #0 "},
        {{.address = 0x10, .bytes = 2, .goroutine = 2, .atomic = true, .writes = true},
         true,
         "\nPrevious atomic write of size 2 at 0x10 by goroutine 2:\n    #0 "},
        {{.address = 0x10, .bytes = 40, .goroutine = 1, .frees = true, .writes = true},
         true,
         "\nPrevious free of size 40 at 0x10 by goroutine 1:\n    #0 "},
        {{.address = 0x10, .goroutine = 2},
         false,
         "\nPrevious read at 0x10 by goroutine 2 (its stack is not known)\n\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct report *report = make_race();
        report->previous = rows[i].previous;
        if (!rows[i].recalled) report->previous_trace.count = 0;
        char *text = print(report, NULL);
        assert_non_null(strstr(text, rows[i].expect));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_double_close_is_printed_as_the_template_says),
        cmocka_unit_test(a_stable_report_names_neither_process_nor_machine),
        cmocka_unit_test(stable_reports_are_equal_wherever_the_process_was_loaded),
        cmocka_unit_test(frames_without_symbols_keep_a_form_that_can_be_symbolized),
        cmocka_unit_test(summary_says_where_the_first_frame_is),
        cmocka_unit_test(replay_in_the_stable_form_has_no_directory),
        cmocka_unit_test(replay_is_printed_to_be_pasted),
        cmocka_unit_test(full_reports_and_wrong_counts_stay_in_bounds),
        cmocka_unit_test(a_race_is_printed_as_the_template_says),
        cmocka_unit_test(a_use_after_free_in_the_stable_form),
        cmocka_unit_test(the_other_access_is_named_as_far_as_it_is_known),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
