// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* How large the tables and stacks of one execution may get. Each limit has a name in sched.h. */
#ifndef HEDDLE_HEAP_LIMITS_H
#define HEDDLE_HEAP_LIMITS_H

/* A goroutine's stack: usable bytes above one guard page. Executions of kernels use a few hundred.
 */
#define STACK_BYTES ((size_t)64 * 1024)
#define STACK_GUARD_BYTES ((size_t)4096)
#define STACK_SLOT_BYTES (STACK_BYTES + STACK_GUARD_BYTES)

/* Alive at once. Each used slot costs two kernel mappings (vm.max_map_count is 65,530). */
#define STACKS_MAX ((size_t)20000)

/* Created in one execution, ended ones included. */
#define GOROUTINES_MAX ((size_t)65536)

/* Memory of the program under test in one execution: max_heap. */
#define HEAP_BYTES_MAX ((size_t)1 << 30)

#define OBJECTS_MAX ((size_t)262144)

#define EVENTS_MAX ((size_t)1 << 20)

/* Of happens-before: max_segments, max_clocks, max_shadow. */
#define SEGMENTS_MAX ((uint32_t)1 << 22)
#define CLOCK_NODES_MAX ((uint32_t)1 << 22)
#define SHADOW_DETAILS_MAX ((uint32_t)1 << 22)

/* Of the log of accesses, and of answers kept for a second execution. */
#define ACCESSES_MAX ((uint32_t)1 << 20)
#define ANSWERS_MAX ((uint32_t)1 << 21)

#endif
