// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Does choice.h give schedulers from the literature what they need? Three toys of a few lines,
 * written against it alone, run real programs: PCT (priorities of stable ids), POS (pending
 * operations and executed events that conflict), and dynamic partial-order reduction (who could
 * have run where an executed event was chosen). None of them knows the runtime.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heddle.h"
#include "policies.h"
#include "policy_dfs.h"
#include "rng.h"
#include "run.h"

enum { GOROUTINES_MAX = 16, EVENTS_MAX = 512, OUTCOMES_MAX = 64, SCHEDULES = 500 };

static const struct run_options defaults;

/* ---- Programs ----------------------------------------------------------------------------- */

struct shared {
    struct go_mutex mutex[3];
    struct go_chan *numbers;
    int counter;
};

struct job {
    struct shared *shared;
    int mutex;
    int number;
};

static void lock_and_observe(void *arg)
{
    struct job *job = arg;
    go_mutex_lock(&job->shared->mutex[job->mutex]);
    go_observe((uint64_t)job->number);
    go_mutex_unlock(&job->shared->mutex[job->mutex]);
}

static void start_jobs(const int *mutexes, int count)
{
    struct shared *shared = go_new(sizeof *shared);
    for (int i = 0; i < count; i++) {
        struct job *job = go_new(sizeof *job);
        *job = (struct job){.shared = shared, .mutex = mutexes[i], .number = i + 1};
        go(lock_and_observe, job);
    }
}

/* Each observes its number in its turn; those with one mutex have an order, the others commute. */
static void three_on_one_mutex(void) { start_jobs((const int[]){0, 0, 0}, 3); }
static void two_on_one_mutex(void) { start_jobs((const int[]){0, 0}, 2); }

static void lock_own(void *arg)
{
    struct job *job = arg;
    go_mutex_lock(&job->shared->mutex[job->mutex]);
    go_mutex_unlock(&job->shared->mutex[job->mutex]);
}

static void three_on_three_mutexes(void)
{
    struct shared *shared = go_new(sizeof *shared);
    for (int i = 0; i < 3; i++) {
        struct job *job = go_new(sizeof *job);
        *job = (struct job){.shared = shared, .mutex = i};
        go(lock_own, job);
    }
}

/* A lost update: needs one switch between the two halves of an increment. */
static void add_in_two_halves(void *arg)
{
    struct shared *shared = arg;
    go_mutex_lock(&shared->mutex[0]);
    int seen = shared->counter;
    go_mutex_unlock(&shared->mutex[0]);
    go_mutex_lock(&shared->mutex[0]);
    shared->counter = seen + 1;
    go_mutex_unlock(&shared->mutex[0]);
    go_chan_send(shared->numbers, NULL);
}

static void lost_update(void)
{
    struct shared *shared = go_new(sizeof *shared);
    shared->numbers = go_chan_make(0, 0);
    for (int i = 0; i < 3; i++) go(add_in_two_halves, shared);
    for (int i = 0; i < 3; i++) go_chan_recv(shared->numbers, NULL);
    go_check(shared->counter == 3, "an update was lost");
}

/* Everything that has a name: goroutines of goroutines, timers, several kinds of object. */
static void child_of_child(void *arg) { go_mutex_lock(arg); }

static void child(void *arg)
{
    struct shared *shared = arg;
    go(child_of_child, &shared->mutex[1]);
    go_chan_send(shared->numbers, NULL);
    go_sleep(5);
    go_mutex_lock(&shared->mutex[2]);
}

static void family(void)
{
    struct shared *shared = go_new(sizeof *shared);
    shared->numbers = go_chan_make(0, 2);
    for (int i = 0; i < 2; i++) go(child, shared);
    go_chan_recv(go_after(3), NULL);
    go_chan_close(go_chan_make(0, 0));
}

/* ---- Stable ids --------------------------------------------------------------------------- */

struct ids {
    uint64_t values[EVENTS_MAX];
    size_t count;
};

static bool add_id(struct ids *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->values[i] == id) return false;
    assert_true(ids->count < EVENTS_MAX);
    ids->values[ids->count++] = id;
    return true;
}

static void stable_ids_are_the_same_in_every_schedule(void **state)
{
    (void)state;
    struct ids goroutines = {0}, objects = {0};
    struct policy *policy = policy_find("random")->create(1);
    for (int i = 0; i < SCHEDULES; i++) {
        struct run_result result;
        run_execute(family, policy, &defaults, &result, NULL);
        size_t count;
        const struct event *events = run_events(&count, NULL);
        struct ids here = {0};
        for (size_t e = 0; e < count; e++) {
            assert_int_not_equal(events[e].stable, 0);
            assert_int_equal(events[e].object == 0, events[e].object_stable == 0);
            add_id(&here, events[e].stable);
            /* Only the first schedule may bring new names; the others all use the same. */
            bool is_new = add_id(&goroutines, events[e].stable);
            if (events[e].object != 0) is_new = add_id(&objects, events[e].object_stable) || is_new;
            assert_true(i < SCHEDULES / 2 || !is_new);
        }
        assert_int_equal(here.count, 6); /* The root, two children, two of theirs, the clock. */
    }
    assert_int_equal(goroutines.count, 6);
    policy_destroy(policy);
}

/* ---- Toy PCT ------------------------------------------------------------------------------ */

struct toy_pct {
    struct policy policy;
    uint64_t key, change, asked;
    uint64_t demoted;
};

static uint64_t toy_priority(const struct toy_pct *p, uint64_t stable)
{
    return stable == p->demoted ? 0 : 1 + rng_at(p->key, stable) / 2;
}

static size_t toy_highest(const struct toy_pct *p, const struct candidate *c, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (toy_priority(p, c[i].stable) > toy_priority(p, c[best].stable)) best = i;
    return best;
}

static size_t choose_toy_pct(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    struct toy_pct *p = (struct toy_pct *)self;
    if (kind != CHOICE_RUN) return 0;
    if (++p->asked == p->change) p->demoted = c[toy_highest(p, c, n)].stable;
    return toy_highest(p, c, n);
}

/* Executions until the bug, 0 if it was not found. */
static int toy_pct_finds(void (*root)(void), int executions)
{
    for (int i = 0; i < executions; i++) {
        struct toy_pct p = {.policy = {.name = "toy pct", .choose = choose_toy_pct},
                            .key = rng_at(1, (uint64_t)i),
                            .change = 1 + rng_at(2, (uint64_t)i) % 30};
        struct run_result result;
        run_execute(root, &p.policy, &defaults, &result, NULL);
        if (result.verdict == VERDICT_BUG) return i + 1;
    }
    return 0;
}

static void toy_pct_finds_a_lost_update(void **state)
{
    (void)state;
    assert_in_range(toy_pct_finds(lost_update, 1000), 1, 1000);
    assert_int_equal(toy_pct_finds(three_on_one_mutex, 1000), 0);
}

/* ---- Toy POS ------------------------------------------------------------------------------ */

struct toy_pos {
    struct policy policy;
    struct rng rng;
    size_t pending_count;
    struct toy_pending {
        uint64_t stable;
        struct operation op;
        uint64_t priority;
    } pending[GOROUTINES_MAX];
    struct candidate chosen; /* what was chosen and not yet shown as executed */
    bool has_chosen;
    uint64_t matched; /* events that were the chosen candidate's pending operation */
    uint64_t others;  /* ... that were something else */
};

static struct toy_pending *toy_pending_of(struct toy_pos *p, const struct candidate *c)
{
    struct toy_pending *found = NULL;
    for (size_t i = 0; i < p->pending_count && !found; i++)
        if (p->pending[i].stable == c->stable) found = &p->pending[i];
    if (!found) {
        assert_true(p->pending_count < GOROUTINES_MAX);
        found = &p->pending[p->pending_count++];
        *found = (struct toy_pending){.stable = c->stable, .priority = rng_next(&p->rng)};
    }
    found->op = c->op;
    return found;
}

static size_t choose_toy_pos(struct policy *self, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    struct toy_pos *p = (struct toy_pos *)self;
    if (kind != CHOICE_RUN) return 0;
    size_t best = 0;
    uint64_t best_priority = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t priority = toy_pending_of(p, &c[i])->priority;
        if (priority > best_priority) best = i, best_priority = priority;
    }
    p->chosen = c[best];
    p->has_chosen = true;
    return best;
}

/* POS: who ran, and whose pending operation conflicts with what was executed, draws again. */
static void executed_toy_pos(struct policy *self, const struct event *e)
{
    struct toy_pos *p = (struct toy_pos *)self;
    for (size_t i = 0; i < p->pending_count; i++) {
        struct toy_pending *other = &p->pending[i];
        bool conflict = e->object != 0 && other->op.object_stable == e->object_stable &&
                        (other->op.mode == OP_MODE_WRITE || e->mode == OP_MODE_WRITE);
        if (other->stable == e->stable || conflict) other->priority = rng_next(&p->rng);
    }
    if (p->has_chosen && p->chosen.stable == e->stable) {
        bool same = p->chosen.op.kind == e->kind && p->chosen.op.object == e->object &&
                    p->chosen.op.object_stable == e->object_stable;
        p->matched += same;
        p->others += !same;
    }
    p->has_chosen = false;
}

static struct toy_pos toy_pos_of(uint64_t seed)
{
    return (struct toy_pos){
        .policy = {.name = "toy pos", .choose = choose_toy_pos, .executed = executed_toy_pos},
        .rng = rng_of(3, seed)};
}

static void toy_pos_finds_a_lost_update(void **state)
{
    (void)state;
    bool found = false;
    for (uint64_t i = 0; i < 1000 && !found; i++) {
        struct toy_pos p = toy_pos_of(i);
        struct run_result result;
        run_execute(lost_update, &p.policy, &defaults, &result, NULL);
        found = result.verdict == VERDICT_BUG;
    }
    assert_true(found);
}

static void what_a_candidate_will_do_is_what_it_then_does(void **state)
{
    (void)state;
    uint64_t matched = 0;
    for (uint64_t i = 0; i < SCHEDULES; i++) {
        struct toy_pos p = toy_pos_of(i);
        struct run_result result;
        run_execute(i % 2 ? three_on_one_mutex : three_on_three_mutexes, &p.policy, &defaults,
                    &result, NULL);
        assert_int_equal(p.others, 0);
        matched += p.matched;
    }
    assert_true(matched > (uint64_t)3 * SCHEDULES);
}

/* ---- Toy DPOR ----------------------------------------------------------------------------- */

/* A place where several could run: who could, who has been tried, who must be. */
struct toy_node {
    struct ids enabled, tried, wanted;
    uint64_t chosen;
};

struct toy_dpor {
    struct policy policy;
    struct toy_node nodes[EVENTS_MAX];
    size_t node_count; /* of the running execution */
    size_t replayed;   /* nodes that repeat the execution before */
    struct toy_step {
        struct event event;
        int node; /* where it was chosen, -1: it was alone */
    } steps[EVENTS_MAX];
    size_t step_count;
    int asked; /* node of the latest choice that is not executed yet, or -1 */
    uint64_t executions;
};

static void begin_toy_dpor(struct policy *self)
{
    struct toy_dpor *p = (struct toy_dpor *)self;
    p->node_count = p->step_count = 0;
    p->asked = -1;
}

static size_t choose_toy_dpor(struct policy *self, enum choice_kind kind, const struct candidate *c,
                              size_t n)
{
    struct toy_dpor *p = (struct toy_dpor *)self;
    assert_int_equal(kind, CHOICE_RUN);
    struct toy_node *node = &p->nodes[p->node_count];
    if (p->node_count >= p->replayed) {
        memset(node, 0, sizeof *node);
        for (size_t i = 0; i < n; i++) add_id(&node->enabled, c[i].stable);
        node->chosen = c[0].stable;
        add_id(&node->tried, node->chosen);
    }
    p->asked = (int)p->node_count++;
    for (size_t i = 0; i < n; i++)
        if (c[i].stable == node->chosen) return i;
    fail_msg("a goroutine that could run the last time has another name now");
    return 0;
}

static void executed_toy_dpor(struct policy *self, const struct event *event)
{
    struct toy_dpor *p = (struct toy_dpor *)self;
    assert_true(p->step_count < EVENTS_MAX);
    p->steps[p->step_count++] = (struct toy_step){.event = *event, .node = p->asked};
    p->asked = -1;
}

static bool has_id(const struct ids *ids, uint64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->values[i] == id) return true;
    return false;
}

/* Flanagan and Godefroid (POPL 2005) without happens-before: for two events that conflict, the
 * later one's goroutine must be tried where the earlier one was chosen; if it could not run there,
 * all. */
static void want_reversed_conflicts(struct toy_dpor *p)
{
    for (size_t j = 0; j < p->step_count; j++) {
        const struct event *later = &p->steps[j].event;
        for (size_t i = 0; i < j; i++) {
            const struct event *earlier = &p->steps[i].event;
            if (p->steps[i].node < 0 || earlier->stable == later->stable) continue;
            if (earlier->object == 0 || earlier->object_stable != later->object_stable) continue;
            if (earlier->mode != OP_MODE_WRITE && later->mode != OP_MODE_WRITE) continue;
            struct toy_node *node = &p->nodes[p->steps[i].node];
            bool enabled = has_id(&node->enabled, later->stable);
            if (enabled) add_id(&node->wanted, later->stable);
            for (size_t k = 0; !enabled && k < node->enabled.count; k++)
                add_id(&node->wanted, node->enabled.values[k]);
        }
    }
}

static bool end_toy_dpor(struct policy *self)
{
    struct toy_dpor *p = (struct toy_dpor *)self;
    p->executions++;
    want_reversed_conflicts(p);
    for (size_t at = p->node_count; at > 0; at--) {
        struct toy_node *node = &p->nodes[at - 1];
        for (size_t i = 0; i < node->wanted.count; i++) {
            if (!add_id(&node->tried, node->wanted.values[i])) continue;
            node->chosen = node->wanted.values[i];
            p->replayed = at;
            return true;
        }
    }
    return false;
}

/* What every schedule of root that the policy tries observes. */
static void observe_all(void (*root)(void), struct policy *policy, struct ids *outcomes)
{
    bool more = true;
    *outcomes = (struct ids){0};
    for (int i = 0; more && i < 200000; i++) {
        struct run_result result;
        run_execute(root, policy, &defaults, &result, &more);
        add_id(outcomes, result.observed);
    }
    assert_false(more);
}

/* Executions of the toy; the enumeration of all schedules must not observe more. */
static uint64_t toy_dpor_executions(void (*root)(void), size_t outcome_count, uint64_t *of)
{
    static struct toy_dpor p;
    struct ids reduced, all;
    memset(&p, 0, sizeof p);
    p.policy = (struct policy){.name = "toy dpor",
                               .begin = begin_toy_dpor,
                               .choose = choose_toy_dpor,
                               .executed = executed_toy_dpor,
                               .end = end_toy_dpor};
    observe_all(root, &p.policy, &reduced);
    struct policy *dfs = policy_find("dfs")->create(0);
    observe_all(root, dfs, &all);
    *of = policy_dfs_executions(dfs);
    policy_destroy(dfs);
    assert_int_equal(reduced.count, outcome_count);
    assert_int_equal(all.count, outcome_count);
    for (size_t i = 0; i < all.count; i++) assert_true(has_id(&reduced, all.values[i]));
    return p.executions;
}

static void toy_dpor_sees_all_outcomes_in_fewer_executions(void **state)
{
    (void)state;
    uint64_t all;
    assert_int_equal(toy_dpor_executions(three_on_three_mutexes, 1, &all), 1);
    assert_true(all > 1000);
    uint64_t two = toy_dpor_executions(two_on_one_mutex, 2, &all);
    assert_true(two >= 2 && 2 * two < all);
    uint64_t three = toy_dpor_executions(three_on_one_mutex, 6, &all);
    assert_true(three >= 6 && 2 * three < all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stable_ids_are_the_same_in_every_schedule),
        cmocka_unit_test(toy_pct_finds_a_lost_update),
        cmocka_unit_test(toy_pos_finds_a_lost_update),
        cmocka_unit_test(what_a_candidate_will_do_is_what_it_then_does),
        cmocka_unit_test(toy_dpor_sees_all_outcomes_in_fewer_executions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
