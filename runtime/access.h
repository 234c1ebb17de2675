// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Plain memory accesses of the program under test, as the compiler announces them: which of them
 * count, when one of them is a scheduling point, and who looks at them.
 *
 * Every announced access goes the same way (detect/tsan_abi.c): filter by address, then yield, then
 * check. The filter comes first because compilers also announce what is not the program's (coverage
 * counters), and their number must not move a position.
 *
 * Invariants
 * - Covered are goroutine stacks, the heap of the execution and the program's globals; nothing else
 *   counts, yields or is checked.
 * - An access is a scheduling point by the grain of the input: none (sync), those of sites that the
 *   execution of the empty input has not shown to touch private memory only (shared), or all.
 * - The k-th counted access after the latest position p of the policy has position (p, k); points
 *   of operations are (p, 0). So a finer grain leaves the positions of a coarser one where they
 *   are.
 * - ACCESS_SPIN accesses without any visible operation are a spin: the execution goes on fairly
 *   from there, and then each ACCESS_SPIN_FAIR of them are a failed try, after which another
 *   goroutine goes on. Both are counted to the access, whatever the grain and whoever was asked:
 *   what nobody decides must not change an execution.
 */
#ifndef HEDDLE_ACCESS_H
#define HEDDLE_ACCESS_H

#include "base.h"
#include "choice.h"

enum { ACCESS_SPIN = 1 << 20, ACCESS_SPIN_FAIR = 1 << 12 };

/* In struct shadow_cell's first words (detect/shadow.h): a segment, then the mask of its bytes. */
#define ACCESS_WHOLE_MASK ((uint64_t)0xff << 32)

/* What the fast path of an access reads. */
struct access_state {
    uint64_t countdown;    /* covered accesses until access_point() is called */
    uint64_t segment_word; /* segment of the running goroutine, and ACCESS_WHOLE_MASK */
    uint64_t quiet;        /* what countdown becomes at a position that nobody is asked at */
    uint64_t armed;        /* what countdown was when it was set ... */
    uint64_t armed_at;     /* ... at this position */
    uint64_t since;        /* accesses since that position, up to when it was set */
    uint64_t spin;         /* so many of them are a spin, or a failed try of the fair phase */
    bool instrumented;     /* the program has announced itself (__tsan_init) */
    bool logging;          /* accesses go into the log (detect/access_log.h) */
    bool fine;             /* accesses are points: a grain finer than sync, not the fair phase */
    bool shared_only;      /* grain shared: sites in detect/grain.h decide */
};
extern struct access_state access_state;

enum access_kind {
    ACCESS_READ = 0,
    ACCESS_WRITE = 1,
    ACCESS_ATOMIC = 2, /* a flag: with one of the others */
    ACCESS_FREE = 4,   /* a flag of ACCESS_WRITE: the memory is given back */
};

/* A new execution begins; grain as policy->begin has set it. */
void access_reset(const struct policy *policy);

/* The countdown has run out at this access: ask the policy if it is a point and its turn, end a
 * spin, log. Returns when the running goroutine goes on with the access. */
void access_point(const void *address, size_t bytes, enum access_kind kind, struct call_site site);

/* The fair phase begins: no access is a point any more. */
void access_be_fair(const struct policy *policy);

/* The policy has been asked at its latest position, or the fair phase has picked somebody: set the
 * countdown for what follows. */
static inline void access_rearm(const struct policy *p);

/* The latest position was quiet. */
static inline void access_quiet(void) { access_state.countdown = access_state.quiet; }

/* The runtime itself reads or writes memory of the program on behalf of the running goroutine (the
 * value of a send, the room of a receive): checked, but no point. Address may be NULL. */
static inline void access_runtime(const void *address, size_t bytes, enum access_kind kind,
                                  struct call_site site);
void access_runtime_checked(const void *address, size_t bytes, enum access_kind kind,
                            struct call_site site);

/* ---- Inline ------------------------------------------------------------------------------- */

/* Are accesses counted after the latest position, since the policy may be asked at one of them? */
static inline bool access_counts(const struct policy *p)
{
    return access_state.fine && p->position >= p->quiet_until && p->quiet_accesses != UINT64_MAX;
}

/* Accesses until the next one that access_point() must see. Sites are known only when they come. */
static inline uint64_t access_ahead(const struct policy *p)
{
    uint64_t left = access_state.quiet;
    uint64_t until_spin = access_state.spin - access_state.since;
    if (left > until_spin) left = until_spin;
    if (!access_counts(p)) return left;
    if (access_state.shared_only || p->quiet_accesses <= p->access) return 1;
    uint64_t until_asked = p->quiet_accesses - p->access;
    return left < until_asked ? left : until_asked;
}

static inline void access_rearm(const struct policy *p)
{
    access_state.armed_at = p->position;
    access_state.since = 0;
    access_state.countdown = access_state.armed =
        unlikely(access_state.fine) ? access_ahead(p) : access_state.quiet;
}

static inline void access_runtime(const void *address, size_t bytes, enum access_kind kind,
                                  struct call_site site)
{
    if (unlikely(access_state.instrumented) && address && bytes)
        access_runtime_checked(address, bytes, kind, site);
}

#endif
