// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* go_panic, go_protect, go_defer, go_goexit. Invariants in panic.h.
 *
 * The only setjmp of the runtime is in go_protect. Goexit and unrecovered panics need none: they
 * run what was deferred on the stack as it is, and then leave the stack for good. */
#include "panic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "detect/facts.h"

struct defer {
    struct defer *next; /* deferred before this one */
    void (*fn)(void *);
    void *arg;
};

/* A running go_protect; lives on the stack of its caller's goroutine. */
struct protect {
    jmp_buf env;
    struct protect *outer;
    struct defer *defers;
    struct facts_panic *panic; /* what was recovered */
    bool exiting;              /* Goexit passed through: a recovered panic goes on exiting */
};

static struct defer **defers_of(struct goroutine *g)
{
    return g->protect ? &g->protect->defers : &g->defers;
}

struct defer *panic_defer(void (*fn)(void *), void *arg)
{
    struct defer **list = defers_of(sched.running);
    struct defer *d = sched_alloc(sizeof *d);
    *d = (struct defer){.next = *list, .fn = fn, .arg = arg};
    *list = d;
    return d;
}

void panic_undefer(struct defer *d)
{
    struct defer **list = defers_of(sched.running);
    while (*list != d) list = &(*list)->next;
    *list = d->next;
}

GO_API void go_defer(void (*fn)(void *), void *arg)
{
    sched_current("go_defer");
    panic_defer(fn, arg);
}

/* Each call is unlinked before it is made: a panic inside goes on with the next one. */
static void run_defers(struct defer **list)
{
    while (*list) {
        struct defer *d = *list;
        *list = d->next;
        d->fn(d->arg);
    }
}

static void panic_text(char *out, size_t bytes, const char *format, va_list arguments)
{
    if (vsnprintf(out, bytes, format, arguments) < 0) out[0] = '\0';
}

/* Unwind: to the innermost go_protect, or out of the goroutine's root as a report: the end of all,
 * before which others may do what they can, also after what this goroutine did last. Misuse by the
 * runtime's own calls needs no point of its own: what failed changed nothing that others see. */
static _Noreturn void unwind(struct facts_panic *panic)
{
    struct goroutine *g = sched.running;
    struct protect *p = g->protect;
    if (!p) {
        g->panicking = true;
        bool deferred = g->defers;
        run_defers(&g->defers);
        if (deferred || panic->type == REPORT_UNRECOVERED_PANIC)
            sched_point_after(OP_END, NULL, g->site, PHASE_FAIL);
        facts_report_panic(panic);
    }
    run_defers(&p->defers);
    p->panic = panic;
    longjmp(p->env, 1);
}

static struct facts_panic *panic_make(enum report_type type, const struct object *object,
                                      struct call_site site)
{
    const struct goroutine *g = sched.running;
    struct facts_panic *panic = sched_alloc(sizeof *panic);
    panic->type = type;
    panic->object = object;
    panic->goroutine = g;
    trace_capture(&panic->trace, site, g->coro.stack_low, g->frames_end);
    return panic;
}

_Noreturn void panic_raise(enum report_type type, const struct object *object,
                           struct call_site site, const char *format, ...)
{
    struct facts_panic *panic = panic_make(type, object, site);
    va_list arguments;
    va_start(arguments, format);
    panic_text(panic->message, sizeof panic->message, format, arguments);
    va_end(arguments);
    unwind(panic);
}

_Noreturn void panic_raise_traced(enum report_type type, const struct trace *trace,
                                  const char *message)
{
    struct facts_panic *panic = panic_make(type, NULL, (struct call_site){0});
    panic->trace = *trace;
    (void)snprintf(panic->message, sizeof panic->message, "%s", message);
    unwind(panic);
}

_Noreturn void panic_fatal(enum report_type type, const struct object *object,
                           struct call_site site, const char *format, ...)
{
    struct facts_panic *panic = panic_make(type, object, site);
    va_list arguments;
    va_start(arguments, format);
    panic_text(panic->message, sizeof panic->message, format, arguments);
    va_end(arguments);
    facts_report_panic(panic);
}

GO_API _Noreturn void go_panic(const char *format, ...)
{
    sched_current("go_panic");
    struct facts_panic *panic = panic_make(REPORT_UNRECOVERED_PANIC, NULL, CALL_SITE());
    va_list arguments;
    va_start(arguments, format);
    panic_text(panic->message, sizeof panic->message, format, arguments);
    va_end(arguments);
    unwind(panic);
}

static void copy_panic(struct go_panic *out, const struct facts_panic *panic)
{
    *out = (struct go_panic){0};
    (void)snprintf(out->kind, sizeof out->kind, "%s", report_type_info(panic->type)->text);
    (void)snprintf(out->message, sizeof out->message, "%.*s", (int)sizeof out->message - 1,
                   panic->message);
}

GO_API bool go_protect(void (*fn)(void *), void *arg, struct go_panic *out)
{
    struct goroutine *g = sched_current("go_protect");
    struct protect p = {.outer = g->protect};
    g->protect = &p;
    if (setjmp(p.env) == 0) {
        fn(arg);
        run_defers(&p.defers);
        sched.running->protect = p.outer;
        return false;
    }
    sched.running->protect = p.outer;
    if (p.exiting) go_goexit();
    access_runtime(out, sizeof *out, ACCESS_WRITE, CALL_SITE());
    if (out) copy_panic(out, p.panic);
    return true;
}

GO_API _Noreturn void go_goexit(void)
{
    struct goroutine *g = sched_current("go_goexit");
    g->exiting = true;
    g->site = CALL_SITE();
    for (; g->protect; g->protect = g->protect->outer) {
        g->protect->exiting = true;
        run_defers(&g->protect->defers);
    }
    run_defers(&g->defers);
    sched_goroutine_end();
}

void panic_goroutine_body(struct goroutine *g)
{
    g->frames_end = (uintptr_t)__builtin_frame_address(0);
    if (!g->fn) {
        struct facts_panic *panic = sched_alloc(sizeof *panic);
        *panic = (struct facts_panic){.type = REPORT_NIL_DEREFERENCE,
                                      .goroutine = g,
                                      .message = "go of a nil function",
                                      .trace = g->created};
        facts_report_panic(panic);
    }
    g->fn(g->arg);
    run_defers(&g->defers);
}
