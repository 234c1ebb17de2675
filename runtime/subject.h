// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Faults of the program under test: signals that it raises become panics or reports.
 *
 * Invariants
 * - A fault on a goroutine's stack outside the runtime's code belongs to the program, and so does
 *   one inside while the runtime accesses memory that the program named (subject_touches). Another
 *   one inside the runtime's code, or one outside an execution, is ours (INTERNAL) or goes to
 *   whoever handled it before.
 * - Handlers do nothing but note the facts and send the goroutine into a function of ours; all else
 *   happens in normal context.
 * - A fault near address zero is a nil dereference, which Go lets a program recover from; the
 *   others end the execution.
 */
#ifndef HEDDLE_SUBJECT_H
#define HEDDLE_SUBJECT_H

#include <signal.h>

#include "report/report.h"

/* Set while the runtime accesses memory for the program (an atomic operation): a fault is the
 * program's. */
extern volatile sig_atomic_t subject_touches;

/* Put our handlers in place; again, where somebody else has put his own there since. What is not
 * the program's goes to the ones that were found. */
void subject_install(void);

/* Around the run of an execution: install the handlers (once), mark that faults belong to it. */
void subject_enter(void);
void subject_leave(void);

/* After the end: a fault whose innermost frame is the runtime's own is INTERNAL. */
void subject_classify(struct report *r);

#endif
