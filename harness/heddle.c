// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The command line: finds the command, runs it, and turns its status into an exit status.
 *
 * A command is one file cmd_NAME.c and one line in the table below.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "input.h"

static const char version[] = "0.1.0";

static const struct command {
    const char *name;
    enum status (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"list", cmd_list, "the kernels: name, class, source, what is expected"},
    {"fuzz", cmd_fuzz, "run a fuzzing engine on kernels, with live progress; keeps what it finds"},
    {"sample", cmd_sample, "run kernels under a policy, no engine: executions to first bug"},
    {"replay", cmd_replay, "run input files again and print their reports"},
    {"minimize", cmd_minimize, "find the smallest schedule that still shows the bug of an input"},
    {"explain", cmd_explain, "tell what happens in the execution of an input, step by step"},
    {"seeds", cmd_seeds, "write small inputs that pass, for engines to start from"},
    {"bench", cmd_bench, "measure this program on this machine"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static enum status print_help(void)
{
    printf("heddle: a fuzzer for concurrent programs; the input's bytes are the schedule\n\n"
           "usage: heddle COMMAND [ARGUMENTS]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-8s %s\n", commands[i].name, commands[i].summary);
    printf("  %-8s %s\n\n", "help", "this, or the help of a command: heddle help COMMAND");
    printf("exit status: 0 nothing found, 66 a bug was reported, 3 some execution was cut by a\n"
           "limit and nothing found, 2 wrong use, 4 a fault of heddle itself\n");
    return STATUS_OK;
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    status_usage("%s: no such command; see heddle help", name);
    return NULL;
}

/* argv[0] of a command names it in the messages of getopt_long. */
static enum status run_command(const struct command *command, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof name, "heddle %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

static enum status run_main(int argc, char **argv)
{
    if (argc < 2) return status_usage("which command? See heddle help");
    if (strcmp(argv[1], "--version") == 0) {
        printf("heddle %s, input form %d\n", version, INPUT_VERSION);
        return STATUS_OK;
    }
    bool help = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0;
    if (help && argc == 2) return print_help();
    const struct command *command = command_find(help ? argv[2] : argv[1]);
    if (!command) return STATUS_USAGE;
    if (!help) return run_command(command, argc - 1, argv + 1);
    char option[] = "--help";
    char *arguments[] = {argv[0], option, NULL};
    return run_command(command, 2, arguments);
}

int main(int argc, char **argv) { return (int)status_flush(run_main(argc, argv)); }
