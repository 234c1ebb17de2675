// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A model of testing.T: tests, what they log, how they fail and end. Invariants in testing_t.h.
 *
 * The framework marks a test as done without its lock, on purpose: so Go's race detector sees a log
 * that nothing orders before the end. Here that is a report of its own, the same whichever of the
 * two came first and whether the log found the test done, so that it has one signature. What
 * is ordered after the end goes to the parent, as in Go.
 *
 * Deliberately not modelled: Parallel, Cleanup, Skip, the text that is logged.
 * Source: testing.go of Go 1.13 to 1.22, tRunner, logDepth, Fail, FailNow. */
#include "testing_t.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "detect/clock.h"
#include "detect/facts.h"
#include "panic.h"

/* ---- Making ------------------------------------------------------------------------------- */

static const uint64_t ROOT_TEST_STABLE = 0x7e57u;

static struct go_test *check_test(struct go_test *t, const char *call, struct call_site site)
{
    sched_current(call);
    if (unlikely(!t)) panic_raise(REPORT_NIL_DEREFERENCE, NULL, site, "%s of a nil test", call);
    return t;
}

GO_API struct go_test *go_test_root(void)
{
    static struct go_test root; /* safe: made anew by the first call of each execution */
    static uint32_t epoch;
    struct call_site site = CALL_SITE();
    sched_current("go_test_root");
    if (epoch == object_epoch) return &root;
    epoch = object_epoch;
    root = (struct go_test){.name = "the root test", .runner = sched_goroutine(1)};
    /* Who asks first depends on the schedule; its name must not. */
    root.object = object_first_used(OBJECT_TEST, &root, site);
    root.object->stable = ROOT_TEST_STABLE;
    root.object->data = &root;
    return &root;
}

static const char *full_name(const struct go_test *parent, const char *name)
{
    if (!name) name = "";
    const char *prefix = parent->parent ? parent->name : "";
    size_t bytes = strlen(prefix) + strlen(name) + 2;
    char *full = sched_alloc(bytes);
    (void)snprintf(full, bytes, "%s%s%s", prefix, *prefix ? "/" : "", name);
    return full;
}

static struct go_test *make(struct go_test *parent, const char *name, struct call_site site)
{
    struct go_test *t = sched_alloc(sizeof *t);
    *t = (struct go_test){.parent = parent, .name = full_name(parent, name)};
    t->object = object_make(OBJECT_TEST, t, site);
    t->object->data = t;
    return t;
}

/* ---- Log after the end -------------------------------------------------------------------- */

/* Where the framework is at work for t: the test's function, of which no frame is left. */
static struct call_site end_site(const struct go_test *t)
{
    return (struct call_site){(const char *)(uintptr_t)t->fn + 1, NULL};
}

static _Noreturn void unordered(const struct go_test *t, const struct goroutine *user,
                                const struct trace *trace, const char *verb)
{
    struct facts_panic *panic = sched_alloc(sizeof *panic);
    *panic = (struct facts_panic){
        .type = REPORT_LOG_AFTER_TEST, .object = t->object, .goroutine = user, .trace = *trace};
    (void)snprintf(panic->message, sizeof panic->message,
                   "%s in goroutine after \"%s\" has completed, the test of goroutine %u: nothing "
                   "orders the call before its end",
                   verb, t->name, t->runner->number);
    facts_report_panic(panic);
}

/* The running goroutine holds the lock of t and reads whether it is done. */
static void check_use(struct go_test *t, const char *verb, struct call_site site)
{
    if (likely(!t->reported) || !order_state.on) return;
    const struct goroutine *g = sched.running;
    struct trace trace;
    trace_capture(&trace, site, g->coro.stack_low, g->frames_end);
    if (t->done && !clock_ordered(t->ended, order_current())) unordered(t, g, &trace, verb);
    if (t->done) return;
    t->late = order_current();
    t->late_user = g;
    t->late_verb = verb;
    t->late_trace = trace;
}

static void check_end(const struct go_test *t)
{
    if (t->late && !clock_ordered(t->late, order_current()))
        unordered(t, t->late_user, &t->late_trace, t->late_verb);
}

/* ---- Operations on one test --------------------------------------------------------------- */

static void lock(struct go_test *t)
{
    order_acquire_lock(t->unlocked);
    order_acquire_lock(t->read_unlocked);
}

static void unlock(struct go_test *t) { t->unlocked = order_release(); }

/* Log to t if it is not done. */
static bool log_to(struct go_test *t, struct call_site site)
{
    sched_publish(OP_TEST_LOG, OP_MODE_WRITE, t->object, site);
    sched_point();
    lock(t);
    check_use(t, "Log", site);
    unlock(t);
    sched_executed(t->done ? PHASE_FAIL : PHASE_DONE, t->done);
    return !t->done;
}

/* Go holds the lock of a test that is done while it looks at the parent; nobody can tell. */
static void log_to_first(struct go_test *t, struct call_site site)
{
    while (!log_to(t, site)) t = t->parent; /* ends: the root test is not done */
}

static void fail(struct go_test *t, struct call_site site)
{
    if (t->parent) fail(t->parent, site);
    sched_publish(OP_TEST_FAIL, OP_MODE_WRITE, t->object, site);
    sched_point();
    lock(t);
    check_use(t, "Fail", site);
    unlock(t);
    t->failed = true;
    sched_executed(PHASE_DONE, t->done);
    if (t->done)
        panic_raise(REPORT_LOG_AFTER_TEST, t->object, site,
                    "Fail in goroutine after \"%s\" has completed, the test of goroutine %u",
                    t->name, t->runner->number);
}

static _Noreturn void fail_now(struct go_test *t, struct call_site site)
{
    fail(t, site);
    t->exits = true;
    go_goexit();
}

/* FailNow ends the calling goroutine, and that must be the one that runs the test. */
static void check_runner(const struct go_test *t, struct call_site site)
{
    if (likely(t->runner == sched.running)) return;
    panic_fatal(REPORT_FAIL_NOW_ELSEWHERE, t->object, site,
                "FailNow of \"%s\" is called by goroutine %u, but goroutine %u runs the test: that "
                "goes on, and only the caller ends",
                t->name, sched.running->number, t->runner->number);
}

/* ---- From start to end -------------------------------------------------------------------- */

static void report(struct go_test *t)
{
    sched_publish(OP_TEST_REPORT, OP_MODE_WRITE, t->object, end_site(t));
    sched_point();
    lock(t);
    unlock(t);
    t->reported = true;
    sched_executed(PHASE_DONE, t->failed);
}

static void finish(struct go_test *t)
{
    sched_publish(OP_TEST_DONE, OP_MODE_WRITE, t->object, end_site(t));
    sched_point();
    check_end(t);
    t->done = true;
    t->ended = order_current();
    t->released = order_release();
    if (t->waiter) sched_ready(t->waiter);
    t->waiter = NULL;
    sched_executed(PHASE_DONE, t->failed);
}

/* Deferred before the test's function is called, so that it runs after what that defers. */
static void end(void *arg)
{
    struct go_test *t = arg;
    const struct goroutine *g = sched.running;
    if (g->panicking) return; /* the process ends; nobody hears of the test any more */
    if (g->exiting && !t->exits)
        panic_raise(REPORT_UNRECOVERED_PANIC, t->object, g->site,
                    "test executed runtime.Goexit: \"%s\" ends neither by return nor by FailNow",
                    t->name);
    report(t);
    finish(t);
}

static void run_test(void *arg)
{
    struct go_test *t = arg;
    panic_defer(end, t);
    t->fn(t, t->arg);
}

/* ---- The public calls --------------------------------------------------------------------- */

GO_API bool go_test_run(struct go_test *parent, const char *name,
                        void (*fn)(struct go_test *t, void *arg), void *arg)
{
    struct call_site site = CALL_SITE();
    struct go_test *t = make(check_test(parent, "go_test_run", site), name, site);
    struct goroutine *self = sched.running;
    t->fn = fn;
    t->arg = arg;
    t->runner =
        sched_go(run_test, t, mix64(self->stable, ++self->made), self->number, order_release());
    trace_capture(&t->runner->created, site, self->coro.stack_low, self->frames_end);
    sched_point_after(OP_GO, NULL, site, PHASE_DONE);
    sched_publish(OP_TEST_RUN, OP_MODE_WRITE, t->object, site);
    if (t->done) {
        sched_point();
    } else {
        t->waiter = self;
        sched_park(WAIT_TEST);
    }
    order_acquire(t->released);
    sched_executed(PHASE_DONE, t->failed);
    return !t->failed;
}

/* Formatting reads the arguments, as Go's does; the text is not kept. */
__attribute__((format(printf, 1, 0))) static void format_text(const char *format, va_list arguments)
{
    char text[160];
    (void)vsnprintf(text, sizeof text, format, arguments);
}

#define FORMAT_TEXT(format)                                                                        \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        format_text(format, arguments);                                                            \
        va_end(arguments);                                                                         \
    } while (0)

GO_API void go_test_log(struct go_test *t, const char *format, ...)
{
    struct call_site site = CALL_SITE();
    check_test(t, "go_test_log", site);
    FORMAT_TEXT(format);
    log_to_first(t, site);
}

GO_API void go_test_error(struct go_test *t, const char *format, ...)
{
    struct call_site site = CALL_SITE();
    check_test(t, "go_test_error", site);
    FORMAT_TEXT(format);
    log_to_first(t, site);
    fail(t, site);
}

GO_API _Noreturn void go_test_fatal(struct go_test *t, const char *format, ...)
{
    struct call_site site = CALL_SITE();
    check_runner(check_test(t, "go_test_fatal", site), site);
    FORMAT_TEXT(format);
    log_to_first(t, site);
    fail_now(t, site);
}

GO_API void go_test_fail(struct go_test *t)
{
    struct call_site site = CALL_SITE();
    fail(check_test(t, "go_test_fail", site), site);
}

GO_API _Noreturn void go_test_fail_now(struct go_test *t)
{
    struct call_site site = CALL_SITE();
    check_runner(check_test(t, "go_test_fail_now", site), site);
    fail_now(t, site);
}

GO_API bool go_test_failed(struct go_test *t)
{
    struct call_site site = CALL_SITE();
    check_test(t, "go_test_failed", site);
    sched_publish(OP_TEST_FAILED, OP_MODE_READ, t->object, site);
    sched_point();
    order_acquire_lock(t->unlocked);
    t->read_unlocked = order_merge(t->read_unlocked, order_release());
    sched_executed(PHASE_DONE, t->failed);
    return t->failed;
}
