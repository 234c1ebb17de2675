// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Looking on while an execution runs. Invariants in explain_watch.h. */
#include "explain_watch.h"

#include <stdlib.h>

#include "policies.h"
#include "sched.h"

/* Room for one more of `bytes` each. */
static void *grown(void *list, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity) return list;
    *capacity = *capacity ? 2 * *capacity : 64;
    return policy_realloc(list, *capacity * bytes);
}

/* The record is asked at every point, as it would be by the scheduler. */
static void begin_watch(struct policy *self)
{
    struct watch *watch = (struct watch *)self;
    watch->forced_count = watch->birth_count = 0;
    watch->access_count = watch->select_count = 0;
    watch->step = 0;
    watch->record.policy.begin(&watch->record.policy);
    watch->policy.grain = watch->record.policy.grain;
}

static void note_births(struct watch *watch)
{
    while (watch->birth_count < sched.goroutine_count) {
        watch->births = grown(watch->births, watch->birth_count, &watch->birth_capacity,
                              sizeof watch->births[0]);
        uint32_t maker = watch->birth_count ? sched.running->number : 0;
        watch->births[watch->birth_count++] =
            (struct watch_birth){.step = watch->step, .maker = maker};
    }
}

struct watch_side watch_side_of(enum choice_kind kind, const struct candidate *c)
{
    bool is_access = c->op.kind == OP_READ || c->op.kind == OP_WRITE;
    const void *site = c->op.site;
    if (kind == CHOICE_RUN && c->op.kind == OP_START) site = NULL; /* not yet anywhere */
    return (struct watch_side){.id = c->id,
                               .op = c->op.kind,
                               .object = c->op.object,
                               .place = is_access ? c->op.object_stable : 0,
                               .site = site};
}

static void note_forced(struct watch *watch, enum choice_kind kind, const struct candidate *c,
                        size_t index)
{
    const struct goroutine *self = sched.running;
    bool runs = kind == CHOICE_RUN && self && self->enabled && !self->yielded;
    watch->forced =
        grown(watch->forced, watch->forced_count, &watch->forced_capacity, sizeof watch->forced[0]);
    watch->forced[watch->forced_count++] = (struct watch_forced){
        .step = watch->step,
        .kind = (uint8_t)kind,
        .runs = runs,
        .preempts = runs && c[index].id != CLOCK_ID && c[index].id != self->number,
        .answer = watch->record.answer_count - 1,
        .natural = watch_side_of(kind, &c[0]),
        .taken = watch_side_of(kind, &c[index]),
    };
}

static size_t choose_watch(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    struct watch *watch = (struct watch *)self;
    struct policy *record = &watch->record.policy;
    record->position = self->position;
    record->access = self->access;
    note_births(watch);
    size_t index = record->choose(record, kind, c, n);
    if (index != 0 && kind != CHOICE_DATA) note_forced(watch, kind, c, index);
    return index;
}

static void note_event(struct watch *watch, const struct event *event)
{
    const struct goroutine *g = sched.running;
    if (event->kind == OP_READ || event->kind == OP_WRITE) {
        watch->accesses = grown(watch->accesses, watch->access_count, &watch->access_capacity,
                                sizeof watch->accesses[0]);
        watch->accesses[watch->access_count++] =
            (struct watch_access){event->step, sched_pending(g).object_stable};
    }
    if (event->goroutine == CLOCK_ID || !g->pending.cases) return;
    if (event->kind != OP_CHAN_SEND && event->kind != OP_CHAN_RECV) return;
    watch->selects = grown(watch->selects, watch->select_count, &watch->select_capacity,
                           sizeof watch->selects[0]);
    watch->selects[watch->select_count++] = event->step;
}

static void executed_watch(struct policy *self, const struct event *event)
{
    struct watch *watch = (struct watch *)self;
    struct policy *record = &watch->record.policy;
    note_births(watch);
    if (event->step != watch->step) note_event(watch, event); /* else an access that is no event */
    watch->step = event->step;
    record->position = self->position;
    record->access = self->access;
    if (record->executed) record->executed(record, event);
}

static bool end_watch(struct policy *self)
{
    struct policy *record = &((struct watch *)self)->record.policy;
    return record->end(record);
}

void watch_init(struct watch *watch, struct policy *inner)
{
    *watch = (struct watch){
        .policy = {.name = inner->name,
                   .begin = begin_watch,
                   .choose = choose_watch,
                   .executed = executed_watch,
                   .end = end_watch},
    };
    record_init(&watch->record, inner);
}

void watch_free(struct watch *watch)
{
    record_free(&watch->record);
    free(watch->forced);
    free(watch->births);
    free(watch->accesses);
    free(watch->selects);
    *watch = (struct watch){0};
}
