// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Exit statuses of every program of ours, and helpers to end a command with one line. */
#ifndef HEDDLE_STATUS_H
#define HEDDLE_STATUS_H

#include "run.h"

enum status {
    STATUS_OK = 0,           /* nothing was found */
    STATUS_UNEXPECTED = 1,   /* sample --check: not what the kernels promise */
    STATUS_USAGE = 2,        /* wrong use, or the surroundings fail */
    STATUS_INCONCLUSIVE = 3, /* nothing was found, but some execution was cut by a limit */
    STATUS_INTERNAL = 4,     /* a fault of Heddle itself */
    STATUS_FOUND = 66,       /* a bug was reported */
};

/* What one execution means. */
enum status status_of(enum verdict verdict);

/* The status of both together: wrong use, then a bug, then inconclusive. */
enum status status_join(enum status a, enum status b);

/* One line "heddle: ..." on stderr; returns STATUS_USAGE. printf-like. */
enum status status_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Write out what stdout still holds. If that fails (full disk), one line, and a status that is not
 * STATUS_OK. */
enum status status_flush(enum status status);

#endif
