// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Coroutines: pooled stacks with guards, and the switch.
 *
 * Invariants
 * - A stack slot belongs to one live goroutine at a time; slots are handed out in an order that
 *   depends on the execution alone (ended ones first, last in first out).
 * - The top STACK_CLEAR_BYTES of a stack are zero when a goroutine starts on it: what an earlier
 *   execution left there cannot be read by mistake.
 * - Below every stack lies a guard page: an overflow is a fault at a known address, never a
 *   neighbour's memory.
 * - The x86-64 and aarch64 switches save what the C ABI says a callee saves, but neither floating
 *   point control words nor signal masks: programs under test do not change them.
 */
#ifndef HEDDLE_CORO_H
#define HEDDLE_CORO_H

#include "base.h"
#include "heap_limits.h"

#if !defined(HEDDLE_CORO_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define HEDDLE_CORO_UCONTEXT 1
#endif

#ifdef HEDDLE_CORO_UCONTEXT
#include <ucontext.h>
#endif

enum { STACK_CLEAR_BYTES = 512, CORO_NO_SLOT = -1 };

/* Where a suspended coroutine goes on. */
struct coro {
    void *sp;
    void *fp; /* frame pointer: stacks of parked goroutines are walked from here */
    void *pc;
#ifdef HEDDLE_CORO_UCONTEXT
    ucontext_t *context; /* lies at the low end of the coroutine's own stack */
#endif
    int32_t slot;        /* index of the stack, or CORO_NO_SLOT for the thread's own stack */
    uintptr_t stack_low; /* usable range of the stack; for the thread's own stack 0 */
    uintptr_t stack_high;
    void **fake_stack; /* ASan's handle of the stack slot, kept there while suspended */
};

/* The coroutine of the thread's own stack, from which executions are started. */
void coro_thread(struct coro *thread);

/* Forget all stacks of the last execution. */
void coro_reset(void);

/* A coroutine that will call entry() (which never returns) on a stack of its own at its first
 * switch. False when all STACKS_MAX slots are in use or the system gives no more mappings. */
bool coro_make(struct coro *c, void (*entry)(void));

/* The goroutine on c has ended and another one runs: its slot may be handed out again. */
void coro_release(struct coro *c);

/* Which live slot's guard page holds address? CORO_NO_SLOT if none. For the fault handler. */
int32_t coro_guard_hit(const void *address);

/* First thing on a new stack: tells ASan where it is, and learns the bounds of the stack of the
 * thread that made the first switch ever. Nothing to do without ASan. */
#if HEDDLE_ASAN
void coro_arrived(struct coro *self, struct coro *thread);
#else
static inline void coro_arrived(struct coro *self, struct coro *thread)
{
    (void)self;
    (void)thread;
}
#endif

/* Suspend from, continue to. Returns when somebody switches to from. */
static inline void coro_switch(struct coro *from, struct coro *to);

#include "coro_switch.h"

#endif
