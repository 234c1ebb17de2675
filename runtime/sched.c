// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The scheduler: who is enabled, whom the policy picks, the switch, and the clock. Invariants in
 * sched.h.
 *
 * A point that keeps the running goroutine going is a counter and a comparison; candidates are
 * written out only for policies that read them. Switches go from goroutine to goroutine directly;
 * the thread's own stack runs again when the execution has stopped. */
#include "sched.h"

#include <string.h>

#include "detect/access_log.h"
#include "detect/shadow.h"
#include "ready.h"

struct sched sched;

_Static_assert(sizeof(struct goroutine) * GOROUTINES_MAX <= (size_t)256 << 20, "the table fits");

static const uint64_t ROOT_STABLE = 0x9007u;

/* ---- Stopping ----------------------------------------------------------------------------- */

_Noreturn void sched_stop(enum stop_cause cause)
{
    rt_assert(sched.running);
    sched.cause = cause;
    coro_switch(&sched.running->coro, &sched.thread);
    __builtin_unreachable();
}

_Noreturn void sched_stop_limit(const char *name)
{
    sched.limit = name;
    sched_stop(STOP_LIMIT);
}

void *sched_alloc(size_t bytes)
{
    void *memory = arena_alloc(bytes);
    if (!memory) sched_stop_limit("max_arena");
    return memory;
}

size_t sched_choose(enum choice_kind kind, const struct candidate *c, size_t n)
{
    if (likely(!sched.fair)) return choose(kind, c, n);
    /* Scattered: answers in turn are always the same ones for who asks n times in each round. */
    return (mix64(0, ++sched.fair_choices) >> 32) % n;
}

/* ---- The clock ---------------------------------------------------------------------------- */

bool sched_arm(struct deadline *d, int64_t at_ns)
{
    if (sched.root_over && d->repeats && d->fired_after_end >= sched.ticks_after_end) return false;
    if (!d->repeats && sched_waits_for_ever(sched.running)) return false;
    d->armed_by = sched.running->number;
    if (!deadline_push(&sched.deadlines, d, at_ns)) sched_stop_limit("max_arena");
    return true;
}

bool sched_disarm(struct deadline *d)
{
    bool was_armed = deadline_remove(&sched.deadlines, d);
    if (was_armed && d->order < sched.round_end) sched.round_left--;
    return was_armed;
}

/* d is about to fire, the root is over: whose wait was it, and does the round count? */
static void count_wait(const struct deadline *d)
{
    if (!sched.round_left) {
        sched.round++;
        sched.round_end = sched.deadlines.orders;
        sched.round_left = sched.deadlines.count;
    }
    if (d->repeats) return;
    struct goroutine *g = sched_goroutine(d->armed_by);
    if (sched.enabled_count > (g->enabled ? 1u : 0u) || g->waited_round == sched.round) return;
    g->waited_round = sched.round;
    g->waits_after_end++;
}

enum { EQUAL_DEADLINES_MAX = 64 };

/* The timer among those due first that the input picks. */
__attribute__((noinline)) static struct deadline *pick_deadline(void)
{
    struct deadline *equal[EQUAL_DEADLINES_MAX];
    size_t n = deadline_equal(&sched.deadlines, equal, EQUAL_DEADLINES_MAX);
    struct candidate candidates[EQUAL_DEADLINES_MAX];
    for (size_t i = 0; i < n && n > 1; i++) {
        const struct object *o = equal[i]->object;
        candidates[i] = (struct candidate){
            .stable = equal[i]->stable,
            .id = (uint32_t)i,
            .op = {.kind = OP_TIMER_FIRE,
                   .mode = OP_MODE_WRITE,
                   .object = o ? o->number : 0,
                   .object_stable = equal[i]->stable},
        };
    }
    return equal[sched_choose(CHOICE_TIMER, candidates, n)];
}

__attribute__((noinline)) static void log_clock(const struct deadline *d)
{
    uint64_t word = operation_word(OP_TIMER_FIRE, OP_MODE_WRITE, d->object ? d->object->number : 0);
    const struct event_record *r =
        event_add(event_word(word, PHASE_DONE, sched.chosen), CLOCK_ID, NULL, (uint64_t)d->at_ns);
    sched.chosen = false;
    if (sched.policy->executed) sched_show(r);
}

__attribute__((noinline)) static void fire_clock(void)
{
    struct deadline *d = pick_deadline();
    if (sched.root_over) count_wait(d);
    rt_assert(sched_disarm(d));
    if (d->at_ns > sched.now_ns) sched.now_ns = d->at_ns;
    if (sched.root_over) d->fired_after_end++;
    log_clock(d);
    d->fire(d);
}

/* ---- What policies see --------------------------------------------------------------------- */

struct operation sched_pending(const struct goroutine *g)
{
    struct operation op = g->pending;
    const struct object *o = object_at(op.object);
    op.object_stable = o ? o->stable : 0;
    if (op.kind == OP_READ || op.kind == OP_WRITE)
        op.object_stable = access_place_stable((uintptr_t)g->accessing);
    op.site = g->site.pc;
    if (!op.case_count) op.cases = NULL;
    return op;
}

void sched_event_of(const struct event_record *r, struct event *out)
{
    const struct object *o = object_at(event_object(r));
    *out = (struct event){
        .step = (uint32_t)(r - event_record(0)) + 1,
        .goroutine = r->goroutine,
        .stable = r->goroutine == CLOCK_ID ? CLOCK_STABLE : sched_goroutine(r->goroutine)->stable,
        .kind = (uint8_t)r->word,
        .mode = (uint8_t)(r->word >> 8),
        .phase = (uint8_t)(r->word >> 16),
        .chosen = (uint8_t)(r->word >> 24),
        .object = event_object(r),
        .object_stable = o ? o->stable : 0,
        .site = r->site,
        .value = r->value,
    };
}

void sched_show(const struct event_record *r)
{
    struct event e;
    sched_event_of(r, &e);
    e.step = event_log.count; /* also when the log is full */
    sched.policy->executed(sched.policy, &e);
}

/* ---- Picking ------------------------------------------------------------------------------ */

static struct goroutine *natural(struct goroutine *self)
{
    if (self && self->enabled && !(self->yielded && !list_is_empty(&sched.ready))) return self;
    struct go_list *first = list_first(&sched.ready);
    return first ? container_of(first, struct goroutine, ready_link) : NULL;
}

static void grow_candidates(size_t n)
{
    if (n <= sched.candidate_capacity) return;
    size_t capacity = n < 32 ? 64 : n * 2;
    sched.candidates = sched_alloc(capacity * sizeof(struct candidate));
    sched.candidate_capacity = capacity;
}

/* Who executed the latest event; UINT32_MAX before the first. (A full log has lost it: nobody.) */
static uint32_t last_ran(void)
{
    uint32_t count = event_log.count;
    return count && count <= EVENTS_MAX ? event_record(count - 1)->goroutine : UINT32_MAX;
}

static struct candidate goroutine_candidate(const struct goroutine *g)
{
    return (struct candidate){.stable = g->stable,
                              .id = g->number,
                              .ran_last = g->number == last_ran(),
                              .op = sched_pending(g)};
}

/* Write out what the policy may choose from: the natural one, the others by number, the clock. */
__attribute__((noinline)) static const struct candidate *
fill_candidates(const struct goroutine *first, size_t n)
{
    grow_candidates(n);
    struct candidate *c = sched.candidates;
    size_t i = 0;
    if (first) c[i++] = goroutine_candidate(first);
    for (uint32_t number = ready_next(0); number; number = ready_next(number))
        if (!first || number != first->number)
            c[i++] = goroutine_candidate(sched_goroutine(number));
    if (sched.deadlines.count)
        c[i++] = (struct candidate){.stable = CLOCK_STABLE,
                                    .id = CLOCK_ID,
                                    .ran_last = last_ran() == CLOCK_ID,
                                    .op = {.kind = OP_TIMER_FIRE, .mode = OP_MODE_WRITE}};
    rt_assert(i == n);
    return c;
}

/* Index of the candidate that goes on. What choose() answers without asking is answered here. */
static inline size_t pick_index(const struct goroutine *first, size_t n)
{
    struct policy *p = sched.policy;
    if (n == 1 || p->position + 1 < p->quiet_until) {
        p->position++;
        p->access = 0;
        access_rearm(p);
        return 0;
    }
    size_t i = choose(CHOICE_RUN, p->blind ? NULL : fill_candidates(first, n), n);
    if (i) sched.chosen = true;
    return i;
}

static bool watchdog_bites(void)
{
    if (sched.enabled_count || sched.watchdog_ns == INT64_MAX) return false;
    const struct deadline *d = deadline_first(&sched.deadlines);
    return !d || d->at_ns > sched.watchdog_ns;
}

/* The steps under the policy, or of the fair phase, are used up. */
__attribute__((noinline)) static void next_phase(void)
{
    if (sched.fair) sched_stop(STOP_FAIR_END);
    sched_be_fair();
}

void sched_be_fair(void)
{
    sched.fair = true;
    sched.quiet_limit = 0;
    sched.fair_start = event_log.count;
    sched.step_limit = event_log.count + sched.fair_steps;
    access_be_fair(sched.policy);
}

/* The fair phase: the goroutine that is ready longest, and after each round the clock. */
__attribute__((noinline)) static size_t pick_fair(struct goroutine **first, size_t n)
{
    access_rearm(sched.policy);
    struct go_list *oldest = list_first(&sched.ready);
    if (oldest) *first = container_of(oldest, struct goroutine, ready_link);
    if (!sched.deadlines.count) return 0;
    if (++sched.fair_turns < n) return 0;
    sched.fair_turns = 0;
    return n - 1;
}

/* Who goes on; fires timers meanwhile. NULL: nothing can run any more. */
static struct goroutine *pick(struct goroutine *self)
{
    for (;;) {
        if (unlikely(event_log.count >= sched.step_limit)) next_phase();
        size_t n = sched.enabled_count + (sched.deadlines.count != 0);
        if (unlikely(!n || watchdog_bites())) return NULL;
        struct goroutine *first = natural(self);
        size_t i = likely(!sched.fair) ? pick_index(first, n) : pick_fair(&first, n);
        if (likely(i < sched.enabled_count))
            return i == 0 ? first : sched_goroutine(ready_nth(i - 1, first->number));
        struct goroutine *was = sched.running;
        fire_clock();
        rt_assert(sched.running == was);
    }
}

/* An access at which nobody else was chosen is shown to the policy, but is no event of the log. */
static void sched_show_access(void)
{
    const struct goroutine *g = sched.running;
    const struct operation op = sched_pending(g);
    const struct event e = {.step = event_log.count,
                            .goroutine = g->number,
                            .stable = g->stable,
                            .kind = op.kind,
                            .mode = op.mode,
                            .phase = PHASE_DONE,
                            .object_stable = op.object_stable,
                            .site = op.site};
    sched.policy->executed(sched.policy, &e);
}

/* ---- Points ------------------------------------------------------------------------------- */

static inline void switch_to(struct goroutine *self, struct goroutine *next)
{
    if (next->ready_link._next) list_remove(&next->ready_link);
    sched.switches++;
    sched_enter(self, next);
    coro_switch(&self->coro, &next->coro);
}

void sched_point_asked(void)
{
    struct goroutine *self = sched.running;
    struct goroutine *next = pick(self);
    if (likely(next == self)) {
        self->yielded = false;
        return;
    }
    rt_assert(next);
    if (!self->yielded) sched.preemptions++;
    self->yielded = false;
    list_push_back(&sched.ready, &self->ready_link);
    switch_to(self, next);
}

/* Index of the candidate that goes on at an access of the running goroutine. */
static size_t pick_at_access(const struct goroutine *self, size_t n)
{
    size_t i = choose_at_access(sched.policy->blind ? NULL : fill_candidates(self, n), n);
    if (i) sched.chosen = true;
    return i;
}

void sched_point_at_access(const void *address, bool writes, struct call_site site)
{
    if (unlikely(event_log.count >= sched.step_limit)) return; /* the next point begins a phase */
    size_t n = sched.enabled_count + (sched.deadlines.count != 0);
    struct goroutine *self = sched_publish(writes ? OP_WRITE : OP_READ,
                                           writes ? OP_MODE_WRITE : OP_MODE_READ, NULL, site);
    self->accessing = address;
    size_t i = n == 1 ? 0 : pick_at_access(self, n);
    if (likely(!i)) {
        if (sched.policy->executed) sched_show_access();
        return;
    }
    if (i < sched.enabled_count) {
        sched.preemptions++;
        list_push_back(&sched.ready, &self->ready_link);
        switch_to(self, sched_goroutine(ready_nth(i - 1, self->number)));
    } else {
        fire_clock();
    }
    sched_executed(PHASE_DONE, 0);
}

struct goroutine *sched_park_for(enum wait_reason reason)
{
    struct goroutine *self = sched.running;
    self->wait_reason = (uint8_t)reason;
    self->parked_step = event_log.count;
    ready_clear(self);
    struct goroutine *next = pick(self);
    if (unlikely(!next)) sched_stop(STOP_IDLE);
    list_remove(&next->ready_link);
    if (next == self) return NULL; /* the clock made it ready */
    sched.switches++;
    sched_enter(self, next);
    return next;
}

void sched_ready(struct goroutine *g)
{
    rt_check2(!g->enabled);
    g->wait_reason = WAIT_NONE;
    ready_set(g);
    list_push_back(&sched.ready, &g->ready_link);
}

void sched_unready(struct goroutine *g, enum wait_reason reason)
{
    rt_check2(g->enabled && g != sched.running);
    g->wait_reason = (uint8_t)reason;
    g->parked_step = event_log.count;
    ready_clear(g);
    list_remove(&g->ready_link);
}

void sched_executed_as(enum op_kind kind, enum op_mode mode, const struct object *object,
                       enum event_phase phase, uint64_t value)
{
    words_put(&sched.running->pending.kind,
              operation_word(kind, mode, object ? object->number : 0));
    sched_executed(phase, value);
}

/* ---- Goroutines --------------------------------------------------------------------------- */

static void goroutine_entry(void)
{
    struct goroutine *g = sched.running;
    coro_arrived(&g->coro, &sched.thread);
    sched_executed(PHASE_DONE, 0); /* OP_START */
    sched.body(g);
    sched_goroutine_end();
}

struct goroutine *sched_go(void (*fn)(void *), void *arg, uint64_t stable, uint32_t created_by,
                           uint32_t released)
{
    if (sched.goroutine_count == GOROUTINES_MAX) sched_stop_limit("max_goroutines");
    struct goroutine *g = sched_goroutine(++sched.goroutine_count);
    /* All but the trace and the deadline, which count and slot say are empty. */
    bytes_clear(g, offsetof(struct goroutine, created));
    g->number = sched.goroutine_count;
    g->stable = stable;
    g->segment = order_begin(g->number, released);
    words_put(&g->pending.kind, OP_START);
    g->created_by = created_by;
    if (sched.root_over) sched_inherit_waits(g, sched.running);
    g->fn = fn;
    g->arg = arg;
    g->created.count = 0;
    g->sleep.slot = 0;
    g->sleep.repeats = false;
    g->sleep.object = NULL;
    if (!coro_make(&g->coro, goroutine_entry)) {
        g->state = GOROUTINE_ENDED;
        sched_stop_limit("max_stacks");
    }
    shadow_stack_begin(g->coro.slot, g->coro.stack_low, g->coro.stack_high);
    sched_ready(g);
    return g;
}

_Noreturn void sched_goroutine_end(void)
{
    struct goroutine *self = sched.running;
    self->site = (struct call_site){0};
    sched_executed_as(OP_END, OP_MODE_NONE, NULL, PHASE_DONE, 0);
    self->state = GOROUTINE_ENDED;
    if (self->number == 1) sched.root_over = true;
    ready_clear(self);
    struct goroutine *next = pick(self);
    coro_release(&self->coro);
    if (!next) sched_stop(STOP_IDLE);
    switch_to(self, next);
    __builtin_unreachable();
}

/* ---- One execution ------------------------------------------------------------------------ */

void sched_reset(void)
{
    memset(sched.enabled, 0, ((size_t)sched.goroutine_count + 63) / 64 * sizeof(uint64_t));
    memset(sched.enabled_in_block, 0, sizeof sched.enabled_in_block);
    sched.running = NULL;
    sched.enabled_count = 0;
    sched.goroutine_count = 0;
    sched.fair = false;
    sched.root_over = false;
    sched.chosen = false;
    sched.ready = (struct go_list){&sched.ready, &sched.ready};
    sched.deadlines = (struct deadline_queue){0};
    sched.now_ns = 0;
    sched.watchdog_ns = INT64_MAX;
    sched.switches = 0;
    sched.preemptions = 0;
    sched.fair_turns = 0;
    sched.fair_choices = 0;
    sched.round = 0;
    sched.round_end = 0;
    sched.round_left = 0;
    sched.limit = NULL;
    sched.candidates = NULL;
    sched.candidate_capacity = 0;
    coro_reset();
}

enum stop_cause sched_run(void (*body)(struct goroutine *), void (*root)(void *), void *arg)
{
    sched.body = body;
    struct goroutine *g = sched_go(root, arg, ROOT_STABLE, 0, 0);
    list_remove(&g->ready_link);
    coro_thread(&sched.thread);
    sched.running = g;
    order_enter(g->segment);
    sched.policy->position++; /* the start of the root is a point with one candidate */
    access_rearm(sched.policy);
    coro_switch(&sched.thread, &g->coro);
    return sched.cause;
}

const char *wait_reason_name(enum wait_reason reason)
{
    static const char *const names[WAIT_REASON_COUNT] = {
        [WAIT_NONE] = "running",
        [WAIT_CHAN_SEND] = "chan send",
        [WAIT_CHAN_SEND_NIL] = "chan send (nil chan)",
        [WAIT_CHAN_RECV] = "chan receive",
        [WAIT_CHAN_RECV_NIL] = "chan receive (nil chan)",
        [WAIT_SELECT] = "select",
        [WAIT_SELECT_NO_CASES] = "select (no cases)",
        [WAIT_MUTEX_LOCK] = "sync.Mutex.Lock",
        [WAIT_RWMUTEX_RLOCK] = "sync.RWMutex.RLock",
        [WAIT_RWMUTEX_LOCK] = "sync.RWMutex.Lock",
        [WAIT_WAITGROUP] = "sync.WaitGroup.Wait",
        [WAIT_ONCE] = "sync.Once.Do",
        [WAIT_COND] = "sync.Cond.Wait",
        [WAIT_SLEEP] = "sleep",
        [WAIT_TEST] = "testing.T.Run",
    };
    return names[reason];
}
