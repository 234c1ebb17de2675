// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What an execution did, by names that a change of the program leaves alone as far as can be: as
 * trace.json has it, or as the latest execution left it.
 *
 * Invariants
 * - Events are in the order of execution; plain accesses are left out. A place counts the events of
 *   its goroutine from 1, so that (g, place) names one event.
 * - Goroutines are in the order in which they were created. The clock is none of them.
 */
#ifndef HEDDLE_TRACE_READ_H
#define HEDDLE_TRACE_READ_H

#include "deviation.h"

enum { TRACE_NAME_BYTES = 128 };

struct trace_event {
    uint64_t g; /* stable id of the goroutine or the clock */
    uint32_t place;
    uint8_t op;    /* enum op_kind */
    uint8_t phase; /* enum event_phase */
};

struct trace_goroutine {
    uint64_t g;
    char name[TRACE_NAME_BYTES]; /* the function that it runs; "" if unknown */
};

struct trace_events {
    struct trace_event *events;
    size_t event_count;
    struct trace_goroutine *goroutines;
    size_t goroutine_count;
    struct deviation *deviations; /* of a file, if it has them */
    size_t deviation_count;
    bool has_deviations;
};

void trace_events_free(struct trace_events *t);

/* Of the latest execution; names by symbolizing. No deviations. */
void trace_events_latest(struct trace_events *out);

/* Of a file. False with one line in error if it is no trace. */
bool trace_events_read(const char *path, struct trace_events *out, char *error, size_t error_bytes);

/* The names of the phases in the file, by enum event_phase. */
extern const char *const trace_phase_names[4];

#endif
