// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A program's operations are calls of the public API. What the interpreter keeps for itself is
 * plain memory of the host: no scheduling point, no order. */
#include "interpret.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "heddle.h"
#include "texts.h"

enum { UNIT_NS = 1000000, SEEN_MAX = 40 };

/* Of one goroutine, by the number of its block. */
struct record {
    uint8_t at;
    uint8_t count;
    uint8_t seen[SEEN_MAX];
};

/* A block that runs, and for whom. */
struct frame {
    uint8_t block;
    uint8_t goroutine;
};

static struct {
    const struct program *p;
    struct go_chan *chans[OBJECTS_MAX];
    struct go_mutex mutexes[OBJECTS_MAX];
    struct go_rwmutex rwmutexes[OBJECTS_MAX];
    struct go_waitgroup waitgroups[OBJECTS_MAX];
    struct go_once onces[OBJECTS_MAX];
    struct go_cond conds[OBJECTS_MAX];
    struct go_context *contexts[OBJECTS_MAX];
    struct go_timer *timers[OBJECTS_MAX];
    struct go_chan *made; /* closed when all objects are; NULL if no timer starts a block */
    struct record records[BLOCKS_MAX];
    struct frame frames[BLOCKS_MAX];
} world; /* safe: one execution at a time */

static void run_block(void *frame);

static void see(const struct frame *f, size_t what)
{
    struct record *r = &world.records[f->goroutine];
    rt_assert(r->count < SEEN_MAX);
    r->seen[r->count++] = (uint8_t)what;
}

static struct frame *frame_of(uint8_t block, uint8_t goroutine)
{
    world.frames[block] = (struct frame){block, goroutine};
    return &world.frames[block];
}

static void run_body(const struct frame *f, const struct op *op)
{
    run_block(frame_of(op->block, f->goroutine));
}

/* ---- Channels ------------------------------------------------------------------------------ */

static struct go_chan *chan_of(uint8_t number)
{
    if (number >= CHAN_OF_TIMER) return go_timer_chan(world.timers[number - CHAN_OF_TIMER]);
    if (number >= CHAN_OF_CONTEXT) return go_context_done(world.contexts[number - CHAN_OF_CONTEXT]);
    return world.chans[number];
}

static void see_received(const struct frame *f, uint8_t number, bool ok, int64_t value)
{
    see(f, !ok ? SEEN_CLOSED : number >= CHAN_OF_TIMER ? SEEN_TICK : (size_t)value);
}

static void do_select(const struct frame *f, const struct op *op)
{
    struct go_case cases[CASES_MAX];
    int64_t values[CASES_MAX];
    for (int i = 0; i < op->case_count; i++) {
        struct go_chan *c = chan_of(op->cases[i].chan);
        values[i] = op->id;
        if (op->cases[i].sends)
            cases[i] = GO_SEND(c, &values[i]);
        else
            cases[i] = GO_RECV(c, &values[i]);
    }
    size_t i = op->code == CODE_SELECT ? go_select(cases, op->case_count)
                                       : go_select_default(cases, op->case_count);
    see(f, SEEN_CASE + i);
    if (i < op->case_count && !op->cases[i].sends)
        see_received(f, op->cases[i].chan, cases[i].ok, values[i]);
}

static void do_chan(const struct frame *f, const struct op *op)
{
    struct go_chan *c = op->code >= CODE_SELECT ? NULL : chan_of(op->object);
    int64_t value = op->id;
    bool ok;
    switch (op->code) {
    case CODE_SEND:
        go_chan_send(c, &value);
        break;
    case CODE_RECV:
        ok = go_chan_recv(c, &value);
        see_received(f, op->object, ok, value);
        break;
    case CODE_CLOSE:
        go_chan_close(c);
        break;
    case CODE_LEN:
        see(f, SEEN_LEN + go_chan_len(c));
        break;
    default:
        do_select(f, op);
        break;
    }
}

/* ---- package sync -------------------------------------------------------------------------- */

static void see_try(const struct frame *f, const struct op *op, bool locked)
{
    see(f, locked ? SEEN_TRUE : SEEN_FALSE);
    if (locked) run_body(f, op);
}

static void do_lock(const struct frame *f, const struct op *op)
{
    struct go_mutex *m = &world.mutexes[op->object];
    struct go_rwmutex *rw = &world.rwmutexes[op->object];
    switch (op->code) {
    case CODE_LOCK:
        go_mutex_lock(m);
        break;
    case CODE_TRYLOCK:
        see_try(f, op, go_mutex_trylock(m));
        break;
    case CODE_UNLOCK:
        go_mutex_unlock(m);
        break;
    case CODE_RLOCK:
        go_rwmutex_rlock(rw);
        break;
    case CODE_TRYRLOCK:
        see_try(f, op, go_rwmutex_tryrlock(rw));
        break;
    case CODE_RUNLOCK:
        go_rwmutex_runlock(rw);
        break;
    case CODE_WLOCK:
        go_rwmutex_lock(rw);
        break;
    case CODE_TRYWLOCK:
        see_try(f, op, go_rwmutex_trylock(rw));
        break;
    default:
        go_rwmutex_unlock(rw);
        break;
    }
}

static void do_sync(const struct frame *f, const struct op *op)
{
    switch (op->code) {
    case CODE_ADD:
        go_waitgroup_add(&world.waitgroups[op->object], 1);
        break;
    case CODE_DONE:
        go_waitgroup_done(&world.waitgroups[op->object]);
        break;
    case CODE_WAIT:
        go_waitgroup_wait(&world.waitgroups[op->object]);
        break;
    case CODE_ONCE:
        /* Of the blocks of a Once at most one is run: who runs it, runs its own. */
        go_once_do(&world.onces[op->object], run_block, frame_of(op->block, f->goroutine));
        break;
    case CODE_COND_WAIT:
        go_cond_wait(&world.conds[op->object]);
        break;
    case CODE_SIGNAL:
        go_cond_signal(&world.conds[op->object]);
        break;
    default:
        go_cond_broadcast(&world.conds[op->object]);
        break;
    }
}

/* ---- Contexts, timers, panics -------------------------------------------------------------- */

static void see_recovered(const struct frame *f, const struct go_panic *panic)
{
    for (size_t i = 0; i < text_count; i++) {
        if (texts[i].type == REPORT_UNRECOVERED_PANIC) continue;
        if (strcmp(panic->kind, report_type_info(texts[i].type)->text) != 0) continue;
        see(f, SEEN_RECOVERED + text_of_type(texts[i].type));
        return;
    }
    see(f, SEEN_OWN_PANIC + strtoul(panic->message, NULL, 10));
}

static void do_protect(const struct frame *f, const struct op *op)
{
    struct go_panic panic;
    if (go_protect(run_block, frame_of(op->block, f->goroutine), &panic))
        see_recovered(f, &panic);
    else
        see(f, SEEN_NO_PANIC);
}

static void do_rest(const struct frame *f, const struct op *op)
{
    switch (op->code) {
    case CODE_CANCEL:
        go_context_cancel(world.contexts[op->object]);
        break;
    case CODE_ERR:
        see(f, SEEN_ERR + (size_t)go_context_err(world.contexts[op->object]));
        break;
    case CODE_STOP:
        see(f, SEEN_FALSE + (size_t)go_timer_stop(world.timers[op->object]));
        break;
    case CODE_RESET: {
        int64_t duration_ns = world.p->timers == TIMERS_ZERO ? 0 : UNIT_NS;
        see(f, SEEN_FALSE + (size_t)go_timer_reset(world.timers[op->object], duration_ns));
        break;
    }
    case CODE_SLEEP:
        go_sleep(world.p->timers == TIMERS_ZERO ? 0 : UNIT_NS);
        break;
    case CODE_PROTECT:
        do_protect(f, op);
        break;
    case CODE_DEFER:
        go_defer(run_block, frame_of(op->block, f->goroutine));
        break;
    case CODE_PANIC:
        go_panic("%d", op->id);
        break;
    default:
        go_goexit();
    }
}

/* ---- Goroutines ---------------------------------------------------------------------------- */

static void mark_end(void *frame)
{
    world.records[((const struct frame *)frame)->goroutine].at = AT_END;
}

static void run_goroutine(void *frame)
{
    go_defer(mark_end, frame);
    run_block(frame);
}

/* May be started before the call that made the timer has returned. */
static void run_timer(void *frame)
{
    go_chan_recv(world.made, NULL);
    run_goroutine(frame);
}

static void run_op(const struct frame *f, const struct op *op)
{
    world.records[f->goroutine].at = op->id;
    if (op->code == CODE_GO)
        go(run_goroutine, frame_of(op->block, op->block));
    else if (op->code <= CODE_SELECT_DEFAULT)
        do_chan(f, op);
    else if (op->code <= CODE_WUNLOCK)
        do_lock(f, op);
    else if (op->code <= CODE_BROADCAST)
        do_sync(f, op);
    else
        do_rest(f, op);
}

static void run_block(void *frame)
{
    const struct frame f = *(const struct frame *)frame;
    const struct block *b = &world.p->blocks[f.block];
    for (int i = 0; i < b->count; i++) run_op(&f, &b->ops[i]);
}

static void make_timers(const struct program *p)
{
    for (int i = 0; i < p->timer_count; i++)
        if (p->timer_block[i] && !world.made) world.made = go_chan_make(0, 0);
    for (int i = 0; i < p->timer_count; i++) {
        int64_t duration_ns = p->timer_units[i] * (int64_t)UNIT_NS;
        uint8_t block = p->timer_block[i];
        world.timers[i] = block
                              ? go_timer_after_func(duration_ns, run_timer, frame_of(block, block))
                              : go_timer_new(duration_ns);
    }
    if (world.made) go_chan_close(world.made);
}

static void make_objects(const struct program *p)
{
    for (int i = 0; i < p->chan_count; i++)
        if (p->capacity[i] >= 0)
            world.chans[i] = go_chan_make(sizeof(int64_t), (size_t)p->capacity[i]);
    for (int i = 0; i < p->cond_count; i++)
        world.conds[i].locker = go_mutex_locker(&world.mutexes[i]);
    for (int i = 0; i < p->waitgroup_count; i++)
        if (p->waitgroup_add[i]) go_waitgroup_add(&world.waitgroups[i], p->waitgroup_add[i]);
    for (int i = 0; i < p->context_count; i++) {
        struct go_context *parent = go_context_background();
        if (p->context_parent[i] >= 0) parent = world.contexts[p->context_parent[i]];
        if (p->context_timeout[i])
            world.contexts[i] =
                go_context_with_timeout(parent, (p->context_timeout[i] - 1) * (int64_t)UNIT_NS);
        else
            world.contexts[i] = go_context_with_cancel(parent);
    }
    make_timers(p);
}

void interpret_set(const struct program *p)
{
    memset(&world, 0, sizeof world);
    world.p = p;
}

void interpret_root(void)
{
    interpret_set(world.p);
    go_defer(mark_end, frame_of(0, 0));
    make_objects(world.p);
    run_block(frame_of(0, 0));
}

/* ---- Outcomes ------------------------------------------------------------------------------ */

static void collect(struct outcome *out)
{
    for (int b = 0; b < world.p->block_count; b++) {
        if (!world.p->blocks[b].goroutine) continue;
        const struct record *r = &world.records[b];
        rt_assert(out->used + 2u + r->count <= OUTCOME_BYTES);
        out->bytes[out->used++] = r->at;
        out->bytes[out->used++] = r->count;
        memcpy(&out->bytes[out->used], r->seen, r->count);
        out->used = (uint8_t)(out->used + r->count);
        bool stuck = r->at != AT_START && r->at != AT_END;
        if (stuck) *(b ? &out->leak : &out->deadlock) = true;
    }
}

/* Does the verdict say what the program's own notes say? */
static bool agree(const struct outcome *o, const struct run_result *result)
{
    if (result->verdict == VERDICT_PASS) return !o->deadlock && !o->leak;
    return result->report->type == (o->deadlock ? REPORT_DEADLOCK : REPORT_GOROUTINE_LEAK) &&
           (o->deadlock || o->leak);
}

const char *interpret_outcome(const struct run_result *result, struct outcome *out)
{
    memset(out, 0, sizeof *out);
    if (result->verdict == VERDICT_INCONCLUSIVE) return result->limit;
    enum report_type type = result->verdict == VERDICT_BUG ? result->report->type : REPORT_NONE;
    if (type == REPORT_WAITGROUP_MISUSE) return "waitgroup-misuse";
    out->kind = OUTCOME_TEXT;
    out->used = 1;
    if (type == REPORT_UNRECOVERED_PANIC) {
        out->kind = OUTCOME_OWN_PANIC;
        out->bytes[0] = (uint8_t)strtoul(result->report->message, NULL, 10);
    } else if (text_of_type(type) < text_count) {
        out->bytes[0] = (uint8_t)text_of_type(type);
    } else {
        out->kind = OUTCOME_END;
        out->used = 0;
        collect(out);
        if (!agree(out, result)) return "verdict";
    }
    return NULL;
}
