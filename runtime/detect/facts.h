// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From the state of an execution to the data of a report. Reads goroutines and objects, changes
 * none.
 *
 * Invariant: there is one report per execution; it is filled when the execution stops and stays
 * until the next one begins. */
#ifndef HEDDLE_FACTS_H
#define HEDDLE_FACTS_H

#include "../options.h"
#include "../report/report.h"
#include "../sched.h"

/* What is known where a panic or a fatal misuse is raised. */
struct facts_panic {
    enum report_type type;
    const struct object *object; /* or NULL */
    const struct goroutine *goroutine;
    char message[REPORT_TEXT_BYTES];
    struct trace trace;
    const struct goroutine *other; /* a second culprit (WaitGroup misuse, map), or NULL */
    uint32_t other_step;     /* 0: what it is about to do; else the event that it was, long ago */
    const char *other_label; /* what it is about to do: label of its stack */
};

/* Fill the report from a panic and end the execution. */
_Noreturn void facts_report_panic(const struct facts_panic *panic);

/* The second execution is over: add the earlier event that recall.h has found to r. */
void facts_recalled(struct report *r);

/* The report of the running or latest execution, empty at facts_reset. */
struct report *facts_report(void);
void facts_reset(void);

/* Parts that detectors fill. */
void facts_object(struct report_object *out, const struct object *o);
void facts_add_note(struct report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void facts_add_related(struct report *r, const struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Where g was created; nothing for the root. */
void facts_add_creation(struct report *r, const struct goroutine *g);
void facts_add_goroutine(struct report *r, const struct goroutine *g, bool leaked);
/* Where g is now: user frames of its latest public call. */
void facts_trace_of(struct trace *out, const struct goroutine *g);
/* "chan receive", "running", "ended", ... */
const char *facts_state_name(const struct goroutine *g);
/* "channel C1", "mutex M2". out has 48 bytes. */
void facts_object_phrase(char out[48], const struct object *o);

#endif
