// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The oracle: everything that an execution leaves open is asked here, and nowhere else.
 *
 * Invariants
 * - choose() is the only nondeterminism: with the same answers an execution is the same, on every
 *   machine, under every engine. `grep 'choose('` is the list of what the input's bytes control.
 * - A visible operation is published first, then there is one scheduling point (CHOICE_RUN), then
 *   it executes and is shown as an event (`executed`), also when there was only one candidate.
 * - CHOICE_RUN has one candidate for each goroutine whose pending operation can proceed now and,
 *   last, the clock if a timer is armed. Candidate 0 is the natural schedule's: the running
 *   goroutine if it can go on, else the one that is ready longest; the others follow in order of
 *   creation.
 * - A choice with one candidate asks nobody and takes no byte, but it is a position like any other.
 * - Plain accesses are points by the grain of the execution; they are numbered after the latest
 *   position, so that a finer grain leaves all positions where they are.
 * - Stable ids (goroutines, objects, timers, the clock) depend on who created what and in which
 *   order it did, never on the schedule or on addresses of the process.
 */
#ifndef HEDDLE_CHOICE_H
#define HEDDLE_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum choice_kind {
    CHOICE_RUN,    /* who goes on: goroutines, and the clock */
    CHOICE_SELECT, /* which ready case of a select; candidate.id is the case's index */
    CHOICE_TIMER,  /* which of several timers with the same deadline fires */
    CHOICE_WAITER, /* where the order is not fixed: which waiter a signal wakes, which child of a
                      context is cancelled next */
    CHOICE_DATA,   /* harness data: c is NULL, n may be large; not a position */
    CHOICE_KIND_COUNT
};

/* Operations that others can see. Names for people are in op_kind_name(). */
enum op_kind {
    OP_NONE,
    OP_START, /* a new goroutine begins */
    OP_GO,
    OP_GOSCHED,
    OP_END, /* a goroutine ends */
    OP_CHAN_SEND,
    OP_CHAN_RECV,
    OP_CHAN_CLOSE,
    OP_CHAN_LEN,
    OP_SELECT,
    OP_SELECT_DEFAULT, /* a default was taken */
    OP_MUTEX_LOCK,
    OP_MUTEX_TRYLOCK,
    OP_MUTEX_UNLOCK,
    OP_RWMUTEX_RLOCK,
    OP_RWMUTEX_TRYRLOCK,
    OP_RWMUTEX_RUNLOCK,
    OP_RWMUTEX_LOCK,
    OP_RWMUTEX_TRYLOCK,
    OP_RWMUTEX_UNLOCK,
    OP_WAITGROUP_ADD,
    OP_WAITGROUP_WAIT,
    OP_ONCE_DO,
    OP_ONCE_DONE,
    OP_COND_WAIT,
    OP_COND_SIGNAL,
    OP_COND_BROADCAST,
    OP_MAP_READ,
    OP_MAP_WRITE,
    OP_SLEEP,
    OP_TIMER_ARM,
    OP_TIMER_STOP,
    OP_TIMER_RESET,
    OP_TIMER_FIRE, /* by the clock */
    OP_CONTEXT_CANCEL,
    OP_CONTEXT_ERR,
    OP_CONTEXT_AFTER,
    OP_CONTEXT_MAKE,
    OP_READ, /* a plain access, where the grain makes it a point */
    OP_WRITE,
    OP_ATOMIC_LOAD,
    OP_ATOMIC_STORE,
    OP_ATOMIC_RMW,
    OP_ATOMIC_FENCE,
    OP_TEST_RUN,
    OP_TEST_LOG,
    OP_TEST_FAIL,
    OP_TEST_FAILED,
    OP_TEST_REPORT, /* the framework takes a test's lock for the last time */
    OP_TEST_DONE,   /* ... and marks it as done */
    OP_KIND_COUNT
};

/* Two operations on one object conflict unless both only read. */
enum op_mode { OP_MODE_NONE, OP_MODE_READ, OP_MODE_WRITE };

struct operation {
    uint8_t kind;           /* enum op_kind */
    uint8_t mode;           /* enum op_mode */
    uint16_t case_count;    /* OP_SELECT: how many cases, else 0 */
    uint32_t object;        /* number of the object in this execution; 0: none, or several */
    uint64_t object_stable; /* its stable id; of OP_READ and OP_WRITE: of the 8 bytes accessed; else
                               0 if object is 0 */
    const void *site;       /* return address of the call; for feedback, never for decisions */
    const struct operation *cases; /* OP_SELECT: the operations of its cases, else NULL */
};

enum { CLOCK_ID = 0 }; /* candidate.id and event.goroutine of the clock */
#define CLOCK_STABLE UINT64_C(0xc10cc10cc10cc10c) /* its stable id */

struct candidate {
    uint64_t stable; /* stable id of the goroutine, the clock, or the case's or timer's object */
    uint32_t id;     /* G number, CLOCK_ID, or the index of the case, timer or waiter */
    bool ran_last;   /* this goroutine executed the latest event */
    struct operation op; /* what it does if chosen */
};

enum event_phase {
    PHASE_DONE,     /* the operation executed as a whole */
    PHASE_ARRIVE,   /* it executed its visible first half and parked */
    PHASE_COMPLETE, /* it had arrived before and has now completed */
    PHASE_FAIL,     /* it executed without effect: failed try, taken default, zero sleep */
};

/* One executed operation. The event log is an array of these. */
struct event {
    uint32_t step;      /* number of the event, from 1 */
    uint32_t goroutine; /* G number, or CLOCK_ID */
    uint64_t stable;    /* its stable id */
    uint8_t kind;       /* enum op_kind; a select shows the operation of the case it took */
    uint8_t mode;       /* enum op_mode */
    uint8_t phase;      /* enum event_phase */
    uint8_t chosen;  /* 1: a policy was asked at the point before, and did not take candidate 0 */
    uint32_t object; /* number of the object, or 0 */
    uint64_t object_stable; /* its stable id, or 0 */
    const void *site;       /* return address of the call */
    uint64_t value; /* what happened, by kind: bytes queued, counter, index of the case, ... */
};

/* Which plain memory accesses are scheduling points (access.h). */
enum grain { GRAIN_SYNC, GRAIN_SHARED, GRAIN_ALL };

/* How choices are made. A policy embeds this as its first member and keeps its state behind it. */
struct policy {
    const char *name;

    /* A blind policy decides CHOICE_RUN from kind, n and its own state alone; the scheduler then
     * does not fill candidates, and c is NULL. (Cost per point is then independent of their
     * number.) */
    bool blind;

    /* Which position this choice has; choose() counts it before it asks. The first is 1. */
    uint64_t position;

    /* choose() itself answers 0 at positions before this one, and does not ask. */
    uint64_t quiet_until;

    /* Grain of the execution: set by begin(), or before; not changed during an execution. */
    enum grain grain;

    /* Finer grains than sync: the choice is at the access-th counted access after `position`; 0:
     * at the position itself. */
    uint32_t access;

    /* At positions that are not quiet, and until the next one, nobody is asked at accesses before
     * this many-th; UINT64_MAX: at none. begin() and choose() may set it. */
    uint64_t quiet_accesses;

    /* If watched_count is not 0: only accesses at these sites are asked about (all are counted). */
    const void *const *watched;
    size_t watched_count;

    /* Before each execution. May be NULL. */
    void (*begin)(struct policy *self);

    /* Return an index below n; n is at least 2. */
    size_t (*choose)(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n);

    /* After each executed operation. May be NULL: then nothing is called. */
    void (*executed)(struct policy *self, const struct event *event);

    /* After each execution; false when this policy has nothing new to try (enumerations). NULL:
     * true. */
    bool (*end)(struct policy *self);
};

/* Ask the current policy for one of n candidates; counts the position (except for CHOICE_DATA),
 * mixes the answer into the digest. n == 1 gives 0 without asking. */
size_t choose(enum choice_kind kind, const struct candidate *c, size_t n);

/* The same at a plain access that is a point and not quiet: no new position. n is at least 2. */
size_t choose_at_access(const struct candidate *c, size_t n);

const char *op_kind_name(enum op_kind kind); /* "chan send", "sync.Mutex.Lock", ... */
const char *choice_kind_name(enum choice_kind kind);

#endif
