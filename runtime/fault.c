// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* INTERNAL faults and usage errors: one clear line, the last events, and out.
 *
 * Printed with write(2) from a local buffer: a fault can happen anywhere, also on a small stack. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "event.h"
#include "sched.h"

static struct {
    void (*handler)(const char *what);
    bool failing; /* a fault inside the handling of a fault ends at once */
} fault;

void fault_set_handler(void (*handler)(const char *what)) { fault.handler = handler; }

static void put(const char *text, int bytes)
{
    while (bytes > 0) {
        ssize_t n = write(STDERR_FILENO, text, (size_t)bytes);
        if (n <= 0) return;
        text += n;
        bytes -= (int)n;
    }
}

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(text, n < (int)sizeof text ? n : (int)sizeof text - 1);
}

enum { TAIL_EVENTS = 8 };

static void print_tail(void)
{
    size_t count = event_kept();
    for (size_t i = count < TAIL_EVENTS ? 0 : count - TAIL_EVENTS; i < count; i++) {
        const struct event_record *e = event_record(i);
        line("    event %zu: goroutine %u, %s, object %u, phase %u, value %llu\n", i + 1,
             e->goroutine, op_kind_name(event_kind(e)), event_object(e),
             (unsigned)(e->word >> 16 & 0xff), (unsigned long long)e->value);
    }
}

_Noreturn void fault_internal(const char *what, const char *file, int where)
{
    if (fault.failing) _exit(FAULT_STATUS_INTERNAL);
    fault.failing = true;
    char text[256];
    (void)snprintf(text, sizeof text, "INTERNAL: %s (%s:%d)", what, file, where);
    line("heddle: %s\n", text);
    if (event_log.count) print_tail();
    line("heddle: this is a fault of Heddle itself, not a finding\n");
    if (fault.handler) fault.handler(text);
    _exit(FAULT_STATUS_INTERNAL);
}

_Noreturn void fault_usage(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    line("heddle: %s\n", text);
    _exit(FAULT_STATUS_USAGE);
}
