// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Search: the smallest schedule that shows the bug, by enumeration.
 *
 * A schedule is the natural one and a list of points at which another candidate was taken. Those
 * with one point more are found by executing one and looking at what could still be taken after its
 * last point. So all schedules are a tree, its levels are numbers of deviations, and each is
 * executed once to see if it shows the bug, and once more if it is expanded.
 *
 * Invariants
 * - Behind a schedule that shows the bug there is no smaller one: it is not expanded.
 * - A point costs a preemption or it does not, so preemptions never become fewer on the way down:
 *   what has more than the best is cut off, and that loses nothing. Once the best has no preemption
 *   or a level is empty, the enumeration is complete.
 * - The order depends on the program alone; the best so far only cuts.
 *
 * Source: Musuvathi, Qadeer, "Iterative context bounding for systematic testing of multithreaded
 * programs", PLDI 2007; Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011.
 */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "input.h"
#include "minimize_trial.h"
#include "policies.h"

/* One deviation and, through `parent`, those before it. */
struct node {
    uint64_t position;
    uint32_t access;
    uint32_t index;
    uint32_t parent; /* node number; the natural schedule is number 0 and its own parent */
    uint32_t depth;  /* deviations */
    uint64_t preemptions;
};

/* A question that a schedule was asked behind its last point. */
struct question {
    uint64_t position;
    uint32_t access;
    uint32_t n;
    bool preempts; /* taking another goroutine */
    bool has_clock;
};

/* Plays points; behind the last one it notes questions if it is told to. */
struct explorer {
    struct policy policy;
    const uint8_t *data;
    size_t data_bytes, next_data;
    struct node *points; /* in order */
    size_t point_count, point_capacity, next_point;
    bool notes;
    uint32_t running; /* G number of who executed the latest event, without the clock */
    bool parked;      /* that event was the first half of waiting */
    struct question *questions;
    size_t question_count, question_capacity;
};

struct search {
    struct minimizer *m;
    struct explorer explorer;
    size_t deviations_max;
    struct node *nodes;
    size_t count, capacity;
};

/* ---- Playing and noting -------------------------------------------------------------------- */

/* With notes nothing is quiet; without, everything up to the next point. */
static void plan(struct explorer *e)
{
    if (e->notes) return;
    bool planned = e->next_point < e->point_count;
    const struct node *point = &e->points[e->next_point];
    e->policy.quiet_until = planned ? point->position : UINT64_MAX;
    e->policy.quiet_accesses = planned ? point->access : UINT64_MAX;
}

static void begin_explorer(struct policy *self)
{
    struct explorer *e = (struct explorer *)self;
    e->next_data = 0;
    e->next_point = 0;
    e->question_count = 0;
    e->running = 0;
    e->parked = false;
    plan(e);
}

static void note(struct explorer *e, enum choice_kind kind, const struct candidate *c, size_t n)
{
    if (e->question_count == e->question_capacity) {
        e->question_capacity = e->question_capacity ? 2 * e->question_capacity : 256;
        e->questions = policy_realloc(e->questions, e->question_capacity * sizeof e->questions[0]);
    }
    bool runs = kind == CHOICE_RUN;
    bool can_go_on = runs && c[0].id == e->running && !(e->policy.access == 0 && e->parked);
    e->questions[e->question_count++] = (struct question){
        .position = e->policy.position,
        .access = e->policy.access,
        .n = (uint32_t)n,
        .preempts = can_go_on,
        .has_clock = runs && c[n - 1].id == CLOCK_ID,
    };
}

static size_t choose_explorer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                              size_t n)
{
    struct explorer *e = (struct explorer *)self;
    if (kind == CHOICE_DATA) return input_data_take(e->data, e->data_bytes, &e->next_data, n);
    if (e->next_point == e->point_count) {
        if (e->notes) note(e, kind, c, n);
        return 0;
    }
    const struct node *point = &e->points[e->next_point];
    if (self->position != point->position || self->access != point->access) return 0;
    rt_assert(point->index < n);
    e->next_point++;
    plan(e);
    return point->index;
}

static void executed_explorer(struct policy *self, const struct event *event)
{
    struct explorer *e = (struct explorer *)self;
    if (event->goroutine == CLOCK_ID) return;
    e->running = event->goroutine;
    e->parked = event->phase == PHASE_ARRIVE;
}

static bool execute(struct search *s, bool notes, struct run_result *result)
{
    struct explorer *e = &s->explorer;
    e->notes = notes;
    e->policy.blind = !notes;
    e->policy.executed = notes ? executed_explorer : NULL;
    return minimizer_run(s->m, &e->policy, result);
}

/* ---- The tree ------------------------------------------------------------------------------ */

static void load(struct search *s, const struct node *node)
{
    struct explorer *e = &s->explorer;
    if (e->point_capacity <= node->depth) {
        e->point_capacity = 2 * (size_t)node->depth + 16;
        e->points = policy_realloc(e->points, e->point_capacity * sizeof e->points[0]);
    }
    e->point_count = node->depth;
    for (size_t i = node->depth; i > 0; i--) {
        e->points[i - 1] = *node;
        node = &s->nodes[node->parent];
    }
}

static void add(struct search *s, struct node node)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 1024;
        s->nodes = policy_realloc(s->nodes, s->capacity * sizeof s->nodes[0]);
    }
    s->nodes[s->count++] = node;
}

/* Could a schedule of this cost be the best, or as good? */
static bool is_small(const struct search *s, uint64_t preemptions, size_t deviations)
{
    const struct schedule *best = &s->m->best;
    const struct explorer *e = &s->explorer;
    if (deviations > s->deviations_max) return false;
    if (best->fair) return true;
    if (best->grain != e->policy.grain && best->deviations > 0)
        return best->grain > e->policy.grain;
    if (best->data_bytes > e->data_bytes) return true;
    if (preemptions != best->preemptions) return preemptions < best->preemptions;
    return deviations <= best->deviations;
}

static void offer(struct search *s)
{
    struct schedule schedule;
    if (minimizer_write(s->m, &s->explorer.policy, &schedule)) minimizer_offer(s->m, &schedule);
}

/* Execute a schedule: it shows the bug, or it is to be expanded. */
static void visit(struct search *s, struct node node)
{
    struct run_result result;
    load(s, &node);
    if (!execute(s, false, &result)) {
        add(s, node);
        return;
    }
    const struct schedule *best = &s->m->best;
    bool as_small = result.preemptions != best->preemptions || node.depth != best->deviations ||
                    result.switches <= best->switches;
    if (as_small) offer(s);
}

static void visit_children(struct search *s, const struct question *q, uint32_t parent)
{
    const struct node above = s->nodes[parent];
    for (uint32_t i = 1; i < q->n && !minimizer_spent(s->m); i++) {
        bool fires = q->has_clock && i + 1 == q->n;
        uint64_t preemptions = above.preemptions + (q->preempts && !fires);
        if (!is_small(s, preemptions, above.depth + 1)) continue;
        visit(s, (struct node){.position = q->position,
                               .access = q->access,
                               .index = i,
                               .parent = parent,
                               .depth = above.depth + 1,
                               .preemptions = preemptions});
    }
}

static void expand(struct search *s, uint32_t number)
{
    struct run_result result;
    const struct node node = s->nodes[number];
    if (!is_small(s, node.preemptions, node.depth + 1)) return;
    load(s, &node);
    execute(s, true, &result);
    /* The array belongs to the explorer, and no child notes anything. */
    size_t count = s->explorer.question_count;
    for (size_t i = 0; i < count && !minimizer_spent(s->m); i++) {
        const struct question q = s->explorer.questions[i];
        visit_children(s, &q, number);
        s->explorer.question_count = count;
    }
}

bool minimize_search(struct minimizer *m, enum grain grain, const uint8_t *data, size_t data_bytes,
                     size_t deviations_max)
{
    struct search s = {.m = m, .deviations_max = deviations_max};
    s.explorer = (struct explorer){.policy = {.name = "search",
                                              .grain = grain,
                                              .begin = begin_explorer,
                                              .choose = choose_explorer},
                                   .data = data,
                                   .data_bytes = data_bytes};
    s.explorer.points = policy_alloc(sizeof s.explorer.points[0]);
    s.explorer.point_capacity = 1;
    visit(&s, (struct node){0});
    uint32_t next = 0;
    while (next < s.count && !minimizer_spent(m)) expand(&s, next++);
    bool complete = next == s.count && !minimizer_spent(m);
    free(s.explorer.points);
    free(s.explorer.questions);
    free(s.nodes);
    return complete;
}
