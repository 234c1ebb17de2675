// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The minimizer: reduce the finding, search for a smaller one, prove. Invariants in minimize.h. */
#include "minimize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "minimize_trial.h"
#include "report/report.h"

/* Executions that only the proof may use: one in this many. */
enum { PROOF_SHARE = 10 };
/* Events of all executions together, for an execution in the budget: what keeps a program with long
 * executions from taking long. */
enum { EVENTS_PER_EXECUTION = 500 };
/* When the finding is in the fair phase, a shorter one of so many events at most is looked for. */
enum { SHORT = 1000 };
/* A trial is cut when it is longer than the finding by this factor, and a little more. */
enum { LONGER = 2, A_LITTLE = 200 };

static void set_limit(struct minimizer *m, uint64_t executions)
{
    m->executions_limit = executions;
    m->events_limit = executions * EVENTS_PER_EXECUTION;
}

/* What is left of the budget up to `limit`, divided. */
static void set_share(struct minimizer *m, uint64_t limit, uint64_t share)
{
    uint64_t left = m->executions < limit ? limit - m->executions : 0;
    uint64_t events_left =
        m->events < limit * EVENTS_PER_EXECUTION ? limit * EVENTS_PER_EXECUTION - m->events : 0;
    m->executions_limit = m->executions + left / share;
    m->events_limit = m->events + events_left / share;
}

/* The best is what the deviations play. */
static bool take(struct minimizer *m, const struct deviations *d)
{
    struct deviation_play play;
    struct schedule schedule;
    deviation_play_init(&play, d);
    bool ok = minimizer_write(m, &play.policy, &schedule);
    deviation_play_free(&play);
    if (!ok) return false;
    free(m->best.bytes);
    m->best = schedule;
    return true;
}

/* Coarse grains first, without data first: what is found there is smaller than all that follows.
 * True if nothing smaller than the result can be there. */
static bool search(struct minimizer *m, uint64_t limit)
{
    bool complete = false;
    for (int grain = GRAIN_SYNC; grain <= (int)m->best.grain; grain++) {
        for (int with_data = 0; with_data < 2; with_data++) {
            uint8_t data[INPUT_DATA_BYTES_MAX];
            struct input in = input_decode(m->best.bytes, m->best.size);
            size_t data_bytes = with_data ? in.data_bytes : 0;
            if (with_data && data_bytes == 0) continue;
            if (with_data) {
                set_share(m, limit, 2);
                minimize_data(m);
                in = input_decode(m->best.bytes, m->best.size);
                data_bytes = in.data_bytes;
            }
            if (data_bytes) memcpy(data, in.data, data_bytes);
            bool last = grain == (int)m->best.grain && data_bytes == in.data_bytes;
            set_share(m, limit, last ? 1 : 2);
            m->cut = false;
            complete = minimize_search(m, (enum grain)grain, data, data_bytes, SIZE_MAX) && !m->cut;
        }
    }
    return complete;
}

/* The finding shows the bug in the fair phase only, after thousands of steps: look for a schedule
 * that shows it by itself. */
static void leave_fair_phase(struct minimizer *m, uint64_t limit, struct deviations *d)
{
    m->fair_counts = false;
    m->steps_max = SHORT;
    search(m, limit);
    if (m->best.fair) return;
    deviations_free(d);
    deviations_of(m->best.bytes, m->best.size, d);
}

/* Leave out each deviation of the best; what can go goes. True if none can. */
static bool prove(struct minimizer *m)
{
    bool proved;
    for (;;) {
        struct deviations d;
        deviations_of(m->best.bytes, m->best.size, &d);
        m->executions += 2;
        size_t superfluous = minimizer_superfluous(m, &d, &proved);
        bool changed = false;
        if (superfluous != SIZE_MAX) {
            memmove(d.list + superfluous, d.list + superfluous + 1,
                    (d.count - superfluous - 1) * sizeof d.list[0]);
            d.count--;
            changed = take(m, &d);
            proved = changed;
        }
        deviations_free(&d);
        if (!changed) return proved;
    }
}

static bool fail(char *error, size_t error_bytes, const char *why)
{
    snprintf(error, error_bytes, "%s", why);
    return false;
}

/* The finding as deviations, which play to the same bug; counted. */
static bool begin(struct minimizer *m, const uint8_t *bytes, size_t size, struct deviations *d,
                  char *error, size_t error_bytes)
{
    struct run_result result;
    target_try(bytes, size, &result);
    m->executions++;
    if (result.verdict != VERDICT_BUG) return fail(error, error_bytes, "it shows no bug");
    report_signature(result.report, m->signature, sizeof m->signature);
    deviations_of(bytes, size, d);
    m->executions += 2;
    m->events += 3 * result.events;
    if (take(m, d)) return true;
    deviations_free(d);
    return fail(error, error_bytes, "it cannot be written as deviations from the natural schedule");
}

bool minimize(const uint8_t *bytes, size_t size, const struct minimize_options *options,
              struct minimized *out, char *error, size_t error_bytes)
{
    struct minimizer m = {0};
    struct deviations d;
    *out = (struct minimized){0};
    uint64_t total = MINIMIZE_EXECUTIONS;
    if (options && options->max_executions) total = options->max_executions;
    uint64_t stages = total - total / PROOF_SHARE;
    set_limit(&m, stages / 2);
    m.fair_counts = true;
    if (!begin(&m, bytes, size, &d, error, error_bytes)) return false;
    out->deviations_before = m.best.deviations;
    out->preemptions_before = m.best.preemptions;
    out->switches_before = m.best.switches;
    out->events_before = m.best.events;
    if (m.best.fair) leave_fair_phase(&m, stages / 4, &d);
    m.fair_counts = m.best.fair;
    m.steps_max = m.best.fair ? 0 : (uint32_t)m.best.events * LONGER + A_LITTLE;
    set_limit(&m, stages / 2);
    minimize_reduce(&m, &d);
    take(&m, &d);
    deviations_free(&d);
    out->complete = !m.best.fair && search(&m, stages);
    set_limit(&m, total);
    out->proved = prove(&m);
    out->bytes = m.best.bytes;
    out->size = m.best.size;
    memcpy(out->signature, m.signature, sizeof out->signature);
    out->deviations = m.best.deviations;
    out->preemptions = m.best.preemptions;
    out->switches = m.best.switches;
    out->events = m.best.events;
    out->executions = m.executions;
    return true;
}

bool minimize_check(const uint8_t *bytes, size_t size, size_t *superfluous)
{
    struct minimizer m = {.fair_counts = true};
    struct deviations d;
    char error[128];
    bool proved;
    set_limit(&m, UINT32_MAX);
    *superfluous = SIZE_MAX;
    if (!begin(&m, bytes, size, &d, error, sizeof error)) return false;
    m.fair_counts = m.best.fair;
    *superfluous = minimizer_superfluous(&m, &d, &proved);
    deviations_free(&d);
    free(m.best.bytes);
    return *superfluous == SIZE_MAX;
}
