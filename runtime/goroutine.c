// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The public calls about goroutines and time that need no object: go, Gosched, Sleep, exit.
 * What they do is the scheduler's (sched.c); leaving early is panic.c's. */
#include "sched.h"

#include "detect/facts.h"
#include "panic.h"

GO_API void go_start(void (*fn)(void *), void *arg)
{
    struct call_site site = CALL_SITE();
    struct goroutine *self = sched_current("go");
    struct goroutine *g =
        sched_go(fn, arg, mix64(self->stable, ++self->made), self->number, order_release());
    trace_capture(&g->created, site, self->coro.stack_low, self->frames_end);
    sched_point_after(OP_GO, NULL, site, PHASE_DONE);
}

GO_API void go_gosched(void)
{
    sched_publish(OP_GOSCHED, OP_MODE_NONE, NULL, CALL_SITE());
    sched_point_yielding();
    sched_executed(PHASE_FAIL, 0);
}

void go_daemon(void) { sched_current("go_daemon")->daemon = true; }

GO_API _Noreturn void go_exit(int code)
{
    struct call_site site = CALL_SITE();
    sched_current("go_exit");
    if (!code) sched_stop(STOP_EXIT);
    panic_fatal(REPORT_EXIT_STATUS, NULL, site, "the program exits with status %d", code);
}

int64_t go_now(void)
{
    sched_current("go_now");
    return sched.now_ns;
}

void go_test_timeout(int64_t timeout_ns)
{
    sched_current("go_test_timeout");
    if (__builtin_add_overflow(sched.now_ns, timeout_ns, &sched.watchdog_ns))
        sched.watchdog_ns = INT64_MAX;
}

static void wake_sleeper(struct deadline *d)
{
    sched_ready(container_of(d, struct goroutine, sleep));
}

GO_API void go_sleep(int64_t duration_ns)
{
    struct goroutine *g = sched_publish(OP_SLEEP, OP_MODE_NONE, NULL, CALL_SITE());
    if (duration_ns <= 0) {
        sched_point_yielding();
        sched_executed(PHASE_FAIL, 0);
        return;
    }
    sched_point();
    int64_t at_ns;
    if (__builtin_add_overflow(sched.now_ns, duration_ns, &at_ns)) at_ns = INT64_MAX;
    g->sleep.fire = wake_sleeper;
    g->sleep.stable = g->stable;
    sched_executed(PHASE_ARRIVE, (uint64_t)duration_ns);
    sched_arm(&g->sleep, at_ns);
    sched_park(WAIT_SLEEP);
    sched_executed(PHASE_COMPLETE, (uint64_t)sched.now_ns);
}
