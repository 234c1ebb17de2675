// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench forms: the experiment that the form of schedule entries was chosen by.
 *
 * Every form runs under the same engines, seeds, caps and headers; what is compared is executions,
 * never time. A run that finds nothing counts with the cap where a mean is taken, and as longer
 * than any other where a median is. The tables are markdown.
 */
#include "bench_forms.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "session.h"

static const char help[] =
    "usage: heddle bench forms [KERNEL...|all] [--engine libfuzzer|schedule|afl] [--runs N]\n"
    "                          [--seed A..B] [--grain sync|shared|all] [--jobs N]\n\n"
    "Which form should the schedule entries of an input have? Executions to the first bug, and "
    "how\n"
    "many of the inputs found still show it when an unrelated goroutine is added. Of the kernels\n"
    "(all) those count whose natural schedule does not fail. Forms: gap (which is the input "
    "form),\n"
    "byte, keyed, named.\n\n"
    "  --engine E   libfuzzer: with its own mutators; schedule: libFuzzer with a mutator that "
    "knows\n"
    "               what entries are; afl: AFL++ with its own. May be repeated (libfuzzer, "
    "schedule)\n"
    "  --runs N     executions at most (100000; for afl take 20000)\n"
    "  --seed A..B  seeds of the engine (1..10)\n"
    "  --grain G    of all inputs (sync)\n"
    "  --jobs N     engines at a time (1); figures do not depend on it\n";

static const struct option long_options[] = {
    {"engine", required_argument, NULL, 'e'},
    {"runs", required_argument, NULL, 'r'},
    {"seed", required_argument, NULL, 's'},
    {"grain", required_argument, NULL, 'g'},
    {"jobs", required_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char *const engine_names[FORM_ENGINES] = {
    [FORM_LIBFUZZER] = "libfuzzer", [FORM_SCHEDULE] = "schedule", [FORM_AFL] = "afl"};
static const char *const engine_titles[FORM_ENGINES] = {
    [FORM_LIBFUZZER] = "libFuzzer, its own mutators",
    [FORM_SCHEDULE] = "libFuzzer, schedule-aware mutator",
    [FORM_AFL] = "AFL++, its own mutators",
};

/* In the order of the tables. */
static const enum form shown[FORM_COUNT] = {FORM_BYTE, FORM_WIDE, FORM_GAP, FORM_KEYED, FORM_NAMED};

/* ---- Arguments ------------------------------------------------------------------------------- */

static bool read_engine(struct form_plan *plan)
{
    for (size_t i = 0; i < FORM_ENGINES; i++) {
        if (strcmp(engine_names[i], optarg) != 0) continue;
        return plan->engines[i] = true;
    }
    status_usage("--engine %s: expected libfuzzer, schedule or afl", optarg);
    return false;
}

static bool read_seeds(struct form_plan *plan)
{
    uint64_t last;
    if (!cli_range("--seed", optarg, &plan->seed_first, &last)) return false;
    plan->seed_count = (size_t)(last - plan->seed_first) + 1;
    if (plan->seed_first > 0 && last <= UINT32_MAX && plan->seed_count <= FORM_SEEDS_MAX)
        return true;
    status_usage("--seed %s: expected at most %d seeds, from 1 on", optarg, FORM_SEEDS_MAX);
    return false;
}

static bool read_option(int o, struct form_plan *plan)
{
    uint64_t jobs;
    switch (o) {
    case 'e':
        return read_engine(plan);
    case 'r':
        return cli_number("--runs", optarg, 1, UINT32_MAX, &plan->runs);
    case 's':
        return read_seeds(plan);
    case 'g':
        if (input_grain_find(optarg, &plan->grain)) return true;
        status_usage("--grain %s: expected sync, shared or all", optarg);
        return false;
    case 'j':
        if (!cli_number("--jobs", optarg, 1, FORM_JOBS_MAX, &jobs)) return false;
        plan->jobs = (size_t)jobs;
        return true;
    default:
        return false;
    }
}

/* Leave those out that fail on the empty input, whatever its form. */
static void drop_certain(struct form_plan *plan)
{
    char signature[TARGET_SIGNATURE_BYTES];
    size_t kept = 0;
    for (size_t i = 0; i < plan->kernel_count; i++) {
        const struct kernel *k = plan->kernels[i];
        form_beside(k, FORM_GAP, plan->grain, (struct form_neighbour){0}, NULL, 0, signature,
                    sizeof signature);
        if (!signature[0]) plan->kernels[kept++] = k;
    }
    plan->kernel_count = kept;
}

/* ---- Figures --------------------------------------------------------------------------------- */

static const struct form_result *result_of(const struct form_plan *plan,
                                           const struct form_results *results, enum form form,
                                           size_t kernel)
{
    return &results->of[(size_t)form * plan->kernel_count + kernel];
}

/* Executions of a run, the cap if it found nothing. */
static uint64_t capped(const struct form_plan *plan, uint64_t first)
{
    return first ? first : plan->runs;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* "123", or ">100000" if the run in the middle found nothing. */
static void median_text(uint64_t *values, size_t count, uint64_t runs, char out[32])
{
    qsort(values, count, sizeof values[0], by_value);
    uint64_t median = values[count / 2];
    if (median == UINT64_MAX)
        snprintf(out, 32, ">%" PRIu64, runs);
    else
        snprintf(out, 32, "%" PRIu64, median);
}

/* Median and number of seeds that found it. */
static size_t print_cell(const struct form_plan *plan, const struct form_result *result)
{
    uint64_t values[FORM_SEEDS_MAX];
    char median[32];
    size_t found = 0;
    for (size_t i = 0; i < plan->seed_count; i++) {
        values[i] = result->first[i] ? result->first[i] : UINT64_MAX;
        found += result->first[i] != 0;
    }
    median_text(values, plan->seed_count, plan->runs, median);
    if (found == plan->seed_count)
        printf(" %s |", median);
    else
        printf(" %s (%zu/%zu) |", median, found, plan->seed_count);
    return found;
}

struct summary {
    size_t found;   /* runs */
    size_t always;  /* kernels found with every seed */
    double mean;    /* executions, the cap where nothing was found */
    double typical; /* the same, geometric */
    char median[32];
};

static struct summary summarize(const struct form_plan *plan, const struct form_results *results,
                                enum form form)
{
    struct summary sum = {0};
    size_t total = plan->kernel_count * plan->seed_count;
    uint64_t *values = calloc(total, sizeof values[0]);
    if (!values) return sum;
    size_t count = 0;
    for (size_t k = 0; k < plan->kernel_count; k++) {
        size_t found = 0;
        for (size_t s = 0; s < plan->seed_count; s++) {
            uint64_t first = result_of(plan, results, form, k)->first[s];
            found += first != 0;
            sum.mean += (double)capped(plan, first) / (double)total;
            sum.typical += log((double)capped(plan, first)) / (double)total;
            values[count++] = first ? first : UINT64_MAX;
        }
        sum.found += found;
        sum.always += found == plan->seed_count;
    }
    sum.typical = exp(sum.typical);
    median_text(values, count, plan->runs, sum.median);
    free(values);
    return sum;
}

static void print_search(const struct form_plan *plan, enum form_engine engine,
                         const struct form_results *results)
{
    printf("\n### %s: executions to the first bug\n\n", engine_titles[engine]);
    printf("Grain %s, %zu seeds from %" PRIu64 ", at most %" PRIu64
           " executions. Median (found with, if not with every seed).\n\n",
           input_grain_name(plan->grain), plan->seed_count, plan->seed_first, plan->runs);
    printf("| kernel |");
    for (size_t f = 0; f < FORM_COUNT; f++) printf(" %s |", form_name(shown[f]));
    printf("\n|---|---:|---:|---:|---:|---:|\n");
    for (size_t k = 0; k < plan->kernel_count; k++) {
        printf("| %s |", plan->kernels[k]->name);
        for (size_t f = 0; f < FORM_COUNT; f++)
            print_cell(plan, result_of(plan, results, shown[f], k));
        putchar('\n');
    }
    printf(
        "\n| form | kernels found with every seed | runs that found it | median | geometric mean "
        "| mean |\n|---|---:|---:|---:|---:|---:|\n");
    for (size_t f = 0; f < FORM_COUNT; f++) {
        struct summary sum = summarize(plan, results, shown[f]);
        printf("| %s | %zu of %zu | %zu of %zu | %s | %.0f | %.0f |\n", form_name(shown[f]),
               sum.always, plan->kernel_count, sum.found, plan->kernel_count * plan->seed_count,
               sum.median, sum.typical, sum.mean);
    }
    fflush(stdout);
}

/* ---- Survival -------------------------------------------------------------------------------- */

static const struct form_neighbour neighbours[] = {
    {.rounds = 1, .renames = false},
    {.rounds = 10, .renames = false},
    {.rounds = 1, .renames = true},
    {.rounds = 10, .renames = true},
};
enum { NEIGHBOURS = sizeof neighbours / sizeof neighbours[0] };

struct survival {
    size_t inputs;
    size_t survived[NEIGHBOURS];
    size_t differ; /* inputs that fail otherwise when run here, alone */
};

static void test_survival(const struct kernel *k, enum form form, enum grain grain,
                          const uint8_t *bytes, size_t size, struct survival *out)
{
    char alone[TARGET_SIGNATURE_BYTES], beside[TARGET_SIGNATURE_BYTES];
    form_beside(k, form, grain, (struct form_neighbour){0}, bytes, size, alone, sizeof alone);
    if (!alone[0]) {
        out->differ++;
        return;
    }
    out->inputs++;
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        form_beside(k, form, grain, neighbours[i], bytes, size, beside, sizeof beside);
        out->survived[i] += strcmp(alone, beside) == 0;
    }
}

static struct survival survival_of(const struct form_plan *plan, enum form_engine engine,
                                   enum form form)
{
    struct survival sum = {0};
    char path[SCRATCH_PATH_BYTES], error[FILE_ERROR_BYTES];
    for (size_t k = 0; k < plan->kernel_count; k++) {
        for (size_t s = 0; s < plan->seed_count; s++) {
            uint8_t *bytes;
            size_t size;
            if (!form_input_path(plan, engine, form, k, s, path) ||
                !file_read(path, &bytes, &size, error, sizeof error))
                continue; /* this run found nothing */
            test_survival(plan->kernels[k], form, plan->grain, bytes, size, &sum);
            free(bytes);
        }
    }
    return sum;
}

static void print_survival(const struct form_plan *plan, enum form_engine engine)
{
    printf("\n### %s: inputs that still show their bug beside an unrelated goroutine\n\n",
           engine_titles[engine]);
    printf(
        "| form | inputs | 4 operations | 40 operations | 4, and it renames | 40, and it renames "
        "|\n|---|---:|---:|---:|---:|---:|\n");
    for (size_t f = 0; f < FORM_COUNT; f++) {
        struct survival sum = survival_of(plan, engine, shown[f]);
        printf("| %s | %zu |", form_name(shown[f]), sum.inputs);
        for (size_t i = 0; i < NEIGHBOURS; i++)
            printf(" %.0f %% |",
                   sum.inputs ? 100.0 * (double)sum.survived[i] / (double)sum.inputs : 0.0);
        if (sum.differ > 0) printf(" (%zu more fail only where they were found)", sum.differ);
        putchar('\n');
    }
    fflush(stdout);
}

/* ---- The command ----------------------------------------------------------------------------- */

static enum status run_engine(const struct form_plan *plan, enum form_engine engine)
{
    char program[SCRATCH_PATH_BYTES];
    if (!form_engine_find(engine, program)) {
        printf("\n### %s: it was not built\n", engine_titles[engine]);
        return STATUS_OK;
    }
    struct form_results results = {
        .of = calloc(FORM_COUNT * plan->kernel_count, sizeof results.of[0])};
    if (!results.of) return status_usage("out of memory");
    enum status status = form_run(plan, engine, &results);
    if (status == STATUS_OK) {
        print_search(plan, engine, &results);
        print_survival(plan, engine);
    }
    free(results.of);
    return status;
}

static enum status run_plan(struct form_plan *plan)
{
    bool none_named = true;
    for (size_t i = 0; i < FORM_ENGINES; i++) none_named = none_named && !plan->engines[i];
    if (none_named) plan->engines[FORM_LIBFUZZER] = plan->engines[FORM_SCHEDULE] = true;
    drop_certain(plan);
    if (plan->kernel_count == 0)
        return status_usage("every kernel named fails on the empty input: no form matters");
    if (!scratch_make(plan->folder)) return STATUS_USAGE;
    session_catch_signals();
    enum status status = STATUS_OK;
    for (size_t i = 0; i < FORM_ENGINES && status == STATUS_OK; i++)
        if (plan->engines[i]) status = run_engine(plan, (enum form_engine)i);
    scratch_remove(plan->folder);
    return status;
}

enum status bench_forms(int argc, char **argv)
{
    struct form_plan plan = {.runs = 100000, .seed_first = 1, .seed_count = 10, .jobs = 1};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (!read_option(o, &plan)) return STATUS_USAGE;
    }
    static char all[] = "all";
    char *const everything[] = {all};
    bool named = optind < argc;
    struct cli_kernels kernels;
    if (!cli_kernels(named ? argv + optind : everything, named ? (size_t)(argc - optind) : 1,
                     CLI_BUGGY, &kernels))
        return STATUS_USAGE;
    plan.kernels = kernels.kernels;
    plan.kernel_count = kernels.count;
    enum status status = run_plan(&plan);
    free(kernels.kernels);
    return status;
}
