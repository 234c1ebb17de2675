// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Harness data: the least that shows the bug, by enumeration: shorter first, then as numbers.
 *
 * Only of programs that ask for numbers of one byte. Values no less than the largest n mean what
 * smaller ones do, and are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "minimize_trial.h"
#include "record.h"

enum { FEW = 1 }; /* deviations that are tried with each string */

/* The next string: the last byte counts fastest, and is never 0 (a shorter one says the same). */
static bool advance(uint8_t *data, size_t *size, size_t values, size_t size_max)
{
    for (size_t i = *size; i > 0; i--) {
        if (data[i - 1] + 1u < values) {
            data[i - 1]++;
            return true;
        }
        data[i - 1] = i == *size;
    }
    if (*size == size_max) return false;
    memset(data, 0, ++*size);
    data[*size - 1] = 1;
    return true;
}

/* How many values a byte has; 0 if a number takes more than one byte. */
static size_t count_values(struct minimizer *m, const struct deviations *d)
{
    struct deviation_play play;
    struct record record;
    struct run_result result;
    size_t values = 2;
    deviation_play_init(&play, d);
    record_init(&record, &play.policy);
    minimizer_run(m, &record.policy, &result);
    for (size_t i = 0; i < record.answer_count; i++) {
        if (record.answers[i].position != 0) continue;
        if (record.answers[i].n > values) values = record.answers[i].n;
    }
    record_free(&record);
    deviation_play_free(&play);
    return values <= 256 ? values : 0;
}

static bool try_data(struct minimizer *m, const struct deviations *base, const uint8_t *data,
                     size_t size)
{
    struct deviations d = deviations_copy(base);
    struct deviation_play play;
    struct schedule schedule;
    bool taken = false;
    d.data_bytes = size;
    memcpy(d.data, data, size);
    if (minimizer_play(m, &d)) {
        deviation_play_init(&play, &d);
        taken = minimizer_write(m, &play.policy, &schedule) && minimizer_offer(m, &schedule);
        deviation_play_free(&play);
    }
    deviations_free(&d);
    return taken;
}

void minimize_data(struct minimizer *m)
{
    uint8_t data[INPUT_DATA_BYTES_MAX] = {1};
    size_t size = 1;
    struct deviations base;
    deviations_of(m->best.bytes, m->best.size, &base);
    m->executions += 2;
    const struct schedule *best = &m->best;
    size_t values = count_values(m, &base);
    bool more = values > 0;
    while (more && !minimizer_spent(m) &&
           (size < base.data_bytes || memcmp(data, base.data, size) < 0)) {
        size_t before = best->data_bytes;
        minimize_search(m, best->grain, data, size, FEW);
        if (best->data_bytes != before || try_data(m, &base, data, size)) break;
        more = advance(data, &size, values, base.data_bytes);
    }
    deviations_free(&base);
}
