// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What Go says when it ends a program, and what we report: one table. */
#ifndef HEDDLE_CONFORM_TEXTS_H
#define HEDDLE_CONFORM_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/report.h"

struct text {
    const char *name;      /* of the program in texts.go and texts.c that shows it */
    const char *go;        /* first line of what Go prints, without "panic: " or "fatal error: " */
    bool fatal;            /* a fatal error: cannot be recovered, in Go nor here */
    enum report_type type; /* of ours */
    void (*program)(void); /* the least that leads to it */
};

extern const struct text texts[];
extern const size_t text_count;

/* Index of the text that an unrecovered panic or a misuse of this type has in Go; text_count:
 * none. Of several the first: they differ by the operation, which our report names. */
size_t text_of_type(enum report_type type);

#endif
