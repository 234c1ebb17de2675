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

struct event_log {
    uint32_t count;    /* events executed */
    uint64_t digest;
    uint64_t observed; /* mix of go_observe */
};
extern struct event_log event_log;

static inline void event_reset(void) { event_log = (struct event_log){.digest = 0x4865646466u}; }

static inline void event_mix(uint64_t x) { event_log.digest = mix64(event_log.digest, x); }

/* Where the next event is written: a slot of the log, or a spare one when the log is full. */
static inline struct event *event_next(void)
{
    uint32_t i = event_log.count++;
    return (struct event *)heap_table(REGION_EVENTS) + (i < EVENTS_MAX ? i : EVENTS_MAX);
}

#endif
