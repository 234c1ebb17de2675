// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Who knows what: the vector clocks of segments, worked out when a detector asks.
 *
 * The clock of segment t maps each goroutine to its latest segment that happens before t. Clocks
 * are persistent trees with 16 slots to a node (one cache line) that share what they have in
 * common: learning from one other goroutine copies one node for each 16-fold of goroutines, not all
 * of them. Most joins are answered without looking at slots, because one side knows the other.
 *
 * Invariants
 * - Clocks are worked out in the order of segments, each once; what is not asked for costs nothing.
 * - A node never changes once its clock is known. Equal references are equal clocks.
 * - What a clock says of its own goroutine is not used: earlier segments happen before by program
 *   order.
 *
 * Source: Flanagan and Freund, FastTrack (PLDI 2009), for epochs; Mathur et al., tree clocks
 * (ASPLOS 2022), for the use of what one side knows of the other.
 */
#ifndef HEDDLE_CLOCK_H
#define HEDDLE_CLOCK_H

#include "../order.h"

/* Forget all clocks: a new execution begins. */
void clock_reset(void);

/* Work out the clocks of all segments up to this one. Without room for them an execution ends with
 * limit max_clocks; who asks after it is told that everything is ordered: no false alarm. */
void clock_advance(uint32_t segment);

/* The latest segment of goroutine that `segment` knows; 0: none. */
uint32_t clock_latest(uint32_t segment, uint32_t goroutine);

/* Does segment a happen before the running goroutine's segment b, or is it the same goroutine's? */
static inline bool clock_ordered(uint32_t a, uint32_t b)
{
    uint32_t goroutine = order_segment(a)->goroutine;
    if (!a || goroutine == order_segment(b)->goroutine) return true;
    return clock_latest(b, goroutine) >= a;
}

/* What a goroutine knows of another never shrinks, so what was found once holds for all its later
 * segments. A small table of such findings answers most questions without any clock. */
struct clock_finding {
    uint32_t knower; /* goroutine */
    uint32_t of;     /* goroutine; 0: no finding */
    uint32_t segment;
    uint32_t execution; /* of which it holds */
};
enum { CLOCK_FINDINGS = 64 };
struct clock_findings {
    uint32_t execution;
    struct clock_finding table[CLOCK_FINDINGS];
};
extern struct clock_findings clock_findings;

static inline struct clock_finding *clock_finding_of(uint32_t knower, uint32_t of)
{
    return &clock_findings.table[(knower * 8 + of) % CLOCK_FINDINGS];
}

/* clock_ordered() for the running goroutine's latest segment `now`, of goroutine `knower`, if that
 * can be told at once; else false. */
static inline bool clock_is_known(uint32_t a, uint32_t knower)
{
    uint32_t of = order_segment(a)->goroutine;
    const struct clock_finding *f = clock_finding_of(knower, of);
    return of == knower || (f->segment >= a && f->of == of && f->knower == knower &&
                            f->execution == clock_findings.execution);
}

/* clock_ordered() for the running goroutine's latest segment. */
static inline bool clock_ordered_now(uint32_t a, uint32_t now)
{
    uint32_t knower = order_segment(now)->goroutine;
    if (clock_is_known(a, knower)) return true;
    uint32_t of = order_segment(a)->goroutine;
    uint32_t latest = clock_latest(now, of);
    *clock_finding_of(knower, of) =
        (struct clock_finding){knower, of, latest, clock_findings.execution};
    return latest >= a;
}

/* Bytes of clock memory of this execution; for bench. */
enum { CLOCK_NODE_BYTES = 64 };
size_t clock_bytes(void);

#endif
