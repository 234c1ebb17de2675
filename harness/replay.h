// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Run input files of the chosen target (target_open) and say what happened. */
#ifndef HEDDLE_REPLAY_H
#define HEDDLE_REPLAY_H

#include "status.h"

/* Run the file and print its report, or one line if there is none, to stdout. stable: the form that
 * is equal for equal findings. On another status than STATUS_USAGE *result, which may be NULL, is
 * the execution's. */
enum status replay_file(const char *path, bool stable, struct run_result *result);

#endif
