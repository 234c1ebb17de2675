// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What a report wants to know of the past: recalled by executing once more.
 *
 * An execution is a function of its choices. So nobody needs to keep the stack of every access, of
 * every allocation, just in case: when a report needs one, the same choices are made again and the
 * stack is taken when the moment comes back.
 *
 * Invariants
 * - An execution that ends without such a report costs a note for each choice that was not 0.
 * - The second execution ends as the first did. If it does not, the program depends on something
 *   that Heddle does not control; the report says so, and lacks those stacks.
 */
#ifndef HEDDLE_RECALL_H
#define HEDDLE_RECALL_H

#include "../access.h"
#include "../choice.h"
#include "../heap.h"
#include "../heap_limits.h"

struct access; /* race.h */

struct answer {
    uint64_t position; /* of the policy; 0: harness data */
    uint32_t access;   /* counted accesses after that position; 0: the position itself */
    uint32_t index;
};

struct recall_state {
    bool active;           /* the second execution runs */
    bool lost;             /* more than ANSWERS_MAX answers */
    uint32_t answer_count; /* of the first execution */
    uint32_t next_answer;
    /* The earlier access: bytes of a cell, by a segment. */
    uint32_t segment;
    uintptr_t cell_address;
    enum access_kind kind;
    uint8_t mask;
    uintptr_t address; /* found: the earlier access, the whole of it */
    size_t bytes;
    struct trace access;
    /* The block in question: its number from 1, 0 for none. */
    size_t block;
    struct trace made;
    struct trace freed;
    /* The event in question: its number, 0 for none. */
    uint32_t step;
    struct trace at_step;
};
extern struct recall_state recall_state;

/* A new execution begins, not the second one: forget the answers. */
void recall_reset(void);

/* Note an answer of choose(). */
static inline void recall_note(enum choice_kind kind, const struct policy *p, size_t index);

/* Which earlier access the report wants: its stack, and size. */
void recall_want_access(uintptr_t address, uint32_t segment, enum access_kind kind, uint8_t mask);
/* Which block: where it was made and, perhaps, freed. */
void recall_want_block(size_t number);

/* Which event: where it was called from. */
void recall_want_step(uint32_t step);

/* The first execution is over, by a report or not: is a second one needed, and possible? */
bool recall_is_wanted(bool reported);

/* Called during the second execution. */
void recall_access(const struct access *a, uint8_t mask, uint32_t segment);
void recall_block(size_t number, bool made, struct call_site site);

static inline void recall_step(uint32_t step, struct call_site site);
void recall_take_step(struct call_site site);

/* A policy that answers as in the execution that ran last. */
struct policy *recall_policy(enum grain grain);

static inline void recall_step(uint32_t step, struct call_site site)
{
    if (unlikely(recall_state.active) && step == recall_state.step) recall_take_step(site);
}

static inline void recall_note(enum choice_kind kind, const struct policy *p, size_t index)
{
    if (recall_state.active || (!index && kind != CHOICE_DATA)) return;
    if (unlikely(recall_state.answer_count == ANSWERS_MAX)) {
        recall_state.lost = true;
        return;
    }
    bool data = kind == CHOICE_DATA;
    ((struct answer *)heap_table(REGION_ANSWERS))[recall_state.answer_count++] =
        (struct answer){.position = data ? 0 : p->position,
                        .access = data ? 0 : p->access,
                        .index = (uint32_t)index};
}

#endif
