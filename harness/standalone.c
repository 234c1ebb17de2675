// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The --heddle- options of a program with an engine's main. They are described in standalone.h.
 *
 * Nothing is read from the environment: whoever runs targets on a farm cannot set it, and a finding
 * must not depend on it. The engine's own arguments are not looked at.
 */
#include "standalone.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_programs.h"
#include "cli.h"
#include "explained.h"
#include "input.h"
#include "kernel.h"
#include "minimized.h"
#include "replay.h"
#include "target.h"

/* The user's, in a program that is not made of kernels; there are no programs to measure then. */
void go_main(void) __attribute__((weak));
#pragma weak bench_find

static struct standalone {
    const char *kernel;
    bool fixed;
    bool variant_given;
    bool stable;
    const char *output; /* of --heddle-minimize; NULL: beside the file */
    bool digests;
    uint64_t digest_count;
    uint64_t digest_seed;
    enum grain digest_grain;
    char ignored[TARGET_IGNORED_MAX * TARGET_SIGNATURE_BYTES]; /* the list, cut at its commas */
    char program[ARTIFACT_PATH_BYTES];
    struct target_options options;
    struct explained_options explained;
} standalone;

_Noreturn static void leave(enum status status) { exit((int)status_flush(status)); }

/* A decimal number that is all of text up to `end`; false if it is not one. */
static bool read_number(const char *text, char end, const char **rest, uint64_t *value)
{
    char *stop;
    errno = 0;
    *value = strtoull(text, &stop, 10);
    *rest = stop;
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && (*stop == '\0' || *stop == end);
}

static bool set_kernel(const char *value)
{
    standalone.kernel = value;
    return value[0] != '\0';
}

static bool set_variant(const char *value)
{
    standalone.variant_given = true;
    standalone.fixed = strcmp(value, "fixed") == 0;
    return standalone.fixed || strcmp(value, "buggy") == 0;
}

static bool set_artifacts(const char *value)
{
    standalone.options.artifacts = value;
    return value[0] != '\0';
}

static bool set_ignored(const char *value)
{
    int length = snprintf(standalone.ignored, sizeof standalone.ignored, "%s", value);
    if (length < 0 || (size_t)length >= sizeof standalone.ignored) return false;
    size_t count = 0;
    char *rest = NULL;
    for (char *one = strtok_r(standalone.ignored, ",", &rest); one;
         one = strtok_r(NULL, ",", &rest)) {
        if (count == TARGET_IGNORED_MAX) return false;
        standalone.options.ignored[count++] = one;
    }
    standalone.options.ignored_count = count;
    return true;
}

static bool set_steps(const char *value, uint32_t *steps)
{
    const char *rest;
    uint64_t number;
    if (!read_number(value, '\0', &rest, &number) || number == 0 || number > UINT32_MAX)
        return false;
    *steps = (uint32_t)number;
    return true;
}

static bool set_max_steps(const char *value)
{
    return set_steps(value, &standalone.options.run.max_steps);
}

static bool set_fair_steps(const char *value)
{
    return set_steps(value, &standalone.options.run.fair_steps);
}

static bool set_progress(const char *value)
{
    if (target_share(value)) return true;
    leave(status_usage("%s: %s", value, strerror(errno)));
}

static bool set_digests(const char *value)
{
    const char *rest;
    standalone.digests = true;
    if (!read_number(value, ':', &rest, &standalone.digest_count)) return false;
    if (*rest == '\0') return true;
    if (!read_number(rest + 1, ':', &rest, &standalone.digest_seed)) return false;
    return *rest == '\0' || input_grain_find(rest + 1, &standalone.digest_grain);
}

static bool set_bench(const char *value)
{
    standalone.options.name = value;
    standalone.options.entries_only = true;
    return bench_find &&
           bench_find(value, &standalone.options.root, &standalone.options.engine_only);
}

/* NAME or NAME:GRAIN */
static bool set_form(const char *value)
{
    struct target_options *options = &standalone.options;
    char name[16];
    size_t length = strcspn(value, ":");
    options->compares_forms = true;
    snprintf(name, sizeof name, "%.*s", (int)length, value);
    if (!form_find(name, &options->form)) return false;
    return value[length] == '\0' || input_grain_find(value + length + 1, &options->form_grain);
}

static bool set_mutator(const char *value)
{
    standalone.options.mutates_schedules = strcmp(value, "schedule") == 0;
    return standalone.options.mutates_schedules || strcmp(value, "engine") == 0;
}

static bool set_output(const char *value)
{
    standalone.output = value;
    return value[0] != '\0';
}

static bool set_explain_form(const char *value)
{
    standalone.explained.json = strcmp(value, "json") == 0;
    return standalone.explained.json || strcmp(value, "text") == 0;
}

static bool set_explain_width(const char *value)
{
    const char *rest;
    uint64_t number;
    if (!read_number(value, '\0', &rest, &number)) return false;
    standalone.explained.width = (size_t)number;
    return number >= EXPLAINED_WIDTH_MIN && number <= EXPLAINED_WIDTH_MAX;
}

static bool set_explain_out(const char *value)
{
    standalone.explained.out = value;
    return value[0] != '\0';
}

static bool set_explain_html(const char *value)
{
    standalone.explained.html = value;
    return value[0] != '\0';
}

static bool set_explain_sarif(const char *value)
{
    standalone.explained.sarif = value;
    return value[0] != '\0';
}

static bool set_explain_perfetto(const char *value)
{
    standalone.explained.perfetto = value;
    return value[0] != '\0';
}

static const struct {
    const char *name;
    const char *form;
    bool (*set)(const char *value);
} option_table[] = {
    {"kernel", "NAME", set_kernel},
    {"variant", "buggy or fixed", set_variant},
    {"artifacts", "DIR", set_artifacts},
    {"ignore", "SIGNATURE[,SIGNATURE...]", set_ignored},
    {"max-steps", "a number above 0", set_max_steps},
    {"fair-steps", "a number above 0", set_fair_steps},
    {"progress", "FILE", set_progress},
    {"digests", "N[:SEED[:GRAIN]]", set_digests},
    {"form", "gap, wide, byte, keyed or named[:GRAIN]", set_form},
    {"mutator", "engine or schedule", set_mutator},
    {"output", "FILE", set_output},
    {"bench", "kernel35 or none", set_bench},
    {"explain-form", "text or json", set_explain_form},
    {"explain-width", "columns from 60 to 1000", set_explain_width},
    {"explain-out", "FILE", set_explain_out},
    {"explain-html", "FILE", set_explain_html},
    {"explain-sarif", "FILE", set_explain_sarif},
    {"explain-perfetto", "FILE", set_explain_perfetto},
};

static const char option_prefix[] = "--heddle-";

static void read_option(const char *argument)
{
    const char *name = argument + strlen(option_prefix);
    size_t length = strcspn(name, "=");
    for (size_t i = 0; i < sizeof option_table / sizeof option_table[0]; i++) {
        if (strlen(option_table[i].name) != length) continue;
        if (strncmp(option_table[i].name, name, length) != 0) continue;
        if (name[length] == '=' && option_table[i].set(name + length + 1)) return;
        leave(status_usage("%s: expected --heddle-%s=%s", argument, option_table[i].name,
                           option_table[i].form));
    }
    leave(status_usage("%s: no such option", argument));
}

static void choose_kernel(void)
{
    const struct kernel *k = kernel_find(standalone.kernel, !standalone.fixed);
    if (!k) leave(status_usage("%s: no such kernel; `heddle list` names them", standalone.kernel));
    cli_target_of(k, &standalone.options);
}

/* This program replays by itself what it finds. */
static void replay_here(const char *program)
{
    snprintf(standalone.program, sizeof standalone.program, "%s --heddle-replay", program);
    standalone.options.program = standalone.program;
}

/* A program with a kernel of its own. --heddle-variant asks for what it was linked with. */
static void choose_alone(const struct kernel *k, const char *program)
{
    if (standalone.variant_given) k = kernel_find(k->name, !standalone.fixed);
    if (!k) leave(status_usage("%s has only the other variant of its kernel", program));
    cli_target_of(k, &standalone.options);
    replay_here(program);
}

static void choose_target(const char *program)
{
    const struct kernel *alone = kernel_alone();
    if (standalone.kernel) {
        choose_kernel();
    } else if (standalone.options.name) { /* --heddle-bench */
        standalone.options.variant = "";
    } else if (go_main) {
        const char *slash = strrchr(program, '/');
        replay_here(program);
        standalone.options.name = slash ? slash + 1 : program;
        standalone.options.variant = "";
        standalone.options.root = go_main;
    } else if (alone) {
        choose_alone(alone, program);
    } else {
        leave(status_usage("which kernel? Give --heddle-kernel=NAME; `heddle list` names them"));
    }
    target_open(&standalone.options);
}

static void print_digest(void)
{
    uint64_t digest, culprit;
    enum grain grain = standalone.digest_grain;
    if (!target_digest(grain, standalone.digest_seed, standalone.digest_count, &digest, &culprit)) {
        fprintf(stderr,
                "heddle: INTERNAL: generated input %" PRIu64 " of seed %" PRIu64
                ", grain %s, ran differently the second time\n",
                culprit, standalone.digest_seed, input_grain_name(grain));
        leave(STATUS_INTERNAL);
    }
    const char *variant = standalone.options.variant;
    printf("%016" PRIx64 " %s%s%s: %" PRIu64 " generated inputs of seed %" PRIu64 ", grain %s\n",
           digest, standalone.options.name, variant[0] ? " " : "", variant, standalone.digest_count,
           standalone.digest_seed, input_grain_name(grain));
}

/* --heddle-kernel=all: each in turn, as what ran before is no part of an execution. */
static void print_all_digests(void)
{
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        cli_target_of(k, &standalone.options);
        target_open(&standalone.options);
        print_digest();
    }
}

static void run_digests(const char *program)
{
    if (standalone.kernel && strcmp(standalone.kernel, "all") == 0) {
        print_all_digests();
    } else {
        choose_target(program);
        print_digest();
    }
    leave(STATUS_OK);
}

/* What is done with the arguments behind an option that ends the list. */
static enum status replay_files(char **files)
{
    enum status status = STATUS_OK;
    for (; *files; files++)
        status = status_join(status, replay_file(*files, standalone.stable, NULL));
    return status;
}

static enum status minimize_files(char **files)
{
    enum status status = STATUS_OK;
    if (standalone.output && files[1]) return status_usage("--heddle-output: for one file");
    for (; *files; files++) status = status_join(status, minimized_file(*files, standalone.output));
    return status;
}

static enum status explain_files(char **files)
{
    if (files[1]) return status_usage("--heddle-explain: %s: one file at a time", files[1]);
    return explained_file(files[0], &standalone.explained);
}

/* Options that end the list: what is done with the files behind them. */
static const struct {
    const char *option;
    enum status (*run)(char **files);
} actions[] = {
    {"--heddle-replay", replay_files},
    {"--heddle-minimize", minimize_files},
    {"--heddle-explain", explain_files},
};
enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static size_t find_action(const char *argument)
{
    size_t action = 0;
    while (action < ACTION_COUNT && strcmp(argument, actions[action].option) != 0) action++;
    return action;
}

void standalone_start(int argc, char **argv)
{
    size_t action = ACTION_COUNT;
    char **files = NULL;
    for (int i = 1; i < argc && !files; i++) {
        if (strncmp(argv[i], option_prefix, strlen(option_prefix)) != 0) continue;
        action = find_action(argv[i]);
        if (action < ACTION_COUNT)
            files = &argv[i + 1];
        else if (strcmp(argv[i], "--heddle-stable") == 0)
            standalone.stable = true;
        else
            read_option(argv[i]);
    }
    if (standalone.digests) run_digests(argv[0]);
    choose_target(argv[0]);
    if (!files) return;
    if (!*files) leave(status_usage("%s: which file?", actions[action].option));
    leave(actions[action].run(files));
}
