// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Drawing programs. Each takes a few families of operations and leaves the others out, so that the
 * few objects meet; an operation of a family is a phrase, as people write it (lock, something,
 * unlock), with a small chance of being incomplete. */
#include <string.h>

#include "program.h"

enum family {
    FAMILY_CHAN,
    FAMILY_SELECT,
    FAMILY_CLOSE,
    FAMILY_MUTEX,
    FAMILY_RWMUTEX,
    FAMILY_WAITGROUP,
    FAMILY_ONCE,
    FAMILY_COND,
    FAMILY_CONTEXT,
    FAMILY_TIMER,
    FAMILY_PANIC,
    FAMILY_COUNT
};

enum { DEPTH_MAX = 2, ROOM = 6 /* operations that a phrase may need */, OWED_MAX = 8 };

/* What another goroutine should do, that nobody be stuck all the time. */
struct owed {
    uint8_t by; /* block of who began */
    uint8_t code;
    uint8_t object;
};

struct draw {
    struct rng rng;
    struct program *p;
    enum family families[4];
    size_t family_count;
    int ops_left;
    uint8_t goroutine; /* whose block is filled */
    struct owed owed[OWED_MAX];
    size_t owed_count;
    unsigned send_percent; /* of the goroutine at hand: some rather send, others receive */
};

static bool chance(struct draw *d, unsigned percent) { return rng_below(&d->rng, 100) < percent; }
static uint8_t below(struct draw *d, unsigned n) { return (uint8_t)rng_below(&d->rng, n); }

static void phrase(struct draw *d, uint8_t block, int depth);

static struct op *op(struct draw *d, uint8_t block, enum code code, uint8_t object)
{
    d->ops_left--;
    return program_op(d->p, block, code, object);
}

static bool has(const struct draw *d, enum family family)
{
    for (size_t i = 0; i < d->family_count; i++)
        if (d->families[i] == family) return true;
    return false;
}

/* A block as body of the operation, with one or two phrases. */
static uint8_t body(struct draw *d, int depth)
{
    uint8_t block = program_block(d->p, false);
    if (depth == DEPTH_MAX) return block;
    phrase(d, block, depth + 1);
    if (chance(d, 30)) phrase(d, block, depth + 1);
    return block;
}

/* ---- What one owes another ----------------------------------------------------------------- */

static void owe(struct draw *d, enum code code, uint8_t object)
{
    if (d->owed_count == OWED_MAX) return;
    d->owed[d->owed_count++] = (struct owed){d->goroutine, (uint8_t)code, object};
}

/* Do what another goroutine waits for; false if there is nothing. */
static bool settle(struct draw *d, uint8_t block)
{
    for (size_t i = 0; i < d->owed_count; i++) {
        struct owed o = d->owed[i];
        if (o.by == d->goroutine) continue;
        for (d->owed_count--; i < d->owed_count; i++) d->owed[i] = d->owed[i + 1];
        op(d, block, (enum code)o.code, o.object);
        return true;
    }
    return false;
}

/* ---- Channels ------------------------------------------------------------------------------ */

static uint8_t draw_chan(struct draw *d, bool sends)
{
    if (!sends && d->p->context_count && chance(d, 40))
        return (uint8_t)(CHAN_OF_CONTEXT + below(d, d->p->context_count));
    if (!sends && d->p->timer_count && chance(d, 40))
        return (uint8_t)(CHAN_OF_TIMER + below(d, d->p->timer_count));
    return below(d, d->p->chan_count);
}

static void phrase_chan(struct draw *d, uint8_t block)
{
    bool sends = chance(d, d->send_percent);
    if (chance(d, 8)) {
        op(d, block, CODE_LEN, below(d, d->p->chan_count));
        return;
    }
    uint8_t chan = draw_chan(d, sends);
    op(d, block, sends ? CODE_SEND : CODE_RECV, chan);
    if (chan < CHAN_OF_CONTEXT)
        owe(d, sends ? CODE_RECV : chance(d, 75) ? CODE_SEND : CODE_CLOSE, chan);
    else if (chan < CHAN_OF_TIMER)
        owe(d, CODE_CANCEL, (uint8_t)(chan - CHAN_OF_CONTEXT));
}

static void phrase_select(struct draw *d, uint8_t block)
{
    struct op *o = op(d, block, chance(d, 35) ? CODE_SELECT_DEFAULT : CODE_SELECT, 0);
    o->case_count = chance(d, 3) ? 0 : (uint8_t)(1 + below(d, CASES_MAX));
    for (int i = 0; i < o->case_count; i++) {
        bool sends = chance(d, d->send_percent);
        o->cases[i] = (struct op_case){draw_chan(d, sends), sends};
    }
}

/* ---- Locks --------------------------------------------------------------------------------- */

static void locked(struct draw *d, uint8_t block, enum code lock, enum code unlock, uint8_t object,
                   int depth)
{
    op(d, block, lock, object);
    if (depth < DEPTH_MAX && chance(d, 70)) phrase(d, block, depth + 1);
    if (chance(d, 93)) op(d, block, unlock, object);
}

static void try_locked(struct draw *d, uint8_t block, enum code lock, enum code unlock,
                       uint8_t object)
{
    if (d->p->block_count == BLOCKS_MAX) return;
    struct op *o = op(d, block, lock, object);
    o->block = program_block(d->p, false);
    if (chance(d, 90)) op(d, o->block, unlock, object);
}

static void phrase_mutex(struct draw *d, uint8_t block, int depth)
{
    uint8_t m = below(d, d->p->mutex_count);
    unsigned kind = below(d, 100);
    if (kind < 15)
        try_locked(d, block, CODE_TRYLOCK, CODE_UNLOCK, m);
    else if (kind < 20)
        op(d, block, CODE_UNLOCK, m);
    else
        locked(d, block, CODE_LOCK, CODE_UNLOCK, m, depth);
}

static void phrase_rwmutex(struct draw *d, uint8_t block, int depth)
{
    uint8_t m = below(d, d->p->rwmutex_count);
    switch (below(d, 8)) {
    case 0:
        try_locked(d, block, CODE_TRYRLOCK, CODE_RUNLOCK, m);
        break;
    case 1:
        try_locked(d, block, CODE_TRYWLOCK, CODE_WUNLOCK, m);
        break;
    case 2:
    case 3:
    case 4:
        locked(d, block, CODE_WLOCK, CODE_WUNLOCK, m, depth);
        break;
    default:
        locked(d, block, CODE_RLOCK, CODE_RUNLOCK, m, depth);
        break;
    }
}

static void phrase_cond(struct draw *d, uint8_t block)
{
    uint8_t c = below(d, d->p->cond_count);
    bool waits = chance(d, 55);
    bool locks = waits || chance(d, 60);
    if (locks) op(d, block, CODE_LOCK, c);
    if (waits && has(d, FAMILY_CHAN) && chance(d, 40)) phrase_chan(d, block);
    op(d, block, waits ? CODE_COND_WAIT : chance(d, 75) ? CODE_SIGNAL : CODE_BROADCAST, c);
    if (waits) owe(d, chance(d, 75) ? CODE_SIGNAL : CODE_BROADCAST, c);
    if (locks) op(d, block, CODE_UNLOCK, c);
}

/* ---- The others ---------------------------------------------------------------------------- */

static void phrase_waitgroup(struct draw *d, uint8_t block)
{
    uint8_t w = below(d, d->p->waitgroup_count);
    unsigned kind = below(d, 100);
    op(d, block, kind < 50 ? CODE_DONE : kind < 95 ? CODE_WAIT : CODE_ADD, w);
}

static void phrase_once(struct draw *d, uint8_t block, int depth)
{
    if (d->p->block_count == BLOCKS_MAX) return;
    struct op *once = op(d, block, CODE_ONCE, below(d, d->p->once_count));
    once->block = body(d, depth);
}

static void phrase_context(struct draw *d, uint8_t block)
{
    uint8_t c = below(d, d->p->context_count);
    switch (below(d, 3)) {
    case 0:
        op(d, block, CODE_CANCEL, c);
        break;
    case 1:
        op(d, block, CODE_ERR, c);
        break;
    default:
        op(d, block, CODE_RECV, (uint8_t)(CHAN_OF_CONTEXT + c));
        owe(d, CODE_CANCEL, c);
        break;
    }
}

static void phrase_timer(struct draw *d, uint8_t block)
{
    uint8_t t = below(d, d->p->timer_count);
    unsigned kind = below(d, 100);
    if (kind < 45)
        op(d, block, CODE_RECV, (uint8_t)(CHAN_OF_TIMER + t));
    else if (kind < 65 || d->p->timers == TIMERS_LADDER)
        op(d, block, CODE_STOP, t);
    else if (kind < 85 && !d->p->timer_block[t])
        op(d, block, CODE_RESET, t);
    else
        op(d, block, CODE_SLEEP, 0);
}

static void phrase_panic(struct draw *d, uint8_t block, int depth)
{
    unsigned kind = below(d, 100);
    /* Where this runtime and Go agree on whose end a deferred call waits for. */
    bool may_defer = depth == 0;
    if (kind < 45 && depth < DEPTH_MAX && d->p->block_count < BLOCKS_MAX) {
        struct op *o = op(d, block, CODE_PROTECT, 0);
        o->block = body(d, -1 + depth);
    } else if (kind < 70 && may_defer && d->p->block_count < BLOCKS_MAX) {
        struct op *o = op(d, block, CODE_DEFER, 0);
        o->block = body(d, depth);
    } else if (kind < 92) {
        op(d, block, CODE_PANIC, 0);
    } else {
        op(d, block, CODE_GOEXIT, 0);
    }
}

static void phrase(struct draw *d, uint8_t block, int depth)
{
    if (d->ops_left <= 0) return;
    if (d->p->blocks[block].count + ROOM > BLOCK_OPS_MAX || d->p->op_count + ROOM > OPS_MAX) return;
    if (chance(d, 40) && settle(d, block)) return;
    switch (d->families[rng_below(&d->rng, d->family_count)]) {
    case FAMILY_CHAN:
        phrase_chan(d, block);
        break;
    case FAMILY_SELECT:
        phrase_select(d, block);
        break;
    case FAMILY_CLOSE:
        op(d, block, CODE_CLOSE, below(d, d->p->chan_count));
        break;
    case FAMILY_MUTEX:
        phrase_mutex(d, block, depth);
        break;
    case FAMILY_RWMUTEX:
        phrase_rwmutex(d, block, depth);
        break;
    case FAMILY_WAITGROUP:
        phrase_waitgroup(d, block);
        break;
    case FAMILY_ONCE:
        phrase_once(d, block, depth);
        break;
    case FAMILY_COND:
        phrase_cond(d, block);
        break;
    case FAMILY_CONTEXT:
        phrase_context(d, block);
        break;
    case FAMILY_TIMER:
        phrase_timer(d, block);
        break;
    case FAMILY_PANIC:
        phrase_panic(d, block, depth);
        break;
    default:
        break;
    }
}

/* ---- Objects ------------------------------------------------------------------------------- */

static void draw_families(struct draw *d)
{
    static const enum family weighted[] = {
        FAMILY_CHAN,    FAMILY_CHAN,    FAMILY_SELECT,    FAMILY_SELECT, FAMILY_CLOSE, FAMILY_MUTEX,
        FAMILY_RWMUTEX, FAMILY_RWMUTEX, FAMILY_WAITGROUP, FAMILY_ONCE,   FAMILY_COND,  FAMILY_COND,
        FAMILY_CONTEXT, FAMILY_TIMER,   FAMILY_TIMER,     FAMILY_PANIC};
    d->family_count = 1 + rng_below(&d->rng, 3);
    for (size_t i = 0; i < d->family_count; i++)
        d->families[i] = weighted[rng_below(&d->rng, sizeof weighted / sizeof weighted[0])];
    bool chans = has(d, FAMILY_SELECT) || has(d, FAMILY_CLOSE);
    if (chans && !has(d, FAMILY_CHAN)) d->families[d->family_count++] = FAMILY_CHAN;
    /* A lone family of these does little. */
    bool alone = d->family_count == 1;
    if (alone && (d->families[0] == FAMILY_PANIC || d->families[0] == FAMILY_ONCE))
        d->families[d->family_count++] = FAMILY_CHAN;
}

static void draw_contexts(struct draw *d)
{
    struct program *p = d->p;
    p->context_count = (uint8_t)(1 + below(d, 2));
    for (int i = 0; i < p->context_count; i++) {
        p->context_parent[i] = (int8_t)(i && chance(d, 70) ? 0 : -1);
        if (p->timers != TIMERS_NONE && chance(d, 50))
            p->context_timeout[i] = (uint8_t)(1 + (p->timers == TIMERS_ZERO     ? 0
                                                   : p->timers == TIMERS_LADDER ? 1 + below(d, 3)
                                                                                : 1));
    }
}

static void draw_timers(struct draw *d)
{
    struct program *p = d->p;
    p->timer_count = (uint8_t)(1 + below(d, 2));
    for (int i = 0; i < p->timer_count; i++) {
        p->timer_units[i] = (uint8_t)(p->timers == TIMERS_ZERO     ? 0
                                      : p->timers == TIMERS_LADDER ? 1 + below(d, 3)
                                                                   : 1);
        if (chance(d, 30)) p->timer_block[i] = program_block(p, true);
    }
}

static void draw_objects(struct draw *d)
{
    static const int8_t capacities[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, -1};
    struct program *p = d->p;
    p->chan_count = (uint8_t)(1 + below(d, 2));
    for (int i = 0; i < p->chan_count; i++)
        p->capacity[i] = capacities[rng_below(&d->rng, sizeof capacities)];
    p->mutex_count = (uint8_t)(1 + below(d, 2));
    p->rwmutex_count = (uint8_t)(1 + chance(d, 20));
    p->waitgroup_count = 1;
    p->once_count = (uint8_t)(1 + chance(d, 30));
    p->cond_count = 1;
    if (has(d, FAMILY_TIMER) || (has(d, FAMILY_CONTEXT) && chance(d, 40))) {
        unsigned kind = below(d, 100);
        p->timers = kind < 60 ? TIMERS_UNIFORM : kind < 85 ? TIMERS_LADDER : TIMERS_ZERO;
    }
    if (has(d, FAMILY_CONTEXT)) draw_contexts(d);
    if (has(d, FAMILY_TIMER)) draw_timers(d);
}

/* ---- Programs that chance alone would seldom make ------------------------------------------ */

static uint8_t start(struct draw *d)
{
    uint8_t block = program_block(d->p, true);
    op(d, 0, CODE_GO, 0)->block = block;
    return block;
}

/* Some wait on a Cond, and whoever signals knows that they do. */
static void draw_meeting(struct draw *d)
{
    int waiters = 1 + (int)below(d, 2);
    d->p->chan_count = 1;
    d->p->capacity[0] = (int8_t)(waiters + 1 - (int)below(d, 2));
    for (int i = 0; i < waiters; i++) {
        uint8_t b = start(d);
        op(d, b, CODE_LOCK, 0);
        op(d, b, CODE_SEND, 0);
        op(d, b, CODE_COND_WAIT, 0);
        op(d, b, CODE_UNLOCK, 0);
        if (chance(d, 30)) op(d, b, chance(d, 50) ? CODE_SEND : CODE_SIGNAL, 0);
    }
    for (int i = 0; i < waiters; i++) op(d, 0, CODE_RECV, 0);
    op(d, 0, CODE_LOCK, 0);
    op(d, 0, chance(d, 70) ? CODE_SIGNAL : CODE_BROADCAST, 0);
    op(d, 0, CODE_UNLOCK, 0);
    if (chance(d, 30)) op(d, 0, CODE_SIGNAL, 0);
}

/* Deadlines that differ: which comes first? */
static void draw_ladder(struct draw *d)
{
    struct program *p = d->p;
    p->timers = TIMERS_LADDER;
    p->timer_count = (uint8_t)(2 + below(d, 2));
    /* The last one armed is the first to be due: no point between two of them helps a clock that
     * does it wrong. */
    for (uint8_t i = 0; i < p->timer_count; i++) p->timer_units[i] = (uint8_t)(p->timer_count - i);
    uint8_t last = (uint8_t)(p->timer_count - 1);
    if (chance(d, 30)) {
        struct op *o = op(d, 0, CODE_SELECT, 0);
        o->case_count = p->timer_count;
        for (uint8_t i = 0; i < o->case_count; i++) o->cases[i].chan = (uint8_t)(CHAN_OF_TIMER + i);
    } else {
        op(d, 0, CODE_RECV, (uint8_t)(CHAN_OF_TIMER + last));
    }
    for (uint8_t i = 0; i < last; i++) op(d, 0, CODE_STOP, i);
}

static void fill(struct draw *d, uint8_t block, int phrases, int ops)
{
    static const unsigned percents[] = {15, 50, 85};
    d->send_percent = percents[rng_below(&d->rng, 3)];
    d->ops_left = ops;
    d->goroutine = block;
    for (int i = 0; i < phrases; i++) phrase(d, block, 0);
}

/* The counter begins at what most programs take off it again. */
static void expect_dones(struct draw *d)
{
    int dones = 0;
    for (int b = 0; b < d->p->block_count; b++)
        for (int i = 0; i < d->p->blocks[b].count; i++)
            dones += d->p->blocks[b].ops[i].code == CODE_DONE;
    if (chance(d, 15)) dones += chance(d, 50) ? 1 : -1;
    d->p->waitgroup_add[0] = (uint8_t)(dones > 0 ? dones : 0);
}

/* Two to four goroutines with phrases of the families. */
static void draw_any(struct draw *d)
{
    unsigned kind = below(d, 10);
    int others = kind < 5 ? 1 : kind < 9 ? 2 : 3;
    int most = others == 1 ? 5 : others == 2 ? 3 : 2;
    uint8_t starter = 0;
    for (int i = 0; i < others; i++) {
        if (chance(d, 20)) fill(d, starter, 1, 2);
        uint8_t block = program_block(d->p, true);
        program_op(d->p, starter, CODE_GO, 0)->block = block;
        if (chance(d, 15)) starter = block;
    }
    for (uint8_t b = 0, n = d->p->block_count; b < n; b++)
        if (d->p->blocks[b].goroutine) fill(d, b, 1 + below(d, (unsigned)most), most + 2);
    for (uint8_t b = d->p->block_count; b-- > 0;) {
        if (!d->p->blocks[b].goroutine || d->p->blocks[b].count + ROOM > BLOCK_OPS_MAX) continue;
        d->goroutine = b;
        if (chance(d, 70)) settle(d, b);
    }
}

void program_draw(struct program *p, uint64_t seed, uint32_t number)
{
    memset(p, 0, sizeof *p);
    p->number = number;
    struct draw d = {.rng = rng_of(seed, number), .p = p};
    program_block(p, true);
    draw_families(&d);
    draw_objects(&d);
    unsigned shape = p->timers == TIMERS_NONE ? below(&d, 100) : 100;
    if (shape < 6)
        draw_meeting(&d);
    else if (shape < 14)
        draw_ladder(&d);
    else
        draw_any(&d);
    expect_dones(&d);
}
