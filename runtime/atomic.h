// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* C11 atomic operations of the program under test, as its compiler announces them
 * (detect/tsan_atomic.c).
 *
 * On covered memory (access.h) of a running execution each of them is a visible operation like any
 * other: published, one scheduling point in every grain, executed, an event. Elsewhere it is only
 * performed, and really is atomic there, for other threads of the process may look.
 *
 * Invariants
 * - Executions are sequentially consistent: an operation reads the latest value. Orders weaker than
 *   that show as what they do not order (a race of plain accesses), never as an old value.
 * - A location is its first byte: operations of other sizes at the same address are on the same
 *   object, overlapping ones that begin elsewhere are not. It gets its object at its first use; on
 *   a stack it ends with its goroutine.
 * - Values of events are facts (a compare-exchange succeeded), never what was stored: that may be
 *   an address.
 * - A compare-exchange fails only where the values differ; the weak one does not fail spuriously.
 *
 * Failed tries, which alone are no progress (detect/blocking.h): a compare-exchange that fails; a
 * load, or a read-modify-write that leaves the value as it is, that finds what this goroutine found
 * there last, after which it made nothing but loads, fences and failed tries; the second of two
 * fences with no more than that between them. Plain accesses do not count,
 * because compilers announce different ones. In the natural schedule such a try, made again, lets
 * others go first, so that who spins does not keep away who would end it.
 *
 * Happens-before
 * 1. A release operation on M synchronizes with an acquire operation that reads the value of any
 *    operation of the release sequence that it heads (C17 5.1.2.4p11).
 * 2. The release sequence goes on with read-modify-writes of anybody, whatever their order, and
 *    with stores of the goroutine that heads it; another goroutine's store ends it (p10). A value
 *    can belong to several sequences: read-modify-writes that release head one, and end none.
 * 3. A release fence before a store or read-modify-write makes that head a sequence, with what was
 *    before the fence (7.17.4p2, p3).
 * 4. An acquire fence learns what acquire operations in place of the loads before it would have
 *    learned (7.17.4p2, p4).
 * 5. seq_cst is acquire and release, and no more: executions are sequentially consistent (7.17.3).
 *    Two seq_cst fences alone order nothing. consume is acquire, as in compilers (7.17.3p1).
 * 6. A compare-exchange that fails is a load with the order for failure (7.17.7.4p2).
 * 7. What is synchronized happens before the operation itself: its access is checked after it has
 *    acquired, and belongs to what it releases (5.1.2.4p18).
 * Atomic accesses never race with each other, and do with plain ones (5.1.2.4p35).
 */
#ifndef HEDDLE_ATOMIC_H
#define HEDDLE_ATOMIC_H

#include "base.h"

enum atomic_rmw {
    ATOMIC_EXCHANGE,
    ATOMIC_ADD,
    ATOMIC_SUB,
    ATOMIC_AND,
    ATOMIC_OR,
    ATOMIC_XOR,
    ATOMIC_NAND,
};

/* A new execution begins. */
void atomic_reset(void);

/* The operations. bytes may be any number but for atomic_op_rmw other than ATOMIC_EXCHANGE: there
 * it is at most ATOMIC_VALUE_BYTES. Values are given and taken as bytes in memory; order is one of
 * __ATOMIC_RELAXED to __ATOMIC_SEQ_CST, whatever else is set in higher bits.
 *
 * Chooses  CHOICE_RUN before the operation (published as atomic load, store or read-modify-write).
 * Orders   see above.
 * Reports  "data race" with a plain access that is not ordered.
 * Limits   max_objects, max_arena, max_segments; O(1).
 */
void atomic_op_load(const void *address, size_t bytes, void *value, int order,
                    struct call_site site);
void atomic_op_store(void *address, size_t bytes, const void *value, int order,
                     struct call_site site);
/* old: what was there before. */
void atomic_op_rmw(enum atomic_rmw rmw, void *address, size_t bytes, const void *operand, void *old,
                   int order, struct call_site site);
/* True if it stored desired; else expected becomes what is there. */
bool atomic_op_compare_exchange(void *address, size_t bytes, void *expected, const void *desired,
                                int success, int failure, struct call_site site);
/* Visible, on no object; a relaxed one is nothing. */
void atomic_op_fence(int order, struct call_site site);

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 atomic_value;
#else
typedef uint64_t atomic_value;
#endif
enum { ATOMIC_VALUE_BYTES = sizeof(atomic_value) };

#endif
