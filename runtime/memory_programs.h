// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Small programs under test for memory_test: each makes one mistake with memory, or none.
 *
 * Compiled instrumented, once for each optimisation level (CMakeLists.txt). The lines that a report
 * must name bear a comment: guilty, made, freed, earlier. A place in the report is such a line.
 */
#ifndef HEDDLE_MEMORY_PROGRAMS_H
#define HEDDLE_MEMORY_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct memory_program {
    const char *name;
    void (*root)(void);
    const char *signature; /* in every schedule; NULL: nothing is ever wrong */
    bool plain;            /* found without instrumentation, too */
    bool made;             /* the report shows where the block was made ... */
    bool freed;            /* ... and freed */
    bool earlier;          /* ... and the access that it races with */
    const char *message;   /* what happened; NULL: not compared */
};

/* The level they were compiled with, and the programs; ended by one without a name. */
struct memory_programs {
    const char *level;
    const struct memory_program *programs;
};
extern const struct memory_programs memory_programs_0, memory_programs_1, memory_programs_2;

#endif
