// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* How Heddle itself fails: INTERNAL faults and usage errors. Declared in base.h; this is for who
 * wants to leave in another way (an engine's target writes the input down first). */
#ifndef HEDDLE_FAULT_H
#define HEDDLE_FAULT_H

/* Called with the one-line description after it was printed; must not return. NULL: _exit(4). */
void fault_set_handler(void (*handler)(const char *what));

enum { FAULT_STATUS_INTERNAL = 4, FAULT_STATUS_USAGE = 2 };

#endif
