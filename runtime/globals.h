// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The globals of the program under test, which heddle.h puts into sections of their own.
 *
 * Invariant: every execution begins with the globals as they were before the first one. What the
 * program's own set-up wrote before the first execution is kept. */
#ifndef HEDDLE_GLOBALS_H
#define HEDDLE_GLOBALS_H

#include "base.h"

struct globals_range {
    uintptr_t low;
    uintptr_t high;
};
enum { GLOBALS_DATA, GLOBALS_BSS, GLOBALS_COUNT };

/* The sections; empty ranges where the program has none. */
struct globals_range globals_range(int section);

/* Put all back. The first call remembers them instead. */
void globals_reset(void);

#endif
