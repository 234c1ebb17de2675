// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench: what this program costs on this machine. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "tally.h"

static const char help[] =
    "usage: heddle bench [--runs N]\n\n"
    "  --runs N   executions for each figure (200000)\n\n"
    "Executions per second of every fixed kernel under the natural schedule and under random.\n";

static const struct option long_options[] = {
    {"runs", required_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static double rate_of(const struct kernel *k, const char *policy, uint64_t runs)
{
    const struct run_options defaults = {0};
    struct tally tally;
    tally_run(&tally, k, policy_find(policy), 1, runs, &defaults);
    double rate = tally.seconds > 0 ? (double)tally.runs / tally.seconds : 0;
    tally_free(&tally);
    return rate;
}

enum status cmd_bench(int argc, char **argv)
{
    uint64_t runs = 200000;
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (o != 'r' || !cli_number("--runs", optarg, 1, UINT64_MAX, &runs)) return STATUS_USAGE;
    }
    if (optind < argc) return status_usage("%s: heddle bench takes no names", argv[optind]);
    printf("%-26s %16s %16s\n", "executions per second", "natural", "random");
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (k->buggy) continue;
        printf("%-26s %16.0f %16.0f\n", k->name, rate_of(k, "natural", runs),
               rate_of(k, "random", runs));
    }
    return STATUS_OK;
}
