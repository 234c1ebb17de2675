// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Panics, deferred calls, protection, Goexit: how a goroutine leaves a function early.
 *
 * Invariants
 * - Deferred calls run last first, innermost go_protect first, on panic, Goexit and normal return.
 * - A panic's facts (type, object, stack) are taken where it is raised; a panic in a deferred call
 *   takes the place of the one before.
 * - What leaves the root of a goroutine is a report; what go_protect recovers is none.
 */
#ifndef HEDDLE_PANIC_H
#define HEDDLE_PANIC_H

#include "report/report.h"
#include "sched.h"

/* A panic of the runtime's: misuse that Go lets the program recover from. printf-like message. */
_Noreturn void panic_raise(enum report_type type, const struct object *object,
                           struct call_site site, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same where the stack is known already (a signal's). */
_Noreturn void panic_raise_traced(enum report_type type, const struct trace *trace,
                                  const char *message);

/* Misuse that Go calls fatal: a report at once, nothing is deferred or recovered. */
_Noreturn void panic_fatal(enum report_type type, const struct object *object,
                           struct call_site site, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* go_defer for the runtime itself: a call that must be made if the goroutine leaves early, and that
 * is taken back (within the same go_protect) when it did not. */
struct defer *panic_defer(void (*fn)(void *), void *arg);
void panic_undefer(struct defer *d);

/* Runs g->fn and the goroutine's own deferred calls: sched.body. */
void panic_goroutine_body(struct goroutine *g);

#endif
