// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Goroutines and who runs next: publish, point, park, ready; the run loop and the virtual clock.
 *
 * Invariants
 * - One goroutine runs; every other live one is at a scheduling point (its operation published) and
 *   either enabled (a candidate) or parked with a reason and, mostly, an object.
 * - sched.enabled has a bit for each goroutine whose pending operation can proceed now, the running
 *   one included while it is at a point. sched.ready lists those that do not run, longest first.
 * - The clock is a candidate exactly when a deadline is armed. Deadlines fire in order of time,
 *   time never goes back.
 * - An operation is: sched_publish, then sched_point (it can proceed) or sched_park (it cannot
 *   yet), then its effect, then sched_executed. Primitives block in no other way.
 * - Once the root is over, who only waits for one new timer after the other is parked for good.
 *   Waits are counted in rounds: a round is over when every deadline that was armed at its
 *   beginning has fired or was disarmed, so that nobody pays for looking often while somebody else
 *   waits long. A round counts for who armed a deadline that fired in it while nobody else could
 *   run: as long as others are busy, not only time goes on. Who is started inherits the count.
 *   Beyond waits_after_end new one-shots are not armed: a leak, though it would never block for
 *   good.
 * - After max_steps events the schedule is fair (round robin over goroutines and clock) and asks no
 *   policy; after fair_steps more it is cut.
 */
#ifndef HEDDLE_SCHED_H
#define HEDDLE_SCHED_H

#include <string.h>

#include "access.h"
#include "base.h"
#include "choice.h"
#include "coro.h"
#include "deadline.h"
#include "event.h"
#include "object.h"
#include "order.h"

enum wait_reason {
    WAIT_NONE,
    WAIT_CHAN_SEND,
    WAIT_CHAN_SEND_NIL,
    WAIT_CHAN_RECV,
    WAIT_CHAN_RECV_NIL,
    WAIT_SELECT,
    WAIT_SELECT_NO_CASES,
    WAIT_MUTEX_LOCK,
    WAIT_RWMUTEX_RLOCK,
    WAIT_RWMUTEX_LOCK,
    WAIT_WAITGROUP,
    WAIT_ONCE,
    WAIT_COND,
    WAIT_SLEEP,
    WAIT_TEST,
    WAIT_REASON_COUNT
};

enum goroutine_state { GOROUTINE_LIVE, GOROUTINE_ENDED };

struct protect; /* panic.c */
struct defer;

struct goroutine {
    struct coro coro;
    struct operation pending;  /* kind, mode, object; cases of a select. The rest is filled in for
                                   who looks at it: sched_pending */
    struct call_site site;     /* the public call that published it */
    uintptr_t frames_end;      /* user frames lie below this address of its stack; 0: not begun */
    struct go_list ready_link; /* in sched.ready */
    struct go_list want_link;  /* in the wanters of the lock that it is about to take */
    uint64_t stable;
    const void *accessing; /* pending OP_READ or OP_WRITE: which address */
    uint32_t segment;      /* order.h: where it goes on, while it does not run */
    uint32_t effects;      /* events of it that were no failed try, loads of atomics excepted */
    /* Of atomic fences (atomic.c): segments, but for the last. */
    uint32_t fence_released; /* what it did before its latest release fence */
    uint32_t fence_learns;   /* what its next acquire fence learns */
    uint32_t fence_last;     /* the latest that was ever merged into that */
    uint32_t fence_effects;  /* `effects` at its latest fence */
    uint32_t number;         /* G number, from 1 */
    uint8_t state;           /* enum goroutine_state */
    uint8_t wait_reason;     /* enum wait_reason; WAIT_NONE while enabled */
    bool enabled;            /* its bit in sched.enabled */
    bool yielded;            /* its pending operation asks that others go first */
    bool daemon;
    bool exiting;             /* Goexit */
    bool panicking;           /* outside every go_protect */
    bool timer_made;          /* started by a timer, not by a go statement */
    uint32_t parked_step;     /* events executed when it parked */
    uint32_t waits_after_end; /* rounds that count, since the root is over */
    uint32_t waited_round;    /* the latest of them */
    uint32_t woken_case;      /* which case of its select, or 0, was completed by somebody else */
    struct go_case *cases;    /* what it is parked on: one for a plain send or receive, else NULL */
    uint32_t case_count;
    uint64_t made;       /* objects, blocks and goroutines made so far: ordinals of stable ids */
    uint32_t created_by; /* G number, 0 for the root */
    void (*fn)(void *);
    void *arg;
    struct protect *protect; /* innermost go_protect */
    struct defer *defers;    /* of the goroutine itself, outside every go_protect */
    struct trace created;    /* sched_go clears what lies before this */
    struct deadline sleep;
};

/* Why an execution stopped. */
enum stop_cause {
    STOP_IDLE,     /* nothing can run */
    STOP_REPORT,   /* a detector filled the report */
    STOP_LIMIT,    /* sched.limit names it */
    STOP_EXIT,     /* go_exit(0) */
    STOP_FAIR_END, /* the fair phase is over and goroutines still run */
};

enum { GOROUTINE_WORDS = GOROUTINES_MAX / 64, GOROUTINE_BLOCKS = GOROUTINE_WORDS / 64 };

struct sched {
    struct goroutine *running; /* NULL outside an execution; while the clock fires, whoever came to
                                  the point before */
    void (*body)(struct goroutine *); /* what a goroutine does between its start and its end */
    struct policy *policy;
    uint32_t enabled_count;
    uint32_t goroutine_count; /* created */
    uint32_t step_limit;      /* event_log.count at which the phase changes */
    uint32_t quiet_limit;     /* the same while points may be quiet; 0 in the fair phase */
    bool fair;                /* fair phase */
    bool root_over;
    bool chosen; /* the latest point took another candidate than the natural one */
    struct go_list ready;
    struct deadline_queue deadlines;
    int64_t now_ns;
    int64_t watchdog_ns; /* go_test_timeout; INT64_MAX: none */
    uint64_t switches;
    uint64_t preemptions;
    uint32_t fair_turns;   /* since the clock had its turn in the fair phase */
    uint32_t fair_choices; /* answers given in the fair phase */
    uint32_t fair_start;   /* event_log.count when the fair phase began */
    uint32_t ticks_after_end;
    uint32_t waits_after_end;
    uint32_t round;      /* of waiting, since the root is over; 0: the first has not begun */
    uint64_t round_end;  /* deadlines armed before this many-th belong to the round */
    uint64_t round_left; /* so many of them are armed still */
    uint32_t fair_steps;
    bool go123_timers;
    unsigned detectors_off;
    enum stop_cause cause;
    const char *limit;
    struct coro thread; /* where run_execute waits */
    uint64_t enabled[GOROUTINE_WORDS];
    uint16_t enabled_in_block[GOROUTINE_BLOCKS]; /* bits set in each 64 words */
    struct candidate *candidates;                /* arena; as many as goroutine_capacity */
    size_t candidate_capacity;
};
extern struct sched sched;

/* ---- For primitives ----------------------------------------------------------------------- */

/* The running goroutine; outside an execution fault_usage, which names the call. */
static inline struct goroutine *sched_current(const char *call);

/* Say what the running goroutine does next. object may be NULL. Outside an execution: fault_usage.
 */
static inline struct goroutine *sched_publish(enum op_kind kind, enum op_mode mode,
                                              const struct object *object, struct call_site site);

/* The same by the number of the object; 0: none. */
static inline struct goroutine *sched_publish_number(enum op_kind kind, enum op_mode mode,
                                                     uint32_t number, struct call_site site);

/* The pending operation can proceed now: let the input decide who goes on. Returns when the running
 * goroutine was chosen; somebody may have disabled and enabled it meanwhile. */
static inline void sched_point(void);

/* The pending operation cannot proceed: block until sched_ready and being chosen after it. */
static inline void sched_park(enum wait_reason reason);
/* All of it but the switch: who goes on, NULL if nobody else. */
struct goroutine *sched_park_for(enum wait_reason reason);

/* g, parked, can proceed now: it becomes a candidate. */
void sched_ready(struct goroutine *g);

/* g, at a point and not running, can no longer proceed: it is parked. */
void sched_unready(struct goroutine *g, enum wait_reason reason);

/* The pending operation of the running goroutine had its effect. */
static inline void sched_executed(enum event_phase phase, uint64_t value);

/* The same for an operation that asks that others go first: so does the natural schedule. */
static inline void sched_point_yielding(void);

/* The two halves of sched_point: true if nobody is to be asked and the running goroutine just goes
 * on (nobody else will have seen its pending operation); else the policy is asked. */
static inline bool sched_point_quiet(void);
void sched_point_asked(void);

/* The event of a record, as policies and people see it. */
void sched_event_of(const struct event_record *r, struct event *out);

/* Show the latest event to the policy. */
void sched_show(const struct event_record *r);

/* The same for an operation that differs from the published one (a select's case). */
void sched_executed_as(enum op_kind kind, enum op_mode mode, const struct object *object,
                       enum event_phase phase, uint64_t value);

/* A point after something that took effect without one before: go, a taken default, an armed timer.
 */
static inline void sched_point_after(enum op_kind kind, const struct object *object,
                                     struct call_site site, enum event_phase phase);

/* choose() under the policy, round robin in the fair phase. */
size_t sched_choose(enum choice_kind kind, const struct candidate *c, size_t n);

/* Start fn(arg) as a goroutine; stable comes from who made it, and what was done up to `released`
 * (order_release) happens before its start. The caller fills g->created. */
struct goroutine *sched_go(void (*fn)(void *), void *arg, uint64_t stable, uint32_t created_by,
                           uint32_t released);

/* g is started on behalf of `by`: what that has waited since the root is over counts for g too. */
static inline void sched_inherit_waits(struct goroutine *g, const struct goroutine *by)
{
    g->waits_after_end = by->waits_after_end;
    g->waited_round = by->waited_round;
}

/* The running goroutine is at a plain access that is a point: let the input decide who goes on. */
void sched_point_at_access(const void *address, bool writes, struct call_site site);

/* The rest of the execution is fair, as if max_steps were reached. */
void sched_be_fair(void);

/* The running goroutine has nothing left to do. */
_Noreturn void sched_goroutine_end(void);

/* Arm d to fire at at_ns; false (and not armed) when the root is over and its ticks, or the running
 * goroutine's waits, are used up. */
bool sched_arm(struct deadline *d, int64_t at_ns);
bool sched_disarm(struct deadline *d);

/* Arena memory that may be missing: ends the execution with limit max_arena. */
void *sched_alloc(size_t bytes);

/* End the execution now, from a goroutine or from the clock. */
_Noreturn void sched_stop(enum stop_cause cause);
_Noreturn void sched_stop_limit(const char *name);

/* ---- For run.c and detectors -------------------------------------------------------------- */

/* Forget the last execution. */
void sched_reset(void);
/* Run root to the end of the execution; returns why it stopped. body runs goroutine.fn, then its
 * deferred calls, and returns. */
enum stop_cause sched_run(void (*body)(struct goroutine *), void (*root)(void *), void *arg);

static inline struct goroutine *sched_goroutine(uint32_t number);
/* The root is over and g has waited for new timers so often that it does not end. */
static inline bool sched_waits_for_ever(const struct goroutine *g)
{
    return sched.root_over && g->waits_after_end >= sched.waits_after_end;
}
/* The whole of g's pending operation. */
struct operation sched_pending(const struct goroutine *g);
const char *wait_reason_name(enum wait_reason reason);

/* ---- Inline ------------------------------------------------------------------------------- */

/* The first 8 bytes of an operation, kind to object, are written and read as one word: a load that
 * spans several narrower stores waits for all of them to leave the store buffer, which was half the
 * time of an uncontended Lock. The empty asm keeps words from being taken apart or joined. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are put together little-endian");
_Static_assert(offsetof(struct operation, object) - offsetof(struct operation, kind) == 4,
               "kind to object are one word");

static inline uint64_t words_get(const void *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    __asm__("" : "+r"(word));
    return word;
}

static inline void words_put(void *to, uint64_t word)
{
    __asm__("" : "+r"(word));
    memcpy(to, &word, sizeof word);
}

static inline struct goroutine *sched_goroutine(uint32_t number)
{
    return number ? (struct goroutine *)heap_table(REGION_GOROUTINES) + (number - 1) : NULL;
}

static inline struct goroutine *sched_current(const char *call)
{
    struct goroutine *g = sched.running;
    if (unlikely(!g)) fault_usage("%s outside a running execution", call);
    return g;
}

static inline uint64_t operation_word(enum op_kind kind, enum op_mode mode, uint32_t number)
{
    return (uint64_t)kind | (uint64_t)mode << 8 | (uint64_t)number << 32;
}

static inline struct goroutine *sched_publish_number(enum op_kind kind, enum op_mode mode,
                                                     uint32_t number, struct call_site site)
{
    struct goroutine *g = sched.running;
    if (unlikely(!g)) fault_usage("%s outside a running execution", op_kind_name(kind));
    words_put(&g->pending.kind, operation_word(kind, mode, number));
    g->site = site;
    return g;
}

static inline struct goroutine *sched_publish(enum op_kind kind, enum op_mode mode,
                                              const struct object *object, struct call_site site)
{
    return sched_publish_number(kind, mode, object ? object->number : 0, site);
}

static inline void sched_executed(enum event_phase phase, uint64_t value)
{
    struct goroutine *g = sched.running;
    uint64_t word = event_word(words_get(&g->pending.kind), phase, sched.chosen);
    g->effects += phase != PHASE_FAIL;
    const struct event_record *r = event_add(word, g->number, g->site.pc, value);
    sched.chosen = false;
    if (unlikely(sched.policy->executed)) sched_show(r);
}

static inline bool sched_point_quiet(void)
{
    struct policy *p = sched.policy;
    uint64_t position = p->position + 1;
    if (unlikely(position >= p->quiet_until || event_log.count >= sched.quiet_limit)) return false;
    p->position = position;
    p->access = 0;
    access_quiet();
    return true;
}

/* next runs instead of self. */
static inline void sched_enter(struct goroutine *self, struct goroutine *next)
{
    self->segment = order_current();
    sched.running = next;
    order_enter(next->segment);
}

static inline void sched_point(void)
{
    if (unlikely(!sched_point_quiet())) sched_point_asked();
}

/* Inline, so that few frames lie between the switch and the program: after a switch the processor
 * predicts the returns of the goroutine that it came from, and each frame is one wrong guess. */
static inline __attribute__((always_inline)) void sched_park(enum wait_reason reason)
{
    struct goroutine *self = sched.running;
    struct goroutine *next = sched_park_for(reason);
    if (likely(next)) coro_switch(&self->coro, &next->coro);
}

static inline void sched_point_yielding(void)
{
    sched.running->yielded = true;
    sched_point_asked();
}

static inline void sched_point_after(enum op_kind kind, const struct object *object,
                                     struct call_site site, enum event_phase phase)
{
    sched_publish(kind, OP_MODE_NONE, object, site);
    sched_point();
    sched_executed(phase, 0);
}

#endif
