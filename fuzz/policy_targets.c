// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Policy targets: each prediction (detect/targets.h) of a logged execution gets executions of its
 * own, in which the goroutines that reach their stops are held there until all have.
 *
 * Run 0 is the natural schedule. Then, as long as there are predictions that were not tried, one of
 * them is: on the base of the schedule that it was predicted from, which therefore is the same up
 * to where somebody is held. Then runs explore (at random and by priorities in turn) and retry in
 * turn: what was not met is tried again on a random base, with any goroutine that comes by.
 *
 * Invariants
 * - Holding is choosing others: every schedule is a legal one, and nothing is reported that did not
 *   happen.
 * - Who has come to a stop is not chosen while a stop of the prediction is still free and others
 *   can go on. If nobody else can, or after POLICY_TARGETS_HOLD_MAX choices, the held go on.
 * - When all have come, they go on one after the other, and nobody else before they have.
 *   Of a deadlock the last one does not come to a point: it blocks, and so do the others then.
 * - Every execution is logged, up to LOGGED_WHOLE records; programs with more of them are logged
 *   now and then.
 *
 * Source: Sen (PLDI 2008) and Joshi et al. (PLDI 2009), as in detect/targets.h.
 */
#include "policy_targets.h"

#include "base.h"
#include "detect/access_log.h"
#include "detect/targets.h"
#include "pct.h"
#include "policies.h"
#include "rng.h"

enum { LOGGED_WHOLE = 1 << 14, LOG_RARELY = 64 };

/* Who is chosen where nobody is held. */
enum base_kind { BASE_NATURAL, BASE_RANDOM, BASE_PCT };

struct base {
    enum base_kind kind;
    uint64_t key; /* of all that is drawn */
};

struct goal {
    struct prediction prediction;
    struct base base; /* of the execution that it was predicted from */
    uint32_t attempts;
    bool met;
};

struct policy_targets {
    struct policy policy;
    uint64_t seed;
    uint64_t run;      /* number of the next execution, from 0 */
    uint32_t unlogged; /* executions still to run before one is logged again */

    struct goal goals[POLICY_TARGETS_MAX];
    size_t goal_count;
    struct predictions found; /* room for the latest ones */

    /* Of this execution. */
    struct base base;
    struct pct pct;
    uint64_t draws;         /* of CHOICE_DATA, which is no position */
    struct goal *goal;      /* NULL: none, or no longer */
    bool exact;             /* at the stops of the prediction; else whoever comes to the sites */
    bool backwards;         /* they go on in reverse order */
    uint32_t held;          /* choices with somebody held */
    uint32_t release_count; /* who goes on next, one after the other ... */
    uint64_t release[TARGETS_STOPS_MAX]; /* ... by stable id */
    uint32_t done[TARGETS_STOPS_MAX];    /* by stop: operations its goroutine has completed */
    const void *sites[TARGETS_STOPS_MAX];
};

/* ---- Which execution is next --------------------------------------------------------------- */

static size_t count_new(const struct policy_targets *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->goal_count; i++) count += p->goals[i].attempts == 0;
    return count;
}

/* One that was not tried; NULL if all were. */
static struct goal *pick_new(struct policy_targets *p, struct rng *rng)
{
    size_t count = count_new(p);
    if (!count) return NULL;
    size_t index = rng_below(rng, count);
    for (size_t i = 0;; i++)
        if (p->goals[i].attempts == 0 && index-- == 0) return &p->goals[i];
}

/* The one with the fewest attempts that may be tried again; NULL: none. */
static struct goal *pick_again(struct policy_targets *p)
{
    struct goal *best = NULL;
    for (size_t i = 0; i < p->goal_count; i++) {
        struct goal *g = &p->goals[i];
        if (g->met || g->attempts >= POLICY_TARGETS_ATTEMPTS_MAX) continue;
        if (!best || g->attempts < best->attempts) best = g;
    }
    return best;
}

static void steer(struct policy_targets *p, struct goal *goal, struct rng *rng)
{
    p->goal = goal;
    p->backwards = rng_below(rng, 2);
    p->policy.blind = false;
    if (!goal->prediction.deadlock) p->policy.quiet_accesses = 0;
    p->policy.watched = p->sites;
    p->policy.watched_count = goal->prediction.stop_count;
    for (uint32_t i = 0; i < goal->prediction.stop_count; i++)
        p->sites[i] = goal->prediction.stops[i].site;
}

static void plan(struct policy_targets *p)
{
    uint64_t run = p->run++;
    struct rng rng = rng_of(p->seed, run);
    if (run == 0) {
        p->base = (struct base){BASE_NATURAL, 0};
        return;
    }
    struct goal *goal = pick_new(p, &rng);
    p->exact = goal;
    if (goal) {
        p->base = goal->base;
    } else {
        p->base = (struct base){run % 4 == 1 ? BASE_PCT : BASE_RANDOM, rng_next(&rng)};
        if (run % 2 == 0) goal = pick_again(p);
    }
    if (goal) {
        goal->attempts++;
        steer(p, goal, &rng);
    }
}

static void begin_targets(struct policy *self)
{
    struct policy_targets *p = (struct policy_targets *)self;
    p->goal = NULL;
    p->held = p->release_count = 0;
    p->draws = 0;
    memset(p->done, 0, sizeof p->done);
    self->grain = GRAIN_ALL; /* whatever was asked for: stops are at accesses */
    self->quiet_accesses = UINT64_MAX;
    self->watched_count = 0;
    self->blind = true;
    plan(p);
    if (p->base.kind == BASE_PCT) {
        self->blind = false;
        pct_begin(&p->pct, rng_of(p->base.key, 0), (uint64_t)8 << (p->base.key % 8));
    }
    if (p->base.kind == BASE_NATURAL && !p->goal) self->quiet_until = UINT64_MAX;
    access_log_switch(p->unlogged == 0);
}

static bool is_known(const struct policy_targets *p, const struct prediction *prediction)
{
    for (size_t i = 0; i < p->goal_count; i++)
        if (targets_equal(&p->goals[i].prediction, prediction)) return true;
    return false;
}

static bool end_targets(struct policy *self)
{
    struct policy_targets *p = (struct policy_targets *)self;
    if (!access_log_is_on()) {
        p->unlogged--;
        return true;
    }
    access_log_switch(false);
    size_t records;
    access_log_records(&records, NULL);
    if (records > LOGGED_WHOLE) p->unlogged = LOG_RARELY;
    targets_predict(&p->found);
    for (size_t i = 0; i < p->found.count && p->goal_count < POLICY_TARGETS_MAX; i++) {
        if (is_known(p, &p->found.items[i])) continue;
        p->goals[p->goal_count++] = (struct goal){.prediction = p->found.items[i], .base = p->base};
    }
    return true;
}

/* ---- Choosing ----------------------------------------------------------------------------- */

/* Whom the base chooses, as if nobody were held. At an access it does not switch. */
static size_t choose_base(struct policy_targets *p, enum choice_kind kind,
                          const struct candidate *c, size_t n)
{
    if (p->policy.access) return 0;
    switch (p->base.kind) {
    case BASE_NATURAL:
        return 0;
    case BASE_PCT:
        return pct_choose(&p->pct, kind, c, n);
    case BASE_RANDOM:
        break;
    }
    if (kind == CHOICE_DATA) return rng_scale(rng_at(~p->base.key, ++p->draws), n);
    return rng_scale(rng_at(p->base.key, p->policy.position), n);
}

static bool is_access(const struct operation *op)
{
    return op->kind == OP_READ || op->kind == OP_WRITE;
}

/* Is the candidate about to do what the stop says? place: where the others that are held are. */
static bool matches(const struct policy_targets *p, uint32_t stop, const struct candidate *c,
                    uint64_t place)
{
    const struct prediction_stop *s = &p->goal->prediction.stops[stop];
    if (c->op.site != s->site || c->id == CLOCK_ID) return false;
    if (p->exact && (c->stable != s->goroutine || p->done[stop] < s->done)) return false;
    if (p->goal->prediction.deadlock)
        return c->op.kind == s->kind && (!p->exact || c->op.object_stable == s->object);
    /* A value that the runtime reads or writes for a call has the call's site and no place. */
    if (!is_access(&c->op)) return true;
    if (p->exact) return c->op.object_stable == s->object;
    return !place || c->op.object_stable == place;
}

/* Which stops have somebody waiting at them: candidate by stop, SIZE_MAX for none. Returns how
 * many. */
static uint32_t find_held(const struct policy_targets *p, const struct candidate *c, size_t n,
                          size_t at[TARGETS_STOPS_MAX])
{
    uint32_t count = 0;
    uint64_t place = 0;
    for (uint32_t stop = 0; stop < TARGETS_STOPS_MAX; stop++) at[stop] = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        for (uint32_t stop = 0; stop < p->goal->prediction.stop_count; stop++) {
            if (at[stop] != SIZE_MAX || !matches(p, stop, &c[i], place)) continue;
            at[stop] = i;
            if (is_access(&c[i].op)) place = c[i].op.object_stable;
            count++;
            break;
        }
    return count;
}

static bool is_held(const size_t at[TARGETS_STOPS_MAX], size_t candidate)
{
    for (uint32_t stop = 0; stop < TARGETS_STOPS_MAX; stop++)
        if (at[stop] == candidate) return true;
    return false;
}

/* Somebody who is not held: the base's choice if it is free, else the next of the others, the clock
 * last; SIZE_MAX: nobody. */
static size_t choose_free(struct policy_targets *p, const struct candidate *c, size_t n,
                          const size_t at[TARGETS_STOPS_MAX])
{
    size_t base = choose_base(p, CHOICE_RUN, c, n);
    if (!is_held(at, base)) return base;
    size_t yields = SIZE_MAX;
    for (size_t i = 1; i <= n; i++) {
        size_t next = p->base.kind == BASE_NATURAL ? i - 1 : (base + i) % n;
        if (is_held(at, next)) continue;
        if (!c[next].ran_last || c[next].op.kind != OP_GOSCHED) return next;
        yields = next;
    }
    return yields;
}

/* No more steering: the base alone. */
static void let_all_go(struct policy_targets *p)
{
    p->goal = NULL;
    p->policy.quiet_accesses = UINT64_MAX;
    if (p->base.kind == BASE_NATURAL) p->policy.quiet_until = UINT64_MAX;
}

/* All are at their stops: the order in which they go on. */
static void plan_release(struct policy_targets *p, const struct candidate *c,
                         const size_t at[TARGETS_STOPS_MAX])
{
    uint32_t count = p->goal->prediction.stop_count;
    p->goal->met = true;
    p->release_count = count;
    for (uint32_t i = 0; i < count; i++)
        p->release[p->backwards ? count - 1 - i : i] = c[at[i]].stable;
}

/* The next to go on; SIZE_MAX if it cannot. */
static size_t release_next(struct policy_targets *p, const struct candidate *c, size_t n)
{
    uint64_t stable = p->release[--p->release_count];
    if (!p->release_count) let_all_go(p);
    for (size_t i = 0; i < n; i++)
        if (c[i].stable == stable) return i;
    return SIZE_MAX;
}

static size_t choose_steered(struct policy_targets *p, const struct candidate *c, size_t n)
{
    size_t at[TARGETS_STOPS_MAX];
    if (!p->release_count) {
        uint32_t count = find_held(p, c, n, at);
        if (count < p->goal->prediction.stop_count ||
            (p->goal->prediction.deadlock && count == 1)) {
            size_t free = choose_free(p, c, n, at);
            p->held += count > 0;
            if (free != SIZE_MAX && p->held <= POLICY_TARGETS_HOLD_MAX) return free;
            if (p->held > POLICY_TARGETS_HOLD_MAX) let_all_go(p);
            for (size_t i = 0; i < n; i++)
                if (is_held(at, i)) return i;
        }
        plan_release(p, c, at);
    }
    size_t next = release_next(p, c, n);
    return next != SIZE_MAX ? next : choose_base(p, CHOICE_RUN, c, n);
}

static size_t choose_targets(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    struct policy_targets *p = (struct policy_targets *)self;
    if (p->goal && kind == CHOICE_RUN) return choose_steered(p, c, n);
    return choose_base(p, kind, c, n);
}

static void executed_targets(struct policy *self, const struct event *event)
{
    struct policy_targets *p = (struct policy_targets *)self;
    if (!p->goal || !p->exact) return;
    if (!targets_counts((enum op_kind)event->kind, (enum event_phase)event->phase)) return;
    for (uint32_t i = 0; i < p->goal->prediction.stop_count; i++)
        p->done[i] += p->goal->prediction.stops[i].goroutine == event->stable;
}

struct policy *policy_targets_new(uint64_t seed)
{
    struct policy_targets *p = policy_alloc(sizeof *p);
    p->policy = (struct policy){.name = "targets",
                                .blind = true,
                                .begin = begin_targets,
                                .choose = choose_targets,
                                .executed = executed_targets,
                                .end = end_targets};
    p->seed = seed;
    return &p->policy;
}

struct policy_targets_counts policy_targets_counts(const struct policy *policy)
{
    const struct policy_targets *p = (const struct policy_targets *)policy;
    struct policy_targets_counts counts = {.predicted = p->goal_count};
    for (size_t i = 0; i < p->goal_count; i++) {
        counts.met += p->goals[i].met;
        counts.attempts += p->goals[i].attempts;
    }
    return counts;
}
