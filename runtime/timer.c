// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* time.Timer and time.Ticker: what happens when a deadline passes. Invariants in timer.h; when it
 * passes is the scheduler's affair (sched.c), Sleep is goroutine.c's.
 *
 * Stop and Reset are visible operations on the timer. Arming takes effect at once and has its point
 * behind it, like a go statement.
 *
 * Channels are those of Go before 1.23: what has been delivered stays. With the option go123_timers
 * Stop and Reset take it back and count the timer as stopped in time, so that no value prepared
 * before the call can be received after it; len and cap still show a buffer, where Go 1.23 has 0.
 * Source: Go 1.23 release notes, "Timer changes"; runtime/time.go, stop and modify. */
#include "timer.h"

#include "panic.h"

static int64_t after_now(int64_t duration_ns)
{
    int64_t at_ns;
    if (duration_ns <= 0) return sched.now_ns;
    return __builtin_add_overflow(sched.now_ns, duration_ns, &at_ns) ? INT64_MAX : at_ns;
}

/* ---- What the clock does ------------------------------------------------------------------ */

static void fire_send(struct deadline *d)
{
    struct go_timer *t = container_of(d, struct go_timer, deadline);
    /* The program can close the channel only because C has no receive-only channels. */
    if (!t->chan->closed && chan_can_send(t->chan))
        chan_do_send_by_clock(t->chan, &sched.now_ns, t->released);
    if (t->period_ns) sched_arm(d, after_now(t->period_ns));
}

static void fire_start(struct deadline *d)
{
    struct go_timer *t = container_of(d, struct go_timer, deadline);
    uint64_t stable = mix64(t->object->stable, ++t->firings);
    struct goroutine *g = sched_go(t->fn, t->arg, stable, t->armed_by, t->released);
    g->created = t->armed;
    g->timer_made = true;
    sched_inherit_waits(g, sched_goroutine(t->armed_by));
}

/* ---- Making and arming -------------------------------------------------------------------- */

static void check_inside(void)
{
    if (unlikely(!sched.running)) fault_usage("timer made outside a running execution");
}

static struct go_timer *make(struct call_site site)
{
    check_inside();
    struct go_timer *t = sched_alloc(sizeof *t);
    t->object = object_make(OBJECT_TIMER, t, site);
    t->object->data = t;
    t->deadline.object = t->object;
    t->deadline.stable = t->object->stable;
    return t;
}

static void arm(struct go_timer *t, int64_t duration_ns, struct call_site site)
{
    const struct goroutine *g = sched.running;
    t->armed_by = g->number;
    t->released = order_release();
    if (!t->chan) trace_capture(&t->armed, site, g->coro.stack_low, g->frames_end);
    sched_arm(&t->deadline, after_now(duration_ns));
}

struct go_timer *timer_after_func(int64_t duration_ns, void (*fn)(void *), void *arg,
                                  struct call_site site)
{
    struct go_timer *t = make(site);
    t->deadline.fire = fire_start;
    t->fn = fn;
    t->arg = arg;
    arm(t, duration_ns, site);
    return t;
}

static struct go_timer *timer_send(int64_t duration_ns, int64_t period_ns, struct call_site site)
{
    struct go_timer *t = make(site);
    t->chan = chan_make(sizeof(int64_t), 1, site);
    t->deadline.fire = fire_send;
    t->deadline.repeats = period_ns != 0;
    t->period_ns = period_ns;
    arm(t, duration_ns, site);
    timer_point(t, site);
    return t;
}

/* ---- The public calls --------------------------------------------------------------------- */

GO_API struct go_timer *go_timer_new(int64_t duration_ns)
{
    return timer_send(duration_ns, 0, CALL_SITE());
}

GO_API struct go_timer *go_timer_after_func(int64_t duration_ns, void (*fn)(void *), void *arg)
{
    struct call_site site = CALL_SITE();
    struct go_timer *t = timer_after_func(duration_ns, fn, arg, site);
    timer_point(t, site);
    return t;
}

GO_API struct go_timer *go_ticker_new(int64_t period_ns)
{
    struct call_site site = CALL_SITE();
    check_inside();
    if (period_ns <= 0)
        panic_raise(REPORT_UNRECOVERED_PANIC, NULL, site, "non-positive interval for NewTicker");
    return timer_send(period_ns, period_ns, site);
}

GO_API struct go_chan *go_after(int64_t duration_ns)
{
    return timer_send(duration_ns, 0, CALL_SITE())->chan;
}

struct go_chan *go_timer_chan(struct go_timer *t) { return t->chan; }

/* Disarm; was it in time? With go123_timers a value that nobody has received counts as not sent. */
static bool halt(struct go_timer *t)
{
    bool was_armed = sched_disarm(&t->deadline);
    if (!sched.go123_timers || !t->chan || !t->chan->count) return was_armed;
    chan_take_back(t->chan);
    return true;
}

GO_API bool go_timer_stop(struct go_timer *t)
{
    sched_publish(OP_TIMER_STOP, OP_MODE_WRITE, t->object, CALL_SITE());
    sched_point();
    bool stopped = halt(t);
    sched_executed(PHASE_DONE, stopped);
    return stopped;
}

GO_API bool go_timer_reset(struct go_timer *t, int64_t duration_ns)
{
    struct call_site site = CALL_SITE();
    if (t->period_ns && duration_ns <= 0)
        panic_raise(REPORT_UNRECOVERED_PANIC, t->object, site,
                    "non-positive interval for Ticker.Reset");
    sched_publish(OP_TIMER_RESET, OP_MODE_WRITE, t->object, site);
    sched_point();
    bool was_armed = halt(t);
    if (t->period_ns) t->period_ns = duration_ns;
    t->deadline.repeats = true;
    arm(t, duration_ns, site);
    sched_executed(PHASE_DONE, was_armed);
    timer_point(t, site);
    return was_armed;
}
