// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Signals of the program under test. Invariants in subject.h.
 *
 * A handler runs on an alternate stack (the goroutine's own may be the one that overflowed), writes
 * down what happened, and redirects the interrupted context: into fault_on_goroutine() on the
 * goroutine's stack, or, if there is no stack left, on the spare stack here. */
#include "subject.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "detect/facts.h"
#include "panic.h"
#include "sched.h"

enum { ALT_STACK_BYTES = 64 * 1024, SPARE_STACK_BYTES = 64 * 1024, NIL_PAGE_BYTES = 65536 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
enum { SIGNAL_COUNT = sizeof signals / sizeof signals[0] };

static struct {
    bool installed;
    volatile sig_atomic_t inside; /* an execution runs */
    struct sigaction before[SIGNAL_COUNT];
    /* What the handler noted. */
    int signal;
    uintptr_t address;
    bool overflow;
    struct trace trace;
    const void *innermost; /* the faulting pc */
    bool touched;          /* while subject_touches was set */
    unsigned char *spare_stack;
} subject;

volatile sig_atomic_t subject_touches;

/* ---- In the handler ----------------------------------------------------------------------- */

/* The program's image: abort's own frames in libc are not the program's. */
extern const char __ehdr_start[] __attribute__((weak));
extern const char _end[] __attribute__((weak));

static bool is_in_image(uintptr_t pc)
{
    return pc - (uintptr_t)__ehdr_start < (uintptr_t)_end - (uintptr_t)__ehdr_start;
}

/* User frames of an abort, or of a fault inside of memcpy: unwinding by tables, since libc's frames
 * keep no frame pointers. */
static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *unused)
{
    (void)unused;
    uintptr_t pc = _Unwind_GetIP(context);
    if (!is_in_image(pc)) return _URC_NO_REASON;
    const void *ra = (const void *)pc; /* NOLINT(performance-no-int-to-ptr) */
    if (trace_is_runtime(ra)) return _URC_NO_REASON;
    if (subject.trace.count == TRACE_FRAMES_MAX) return _URC_END_OF_STACK;
    subject.trace.pc[subject.trace.count++] = ra;
    return _URC_NO_REASON;
}

static void note(int number, const siginfo_t *info, const struct goroutine *g)
{
    subject.signal = number;
    subject.address = (uintptr_t)info->si_addr;
    subject.overflow = number == SIGSEGV && g->coro.slot != CORO_NO_SLOT &&
                       coro_guard_hit(info->si_addr) == g->coro.slot;
    subject.trace.count = 0;
    subject.innermost = NULL;
    subject.touched = subject_touches;
    subject_touches = 0;
}

static _Noreturn void fault_on_goroutine(void);

/* Where the interrupted context goes on, and its stack pointer and innermost frame. */
#if defined(__x86_64__)
static uintptr_t context_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}
static uintptr_t context_fp(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RBP];
}
/* Where a call that has only just jumped returns to. */
static const void *context_return(const ucontext_t *u)
{
    return *(const void *const *)u->uc_mcontext.gregs[REG_RSP]; /* NOLINT */
}
static void redirect(ucontext_t *u, uintptr_t stack_top)
{
    uintptr_t sp = stack_top ? stack_top : (uintptr_t)u->uc_mcontext.gregs[REG_RSP] - 256;
    u->uc_mcontext.gregs[REG_RSP] = (greg_t)((sp & ~(uintptr_t)15) - 8); /* as after a call */
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)fault_on_goroutine;
}
#elif defined(__aarch64__)
static uintptr_t context_pc(const ucontext_t *u) { return (uintptr_t)u->uc_mcontext.pc; }
static uintptr_t context_fp(const ucontext_t *u) { return (uintptr_t)u->uc_mcontext.regs[29]; }
static const void *context_return(const ucontext_t *u)
{
    return (const void *)u->uc_mcontext.regs[30]; /* NOLINT(performance-no-int-to-ptr) */
}
static void redirect(ucontext_t *u, uintptr_t stack_top)
{
    uintptr_t sp = stack_top ? stack_top : (uintptr_t)u->uc_mcontext.sp - 256;
    u->uc_mcontext.sp = sp & ~(uintptr_t)15;
    u->uc_mcontext.pc = (uintptr_t)fault_on_goroutine;
}
#else
#error "say here how a signal's context is redirected on this machine"
#endif

/* Not ours: as it was before us. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (signals[i] != number) continue;
        const struct sigaction *before = &subject.before[i];
        if (before->sa_flags & SA_SIGINFO && before->sa_sigaction) {
            before->sa_sigaction(number, info, context);
            return;
        }
        (void)sigaction(number, before, NULL);
        if (number == SIGABRT) (void)raise(number); /* the others come again at the same place */
    }
}

/* A fault in compiled code: frames by frame pointer, the faulting pc first. */
static void note_by_frame_pointer(const ucontext_t *u, const struct goroutine *g)
{
    const uintptr_t pc = context_pc(u);
    subject.innermost = (const void *)(pc + 1); /* NOLINT(performance-no-int-to-ptr) */
    const uintptr_t fp = context_fp(u);
    struct trace callers = {0};
    const uintptr_t low = g->coro.stack_low;
    if (fp - low < g->coro.stack_high - low - 16) {
        const void *const *frame = (const void *const *)fp; /* NOLINT(performance-no-int-to-ptr) */
        trace_capture(&callers, (struct call_site){.pc = frame[1], .frame = frame}, low,
                      g->coro.stack_high);
    }
    struct trace *t = &subject.trace;
    const void *first = pc < NIL_PAGE_BYTES ? context_return(u) : subject.innermost;
    if (!trace_is_runtime(first)) t->pc[t->count++] = first;
    for (uint32_t i = 0; i < callers.count && t->count < TRACE_FRAMES_MAX; i++)
        t->pc[t->count++] = callers.pc[i];
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    const struct goroutine *g = sched.running;
    if (!subject.inside || !g) {
        pass_on(number, info, context);
        errno = saved;
        return;
    }
    note(number, info, g);
    const uintptr_t pc = context_pc(context);
    const bool elsewhere = pc >= NIL_PAGE_BYTES && !is_in_image(pc);
    if (number == SIGABRT || elsewhere) (void)_Unwind_Backtrace(note_frame, NULL);
    /* A call through a wild pointer is nowhere: there is no table of it. */
    if (number != SIGABRT && !subject.trace.count) note_by_frame_pointer(context, g);
    uintptr_t spare = (uintptr_t)subject.spare_stack + SPARE_STACK_BYTES;
    redirect(context, subject.overflow ? spare : 0);
    errno = saved;
}

/* ---- Back in normal context ---------------------------------------------------------------- */

static enum report_type type_of_fault(void)
{
    if (subject.overflow) return REPORT_STACK_OVERFLOW;
    switch (subject.signal) {
    case SIGFPE:
        return REPORT_ARITHMETIC_FAULT;
    case SIGILL:
    case SIGTRAP:
        return REPORT_ILLEGAL_INSTRUCTION;
    case SIGABRT:
        return REPORT_ABORT;
    default:
        break;
    }
    return subject.address < NIL_PAGE_BYTES ? REPORT_NIL_DEREFERENCE : REPORT_INVALID_ACCESS;
}

static _Noreturn void fault_on_goroutine(void)
{
    const struct goroutine *g = sched.running;
    enum report_type type = type_of_fault();
    if (type == REPORT_NIL_DEREFERENCE)
        panic_raise_traced(type, &subject.trace, "nil pointer dereference");
    struct facts_panic *panic = sched_alloc(sizeof *panic);
    *panic = (struct facts_panic){.type = type, .goroutine = g, .trace = subject.trace};
    (void)snprintf(panic->message, sizeof panic->message, "%s",
                   subject.overflow ? "the goroutine's stack is used up"
                                    : strsignal(subject.signal));
    facts_report_panic(panic);
}

/* ---- Around executions --------------------------------------------------------------------- */

void subject_install(void)
{
    static unsigned char alternate[ALT_STACK_BYTES]; /* safe: one thread runs executions */
    static unsigned char spare[SPARE_STACK_BYTES];
    subject.spare_stack = spare;
    stack_t now;
    if (!sigaltstack(NULL, &now) && now.ss_flags & SS_DISABLE) {
        stack_t ours = {.ss_sp = alternate, .ss_size = sizeof alternate};
        (void)sigaltstack(&ours, NULL);
    }
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        action.sa_sigaction = on_signal;
        sigemptyset(&action.sa_mask);
        struct sigaction before;
        (void)sigaction(signals[i], &action, &before);
        if (!(before.sa_flags & SA_SIGINFO) || before.sa_sigaction != on_signal)
            subject.before[i] = before;
    }
    subject.installed = true;
}

void subject_enter(void)
{
    if (unlikely(!subject.installed)) subject_install();
    subject.inside = 1;
}

void subject_leave(void) { subject.inside = 0; }

void subject_classify(struct report *r)
{
    switch (r->type) {
    case REPORT_INVALID_ACCESS:
    case REPORT_ARITHMETIC_FAULT:
    case REPORT_ILLEGAL_INSTRUCTION:
    case REPORT_NIL_DEREFERENCE:
        if (subject.signal && !subject.touched && trace_is_runtime(subject.innermost))
            fault_internal(strsignal(subject.signal), "signal in the runtime", 0);
        break;
    default:
        break;
    }
    subject.signal = 0;
}
