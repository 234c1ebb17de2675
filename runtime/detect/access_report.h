// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reports about memory: data races, use after free, out of bounds, double free. */
#ifndef HEDDLE_ACCESS_REPORT_H
#define HEDDLE_ACCESS_REPORT_H

#include "../report/report.h"
#include "race.h"

/* The access a races with an earlier one of this kind by `segment`, in the bytes of mask. Ends the
 * execution with a report; returns if the race detector is switched off. */
void access_report_race(const struct access *a, uint32_t segment, enum access_kind earlier,
                        uint8_t mask);

/* a touches bytes that must not be accessed: freed, or beyond a block. Ends the execution; returns
 * if the detector of memory errors is switched off. */
void access_report_bad(const struct access *a);

/* The second execution is over: add to r what it recalled. same: it ended as the first did. */
void access_report_recalled(struct report *r, bool same);

#endif
