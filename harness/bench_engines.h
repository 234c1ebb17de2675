// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The part of `heddle bench` that runs engines. */
#ifndef HEDDLE_BENCH_ENGINES_H
#define HEDDLE_BENCH_ENGINES_H

#include "status.h"

enum status bench_engines(void);

#endif
