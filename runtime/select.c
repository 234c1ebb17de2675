// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Select: one wait for each case, nothing else of its own. Go spec "Select statements".
 *
 * 1. published, one point; 2. among the cases that are ready the input chooses; 3. none ready: the
 *   default, or a wait in every channel's queue; whoever completes one takes the others out, and
 *   where the same case stands there several times the input chooses again. */
#include <string.h>

#include "chan.h"

enum { SELECT_STACK_CASES = 8 }; /* more need arena memory */

static bool case_ready(const struct go_case *c)
{
    if (!c->chan) return false;
    return c->direction == GO_DIRECTION_SEND ? chan_can_send(c->chan) : chan_can_recv(c->chan);
}

static struct operation case_operation(const struct go_case *c, const void *site)
{
    const struct object *o = c->chan ? c->chan->object : NULL;
    return (struct operation){.kind =
                                  c->direction == GO_DIRECTION_SEND ? OP_CHAN_SEND : OP_CHAN_RECV,
                              .mode = OP_MODE_WRITE,
                              .object = o ? o->number : 0,
                              .object_stable = o ? o->stable : 0,
                              .site = site};
}

/* Which ready case is taken; count if none is ready. */
static size_t choose_case(const struct go_case *cases, size_t count, const void *site)
{
    struct candidate local[SELECT_STACK_CASES];
    struct candidate *ready = local;
    if (count > SELECT_STACK_CASES) ready = sched_alloc(count * sizeof *ready);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!case_ready(&cases[i])) continue;
        ready[n++] = (struct candidate){.stable = cases[i].chan->object->stable,
                                        .id = (uint32_t)i,
                                        .op = case_operation(&cases[i], site)};
    }
    return n ? ready[sched_choose(CHOICE_SELECT, ready, n)].id : count;
}

size_t select_choose_same(const struct go_case *cases, size_t count, size_t first)
{
    struct candidate local[SELECT_STACK_CASES];
    struct candidate *same = local;
    if (count > SELECT_STACK_CASES) same = sched_alloc(count * sizeof *same);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (cases[i].chan != cases[first].chan || cases[i].direction != cases[first].direction)
            continue;
        same[n++] = (struct candidate){.stable = cases[i].chan->object->stable,
                                       .id = (uint32_t)i,
                                       .op = case_operation(&cases[i], NULL)};
    }
    return n > 1 ? same[sched_choose(CHOICE_SELECT, same, n)].id : first;
}

/* Event and outcome of the case that was taken. */
static size_t finish(struct go_case *cases, size_t i, enum event_phase phase, bool ok,
                     struct call_site site)
{
    struct go_case *c = &cases[i];
    bool sends = c->direction == GO_DIRECTION_SEND;
    c->ok = ok;
    if (!sends) access_runtime(c->recv_value, c->chan->elem_bytes, ACCESS_WRITE, site);
    sched_executed_as(sends ? OP_CHAN_SEND : OP_CHAN_RECV, OP_MODE_WRITE, c->chan->object, phase,
                      (uint64_t)i << 1 | ok);
    sched.running->pending.cases = NULL; /* set while a select executes: who looks on can tell */
    if (sends && !ok) chan_panic_send(c->chan, site);
    return i;
}

static size_t do_case(struct go_case *cases, size_t i, struct call_site site)
{
    struct go_case *c = &cases[i];
    bool ok = true;
    if (c->direction == GO_DIRECTION_RECV)
        ok = chan_do_recv(c->chan, c->recv_value);
    else if (c->chan->closed)
        ok = false;
    else
        chan_do_send(c->chan, c->send_value);
    return finish(cases, i, PHASE_DONE, ok, site);
}

/* Publish with the operations of the cases, for policies that look at pending operations. */
static void publish(const struct go_case *cases, size_t count, struct operation *ops,
                    struct call_site site)
{
    struct goroutine *g = sched_publish(OP_SELECT, OP_MODE_WRITE, NULL, site);
    if (!ops) return;
    for (size_t i = 0; i < count; i++) ops[i] = case_operation(&cases[i], site.pc);
    g->pending.cases = ops;
    g->pending.case_count = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
}

static size_t select_cases(struct go_case *cases, size_t count, bool has_default,
                           struct call_site site)
{
    struct operation local[SELECT_STACK_CASES];
    struct operation *ops = NULL;
    if (sched.policy && !sched.policy->blind && count)
        ops = count <= SELECT_STACK_CASES ? local : sched_alloc(count * sizeof *ops);
    publish(cases, count, ops, site);
    /* Go evaluates what is to be sent upon entering, of all cases. */
    for (size_t c = 0; c < count; c++)
        if (cases[c].chan && cases[c].direction == GO_DIRECTION_SEND)
            access_runtime(cases[c].send_value, cases[c].chan->elem_bytes, ACCESS_READ, site);
    sched_point();
    size_t i = choose_case(cases, count, site.pc);
    if (i < count) return do_case(cases, i, site);
    if (has_default) {
        sched_executed(PHASE_FAIL, count);
        sched_point_after(OP_SELECT_DEFAULT, NULL, site, PHASE_FAIL);
        return count;
    }
    sched_executed(PHASE_ARRIVE, count);
    i = chan_park(cases, count, count ? WAIT_SELECT : WAIT_SELECT_NO_CASES);
    return finish(cases, i, PHASE_COMPLETE, cases[i]._wait._ok, site);
}

GO_API size_t go_select(struct go_case *cases, size_t count)
{
    return select_cases(cases, count, false, CALL_SITE());
}

GO_API size_t go_select_default(struct go_case *cases, size_t count)
{
    return select_cases(cases, count, true, CALL_SITE());
}
