// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Minimize input files of the chosen target (target_open), and say what came of it. */
#ifndef HEDDLE_MINIMIZED_H
#define HEDDLE_MINIMIZED_H

#include "minimize.h"
#include "status.h"

#define MINIMIZED_SUFFIX ".min"

/* Minimize the file into `output`, NULL: its name and MINIMIZED_SUFFIX, a file that appears as a
 * whole or not at all; a few lines to stdout. STATUS_OK, or STATUS_USAGE after one line: it cannot
 * be read, it shows no bug, or nothing can be written there. */
enum status minimized_file(const char *path, const char *output);

/* "7 deviations -> 2, ..." on one line, without its end. */
void minimized_print(const struct minimized *result, size_t size_before);

#endif
