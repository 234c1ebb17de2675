// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of the text form share: a symbolizer of their own and reports to print.
 *
 * The symbolizer takes the place of the library's: a pc is base + an index of places[], and base is
 * where "this process" was loaded. Included by one source of each test. */
#ifndef HEDDLE_REPORT_TESTKIT_H
#define HEDDLE_REPORT_TESTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

#define LINE_65 "=================================================================\n"

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

static inline const void *at(enum place place)
{
    return (const void *)(base + 0x100 * (uintptr_t)place);
}

static inline enum place place_of(const void *pc)
{
    return (enum place)(((uintptr_t)pc - base) / 0x100);
}

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

const char *symbolize_complaint(void) { return NULL; }

__attribute__((weak)) void fault_internal(const char *what, const char *file, int line)
{
    (void)what, (void)file, (void)line;
    abort();
}

/* ---- Reports ------------------------------------------------------------------------------ */

static inline struct trace trace_of(enum place a, enum place b, enum place c)
{
    struct trace trace = {0};
    const enum place all[] = {a, b, c};
    for (size_t i = 0; i < 3; i++)
        if (all[i]) trace.pc[trace.count++] = at(all[i]);
    return trace;
}

static inline struct report_object channel(void)
{
    return (struct report_object){.number = 1,
                                  .name = "C1",
                                  .kind = "channel",
                                  .made_by = 1,
                                  .address = base + 0x5000,
                                  .offset = 0x40,
                                  .made = trace_of(NEW, FUZZER, 0)};
}

static inline struct report *make_report(enum report_type type)
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
static inline char *print(const struct report *report, const struct report_style *style)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    report_print_text(out, report, style);
    assert_int_equal(fclose(out), 0);
    return text;
}

static inline void expect_text(const struct report *report, const struct report_style *style,
                               const char *expect)
{
    char *text = print(report, style);
    assert_string_equal(text, expect);
    free(text);
}

static inline struct report *make_deadlock(void)
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

#endif
