// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Executions of the minimizer, and the order of its results. Invariants in minimize_trial.h. */
#include "minimize_trial.h"

#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "policies.h"
#include "record.h"
#include "report/report.h"

bool minimizer_spent(const struct minimizer *m)
{
    return m->executions >= m->executions_limit || m->events >= m->events_limit;
}

static uint32_t max_steps(void)
{
    uint32_t steps = target_options()->run.max_steps;
    return steps ? steps : RUN_MAX_STEPS;
}

/* The options of a trial. Only in grain sync: what the finer ones are depends on the options. */
static bool shorten(const struct minimizer *m, const struct policy *policy,
                    struct run_options *options)
{
    if (m->steps_max == 0 || m->steps_max >= max_steps() || policy->grain != GRAIN_SYNC)
        return false;
    options->max_steps = m->steps_max;
    options->fair_steps = 1;
    return true;
}

bool minimizer_run(struct minimizer *m, struct policy *policy, struct run_result *result)
{
    char signature[TARGET_SIGNATURE_BYTES];
    struct run_options options = target_options()->run;
    bool shortened = shorten(m, policy, &options);
    run_execute(target_options()->root, policy, &options, result, NULL);
    m->executions++;
    m->events += result->events;
    if (shortened && result->events >= m->steps_max) {
        m->cut = true;
        return false;
    }
    if (result->verdict != VERDICT_BUG) return false;
    if (result->events > max_steps() && !m->fair_counts) return false;
    report_signature(result->report, signature, sizeof signature);
    return strcmp(signature, m->signature) == 0;
}

static void keep_applied(const struct deviation_play *play, struct deviations *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->count; i++)
        if (deviation_play_applied(play, i)) d->list[kept++] = d->list[i];
    d->count = kept;
}

bool minimizer_play(struct minimizer *m, struct deviations *d)
{
    struct deviation_play play;
    struct run_result result;
    deviation_play_init(&play, d);
    bool shows = minimizer_run(m, &play.policy, &result);
    if (shows) keep_applied(&play, d);
    deviation_play_free(&play);
    return shows;
}

static size_t count_deviations(const struct record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->answer_count; i++)
        count += record->answers[i].position != 0 && record->answers[i].index != 0;
    return count;
}

bool minimizer_write(struct minimizer *m, struct policy *policy, struct schedule *out)
{
    struct record record;
    struct run_result result;
    *out = (struct schedule){0};
    record_init(&record, policy);
    bool ok = minimizer_run(m, &record.policy, &result) &&
              record_encode(&record, &out->bytes, &out->size) == RECORD_OK;
    if (ok) {
        struct input in = input_decode(out->bytes, out->size);
        out->grain = in.grain;
        out->data_bytes = in.data_bytes;
        out->preemptions = result.preemptions;
        out->deviations = count_deviations(&record);
        out->switches = result.switches;
        out->events = result.events;
        out->fair = result.events > max_steps();
    }
    record_free(&record);
    return ok;
}

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int compare_bytes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    int order = compare(a_size, b_size);
    return order || a_size == 0 ? order : memcmp(a, b, a_size);
}

int schedule_compare(const struct schedule *a, const struct schedule *b)
{
    struct input a_input = input_decode(a->bytes, a->size);
    struct input b_input = input_decode(b->bytes, b->size);
    int order = compare(a->fair, b->fair);
    if (!order) order = compare(a->grain, b->grain);
    if (!order)
        order = compare_bytes(a_input.data, a_input.data_bytes, b_input.data, b_input.data_bytes);
    if (!order) order = compare(a->preemptions, b->preemptions);
    if (!order) order = compare(a->deviations, b->deviations);
    if (!order) order = compare(a->switches, b->switches);
    if (!order) order = compare(a->events, b->events);
    return order ? order : compare_bytes(a->bytes, a->size, b->bytes, b->size);
}

size_t minimizer_superfluous(struct minimizer *m, const struct deviations *d, bool *proved)
{
    size_t found = SIZE_MAX;
    uint32_t steps_max = m->steps_max;
    m->steps_max = 0; /* a proof knows */
    *proved = true;
    for (size_t i = 0; i < d->count && found == SIZE_MAX && *proved; i++) {
        if (minimizer_spent(m)) {
            *proved = false;
            break;
        }
        struct deviations fewer = deviations_copy(d);
        memmove(fewer.list + i, fewer.list + i + 1, (d->count - i - 1) * sizeof fewer.list[0]);
        fewer.count--;
        if (minimizer_play(m, &fewer)) found = i;
        deviations_free(&fewer);
    }
    m->steps_max = steps_max;
    return found;
}

static bool is_minimal(struct minimizer *m, const struct schedule *schedule)
{
    struct deviations d;
    bool proved, fair_counts = m->fair_counts;
    m->fair_counts = schedule->fair;
    deviations_of(schedule->bytes, schedule->size, &d);
    m->executions += 2;
    m->events += 2 * schedule->events;
    bool minimal = minimizer_superfluous(m, &d, &proved) == SIZE_MAX && proved;
    deviations_free(&d);
    m->fair_counts = fair_counts;
    return minimal;
}

bool minimizer_offer(struct minimizer *m, struct schedule *schedule)
{
    bool smaller = !m->best.bytes || schedule_compare(schedule, &m->best) < 0;
    if (!smaller || !is_minimal(m, schedule)) {
        free(schedule->bytes);
        return false;
    }
    free(m->best.bytes);
    m->best = *schedule;
    return true;
}
