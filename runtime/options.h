// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What changes an execution besides its input. Zero values mean the defaults. */
#ifndef HEDDLE_OPTIONS_H
#define HEDDLE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Detectors, as bits of run_options.detectors_off (the canary test switches one off). */
enum detector {
    DETECTOR_DEADLOCK = 1 << 0,
    DETECTOR_LEAK = 1 << 1,
    DETECTOR_PARTIAL_DEADLOCK = 1 << 2,
    DETECTOR_LIVELOCK = 1 << 3,
    DETECTOR_MISUSE = 1 << 4,
    DETECTOR_ORACLE = 1 << 5,
    DETECTOR_RACE = 1 << 6,
    DETECTOR_MEMORY = 1 << 7, /* use after free, out of bounds */
};

enum {
    RUN_MAX_STEPS = 20000,
    RUN_FAIR_STEPS = 20000,
    RUN_TICKS_AFTER_END = 2,
    RUN_WAITS_AFTER_END = 100,
};

struct run_options {
    uint32_t max_steps;       /* events under the policy; 0: RUN_MAX_STEPS */
    uint32_t fair_steps;      /* events of the fair phase after that; 0: RUN_FAIR_STEPS */
    uint32_t ticks_after_end; /* how often a ticker fires once the root is over; 0: the default */
    uint32_t waits_after_end; /* how often a goroutine may wait for new one-shot timers once the
                                 root is over (sched.h); 0: the default */
    bool go123_timers;        /* channels of timers as since Go 1.23 */
    unsigned detectors_off;   /* enum detector */
};

#endif
