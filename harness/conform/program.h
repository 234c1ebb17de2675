// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Random programs that real Go and this runtime both run: one description, two interpreters.
 *
 * A program is a set of objects and blocks of operations. Block 0 is the root function; `go` starts
 * another block as a goroutine, a timer may start one when it fires, and others are bodies
 * (once.Do, recover, defer, what is done after a successful TryLock). What a goroutine observes
 * (values, flags, indices of cases) is kept in order; where it ends, or at which operation it is
 * stuck, is the rest of the outcome.
 *
 * Invariants
 * - Programs end by construction: no loops, each block is run at most once.
 * - Timers of one program are armed either all by the root before anything else (durations
 *   differ), or all with one duration: then the order of deadlines does not depend on how long real
 *   Go computes between two of them, which is no time here.
 * - What Go diagnoses by chance only is not generated: Add from zero beside Wait, and unlocks of an
 *   RWMutex that are not paired (rwmutex counts modulo its waiting readers and writers).
 */
#ifndef HEDDLE_CONFORM_PROGRAM_H
#define HEDDLE_CONFORM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rng.h"

enum {
    BLOCKS_MAX = 20,
    BLOCK_OPS_MAX = 16,
    OPS_MAX = 60, /* of all blocks; numbers of operations are values that are sent */
    CASES_MAX = 3,
    OBJECTS_MAX = 3, /* of each kind */
};

/* In the order of the names in program.c. */
enum code {
    CODE_GO,             /* block */
    CODE_SEND,           /* a channel; the value is the operation's number */
    CODE_RECV,           /* a channel; observes the value or that it is closed */
    CODE_CLOSE,          /* a channel */
    CODE_LEN,            /* a channel; observes */
    CODE_SELECT,         /* cases; observes the index, and what was received */
    CODE_SELECT_DEFAULT, /* likewise */
    CODE_LOCK,           /* a mutex */
    CODE_TRYLOCK,        /* a mutex; observes; block if it succeeded */
    CODE_UNLOCK,
    CODE_RLOCK, /* a rwmutex */
    CODE_TRYRLOCK,
    CODE_RUNLOCK,
    CODE_WLOCK,
    CODE_TRYWLOCK,
    CODE_WUNLOCK,
    CODE_ADD,  /* a waitgroup */
    CODE_DONE, /* likewise */
    CODE_WAIT,
    CODE_ONCE,      /* a once, block */
    CODE_COND_WAIT, /* a cond; its locker is the mutex of the same number */
    CODE_SIGNAL,
    CODE_BROADCAST,
    CODE_CANCEL,  /* a context */
    CODE_ERR,     /* a context; observes */
    CODE_STOP,    /* a timer; observes */
    CODE_RESET,   /* a timer; observes */
    CODE_SLEEP,   /* one unit */
    CODE_PROTECT, /* block; observes what was recovered */
    CODE_DEFER,   /* block */
    CODE_PANIC,   /* with the operation's number */
    CODE_GOEXIT,
    CODE_COUNT
};

/* Channels of three makes have one space of numbers. */
enum { CHAN_OF_CONTEXT = 10, CHAN_OF_TIMER = 20 };

struct op_case {
    uint8_t chan;
    bool sends;
};

struct op {
    uint8_t code;   /* enum code */
    uint8_t id;     /* in the program, from 1 */
    uint8_t object; /* number of the object */
    uint8_t block;  /* body; 0: none */
    uint8_t case_count;
    struct op_case cases[CASES_MAX];
};

struct block {
    uint8_t count;
    bool goroutine; /* root, started by go, or by a timer */
    struct op ops[BLOCK_OPS_MAX];
};

enum { TIMERS_NONE, TIMERS_UNIFORM, TIMERS_LADDER, TIMERS_ZERO };

struct program {
    uint32_t number;
    uint8_t chan_count;
    int8_t capacity[OBJECTS_MAX]; /* -1: a nil channel */
    uint8_t mutex_count;
    uint8_t rwmutex_count;
    uint8_t waitgroup_count;
    uint8_t waitgroup_add[OBJECTS_MAX]; /* before all else */
    uint8_t once_count;
    uint8_t cond_count; /* at most mutex_count */
    uint8_t context_count;
    int8_t context_parent[OBJECTS_MAX];   /* -1: background */
    uint8_t context_timeout[OBJECTS_MAX]; /* units + 1; 0: cancel only */
    uint8_t timer_count;
    uint8_t timer_units[OBJECTS_MAX];
    uint8_t timer_block[OBJECTS_MAX]; /* AfterFunc; 0: NewTimer */
    uint8_t timers;                   /* TIMERS_... */
    uint8_t block_count;
    uint8_t op_count;
    struct block blocks[BLOCKS_MAX];
};

/* Draw one: a function of seed and number. */
void program_draw(struct program *p, uint64_t seed, uint32_t number);

/* The form that Go reads, lines of words; it is to make these runs. */
void program_print(FILE *out, const struct program *p, unsigned first_run, unsigned runs);

const char *code_name(enum code code);

/* Add a block, or an operation to a block; there must be room. */
uint8_t program_block(struct program *p, bool goroutine);
struct op *program_op(struct program *p, uint8_t block, enum code code, uint8_t object);

#endif
