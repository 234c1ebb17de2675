// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Arguments of the commands. Whatever is wrong with one gets one line that names it, and false. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

enum status cli_help(const char *text)
{
    fputs(text, stdout);
    return STATUS_OK;
}

/* Decimal digits at text; *rest behind them. */
static bool read_digits(const char *text, const char **rest, uint64_t *value)
{
    char *stop;
    errno = 0;
    *value = strtoull(text, &stop, 10);
    *rest = stop;
    return errno == 0 && text[0] >= '0' && text[0] <= '9';
}

bool cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    const char *rest;
    if (read_digits(text, &rest, value) && *rest == '\0' && *value >= min && *value <= max)
        return true;
    status_usage("%s %s: expected a number from %llu to %llu", option, text,
                 (unsigned long long)min, (unsigned long long)max);
    return false;
}

bool cli_range(const char *option, const char *text, uint64_t *first, uint64_t *last)
{
    const char *rest;
    bool ok = read_digits(text, &rest, first);
    *last = *first;
    if (ok && strncmp(rest, "..", 2) == 0) ok = read_digits(rest + 2, &rest, last);
    if (ok && *rest == '\0' && *first <= *last) return true;
    status_usage("%s %s: expected N or A..B", option, text);
    return false;
}

bool cli_variant(const char *text, bool allow_both, enum cli_variant *variant)
{
    static const char *const names[] = {
        [CLI_BUGGY] = "buggy", [CLI_FIXED] = "fixed", [CLI_BOTH] = "both"};
    for (int i = CLI_BUGGY; i <= (allow_both ? CLI_BOTH : CLI_FIXED); i++) {
        if (strcmp(names[i], text) != 0) continue;
        *variant = (enum cli_variant)i;
        return true;
    }
    status_usage("--variant %s: expected %s", text,
                 allow_both ? "buggy, fixed or both" : "buggy or fixed");
    return false;
}

static bool wanted(const struct kernel *k, const char *name, enum cli_variant variant)
{
    if (!(variant & (k->buggy ? CLI_BUGGY : CLI_FIXED))) return false;
    return strcmp(name, "all") == 0 || strcmp(name, k->name) == 0;
}

bool cli_kernels(char *const *names, size_t name_count, enum cli_variant variant,
                 struct cli_kernels *out)
{
    *out = (struct cli_kernels){0};
    if (name_count == 0) status_usage("which kernel? Give a name or all; `heddle list` names them");
    size_t kernel_count = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) kernel_count++;
    out->kernels = calloc(name_count * kernel_count + 1, sizeof out->kernels[0]);
    if (!out->kernels) status_usage("out of memory");
    for (size_t i = 0; out->kernels && i < name_count; i++) {
        size_t before = out->count;
        for (const struct kernel *k = kernel_first(); k; k = k->next)
            if (wanted(k, names[i], variant)) out->kernels[out->count++] = k;
        if (out->count > before) continue;
        status_usage("%s: no such kernel; `heddle list` names them", names[i]);
        out->count = 0;
        break;
    }
    if (out->count > 0) return true;
    free(out->kernels);
    out->kernels = NULL;
    return false;
}

/* The heddle beside this program, to be copied from a report into a shell. */
static const char *replay_command(void)
{
    static const char *const places[] = {"heddle", NULL};
    static char command[SCRATCH_PATH_BYTES + 8]; /* safe: always the same */
    char path[SCRATCH_PATH_BYTES];
    snprintf(command, sizeof command, "%s replay",
             scratch_find_program(places, path) ? path : "heddle");
    return command;
}

void cli_target_of(const struct kernel *k, struct target_options *options)
{
    static char source_root[ARTIFACT_PATH_BYTES]; /* safe: one target is open at a time */
    kernel_source_root(k, source_root, sizeof source_root);
    options->name = k->name;
    options->variant = k->buggy ? "buggy" : "fixed";
    options->root = k->main;
    options->source_root = source_root[0] ? source_root : NULL;
    options->program = replay_command();
}
