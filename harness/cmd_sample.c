// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle sample: kernels under a policy, without an engine.
 *
 * JSON has one object a line for each kernel, variant and seed; the table has one line for each
 * kernel and variant, all seeds together. A signature that the kernel does not list is a bug like
 * any other for the exit status (66), but it is marked: in JSON `unexpected` counts the executions
 * that ended so.
 * --check turns the question around: are the kernels as they promise to be?
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "input.h"
#include "tally.h"

static const char help[] =
    "usage: heddle sample NAME...|all [--policy P] [--runs N] [--seed N|A..B]\n"
    "                     [--grain sync|shared|all] [--variant buggy|fixed|both]\n"
    "                     [--max-steps N] [--first] [--json] [--check]\n\n"
    "  --policy P      natural, random (default), pct, targets, dfs or bytes\n"
    "  --runs N        executions for each kernel, variant and seed (1000); dfs: all, at most N\n"
    "  --seed A..B     seeds (1); natural and dfs do not depend on it and run once\n"
    "  --grain G       where one goroutine may give way to another: at operations of the runtime\n"
    "                  (sync, default); also at accesses to memory from places in the program "
    "that\n"
    "                  are not known to touch only what is one goroutine's own, or never written\n"
    "                  (shared); or at every access to memory (all). Races are looked for in all.\n"
    "                  The policy targets chooses for itself\n"
    "  --variant V     buggy (default), fixed or both\n"
    "  --max-steps N   events of one execution before its fair end (20000)\n"
    "  --first         leave a seed at its first bug\n"
    "  --json          one object a line for each kernel, variant and seed: kernel, variant,\n"
    "                  policy, grain, seed, runs, found, first, signatures, unexpected, "
    "inconclusive,\n"
    "                  distinct, complete, digest, executions_per_s\n"
    "  --check         are the kernels as they promise: for every seed the buggy variant is found\n"
    "                  with a listed signature and with no other, the fixed one is silent\n\n"
    "exit status: 66 a bug was found (listed or not), 3 none but some execution was cut by a "
    "limit,\n"
    "0 none; with --check: 0 as promised, 1 not\n";

static const struct option long_options[] = {
    {"policy", required_argument, NULL, 'p'},
    {"runs", required_argument, NULL, 'r'},
    {"seed", required_argument, NULL, 's'},
    {"grain", required_argument, NULL, 'g'},
    {"variant", required_argument, NULL, 'v'},
    {"max-steps", required_argument, NULL, 'm'},
    {"first", no_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {"check", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct sample_options {
    const struct policy_info *policy;
    enum grain grain;
    uint64_t runs;
    uint64_t seed_first;
    uint64_t seed_last;
    enum cli_variant variant;
    struct run_options run;
    bool first;
    bool json;
    bool check;
};

/* All seeds of one kernel and variant. */
struct sample_sum {
    uint64_t seeds;
    uint64_t seeds_found;
    uint64_t *firsts; /* of the seeds that found it */
    struct tally total;
};

static json_t *names_json(const struct tally_names *names)
{
    json_t *object = json_object();
    for (size_t i = 0; i < names->count; i++)
        json_object_set_new(object, names->entries[i].name,
                            json_integer((json_int_t)names->entries[i].count));
    if (names->others > 0)
        json_object_set_new(object, "(others)", json_integer((json_int_t)names->others));
    return object;
}

static double per_second(const struct tally *tally)
{
    return tally->seconds > 0 ? (double)tally->runs / tally->seconds : 0;
}

static void print_json(const struct kernel *k, const struct sample_options *options, uint64_t seed,
                       const struct tally *tally)
{
    char digest[17];
    snprintf(digest, sizeof digest, "%016" PRIx64, tally->digest);
    json_t *object = json_pack(
        "{s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:I,s:o,s:I,s:b,s:s,s:f}", "kernel", k->name,
        "variant", k->buggy ? "buggy" : "fixed", "policy", options->policy->name, "grain",
        input_grain_name(options->grain), "seed", (json_int_t)seed, "runs", (json_int_t)tally->runs,
        "found", (json_int_t)tally->found, "first",
        tally->first ? json_integer((json_int_t)tally->first) : json_null(), "signatures",
        names_json(&tally->signatures), "unexpected", (json_int_t)tally->unexpected, "inconclusive",
        names_json(&tally->inconclusive), "distinct", (json_int_t)tally->distinct, "complete",
        (int)tally->complete, "digest", digest, "executions_per_s", per_second(tally));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static void add_names(struct tally_names *sum, const struct tally_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        tally_count(sum, names->entries[i].name, names->entries[i].count);
    sum->others += names->others;
}

static void add_tally(struct sample_sum *sum, const struct tally *tally)
{
    sum->seeds++;
    if (tally->first) sum->firsts[sum->seeds_found++] = tally->first;
    sum->total.runs += tally->runs;
    sum->total.found += tally->found;
    sum->total.unexpected += tally->unexpected;
    sum->total.distinct += tally->distinct;
    sum->total.seconds += tally->seconds;
    sum->total.complete = tally->complete;
    add_names(&sum->total.signatures, &tally->signatures);
    add_names(&sum->total.inconclusive, &tally->inconclusive);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_head(const struct sample_options *options)
{
    printf("policy %s, grain %s, %" PRIu64 " executions", options->policy->name,
           input_grain_name(options->grain), options->runs);
    if (options->policy->seeded)
        printf(" for each of the seeds %" PRIu64 "..%" PRIu64, options->seed_first,
               options->seed_last);
    else
        printf(" at most");
    printf("\n%-26s %-7s %9s %20s %11s %9s  %s\n", "kernel", "variant", "seeds",
           "first bug: median", "executions", "per s", "outcome");
    printf("%-26s %-7s %9s %20s\n", "", "", "found", "(worst) execution");
}

static void print_outcome(const struct kernel *k, const struct sample_sum *sum)
{
    const struct tally *total = &sum->total;
    const char *separator = "";
    for (size_t i = 0; i < total->signatures.count; i++) {
        const struct tally_name *entry = &total->signatures.entries[i];
        bool expected = kernel_expects(k, entry->name);
        printf("%s%s%s x %" PRIu64, separator, expected ? "" : "UNEXPECTED ", entry->name,
               entry->count);
        separator = ", ";
    }
    for (size_t i = 0; i < total->inconclusive.count; i++) {
        const struct tally_name *entry = &total->inconclusive.entries[i];
        printf("%sinconclusive: %s x %" PRIu64, separator, entry->name, entry->count);
        separator = ", ";
    }
    if (!*separator) printf("silent");
    if (total->complete) printf("; complete, %" PRIu64 " distinct", total->distinct);
    putchar('\n');
}

static void print_line(const struct kernel *k, struct sample_sum *sum)
{
    char first[48] = "-";
    char seeds[48];
    size_t count = (size_t)sum->seeds_found;
    qsort(sum->firsts, count, sizeof sum->firsts[0], by_value);
    if (count > 0)
        snprintf(first, sizeof first, "%" PRIu64 " (%" PRIu64 ")", sum->firsts[count / 2],
                 sum->firsts[count - 1]);
    snprintf(seeds, sizeof seeds, "%" PRIu64 "/%" PRIu64, sum->seeds_found, sum->seeds);
    printf("%-26s %-7s %9s %20s %11" PRIu64 " %9.0f  ", k->name, k->buggy ? "buggy" : "fixed",
           seeds, first, sum->total.runs, per_second(&sum->total));
    print_outcome(k, sum);
}

/* Whether the kernel is as it promises to be; if not, one line. */
static bool is_as_promised(const struct kernel *k, const struct sample_sum *sum)
{
    const char *variant = k->buggy ? "buggy" : "fixed";
    uint64_t wanted = k->buggy && !k->miss ? sum->seeds : 0;
    bool found_right = sum->seeds_found == wanted;
    if (!found_right)
        status_usage("%s %s: found with %" PRIu64 " of %" PRIu64 " seeds, expected %" PRIu64,
                     k->name, variant, sum->seeds_found, sum->seeds, wanted);
    if (sum->total.unexpected > 0)
        status_usage("%s %s: %" PRIu64 " executions with signatures that are not expected", k->name,
                     variant, sum->total.unexpected);
    return found_right && sum->total.unexpected == 0;
}

static enum status sample_kernel(const struct kernel *k, const struct sample_options *options)
{
    uint64_t seed_count = options->seed_last - options->seed_first + 1;
    struct sample_sum sum = {.firsts = calloc((size_t)seed_count, sizeof sum.firsts[0])};
    if (!sum.firsts) return status_usage("out of memory for %" PRIu64 " seeds", seed_count);
    for (uint64_t i = 0; i < seed_count; i++) {
        struct tally tally;
        uint64_t seed = options->seed_first + i;
        (options->first ? tally_run_to_first : tally_run)(
            &tally, k, options->policy, options->grain, seed, options->runs, &options->run);
        if (options->json) print_json(k, options, seed, &tally);
        add_tally(&sum, &tally);
        tally_free(&tally);
    }
    if (!options->json) print_line(k, &sum);
    fflush(stdout);
    enum status status = STATUS_OK;
    if (options->check) {
        status = is_as_promised(k, &sum) ? STATUS_OK : STATUS_UNEXPECTED;
    } else if (sum.total.found > 0) {
        status = STATUS_FOUND;
    } else if (sum.total.inconclusive.count > 0) {
        status = STATUS_INCONCLUSIVE;
    }
    free(sum.firsts);
    tally_free(&sum.total);
    return status;
}

/* One option; false with one line if it is wrong. */
static bool read_option(int o, struct sample_options *options)
{
    uint64_t number;
    switch (o) {
    case 'p':
        options->policy = policy_find(optarg);
        if (options->policy) return true;
        status_usage("--policy %s: no such policy; see heddle sample --help", optarg);
        return false;
    case 'g':
        if (input_grain_find(optarg, &options->grain)) return true;
        status_usage("--grain %s: expected sync, shared or all", optarg);
        return false;
    case 'r':
        return cli_number("--runs", optarg, 1, UINT64_MAX, &options->runs);
    case 's':
        return cli_range("--seed", optarg, &options->seed_first, &options->seed_last);
    case 'v':
        return cli_variant(optarg, true, &options->variant);
    case 'm':
        if (!cli_number("--max-steps", optarg, 1, UINT32_MAX, &number)) return false;
        options->run.max_steps = (uint32_t)number;
        return true;
    case 'f':
        return options->first = true;
    case 'j':
        return options->json = true;
    case 'c':
        return options->check = true;
    default:
        return false;
    }
}

enum status cmd_sample(int argc, char **argv)
{
    struct sample_options options = {.policy = policy_find("random"),
                                     .runs = 1000,
                                     .seed_first = 1,
                                     .seed_last = 1,
                                     .variant = CLI_BUGGY};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (!read_option(o, &options)) return STATUS_USAGE;
    }
    if (!options.policy->seeded) options.seed_last = options.seed_first;
    struct cli_kernels kernels;
    if (!cli_kernels(argv + optind, (size_t)(argc - optind), options.variant, &kernels))
        return STATUS_USAGE;
    if (!options.json) print_head(&options);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < kernels.count && !ferror(stdout); i++)
        status = status_join(status, sample_kernel(kernels.kernels[i], &options));
    free(kernels.kernels);
    return status;
}
