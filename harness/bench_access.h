// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The parts of `heddle bench` about the race detector. */
#ifndef HEDDLE_BENCH_ACCESS_H
#define HEDDLE_BENCH_ACCESS_H

#include "status.h"

/* An instrumented access, beside the same loop under libtsan and with no instrumentation. */
enum status bench_access(void);

/* A synchronization beside 10 and beside 1,000 goroutines, detector on and off. */
enum status bench_sync(void);

/* What the detector holds after an execution. */
enum status bench_race_memory(void);

#endif
