// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle fuzz: an engine on each of some kernels, one after the other, and a summary.
 *
 * Time is shared evenly by the kernels that are still to run, so that one that ends early (--first)
 * leaves its rest to the others.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "session.h"

static const char help[] =
    "usage: heddle fuzz NAME...|all [--engine libfuzzer|afl] [--time S] [--runs N] [--seed S]\n"
    "                   [--first] [--variant buggy|fixed] [--artifacts DIR]\n\n"
    "Runs the engine on each kernel and goes on after a finding. Each finding is reported once "
    "and\n"
    "saved in DIR/<kernel>/<signature>/, then minimized there; `heddle replay` runs it again. The\n"
    "engine starts from the kernel's seeds (corpus/seeds, see heddle seeds) if it has some.\n\n"
    "  --engine E       libfuzzer (default) or afl\n"
    "  --time S         seconds in total, shared by the kernels (60)\n"
    "  --runs N         executions for each kernel at most (no limit)\n"
    "  --seed S         of the engine, for each kernel (drawn by the engine)\n"
    "  --first          leave a kernel at its first finding\n"
    "  --variant V      buggy (default) or fixed\n"
    "  --artifacts DIR  where findings go (findings)\n\n"
    "exit status: 66 something was found, 0 nothing, 2 the engine cannot run\n";

static const struct option long_options[] = {
    {"engine", required_argument, NULL, 'e'},
    {"time", required_argument, NULL, 't'},
    {"runs", required_argument, NULL, 'r'},
    {"seed", required_argument, NULL, 's'},
    {"first", no_argument, NULL, 'f'},
    {"variant", required_argument, NULL, 'v'},
    {"artifacts", required_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct fuzz_options {
    enum status (*engine)(struct session *session);
    uint64_t seconds;
    enum cli_variant variant;
    struct session_options session;
};

struct fuzz_sum {
    uint64_t executions;
    uint64_t inconclusive;
    size_t kernels_run;
    size_t kernels_found;
    size_t findings;
    size_t unexpected;
    size_t unsaved;
};

static enum status fuzz_kernel(const struct kernel *k, const struct fuzz_options *options,
                               double seconds, struct fuzz_sum *sum)
{
    struct session session = {.options = &options->session, .kernel = k, .seconds = seconds};
    if (!session_open(&session)) return STATUS_USAGE;
    enum status status = options->engine(&session);
    session_print_progress(&session, true);
    sum->executions += session_executions(&session);
    sum->inconclusive += session.counts->inconclusive;
    sum->kernels_run++;
    sum->kernels_found += session.finding_count > 0;
    sum->findings += session.finding_count;
    sum->unexpected += session.unexpected_count;
    sum->unsaved += session.unsaved_count;
    session_close(&session);
    return status;
}

static bool engine_find(const char *name, struct fuzz_options *options)
{
    if (strcmp(name, "libfuzzer") == 0) {
        options->engine = session_libfuzzer;
    } else if (strcmp(name, "afl") == 0) {
        options->engine = session_afl;
    } else {
        status_usage("--engine %s: expected libfuzzer or afl", name);
        return false;
    }
    return true;
}

/* One option; false with one line if it is wrong. */
static bool read_option(int o, struct fuzz_options *options)
{
    switch (o) {
    case 'e':
        return engine_find(optarg, options);
    case 't':
        return cli_number("--time", optarg, 1, 1000000000, &options->seconds);
    case 'r':
        return cli_number("--runs", optarg, 1, UINT64_MAX, &options->session.runs);
    case 's':
        return cli_number("--seed", optarg, 1, UINT32_MAX, &options->session.seed);
    case 'f':
        return options->session.first = true;
    case 'v':
        return cli_variant(optarg, false, &options->variant);
    case 'a':
        options->session.artifacts = optarg;
        if (optarg[0]) return true;
        status_usage("--artifacts: expected a directory");
        return false;
    default:
        return false;
    }
}

static void print_sum(const struct fuzz_sum *sum, double seconds, const char *artifacts)
{
    printf("%zu of %zu kernels found, %zu findings, %" PRIu64 " executions in %.1f s",
           sum->kernels_found, sum->kernels_run, sum->findings, sum->executions, seconds);
    if (sum->inconclusive > 0) printf(", %" PRIu64 " inconclusive", sum->inconclusive);
    if (sum->unexpected > 0) printf(", %zu UNEXPECTED", sum->unexpected);
    if (sum->findings > sum->unsaved) printf("; saved in %s", artifacts);
    if (sum->unsaved > 0) printf("; %zu NOT saved", sum->unsaved);
    printf("%s\n", session_interrupted() ? "; interrupted" : "");
}

enum status cmd_fuzz(int argc, char **argv)
{
    struct fuzz_options options = {.engine = session_libfuzzer,
                                   .seconds = 60,
                                   .variant = CLI_BUGGY,
                                   .session = {.artifacts = "findings"}};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (!read_option(o, &options)) return STATUS_USAGE;
    }
    struct cli_kernels kernels;
    if (!cli_kernels(argv + optind, (size_t)(argc - optind), options.variant, &kernels))
        return STATUS_USAGE;
    session_catch_signals();
    struct fuzz_sum sum = {0};
    enum status status = STATUS_OK;
    double start = session_now();
    for (size_t i = 0; i < kernels.count && !session_interrupted(); i++) {
        double left = start + (double)options.seconds - session_now();
        double share = left / (double)(kernels.count - i);
        enum status one = fuzz_kernel(kernels.kernels[i], &options, share < 1 ? 1 : share, &sum);
        status = status_join(status, one);
        if (one == STATUS_USAGE || one == STATUS_INTERNAL) break;
    }
    print_sum(&sum, session_now() - start, options.session.artifacts);
    free(kernels.kernels);
    return status;
}
