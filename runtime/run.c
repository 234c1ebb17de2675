// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One execution from reset to verdict. Invariants in run.h. */
#include "run.h"

#include <string.h>

#include "access.h"
#include "atomic.h"
#include "detect/access_log.h"
#include "detect/access_report.h"
#include "detect/blocking.h"
#include "detect/clock.h"
#include "detect/facts.h"
#include "detect/grain.h"
#include "detect/libtsan.h"
#include "detect/recall.h"
#include "detect/shadow.h"
#include "globals.h"
#include "panic.h"
#include "sched.h"
#include "subject.h"

/* Takes the constructor that looks for libtsan out of the archive. */
__attribute__((used)) static void (*const needed)(void) = libtsan_refuse;

static void run_root(void *arg)
{
    void (**root)(void) = arg;
    (*root)();
}

static void reset(struct policy *policy, const struct run_options *options)
{
    heap_init();
    if (access_state.instrumented) shadow_init();
    shadow_reset();
    heap_reset();
    globals_reset();
    object_reset();
    atomic_reset();
    event_reset();
    facts_reset();
    order_reset(access_state.instrumented && !(options->detectors_off & DETECTOR_RACE));
    clock_reset();
    sched_reset();
    uint32_t steps = options->max_steps ? options->max_steps : RUN_MAX_STEPS;
    sched.policy = policy;
    sched.step_limit = sched.quiet_limit = steps;
    sched.fair_steps = options->fair_steps ? options->fair_steps : RUN_FAIR_STEPS;
    sched.ticks_after_end =
        options->ticks_after_end ? options->ticks_after_end : RUN_TICKS_AFTER_END;
    sched.waits_after_end =
        options->waits_after_end ? options->waits_after_end : RUN_WAITS_AFTER_END;
    sched.go123_timers = options->go123_timers;
    sched.detectors_off = options->detectors_off;
    access_log_reset();
    access_reset(policy);
}

static void begin(struct policy *policy)
{
    policy->position = 0;
    policy->access = 0;
    policy->quiet_until = 0;
    policy->quiet_accesses = 0;
    if (policy->begin) policy->begin(policy);
}

/* One execution up to its stop; policy has begun. */
static enum stop_cause execute(void (*root)(void), struct policy *policy,
                               const struct run_options *options)
{
    reset(policy, options);
    subject_enter();
    enum stop_cause cause = sched_run(panic_goroutine_body, run_root, &root);
    subject_leave();
    return cause;
}

/* Harness data of the empty input. */
static size_t choose_natural(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 0;
}

/* The sites of the grain shared come from the execution of the empty input. */
static void learn_grain(void (*root)(void), const struct run_options *options)
{
    struct policy natural = {
        .name = "natural", .blind = true, .quiet_until = UINT64_MAX, .choose = choose_natural};
    struct run_options blind = *options;
    blind.detectors_off |= DETECTOR_RACE;
    if (grain_is_known(root, &blind)) return;
    bool logged = access_log_is_on();
    access_log_switch(true);
    execute(root, &natural, &blind);
    grain_learn(root, &blind);
    access_log_switch(logged);
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

/* The report lacks stacks that only a second execution can tell. All else that is known of the
 * first one stays: if the program took another way, what is kept is the way that led to the report.
 */
static void recall(void (*root)(void), const struct policy *policy,
                   const struct run_options *options)
{
    static struct report first; /* safe: one execution at a time; too large for a stack */
    first = *facts_report();
    const struct event_log log = event_log;
    const size_t bytes = event_kept() * sizeof(struct event_record);
    /* Events are not shown yet: there is room for them. */
    memcpy(heap_table(REGION_SHOWN), event_record(0), bytes);
    const uint64_t switches = sched.switches;
    const uint64_t preemptions = sched.preemptions;
    struct policy *again = recall_policy(policy->grain);
    recall_state.active = true;
    begin(again);
    bool same = execute(root, again, options) == STOP_REPORT && event_log.digest == log.digest &&
                facts_report()->type == first.type;
    recall_state.active = false;
    *facts_report() = first;
    event_log = log;
    memcpy(event_record(0), heap_table(REGION_SHOWN), bytes);
    sched.switches = switches;
    sched.preemptions = preemptions;
    access_report_recalled(facts_report(), same);
}

void run_execute(void (*root)(void), struct policy *policy, const struct run_options *options,
                 struct run_result *result, bool *more)
{
    static const struct run_options defaults;
    if (!options) options = &defaults;
    rt_assert(!sched.running);
    begin(policy);
    if (unlikely(policy->grain == GRAIN_SHARED)) learn_grain(root, options);
    recall_reset();
    enum stop_cause cause = execute(root, policy, options);
    *result = (struct run_result){.verdict = VERDICT_PASS, .goroutines = sched.goroutine_count};
    if (unlikely(recall_is_wanted(cause == STOP_REPORT))) recall(root, policy, options);
    judge(cause, result);
    sched.running = NULL;
    event_mix((uint64_t)result->verdict << 8 | (result->report ? result->report->type : 0u));
    result->digest = event_log.digest;
    result->observed = event_log.observed;
    result->events = event_log.count;
    result->positions = policy->position;
    result->switches = sched.switches;
    result->preemptions = sched.preemptions;
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
