// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Run input files of the chosen target (target_open) and say what happened. */
#ifndef HEDDLE_REPLAY_H
#define HEDDLE_REPLAY_H

#include "artifact.h"
#include "status.h"

/* Run the file and print its report, or one line if there is none, to stdout. stable: the form that
 * is equal for equal findings. On another status than STATUS_USAGE *result, which may be NULL, is
 * the execution's. */
enum status replay_file(const char *path, bool stable, struct run_result *result);

/* The same with what is recorded of it, also if the program has changed since: one line on stderr
 * says "reproduced", "reproduced, diverged at ...", "diverged at ..." or "gone".
 * STATUS_INCONCLUSIVE if the recorded way cannot be followed and shows no bug. */
enum status replay_recorded(const char *path, const char *trace, const struct artifact_facts *facts,
                            bool stable);

#endif
