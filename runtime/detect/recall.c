// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The second execution: its policy, and what it takes down. Invariants in recall.h. */
#include "recall.h"

#include "../order.h"
#include "../sched.h"
#include "race.h"

struct recall_state recall_state;

_Static_assert(sizeof(struct answer) * ANSWERS_MAX <= (size_t)64 << 20, "answers fit");

void recall_reset(void) { recall_state = (struct recall_state){0}; }

void recall_want_access(uintptr_t address, uint32_t segment, enum access_kind kind, uint8_t mask)
{
    if (recall_state.active) return;
    recall_state.cell_address = address & ~(uintptr_t)7;
    recall_state.segment = segment;
    recall_state.kind = kind;
    recall_state.mask = mask;
}

void recall_want_block(size_t number)
{
    if (!recall_state.active) recall_state.block = number;
}

void recall_want_step(uint32_t step)
{
    if (!recall_state.active) recall_state.step = step;
}

bool recall_is_wanted(bool reported)
{
    return reported && !recall_state.lost &&
           (recall_state.segment || recall_state.block || recall_state.step);
}

static void take(struct trace *out, struct call_site site)
{
    const struct goroutine *g = sched.running;
    if (!out->count) trace_capture(out, site, g->coro.stack_low, g->frames_end);
}

/* The first access of its segment to these bytes comes here, later ones may be equal to it. */
void recall_access(const struct access *a, uint8_t mask, uint32_t segment)
{
    if (segment != recall_state.segment) return;
    if ((a->kind ^ recall_state.kind) & (ACCESS_WRITE | ACCESS_ATOMIC)) return;
    if ((a->address & ~(uintptr_t)7) != recall_state.cell_address) return;
    if (!(mask & recall_state.mask) || recall_state.access.count) return;
    recall_state.address = access_whole(a)->address;
    recall_state.bytes = access_whole(a)->bytes;
    take(&recall_state.access, a->site);
}

void recall_block(size_t number, bool made, struct call_site site)
{
    if (number == recall_state.block) take(made ? &recall_state.made : &recall_state.freed, site);
}

static void begin_recall(struct policy *self)
{
    (void)self;
    recall_state.next_answer = 0;
}

void recall_take_step(struct call_site site) { take(&recall_state.at_step, site); }

static size_t choose_recall(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    (void)c;
    if (recall_state.next_answer == recall_state.answer_count) return 0;
    const struct answer *a = (struct answer *)heap_table(REGION_ANSWERS) + recall_state.next_answer;
    bool here = kind == CHOICE_DATA ? a->position == 0
                                    : a->position == self->position && a->access == self->access;
    if (!here) return 0;
    recall_state.next_answer++;
    return a->index < n ? a->index : 0;
}

struct policy *recall_policy(enum grain grain)
{
    static struct policy policy; /* safe: one execution at a time */
    policy = (struct policy){.name = "recall",
                             .blind = true,
                             .grain = grain,
                             .begin = begin_recall,
                             .choose = choose_recall};
    return &policy;
}
