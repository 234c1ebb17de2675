// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Exit statuses: what they are made of, and that lost output is never a success. */
#include "status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status status_of(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return STATUS_OK;
    case VERDICT_BUG:
        return STATUS_FOUND;
    case VERDICT_INCONCLUSIVE:
        return STATUS_INCONCLUSIVE;
    }
    return STATUS_INTERNAL;
}

enum status status_join(enum status a, enum status b)
{
    static const enum status order[] = {STATUS_INTERNAL, STATUS_USAGE, STATUS_UNEXPECTED,
                                        STATUS_FOUND, STATUS_INCONCLUSIVE};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (a == order[i] || b == order[i]) return order[i];
    return STATUS_OK;
}

enum status status_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("heddle: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return STATUS_USAGE;
}

enum status status_flush(enum status status)
{
    errno = 0;
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout)) return status;
    enum status lost = status_usage("standard output: %s", errno ? strerror(errno) : "write error");
    return status == STATUS_OK ? lost : status;
}
