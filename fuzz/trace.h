// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* trace.json of an artifact. */
#ifndef HEDDLE_TRACE_H
#define HEDDLE_TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include "artifact.h"

/* Print it: one top-level member a line, one event a line. False if something could not be
 * written. */
bool trace_print(FILE *out, const struct artifact *a);

#endif
