// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What a test gives and asks: harness data and oracles. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "panic.h"

size_t go_choose(size_t n)
{
    sched_current("go_choose");
    return n < 2 ? 0 : choose(CHOICE_DATA, NULL, n);
}

GO_API void go_bytes(void *buffer, size_t bytes)
{
    struct call_site site = CALL_SITE();
    sched_current("go_bytes");
    access_runtime(buffer, bytes, ACCESS_WRITE, site);
    unsigned char *out = buffer;
    for (size_t i = 0; i < bytes; i++) out[i] = (unsigned char)choose(CHOICE_DATA, NULL, 256);
}

GO_API _Noreturn void go_check_failed(const char *condition, const char *format, ...)
{
    struct call_site site = CALL_SITE();
    sched_current("go_check");
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    panic_fatal(REPORT_ORACLE_FAILURE, NULL, site, "%s (does not hold: %s)", text, condition);
}

void go_observe(uint64_t value)
{
    const struct goroutine *g = sched_current("go_observe");
    event_log.observed = mix64(event_log.observed, mix64(g->stable, value));
    event_mix(value);
}
