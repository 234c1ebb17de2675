// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A model of testing.T, as detectors see it.
 *
 * Invariants
 * - A test of go_test_run is: its function in a goroutine of its own, with what that defers; the
 *   report, which takes and leaves the test's lock; the end, which takes no lock. The lock is never
 *   seen held, as nobody can do anything in between: only its happens-before edges are kept.
 * - `done` is written once, at the end, and read by every log and failure under the lock. As in Go
 *   it is for the program to order these. `late` is the latest use since the report; uses before it
 *   are ordered by the lock.
 * - The root test is that of the root function. It is never done: what outlives all other tests
 *   logs there.
 */
#ifndef HEDDLE_TESTING_T_H
#define HEDDLE_TESTING_T_H

#include "sched.h"

struct go_test {
    struct object *object;
    struct go_test *parent; /* NULL: the root test */
    const char *name;       /* with those of its parents but the root */
    void (*fn)(struct go_test *, void *);
    void *arg;
    struct goroutine *runner; /* whose test it is: FailNow is for this one only */
    struct goroutine *waiter; /* parked in go_test_run until the end, else NULL */
    bool failed;
    bool exits;    /* its runner leaves by FailNow */
    bool reported; /* the framework has left the lock for good */
    bool done;
    uint32_t unlocked;      /* what happened before the next Lock or RLock */
    uint32_t read_unlocked; /* what else happened before the next Lock */
    uint32_t ended;         /* the segment of the end */
    uint32_t released;      /* what happened before go_test_run returns */
    uint32_t late;          /* segment of the latest use since the report; 0: none */
    const struct goroutine *late_user;
    const char *late_verb;
    struct trace late_trace;
};

#endif
