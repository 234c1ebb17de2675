// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench minimize: each kernel's bug is found many times, by other seeds and another policy,
 * every finding is minimized, and the table says what came of it. All findings of a kernel have the
 * signature of the first. But for the time, figures are a function of program and arguments. */
#include "bench_minimize.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_measure.h"
#include "cli.h"
#include "input.h"
#include "minimize.h"
#include "policies.h"
#include "record.h"
#include "report/report.h"

static const char help[] =
    "usage: heddle bench minimize [NAME...|all] [--findings N] [--runs N] [--grain G]\n"
    "                             [--executions N]\n\n"
    "  --findings N    of each kernel (20): by policy random with seeds 1, 2, ..., every fifth by "
    "pct\n"
    "  --runs N        executions for each finding at most (20000)\n"
    "  --grain G       sync (default), shared or all\n"
    "  --executions N  what minimizing may take (20000)\n\n"
    "Columns: findings; different results; medians of deviations before and after, preemptions,\n"
    "switches, bytes and executions; the most milliseconds that one took; how many are proved\n"
    "1-minimal, and how many the search shows to be the smallest of all.\n";

enum { FINDINGS_MAX = 100, PCT_ONE_IN = 5 };

bool finding_search(struct finding_search *search, uint8_t **bytes, size_t *size)
{
    const struct policy_info *info = policy_find(search->policy);
    struct policy *policy = info->create(search->seed);
    struct record record;
    bool found = false;
    policy->grain = search->grain;
    record_init(&record, policy);
    for (uint64_t i = 0; i < search->runs && !found; i++) {
        char signature[TARGET_SIGNATURE_BYTES];
        struct run_result result;
        run_execute(target_options()->root, &record.policy, &target_options()->run, &result, NULL);
        if (result.verdict != VERDICT_BUG) continue;
        report_signature(result.report, signature, sizeof signature);
        if (search->signature[0] && strcmp(search->signature, signature) != 0) continue;
        found = record_encode(&record, bytes, size) == RECORD_OK;
        if (found) memcpy(search->signature, signature, sizeof signature);
    }
    record_free(&record);
    policy_destroy(policy);
    return found;
}

struct bench_options {
    uint64_t findings;
    uint64_t runs;
    enum grain grain;
    struct minimize_options minimize;
};

enum figure {
    FIGURE_BEFORE,
    FIGURE_DEVIATIONS,
    FIGURE_PREEMPTIONS,
    FIGURE_SWITCHES,
    FIGURE_BYTES,
    FIGURE_EXECUTIONS,
    FIGURE_MS,
    FIGURES
};

/* Of the findings of one kernel. */
struct figures {
    double of[FIGURES][FINDINGS_MAX];
    struct minimized results[FINDINGS_MAX]; /* their bytes are kept, to be compared */
    size_t count;
    size_t distinct;
    size_t proved;
    size_t complete;
};

static void add(struct figures *f, const struct minimized *result, double ms)
{
    size_t i = f->count++, same = 0;
    f->of[FIGURE_BEFORE][i] = (double)result->deviations_before;
    f->of[FIGURE_DEVIATIONS][i] = (double)result->deviations;
    f->of[FIGURE_PREEMPTIONS][i] = (double)result->preemptions;
    f->of[FIGURE_SWITCHES][i] = (double)result->switches;
    f->of[FIGURE_BYTES][i] = (double)result->size;
    f->of[FIGURE_EXECUTIONS][i] = (double)result->executions;
    f->of[FIGURE_MS][i] = ms;
    f->proved += result->proved;
    f->complete += result->complete;
    while (same < i && (f->results[same].size != result->size ||
                        memcmp(f->results[same].bytes, result->bytes, result->size) != 0))
        same++;
    f->distinct += same == i;
    f->results[i] = *result;
}

static void measure_kernel(const struct kernel *k, const struct bench_options *options,
                           struct figures *f)
{
    struct target_options target = {0};
    struct finding_search search = {.runs = options->runs, .grain = options->grain};
    cli_target_of(k, &target);
    target_open(&target);
    *f = (struct figures){0};
    for (uint64_t i = 1; i <= options->findings; i++) {
        uint8_t *bytes;
        size_t size;
        struct minimized result;
        char error[256];
        search.seed = i;
        search.policy = i % PCT_ONE_IN == 0 ? "pct" : "random";
        if (!finding_search(&search, &bytes, &size)) {
            search.policy = "pct";
            if (!finding_search(&search, &bytes, &size)) continue;
        }
        double start = measure_cpu_seconds();
        if (minimize(bytes, size, &options->minimize, &result, error, sizeof error))
            add(f, &result, (measure_cpu_seconds() - start) * 1e3);
        else
            fprintf(stderr, "heddle: %s seed %" PRIu64 ": %s\n", k->name, i, error);
        free(bytes);
    }
}

static void print_kernel(const struct kernel *k, struct figures *f)
{
    double median[FIGURES];
    struct measure ms = measure_of(f->of[FIGURE_MS], f->count);
    for (int i = 0; i < FIGURES; i++) median[i] = measure_of(f->of[i], f->count).median;
    printf("%-28s %4zu %5zu %7.0f %5.0f %5.0f %5.0f %5.0f %7.0f %8.1f %6zu %6zu\n", k->name,
           f->count, f->distinct, median[FIGURE_BEFORE], median[FIGURE_DEVIATIONS],
           median[FIGURE_PREEMPTIONS], median[FIGURE_SWITCHES], median[FIGURE_BYTES],
           median[FIGURE_EXECUTIONS], ms.max, f->proved, f->complete);
    fflush(stdout);
}

static bool read_options(int argc, char **argv, struct bench_options *options, bool *asked_help)
{
    static const struct option long_options[] = {
        {"findings", required_argument, NULL, 'f'}, {"runs", required_argument, NULL, 'r'},
        {"grain", required_argument, NULL, 'g'},    {"executions", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},           {0}};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        bool ok = true;
        if (o == 'f') ok = cli_number("--findings", optarg, 1, FINDINGS_MAX, &options->findings);
        if (o == 'r') ok = cli_number("--runs", optarg, 1, UINT32_MAX, &options->runs);
        if (o == 'e')
            ok = cli_number("--executions", optarg, 1, UINT32_MAX,
                            &options->minimize.max_executions);
        if (o == 'g' && !input_grain_find(optarg, &options->grain)) {
            status_usage("--grain %s: expected sync, shared or all", optarg);
            ok = false;
        }
        *asked_help = o == 'h';
        if (!ok || o == '?' || o == 'h') return false;
    }
    return true;
}

enum status bench_minimize(int argc, char **argv)
{
    static char *every[] = {"all"};
    static struct figures figures; /* safe: one thread; large for a stack */
    struct bench_options options = {.findings = 20, .runs = 20000};
    struct cli_kernels kernels;
    bool asked_help = false;
    if (!read_options(argc, argv, &options, &asked_help))
        return asked_help ? cli_help(help) : STATUS_USAGE;
    bool named = optind < argc;
    if (!cli_kernels(named ? argv + optind : every, named ? (size_t)(argc - optind) : 1, CLI_BUGGY,
                     &kernels))
        return STATUS_USAGE;
    printf("%-28s %4s %5s %7s %5s %5s %5s %5s %7s %8s %6s %6s\n", "kernel", "n", "diff", "before",
           "dev", "pre", "sw", "bytes", "execs", "ms max", "proved", "compl");
    for (size_t i = 0; i < kernels.count; i++) {
        measure_kernel(kernels.kernels[i], &options, &figures);
        if (figures.count > 0)
            print_kernel(kernels.kernels[i], &figures);
        else
            printf("%-28s no finding\n", kernels.kernels[i]->name);
        for (size_t f = 0; f < figures.count; f++) free(figures.results[f].bytes);
    }
    free(kernels.kernels);
    return STATUS_OK;
}
