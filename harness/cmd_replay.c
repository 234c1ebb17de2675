// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle replay: run input files again.
 *
 * Which kernel a file belongs to is told by recorded.h; --variant wins. Whether it is still the
 * recorded execution, and what became of it if not, is told on stderr (robust.h).
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "minimized.h"
#include "recorded.h"
#include "replay.h"

static const char help[] =
    "usage: heddle replay [NAME] FILE... [--variant buggy|fixed] [--stable]\n\n"
    "Runs each FILE and prints its report. NAME may be left out if FILE lies in\n"
    "<kernel>/<signature>/ or has FILE.json beside it.\n\n"
    "  --variant buggy|fixed  as recorded, else buggy\n"
    "  --stable               the form of stored reports: no pid, no addresses, short paths\n\n"
    "Of a file with a trace it is told on stderr whether it was reproduced. If the\n"
    "program has changed, the recorded switches are looked for where they belong now;\n"
    "what differs first is told, or that the bug is gone.\n\n"
    "exit status: 66 a bug was reported, 3 cut by a limit or nowhere near what was\n"
    "recorded, 0 neither\n";

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

/* What heddle minimize wrote beside an input has no json of its own. */
static bool is_minimized(const char *file)
{
    size_t length = strlen(file), end = strlen(MINIMIZED_SUFFIX);
    return length > end && strcmp(file + length - end, MINIMIZED_SUFFIX) == 0;
}

static enum status replay_one(const char *file, const struct replay_options *options)
{
    struct recorded recorded;
    if (access(file, R_OK) != 0) return replay_file(file, options->stable, NULL);
    enum status status = recorded_find(file, options->name, options->variant, &recorded);
    if (status != STATUS_OK) return status;
    recorded_open(&recorded);
    if (!recorded.same || is_minimized(file)) return replay_file(file, options->stable, NULL);
    return replay_recorded(file, recorded.trace, &recorded.facts, options->stable);
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
    if (recorded_is_name(argv[optind], argc - optind)) options.name = argv[optind++];
    if (options.name && !kernel_find(options.name, true) && !kernel_find(options.name, false))
        return status_usage("%s: no such kernel; `heddle list` names them", options.name);
    enum status status = STATUS_OK;
    for (int i = optind; i < argc; i++) status = status_join(status, replay_one(argv[i], &options));
    return status;
}
