// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What every file of the runtime may use: assertions that stay, mixing, lists, call sites.
 *
 * Invariant: nothing here reads time, environment or random numbers, or compares addresses.
 */
#ifndef HEDDLE_BASE_H
#define HEDDLE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef HEDDLE_OWN_SECTIONS
#define HEDDLE_OWN_SECTIONS 1 /* globals of ours are not the program's */
#endif
#include "heddle.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HEDDLE_ASAN 1
#endif
#ifndef HEDDLE_ASAN
#define HEDDLE_ASAN 0
#endif

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- Faults of Heddle's own --------------------------------------------------------------- */

/* A broken invariant of ours. Prints INTERNAL with the expression and the last events, then leaves
 * by the installed handler (fault.h); never returns, never becomes a finding. */
_Noreturn void fault_internal(const char *what, const char *file, int where);

/* The program or its surroundings are used wrongly (API outside an execution, region that cannot be
 * mapped): one line on stderr, status 2. printf-like. */
_Noreturn void fault_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Always on. One fact each. */
#define rt_assert(expression)                                                                      \
    (likely(expression) ? (void)0 : fault_internal(#expression, __FILE__, __LINE__))

/* Levels: 1 always, 2 validity of one object at its operations, 3 the whole world at each step.
 * Tests are built with 3. */
#ifndef HEDDLE_CHECK_LEVEL
#define HEDDLE_CHECK_LEVEL 1
#endif
#define rt_check2(expression)                                                                      \
    do {                                                                                           \
        if (HEDDLE_CHECK_LEVEL >= 2) rt_assert(expression);                                        \
    } while (0)
#define rt_check3(expression)                                                                      \
    do {                                                                                           \
        if (HEDDLE_CHECK_LEVEL >= 3) rt_assert(expression);                                        \
    } while (0)

/* Zero bytes. Of a size it knows gcc makes `rep stos`, which costs more to start than most of ours.
 */
static inline void bytes_clear(void *memory, size_t bytes)
{
    __asm__("" : "+r"(bytes));
    memset(memory, 0, bytes);
}

/* ---- Mixing ------------------------------------------------------------------------------- */

/* One round of a multiply-xorshift mixer (constants of splitmix64). Cheap, not cryptographic. */
static inline uint64_t mix64(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

/* ---- Where a public function was called from ---------------------------------------------- */

struct call_site {
    const void *pc;    /* return address into the caller */
    const void *frame; /* frame address of the public function: [0] caller's frame, [1] pc */
};

/* Only in functions that the program under test calls directly; they must not be inlined. */
#define CALL_SITE() ((struct call_site){__builtin_return_address(0), __builtin_frame_address(0)})
#define GO_API __attribute__((noinline))

enum { TRACE_FRAMES_MAX = 8 };

/* Return addresses, innermost first. */
struct trace {
    uint32_t count;
    const void *pc[TRACE_FRAMES_MAX];
};

/* ---- Lists -------------------------------------------------------------------------------- */

#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline bool list_is_empty(const struct go_list *list)
{
    return !list->_next || list->_next == list;
}

static inline void list_push_back(struct go_list *list, struct go_list *node)
{
    if (!list->_next) list->_next = list->_prev = list;
    node->_next = list;
    node->_prev = list->_prev;
    list->_prev->_next = node;
    list->_prev = node;
}

static inline void list_remove(struct go_list *node)
{
    node->_prev->_next = node->_next;
    node->_next->_prev = node->_prev;
    node->_next = node->_prev = NULL;
}

static inline struct go_list *list_first(const struct go_list *list)
{
    return list_is_empty(list) ? NULL : list->_next;
}

static inline struct go_list *list_after(const struct go_list *list, const struct go_list *node)
{
    return node->_next == list ? NULL : node->_next;
}

/* Visit each node; the current one may be removed inside, others may not. */
#define list_each(node, list)                                                                      \
    for (struct go_list *node = list_first(list), *node##_after;                                   \
         node && (node##_after = list_after((list), node), true); node = node##_after)

#endif
