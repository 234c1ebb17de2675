// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reports completed by a second execution: the right stacks, after whatever was chosen, and nothing
 * else changed; also when the program takes another way the second time. */
#include "../testkit.h"

#include <string.h>

#include "../access.h"
#include "../sched.h"
#include "recall.h"
#include "tsan_abi.h"

static struct {
    int x;
    int y;
} shared __attribute__((section("heddle_data"))) = {.x = 0};

static __attribute__((noinline)) void early_write(int *p)
{
    __tsan_write4(p);
    *p = 1;
}
static __attribute__((noinline)) int late_read(int *p)
{
    __tsan_read4(p);
    return *p;
}

static size_t executions; /* of any root of this test */

/* Is pc in the function that begins at fn? They are short. */
static bool is_in(const void *pc, const void *fn) { return (uintptr_t)pc - (uintptr_t)fn < 160; }
#define CODE_OF(function) ((const void *)(uintptr_t)(function))

/* ---- A policy that counts ------------------------------------------------------------------- */

static struct counter {
    struct policy policy;
    uint64_t random; /* 0: answers 0 */
    size_t begun;
    size_t ended;
    size_t shown; /* events, without accesses that were only asked about */
    uint64_t digest_of_shown;
} counter;

static void begin(struct policy *self)
{
    (void)self;
    counter.begun++;
}

static size_t answer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n)
{
    (void)c;
    if (!counter.random) return 0;
    counter.random = mix64(counter.random, 1);
    if (self->access && counter.random >> 40 & 3) return 0; /* not at each access */
    (void)kind;
    return (size_t)(counter.random >> 20) % n;
}

static void show(struct policy *self, const struct event *e)
{
    (void)self;
    if ((e->kind == OP_READ || e->kind == OP_WRITE) && e->step == counter.shown) return;
    counter.shown++;
    counter.digest_of_shown =
        mix64(counter.digest_of_shown, e->value ^ e->kind ^ e->goroutine << 8);
}

static bool end(struct policy *self)
{
    (void)self;
    counter.ended++;
    return true;
}

static struct run_result run(void (*root)(void), enum grain grain, uint64_t seed,
                             const struct run_options *options)
{
    struct run_result result;
    counter = (struct counter){.policy = {.name = "counter",
                                          .grain = grain,
                                          .begin = begin,
                                          .choose = answer,
                                          .executed = show,
                                          .end = end},
                               .random = seed};
    executions = 0;
    __tsan_init();
    testkit_execute(root, &counter.policy, options, &result, NULL);
    return result;
}

/* What is known of an execution fits together, and is that of the first one. */
static void assert_is_of_one_execution(const struct run_result *result)
{
    assert_int_equal(counter.begun, 1);
    assert_int_equal(counter.ended, 1);
    assert_int_equal(counter.shown, result->events);
    if (result->report) {
        assert_int_equal(result->report->steps, result->events);
        assert_int_equal(result->report->switches, result->switches);
        assert_int_equal(result->report->preemptions, result->preemptions);
    }
    size_t count;
    uint64_t digest = 0;
    const struct event *events = run_events(&count, NULL);
    assert_int_equal(count, result->events);
    for (size_t i = 0; i < count; i++)
        digest = mix64(digest, events[i].value ^ events[i].kind ^ events[i].goroutine << 8);
    assert_int_equal(digest, counter.digest_of_shown);
}

/* ---- Both stacks -------------------------------------------------------------------------- */

static __attribute__((noinline)) void write_below(int *p)
{
    early_write(p);
    early_write(p); /* equal for the detector; the first of them is told */
}

static void writer(void *arg)
{
    (void)arg;
    write_below(&shared.x);
}

static void write_and_read(void)
{
    executions++;
    go(writer, NULL);
    go_gosched();
    (void)late_read(&shared.x);
}

static void a_race_is_told_with_both_stacks(void **unused)
{
    (void)unused;
    struct run_result result = run(write_and_read, GRAIN_SYNC, 0, NULL);
    assert_int_equal(result.verdict, VERDICT_BUG);
    const struct report *r = result.report;
    assert_int_equal(r->type, REPORT_DATA_RACE);
    assert_true(r->first.count >= 2);
    assert_true(is_in(r->first.pc[0], CODE_OF(late_read)));
    assert_true(is_in(r->first.pc[1], CODE_OF(write_and_read)));
    assert_true(r->previous_trace.count >= 3);
    assert_true(is_in(r->previous_trace.pc[0], CODE_OF(early_write)));
    assert_true(is_in(r->previous_trace.pc[1], CODE_OF(write_below)));
    assert_true(is_in(r->previous_trace.pc[2], CODE_OF(writer)));
    assert_int_equal(r->previous.bytes, 4);
    assert_int_equal(r->previous.goroutine, 2);
    assert_true(r->previous.writes);
    assert_int_equal(r->culprit_count, 2);
    assert_int_equal(r->note_count, 0);
    assert_int_equal(executions, 2);
    assert_is_of_one_execution(&result);
}

static __attribute__((noinline)) int *allocate(void) { return go_new(sizeof(int)); }

static void write_there(void *arg) { early_write(arg); }

static void race_on_a_block(void)
{
    executions++;
    (void)go_new(8);
    int *p = allocate();
    go(write_there, p);
    go_gosched();
    (void)late_read(p);
}

static void a_block_is_told_with_where_it_was_made(void **unused)
{
    (void)unused;
    struct run_result result = run(race_on_a_block, GRAIN_SYNC, 0, NULL);
    assert_int_equal(result.verdict, VERDICT_BUG);
    const struct report_object *o = &result.report->object;
    assert_string_equal(o->kind, "block");
    assert_int_equal(o->number, 2);
    assert_true(o->made.count >= 1);
    assert_true(is_in(o->made.pc[0], CODE_OF(allocate)));
    assert_true(is_in(result.report->previous_trace.pc[0], CODE_OF(early_write)));
}

/* ---- Only where it is needed --------------------------------------------------------------- */

static void pass(void) { executions++; }

static void panics(void)
{
    executions++;
    go_panic("no access");
}

static void loops(void)
{
    executions++;
    for (;;) go_gosched();
}

static void other_executions_are_not_repeated(void **unused)
{
    (void)unused;
    static void (*const roots[])(void) = {pass, panics, loops};
    for (size_t i = 0; i < 3; i++) {
        struct run_result result = run(roots[i], GRAIN_SYNC, 0, NULL);
        assert_int_equal(executions, 1);
        assert_is_of_one_execution(&result);
    }
    const struct run_options off = {.detectors_off = DETECTOR_RACE};
    run(write_and_read, GRAIN_SYNC, 0, &off);
    assert_int_equal(executions, 1);
}

/* ---- Whatever was chosen -------------------------------------------------------------------- */

static struct go_chan *chans[2];

static void busy(void *arg)
{
    int *mine = go_new(8);
    for (size_t i = 0; i < go_choose(4); i++) {
        early_write(mine);
        go_chan_send(chans[(testkit_int(arg) + (int)go_choose(2)) % 2], NULL);
    }
    go_sleep((int64_t)go_choose(3));
    early_write(go_choose(2) ? &shared.x : &shared.y);
}

/* Everything that an input can decide lies before the race. */
static void decided_by_all(void)
{
    executions++;
    for (size_t i = 0; i < 2; i++) chans[i] = go_chan_make(0, 4);
    struct go_timer *timers[2] = {go_timer_new(1000), go_timer_new(1000)};
    for (int i = 0; i < 3; i++) go(busy, testkit_arg(i));
    for (size_t i = 0; i < 6; i++) {
        struct go_case cases[] = {
            GO_RECV(chans[0], NULL),
            GO_RECV(chans[1], NULL),
            GO_RECV(go_timer_chan(timers[0]), NULL),
            GO_RECV(go_timer_chan(timers[1]), NULL),
        };
        if (go_select(cases, 4) >= 2) break;
        (void)late_read(&shared.y);
    }
    (void)late_read(&shared.x);
}

static void all_choices_are_made_again(void **unused)
{
    (void)unused;
    const struct run_options options = {.detectors_off = DETECTOR_LEAK | DETECTOR_DEADLOCK};
    size_t races = 0;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        struct run_result result = run(decided_by_all, (enum grain)(seed % 3), seed, &options);
        assert_is_of_one_execution(&result);
        if (result.verdict != VERDICT_BUG) continue;
        races++;
        assert_int_equal(result.report->type, REPORT_DATA_RACE);
        assert_int_equal(result.report->note_count, 0);
        assert_true(result.report->previous_trace.count >= 2);
        assert_int_not_equal(result.report->previous.bytes, 0);
        struct run_result again = run(decided_by_all, (enum grain)(seed % 3), seed, &options);
        assert_int_equal(again.digest, result.digest);
    }
    assert_true(races > 1000);
}

/* ---- Programs that take another way the second time ----------------------------------------- */

/* A static of this test is what no execution resets: time, the environment, a file. */
static unsigned uncontrolled;

enum way { WAY_PASS, WAY_PANIC, WAY_CRASH, WAY_LOOP, WAY_FEWER, WAY_OTHER_RACE, WAY_COUNT };
static enum way second;

static void many_events(void)
{
    for (int i = 0; i < 50; i++) go_gosched();
}

/* One of the ways is a crash, on purpose. */
__attribute__((no_sanitize("undefined"))) static void take_another_way(void)
{
    int *nowhere = NULL;
    __asm__("" : "+r"(nowhere));
    switch (second) {
    case WAY_PANIC:
        go_panic("another way");
    case WAY_CRASH:
        *nowhere = 1;
        break;
    case WAY_LOOP:
        for (;;) go_gosched();
    case WAY_FEWER:
        (void)go_choose(100);
        break;
    case WAY_OTHER_RACE:
        early_write(&shared.y);
        go(write_there, &shared.y);
        go_gosched();
        break;
    default:
        break;
    }
}

static void depends_on_something_else(void)
{
    executions++;
    if (uncontrolled++ % 2 == 1) {
        take_another_way();
        return;
    }
    (void)go_choose(3);
    go(writer, NULL);
    many_events();
    (void)late_read(&shared.x);
}

static void another_way_is_said_and_changes_nothing(void **unused)
{
    (void)unused;
    for (second = WAY_PASS; second < WAY_COUNT; second++) {
        uncontrolled = 0;
        struct run_result result = run(depends_on_something_else, GRAIN_ALL, 0, NULL);
        assert_int_equal(executions, 2);
        assert_int_equal(result.verdict, VERDICT_BUG);
        const struct report *r = result.report;
        assert_int_equal(r->type, REPORT_DATA_RACE);
        assert_true(is_in(r->first.pc[0], CODE_OF(late_read)));
        assert_int_equal(r->previous_trace.count, 0);
        assert_int_equal(r->previous.goroutine, 2);
        assert_int_equal(r->note_count, 1);
        assert_non_null(strstr(r->notes[0], "the program took another way"));
        assert_int_equal(result.goroutines, 2);
        assert_true(result.events > 50);
        assert_is_of_one_execution(&result);
        const uint64_t digest = result.digest;
        uncontrolled = 0;
        assert_int_equal(run(depends_on_something_else, GRAIN_ALL, 0, NULL).digest, digest);
        /* And the next execution is as ever. */
        result = run(write_and_read, GRAIN_SYNC, 0, NULL);
        assert_int_equal(result.report->note_count, 0);
        assert_true(result.report->previous_trace.count >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_race_is_told_with_both_stacks),
        cmocka_unit_test(a_block_is_told_with_where_it_was_made),
        cmocka_unit_test(other_executions_are_not_repeated),
        cmocka_unit_test(all_choices_are_made_again),
        cmocka_unit_test(another_way_is_said_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
