// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The race detector: each covered access against what the shadow remembers.
 *
 * Invariants
 * - A race is reported exactly when two accesses to a common byte, at least one of them writing and
 *   not both atomic, are not ordered by happens-before in this execution. Nothing is predicted.
 * - The first race ends the execution (like every report); with DETECTOR_RACE switched off nothing
 *   is reported and the execution goes on.
 * - Accesses to freed memory and beyond a block are reported before they happen, whether or not
 *   they race.
 *
 * Source: Go memory model, "Data race"; C17 5.1.2.4p35; Flanagan and Freund, FastTrack (PLDI 2009).
 */
#ifndef HEDDLE_RACE_H
#define HEDDLE_RACE_H

#include "shadow.h"

struct access {
    uintptr_t address;
    size_t bytes;
    enum access_kind kind;
    struct call_site site;
};

/* Check an access of any size, and remember it. Covered bytes only are looked at. */
void race_access(const struct access *a);

/* The same for an access that lies within one cell, which is c. */
void race_access_cell(struct shadow_cell *c, const struct access *a);

#endif
