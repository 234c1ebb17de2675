// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Running a program in this runtime. */
#ifndef HEDDLE_CONFORM_INTERPRET_H
#define HEDDLE_CONFORM_INTERPRET_H

#include "outcome.h"
#include "run.h"

/* The root function of an execution, of the program set before. */
void interpret_set(const struct program *p);
void interpret_root(void);

/* What the latest execution came to; NULL, or why it says nothing. */
const char *interpret_outcome(const struct run_result *result, struct outcome *out);

#endif
