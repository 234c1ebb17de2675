// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reduction: what can be left out of a list of deviations while the bug still shows.
 *
 * Delta debugging with complements only: halves, quarters, ... single deviations, from the end of
 * the list, where most are superfluous; before that whole goroutines, and the harness data. Goes on
 * until nothing can be left out any more.
 *
 * Source: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002.
 */
#include <stdlib.h>
#include <string.h>

#include "minimize_trial.h"
#include "policies.h"

enum { LOW_VALUES = 8 }; /* of a byte of harness data */

/* Take `smaller` for d if it shows the bug; frees the other one. */
static bool try_instead(struct minimizer *m, struct deviations *d, struct deviations smaller)
{
    if (minimizer_spent(m) || !minimizer_play(m, &smaller)) {
        deviations_free(&smaller);
        return false;
    }
    deviations_free(d);
    *d = smaller;
    return true;
}

static bool try_without(struct minimizer *m, struct deviations *d, size_t from, size_t count)
{
    struct deviations smaller = deviations_copy(d);
    size_t rest = d->count - from - count;
    memmove(smaller.list + from, smaller.list + from + count, rest * sizeof smaller.list[0]);
    smaller.count = d->count - count;
    return try_instead(m, d, smaller);
}

/* Chunks of this size, the last one first. */
static bool reduce_chunks(struct minimizer *m, struct deviations *d, size_t chunk)
{
    bool reduced = false;
    for (size_t end = d->count; end > 0;) {
        size_t from = end > chunk ? end - chunk : 0;
        bool gone = try_without(m, d, from, end - from);
        reduced |= gone;
        end = gone && d->count < from ? d->count : from; /* others may have gone with it */
    }
    return reduced;
}

/* All that one goroutine does in other words: those after its events, or those that pick it. */
static bool try_without_goroutine(struct minimizer *m, struct deviations *d, uint64_t goroutine,
                                  bool picked)
{
    struct deviations smaller = deviations_copy(d);
    smaller.count = 0;
    for (size_t i = 0; i < d->count; i++) {
        const struct deviation *one = &d->list[i];
        bool goes =
            picked ? one->kind == CHOICE_RUN && one->to == goroutine : one->after == goroutine;
        if (!goes) smaller.list[smaller.count++] = *one;
    }
    if (smaller.count + 1 < d->count) return try_instead(m, d, smaller);
    deviations_free(&smaller); /* one or none: that is a chunk */
    return false;
}

static bool reduce_goroutines(struct minimizer *m, struct deviations *d)
{
    bool reduced = false;
    for (size_t i = 0; i < d->count; i++) {
        uint64_t after = d->list[i].after, to = d->list[i].to;
        reduced |= try_without_goroutine(m, d, after, false);
        if (i < d->count) reduced |= try_without_goroutine(m, d, to, true);
    }
    return reduced;
}

static bool reduce_list(struct minimizer *m, struct deviations *d)
{
    bool reduced = d->count > 8 && reduce_goroutines(m, d);
    for (size_t chunk = d->count; chunk > 1; chunk = (chunk + 1) / 2)
        reduced |= reduce_chunks(m, d, chunk);
    while (d->count > 0 && !minimizer_spent(m) && reduce_chunks(m, d, 1)) reduced = true;
    return reduced;
}

static bool try_data(struct minimizer *m, struct deviations *d, size_t bytes)
{
    struct deviations smaller = deviations_copy(d);
    smaller.data_bytes = bytes;
    return try_instead(m, d, smaller);
}

/* The least value that does as well, of the first few. */
static bool try_lower(struct minimizer *m, struct deviations *d, size_t at)
{
    for (uint8_t value = 0; value < d->data[at] && value < LOW_VALUES; value++) {
        struct deviations smaller = deviations_copy(d);
        smaller.data[at] = value;
        if (try_instead(m, d, smaller)) return true;
    }
    return false;
}

/* Shorter, then lower. */
static bool reduce_data(struct minimizer *m, struct deviations *d)
{
    bool reduced = false;
    for (size_t cut = d->data_bytes; cut > 0; cut /= 2)
        while (d->data_bytes >= cut && try_data(m, d, d->data_bytes - cut)) reduced = true;
    for (size_t i = 0; i < d->data_bytes; i++) reduced |= try_lower(m, d, i);
    return reduced;
}

/* A switch at an access may do as well at the next operation, or not at all. */
static bool try_sync(struct minimizer *m, struct deviations *d, bool moved)
{
    struct deviations coarser = deviations_copy(d);
    coarser.grain = GRAIN_SYNC;
    coarser.count = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct deviation one = d->list[i];
        if (one.access != 0 && !moved) continue;
        one.access = 0;
        coarser.list[coarser.count++] = one;
    }
    return try_instead(m, d, coarser);
}

static bool try_grain(struct minimizer *m, struct deviations *d, enum grain grain)
{
    struct deviations coarser = deviations_copy(d);
    coarser.grain = grain;
    return try_instead(m, d, coarser);
}

static bool reduce_grain(struct minimizer *m, struct deviations *d)
{
    if (d->grain == GRAIN_SYNC) return false;
    if (try_sync(m, d, false) || try_sync(m, d, true)) return true;
    return d->grain == GRAIN_ALL && try_grain(m, d, GRAIN_SHARED);
}

void minimize_reduce(struct minimizer *m, struct deviations *d)
{
    reduce_grain(m, d); /* before all others: what is left out is left out there */
    bool reduced = true;
    while (reduced && !minimizer_spent(m)) {
        reduced = reduce_data(m, d);
        reduced |= reduce_list(m, d);
        reduced |= reduce_grain(m, d);
    }
}
