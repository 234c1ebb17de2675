// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The switch itself: x86-64, aarch64, and ucontext for the rest. Included by coro.h alone.
 *
 * Control moves by an indirect jump to a label, not by call and ret: the return predictor then has
 * nothing to mispredict at the switch. All callee-saved registers are named as clobbered, so that
 * the compiler saves those that it uses and no others; stack and frame pointer are ours to keep.
 * Nothing is pushed: a leaf's red zone stays whole. */
#ifndef HEDDLE_CORO_SWITCH_H
#define HEDDLE_CORO_SWITCH_H

#if HEDDLE_ASAN
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old,
                                     size_t *size_old);
#endif

#if defined(HEDDLE_CORO_UCONTEXT)

void coro_ucontext_switch(struct coro *from, struct coro *to);
#define CORO_JUMP(from, to) coro_ucontext_switch(from, to)

#elif defined(__x86_64__)

_Static_assert(offsetof(struct coro, sp) == 0, "the assembly uses these offsets");
_Static_assert(offsetof(struct coro, fp) == 8, "the assembly uses these offsets");
_Static_assert(offsetof(struct coro, pc) == 16, "the assembly uses these offsets");

static inline __attribute__((always_inline)) void coro_jump(struct coro *from, struct coro *to)
{
    __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rsp, 0(%0)\n\t"
                     "movq %%rbp, 8(%0)\n\t"
                     "movq %%rax, 16(%0)\n\t"
                     "movq 0(%1), %%rsp\n\t"
                     "movq 8(%1), %%rbp\n\t"
                     "jmpq *16(%1)\n"
                     "1:\n\t"
                     : "+D"(from), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
                       "memory");
}
#define CORO_JUMP(from, to) coro_jump(from, to)

#elif defined(__aarch64__)

_Static_assert(offsetof(struct coro, sp) == 0, "the assembly uses these offsets");
_Static_assert(offsetof(struct coro, fp) == 8, "the assembly uses these offsets");
_Static_assert(offsetof(struct coro, pc) == 16, "the assembly uses these offsets");

static inline __attribute__((always_inline)) void coro_jump(struct coro *from, struct coro *to)
{
    register struct coro *f __asm__("x0") = from;
    register struct coro *t __asm__("x1") = to;
    __asm__ volatile("adr x2, 1f\n\t"
                     "mov x3, sp\n\t"
                     "stp x3, x29, [x0]\n\t"
                     "str x2, [x0, #16]\n\t"
                     "ldp x3, x29, [x1]\n\t"
                     "ldr x2, [x1, #16]\n\t"
                     "mov sp, x3\n\t"
                     "br x2\n"
                     "1:\n\t"
                     : "+r"(f), "+r"(t)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
                       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",
                       "v30", "v31", "cc", "memory");
}
#define CORO_JUMP(from, to) coro_jump(from, to)

#endif

static inline __attribute__((always_inline)) void coro_switch(struct coro *from, struct coro *to)
{
#if HEDDLE_ASAN
    /* A slot keeps its fake stack when its goroutine ends, and the next goroutine there takes it
     * over: goroutines that are left parked at the end could never hand theirs back. */
    __sanitizer_start_switch_fiber(from->fake_stack, (const void *)to->stack_low,
                                   to->stack_high - to->stack_low);
    CORO_JUMP(from, to);
    __sanitizer_finish_switch_fiber(*from->fake_stack, NULL, NULL);
#else
    CORO_JUMP(from, to);
#endif
}

#endif
