// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One execution from reset to verdict. Invariants in run.h. */
#include "run.h"

#include <string.h>

#include "detect/blocking.h"
#include "detect/facts.h"
#include "globals.h"
#include "panic.h"
#include "sched.h"
#include "subject.h"

static void run_root(void *arg)
{
    void (**root)(void) = arg;
    (*root)();
}

static void reset(struct policy *policy, const struct run_options *options)
{
    heap_init();
    heap_reset();
    globals_reset();
    object_reset();
    event_reset();
    facts_reset();
    sched_reset();
    uint32_t steps = options->max_steps ? options->max_steps : RUN_MAX_STEPS;
    sched.policy = policy;
    sched.step_limit = sched.quiet_limit = steps;
    sched.fair_steps = options->fair_steps ? options->fair_steps : RUN_FAIR_STEPS;
    sched.ticks_after_end =
        options->ticks_after_end ? options->ticks_after_end : RUN_TICKS_AFTER_END;
    sched.go123_timers = options->go123_timers;
    sched.detectors_off = options->detectors_off;
    policy->position = 0;
    policy->quiet_until = 0;
    if (policy->begin) policy->begin(policy);
}

/* What the way it stopped, and the state it left, mean. */
static void judge(enum stop_cause cause, struct run_result *result)
{
    struct report *report = facts_report();
    switch (cause) {
    case STOP_IDLE:
        blocking_judge_idle(report);
        break;
    case STOP_FAIR_END:
        result->limit = blocking_judge_fair_end(report);
        break;
    case STOP_LIMIT:
        result->limit = sched.limit;
        break;
    case STOP_REPORT:
        subject_classify(report);
        break;
    case STOP_EXIT:
        break;
    }
    if (report->type != REPORT_NONE) {
        result->verdict = VERDICT_BUG;
        report->steps = event_log.count;
        report->switches = sched.switches;
        report->preemptions = sched.preemptions;
        result->report = report;
    } else if (result->limit) {
        result->verdict = VERDICT_INCONCLUSIVE;
    }
}

void run_execute(void (*root)(void), struct policy *policy, const struct run_options *options,
                 struct run_result *result, bool *more)
{
    static const struct run_options defaults;
    rt_assert(!sched.running);
    reset(policy, options ? options : &defaults);
    subject_enter();
    enum stop_cause cause = sched_run(panic_goroutine_body, run_root, &root);
    subject_leave();
    *result = (struct run_result){.verdict = VERDICT_PASS};
    judge(cause, result);
    sched.running = NULL;
    event_mix((uint64_t)result->verdict << 8 | (result->report ? result->report->type : 0u));
    result->digest = event_log.digest;
    result->observed = event_log.observed;
    result->events = event_log.count;
    result->positions = policy->position;
    result->switches = sched.switches;
    result->preemptions = sched.preemptions;
    result->goroutines = sched.goroutine_count;
    bool goes_on = policy->end ? policy->end(policy) : true;
    if (more) *more = goes_on;
}

const struct event *run_events(size_t *count, uint64_t *dropped)
{
    struct event *events = heap_table(REGION_SHOWN);
    *count = event_kept();
    if (dropped) *dropped = event_log.count - *count;
    for (size_t i = 0; i < *count; i++) sched_event_of(event_record(i), &events[i]);
    return events;
}
