// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle replay: run input files again.
 *
 * Which kernel a file belongs to is, first that is there: NAME; FILE.json; trace.json beside it;
 * the folders <kernel>/<signature>/ that it lies in. The json also says which variant and which
 * options;
 * --variant wins. A run that is not the recorded one any more is told on stderr.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "replay.h"

static const char help[] =
    "usage: heddle replay [NAME] FILE... [--variant buggy|fixed] [--stable]\n\n"
    "Runs each FILE and prints its report. NAME may be left out if FILE lies in\n"
    "<kernel>/<signature>/ or has FILE.json beside it.\n\n"
    "  --variant buggy|fixed  as recorded, else buggy\n"
    "  --stable               the form of stored reports: no pid, no addresses, short paths\n\n"
    "exit status: 66 a bug was reported, 3 cut by a limit, 0 neither\n";

static const struct option long_options[] = {
    {"variant", required_argument, NULL, 'v'},
    {"stable", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct replay_options {
    const char *name;         /* NULL: from the file */
    enum cli_variant variant; /* 0: from the file */
    bool stable;
};

static bool join(char out[ARTIFACT_PATH_BYTES], const char *a, size_t a_bytes, const char *b)
{
    int length = snprintf(out, ARTIFACT_PATH_BYTES, "%.*s%s", (int)a_bytes, a, b);
    return length >= 0 && length < ARTIFACT_PATH_BYTES;
}

/* The length of path's directory, with its last slash; 0 if there is none. */
static size_t directory_bytes(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') length--;
    return length;
}

/* Facts about file if it has a json; false if it has none. A bad one is one line and *status. */
static bool find_facts(const char *file, struct artifact_facts *facts, enum status *status)
{
    char path[ARTIFACT_PATH_BYTES];
    char error[ARTIFACT_ERROR_BYTES];
    bool there = join(path, file, strlen(file), ".json") && access(path, F_OK) == 0;
    if (!there) {
        size_t directory = directory_bytes(file, strlen(file));
        there = join(path, file, directory, "trace.json") && access(path, F_OK) == 0;
    }
    if (!there) return false;
    if (artifact_read_facts(path, facts, error, sizeof error)) return true;
    *status = status_usage("%s", error);
    return false;
}

/* The folder above the one that file lies in, if a kernel has its name; else NULL. */
static const struct kernel *kernel_of_folder(const char *file, bool buggy)
{
    char name[sizeof((struct artifact_facts *)0)->target];
    char *real = realpath(file, NULL);
    if (!real) return NULL;
    size_t signature_end = directory_bytes(real, strlen(real));
    size_t kernel_end = directory_bytes(real, signature_end ? signature_end - 1 : 0);
    size_t kernel_start = directory_bytes(real, kernel_end ? kernel_end - 1 : 0);
    const struct kernel *k = NULL;
    if (kernel_end > kernel_start + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(kernel_end - 1 - kernel_start),
                 real + kernel_start);
        k = kernel_find(name, buggy);
    }
    free(real);
    return k;
}

static void compare_digest(const char *file, const struct artifact_facts *facts,
                           const struct run_result *result)
{
    if (facts->digest == result->digest) return;
    fprintf(stderr,
            "heddle: %s: not the recorded execution (digest %016" PRIx64 ", recorded %016" PRIx64
            "): the program has changed\n",
            file, result->digest, facts->digest);
}

static enum status replay_one(const char *file, const struct replay_options *options)
{
    struct artifact_facts facts = {0};
    enum status status = STATUS_OK;
    if (access(file, R_OK) != 0) return replay_file(file, options->stable, NULL);
    bool recorded = find_facts(file, &facts, &status);
    if (status != STATUS_OK) return status;
    if (options->name && strcmp(options->name, facts.target) != 0) recorded = false;

    bool fixed_recorded = recorded && strcmp(facts.variant, "fixed") == 0;
    bool buggy = options->variant ? options->variant == CLI_BUGGY : !fixed_recorded;
    const char *name = options->name ? options->name : recorded ? facts.target : NULL;
    const struct kernel *k = name ? kernel_find(name, buggy) : kernel_of_folder(file, buggy);
    if (!k && name) return status_usage("%s: no such kernel; `heddle list` names them", name);
    if (!k)
        return status_usage("%s: which kernel? It has no .json and does not lie in "
                            "<kernel>/<signature>/: give NAME",
                            file);

    struct target_options target = {0};
    if (recorded) target.run = facts.options;
    cli_target_of(k, &target);
    target_open(&target);
    struct run_result result;
    status = replay_file(file, options->stable, &result);
    if (recorded && buggy == !fixed_recorded && status != STATUS_USAGE)
        compare_digest(file, &facts, &result);
    return status;
}

/* Whether the first of several arguments is NAME. */
static bool is_name(const char *first, int argument_count)
{
    if (argument_count < 2) return false;
    if (kernel_find(first, true) || kernel_find(first, false)) return true;
    return !strchr(first, '/') && access(first, F_OK) != 0;
}

enum status cmd_replay(int argc, char **argv)
{
    struct replay_options options = {0};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (o) {
        case 'v':
            if (!cli_variant(optarg, false, &options.variant)) return STATUS_USAGE;
            break;
        case 's':
            options.stable = true;
            break;
        case 'h':
            return cli_help(help);
        default:
            return STATUS_USAGE;
        }
    }
    if (optind == argc) return status_usage("which file? See heddle replay --help");
    if (is_name(argv[optind], argc - optind)) options.name = argv[optind++];
    if (options.name && !kernel_find(options.name, true) && !kernel_find(options.name, false))
        return status_usage("%s: no such kernel; `heddle list` names them", options.name);
    enum status status = STATUS_OK;
    for (int i = optind; i < argc; i++) status = status_join(status, replay_one(argv[i], &options));
    return status;
}
