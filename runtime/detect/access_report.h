// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reports about memory: data races, use after free, out of bounds, double and invalid free.
 *
 * Invariants
 * - A race names both functions in its signature, a memory error only the one that made it: who had
 *   freed the memory may depend on the schedule.
 * - An access to freed memory is a race if nothing orders it after the free, and a use after free
 *   if something does. A second free is a double free in any order, since the other order of the
 *   two is one as well.
 * - Stacks of the past (the other access, allocation, free) come from the second execution. Without
 *   it the report has the call that made the block, and the one that freed it.
 */
#ifndef HEDDLE_ACCESS_REPORT_H
#define HEDDLE_ACCESS_REPORT_H

#include "../report/report.h"
#include "race.h"

/* The access a races with an earlier one of this kind by `segment`, in the bytes of mask. Ends the
 * execution with a report; returns if the race detector is switched off. */
void access_report_race(const struct access *a, uint32_t segment, enum access_kind earlier,
                        uint8_t mask);

/* a touches bytes of its cell (mask) that must not be accessed: freed, or beyond a block. Ends the
 * execution; returns if the detector of memory errors is switched off. */
void access_report_bad(const struct access *a, uint8_t mask);

/* The running goroutine frees what it must not: type is double-free or invalid-free. Ends the
 * execution; returns if the detector of memory errors is switched off. */
void access_report_free(enum report_type type, const void *memory, struct call_site site);

/* The second execution is over: add to r what it recalled. same: it ended as the first did. */
void access_report_recalled(struct report *r, bool same);

#endif
