// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle minimize: the smallest schedule that still shows the bug of an input.
 *
 * With --target the program does it itself (standalone.h): only it has the code.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "file.h"
#include "minimized.h"
#include "recorded.h"

static const char help[] =
    "usage: heddle minimize [NAME] FILE... [-o OUT] [--variant buggy|fixed]\n"
    "       heddle minimize --target PROGRAM FILE... [-o OUT]\n\n"
    "Finds the smallest schedule that shows the same bug (the same signature) as FILE, and writes\n"
    "it to FILE.min. The bug is one of the kernel that heddle replay would find, or of PROGRAM, a\n"
    "target with an engine's main. Small is: switches at operations rather than at accesses to\n"
    "memory, little harness data, few preemptions, few deviations from the natural schedule. The\n"
    "result is 1-minimal: without any one of its deviations the bug does not happen.\n\n"
    "  -o OUT                 write there (one FILE)\n"
    "  --target PROGRAM       the program that FILE is an input of\n"
    "  --variant buggy|fixed  as recorded, else buggy\n\n"
    "exit status: 0 minimized, 2 FILE shows no bug, or cannot be read or written\n";

static const struct option long_options[] = {
    {"target", required_argument, NULL, 't'},
    {"variant", required_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct minimize_command {
    const char *name;         /* NULL: from the file */
    const char *target;       /* NULL: a kernel of ours */
    const char *output;       /* NULL: beside the file */
    enum cli_variant variant; /* 0: from the file */
};

static enum status minimize_one(const char *file, const struct minimize_command *command)
{
    struct recorded recorded;
    if (access(file, R_OK) != 0) return status_usage("%s: %s", file, strerror(errno));
    enum status status = recorded_find(file, command->name, command->variant, &recorded);
    if (status != STATUS_OK) return status;
    recorded_open(&recorded);
    return minimized_file(file, command->output);
}

/* The program takes the place of this one. */
static enum status become_target(const struct minimize_command *command, char **files, int count)
{
    char output[ARTIFACT_PATH_BYTES + 32], mode[] = "--heddle-minimize";
    char *program = strdup(command->target);
    char **argv = calloc((size_t)count + 4, sizeof *argv);
    if (!argv || !program) {
        free(argv);
        free(program);
        return status_usage("out of memory");
    }
    size_t n = 0;
    argv[n++] = program;
    snprintf(output, sizeof output, "--heddle-output=%s", command->output ? command->output : "");
    if (command->output) argv[n++] = output;
    argv[n++] = mode;
    for (int i = 0; i < count; i++) argv[n++] = files[i];
    execvp(program, argv);
    enum status status = status_usage("%s: %s", program, strerror(errno));
    free(argv);
    free(program);
    return status;
}

static bool read_options(int argc, char **argv, struct minimize_command *command, bool *asked_help)
{
    for (int o; (o = getopt_long(argc, argv, "o:", long_options, NULL)) != -1;) {
        switch (o) {
        case 'o':
            command->output = optarg;
            break;
        case 't':
            command->target = optarg;
            break;
        case 'v':
            if (!cli_variant(optarg, false, &command->variant)) return false;
            break;
        default:
            *asked_help = o == 'h';
            return false;
        }
    }
    return true;
}

enum status cmd_minimize(int argc, char **argv)
{
    struct minimize_command command = {0};
    bool asked_help = false;
    if (!read_options(argc, argv, &command, &asked_help))
        return asked_help ? cli_help(help) : STATUS_USAGE;
    if (optind == argc) return status_usage("which file? See heddle minimize --help");
    if (!command.target && recorded_is_name(argv[optind], argc - optind))
        command.name = argv[optind++];
    if (command.name && !kernel_find(command.name, true) && !kernel_find(command.name, false))
        return status_usage("%s: no such kernel; `heddle list` names them", command.name);
    if (command.output && argc - optind > 1)
        return status_usage("-o %s: one file at a time", command.output);
    if (command.target && command.variant)
        return status_usage("--variant: is for kernels, not for --target");
    if (command.target) return become_target(&command, argv + optind, argc - optind);
    enum status status = STATUS_OK;
    for (int i = optind; i < argc; i++)
        status = status_join(status, minimize_one(argv[i], &command));
    return status;
}
