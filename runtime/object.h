// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Names of what an execution makes: channels, locks, timers, contexts.
 *
 * Invariants
 * - Every object has a number (order of registration in this execution), a name for people (C1, M2:
 *   kind and count of that kind) and a stable id that is the same in every schedule: hash of the
 *   creator's stable id and its count of creations, or, for zero-value objects, of the memory that
 *   holds them (block and offset, goroutine and distance from the top of its stack, or place in the
 *   program's globals), because who uses such an object first depends on the schedule.
 * - A zero-value object registers at its first use; what an earlier execution left in a global is
 *   recognised by its epoch and forgotten.
 */
#ifndef HEDDLE_OBJECT_H
#define HEDDLE_OBJECT_H

#include "base.h"
#include "heap.h"

enum object_kind {
    OBJECT_CHAN,
    OBJECT_MUTEX,
    OBJECT_RWMUTEX,
    OBJECT_WAITGROUP,
    OBJECT_ONCE,
    OBJECT_COND,
    OBJECT_MAP,
    OBJECT_TIMER,
    OBJECT_CONTEXT,
    OBJECT_ATOMIC,
    OBJECT_TEST,
    OBJECT_KIND_COUNT
};

struct object {
    uint32_t number;  /* index in the table, from 1 */
    uint32_t ordinal; /* of its kind, from 1 */
    uint64_t stable;
    const void *address; /* as the program sees it */
    uint8_t kind;        /* enum object_kind */
    bool first_use;      /* zero-value object: made_* tell of its first use */
    uint32_t made_by;    /* G number */
    uint32_t made_step;  /* events executed before */
    struct trace made;
    /* What misuse and wait-for explanations need later; by kind. */
    uint32_t closed_by; /* channel: G number, 0 while open */
    struct trace closed;
    bool cancelled; /* context: its own cancel was called, or its deadline passed */
    void *data;     /* the primitive behind the object: struct go_chan *, struct go_mutex *, ... */
};

/* Forget all objects: a new execution begins. */
void object_reset(void);

/* Register an object that the runtime makes (channel, timer, ...). Ends the execution with limit
 * max_objects when the table is full. */
struct object *object_make(enum object_kind kind, const void *address, struct call_site site);

/* Which execution this is: headers of zero-value objects that bear another number are stale. */
extern uint32_t object_epoch;

/* The record that header names, if that is still true; else NULL: object_register. */
static inline struct object *object_known(const struct go_header *header, const void *address);

/* Register the zero-value object at address; says whether its members are a copy of another's. */
struct object *object_register(struct go_header *header, enum object_kind kind, const void *address,
                               struct call_site site, bool *copied);

/* The same for memory that has no room for a header: whoever asks remembers that it is known. */
struct object *object_first_used(enum object_kind kind, const void *address, struct call_site site);

/* G number of the live goroutine whose stack holds address; 0: none. */
uint32_t object_stack_owner(const void *address);

/* A name for a place in memory that does not depend on the schedule, nor on who uses it first: of
 * its block and the offset there, of the goroutine whose stack it is on and the distance from its
 * top, or of its place in the program's image. */
uint64_t object_place_stable(const void *address);

/* By number; NULL for 0. */
struct object *object_at(uint32_t number);
uint32_t object_count(void);

/* "C1", "M2". out has at least 16 bytes. */
void object_name(const struct object *o, char out[16]);
const char *object_kind_name(enum object_kind kind); /* "channel", "mutex", ... */

/* Is pc inside the runtime's own code? */
bool trace_is_runtime(const void *pc);

/* Return addresses of user code, from the call outwards; within the stack [low, high). */
void trace_capture(struct trace *t, struct call_site site, uintptr_t low, uintptr_t high);

static inline struct object *object_known(const struct go_header *header, const void *address)
{
    if (unlikely(header->_epoch != object_epoch)) return NULL;
    struct object *o = (struct object *)heap_table(REGION_OBJECTS) + header->_number;
    return likely(o->address == address) ? o : NULL;
}

#endif
