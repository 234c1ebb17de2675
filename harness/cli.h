// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the commands of `heddle` share: their table, and how arguments name numbers and kernels. */
#ifndef HEDDLE_CLI_H
#define HEDDLE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "run.h"
#include "status.h"
#include "target.h"

/* Each gets its own arguments; argv[0] is "heddle NAME". */
enum status cmd_list(int argc, char **argv);
enum status cmd_sample(int argc, char **argv);
enum status cmd_replay(int argc, char **argv);
enum status cmd_minimize(int argc, char **argv);
enum status cmd_explain(int argc, char **argv);
enum status cmd_fuzz(int argc, char **argv);
enum status cmd_seeds(int argc, char **argv);
enum status cmd_bench(int argc, char **argv);

/* Print a command's help. */
enum status cli_help(const char *text);

/* A decimal number from min to max that is all of text. On failure false and one line. */
bool cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* "N" or "A..B". On failure false and one line. */
bool cli_range(const char *option, const char *text, uint64_t *first, uint64_t *last);

enum cli_variant { CLI_BUGGY = 1, CLI_FIXED = 2, CLI_BOTH = 3 };
/* On failure false and one line. */
bool cli_variant(const char *text, bool allow_both, enum cli_variant *variant);

/* Kernels in order of the arguments; "all" are all of them by name. */
struct cli_kernels {
    const struct kernel **kernels; /* malloc'ed */
    size_t count;
};
/* On failure false and one line. */
bool cli_kernels(char *const *names, size_t name_count, enum cli_variant variant,
                 struct cli_kernels *out);

/* What target_open needs to know of a kernel; other members are left as they are. */
void cli_target_of(const struct kernel *k, struct target_options *options);

#endif
