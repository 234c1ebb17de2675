// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A log of the plain accesses of one execution, for who analyses it afterwards: the grain shared
 * (detect/grain.c) and predictions (detect/targets.c).
 *
 * Invariants
 * - The log is off unless somebody asks for it before the execution; then each covered access is
 *   seen, and one that differs from the latest of its goroutine at the same place (site, cell,
 *   kind, step) is kept.
 * - It keeps the first ACCESSES_MAX; what is not kept is counted.
 */
#ifndef HEDDLE_ACCESS_LOG_H
#define HEDDLE_ACCESS_LOG_H

#include "../access.h"
#include "../heap.h"
#include "../heap_limits.h"

struct access_record {
    uintptr_t address;
    const void *pc;     /* return address of the access's callback: its site */
    uint32_t goroutine; /* G number */
    uint32_t segment;   /* order.h; 0 if edges are not noted */
    uint32_t step;      /* events executed before: event_log.count */
    uint16_t bytes;     /* at most UINT16_MAX: longer ones are several records */
    uint8_t kind;       /* enum access_kind */
    uint32_t owner;     /* G number of the goroutine whose stack it is on, or 0 */
    uint64_t stable;    /* stable id of the goroutine */
};

/* The next execution is logged, or not (which is how a process begins). */
void access_log_switch(bool on);
bool access_log_is_on(void);

/* An execution begins. */
void access_log_reset(void);

void access_log_add(const void *address, size_t bytes, enum access_kind kind,
                    struct call_site site);

/* Records of the latest logged execution; dropped (may be NULL): how many were not kept. */
const struct access_record *access_log_records(size_t *count, uint64_t *dropped);

/* Name of a place in memory that is the same in every schedule: of its block and the offset there,
 * of the goroutine whose stack it is on and the distance from its top, or of its place in the
 * program's image. Places are told apart by cells of 8 bytes. */
uint64_t access_place_stable(uintptr_t address);

#endif
