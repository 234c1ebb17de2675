// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The event log and the digest of an execution.
 *
 * Invariants
 * - The digest mixes choices taken, API events (goroutine, operation, object numbers, phase, value)
 *   and the verdict; never sites, addresses or pointer values.
 * - The log keeps the first EVENTS_MAX events; what is not kept is counted, and is in the digest.
 */
#ifndef HEDDLE_EVENT_H
#define HEDDLE_EVENT_H

#include "base.h"
#include "choice.h"
#include "heap.h"
#include "heap_limits.h"
#include "order.h"

/* What is kept of an event; struct event (choice.h) is made of it when somebody wants to see it. */
struct event_record {
    uint64_t word; /* kind, mode, phase, chosen (a byte each), object (the upper half) */
    uint64_t value;
    const void *site;
    uint32_t goroutine; /* G number, or CLOCK_ID */
    uint32_t segment;   /* order.h: what the goroutine knew then; 0 if edges are not noted */
};

static inline uint64_t event_word(uint64_t kind_mode_object, enum event_phase phase, bool chosen)
{
    return (kind_mode_object & ~(uint64_t)0xffff0000) | (uint64_t)phase << 16 |
           (uint64_t)chosen << 24;
}
static inline enum op_kind event_kind(const struct event_record *r)
{
    return (enum op_kind)(r->word & 0xff);
}
static inline enum event_phase event_phase_of(const struct event_record *r)
{
    return (enum event_phase)(r->word >> 16 & 0xff);
}
static inline uint32_t event_object(const struct event_record *r)
{
    return (uint32_t)(r->word >> 32);
}

struct event_log {
    uint32_t count; /* events executed */
    uint64_t digest;
    uint64_t observed; /* mix of go_observe */
};
extern struct event_log event_log;

static inline void event_reset(void) { event_log = (struct event_log){.digest = 0x4865646466u}; }

static inline void event_mix(uint64_t x) { event_log.digest = mix64(event_log.digest, x); }

/* Record i (from 0) of the log. */
static inline struct event_record *event_record(size_t i)
{
    return (struct event_record *)heap_table(REGION_EVENTS) + i;
}

/* How many events the log has kept. */
static inline size_t event_kept(void)
{
    return event_log.count < EVENTS_MAX ? event_log.count : EVENTS_MAX;
}

/* Log one event and mix it into the digest; the slot after the last serves when the log is full. */
static inline struct event_record *event_add(uint64_t word, uint32_t goroutine, const void *site,
                                             uint64_t value)
{
    uint32_t i = event_log.count++;
    struct event_record *r = event_record(likely(i < EVENTS_MAX) ? i : EVENTS_MAX);
    r->word = word;
    r->value = value;
    r->site = site;
    r->goroutine = goroutine;
    r->segment = order_current();
    event_log.digest = mix64(event_log.digest + value, word ^ (uint64_t)goroutine << 48);
    return r;
}

#endif
