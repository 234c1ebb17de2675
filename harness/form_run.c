// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench forms: runs of real engines, each until its first bug or its last execution.
 *
 * libFuzzer's executions are those that the target counts; it ends by itself with its first
 * finding. AFL++ names the execution in the file of a crash, goes on for a while after it, and is
 * stopped. Both start from the shortest input there is: libFuzzer's is empty, and AFL++ takes one
 * byte of zero, which is no schedule entry in any form.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_forms.h"
#include "child.h"
#include "file.h"
#include "session.h"

enum { ARGUMENTS_MAX = 20, ARGUMENT_BYTES = SCRATCH_PATH_BYTES + 64, READ_MS = 20, STOP_MS = 5000 };

/* One run. */
struct job {
    bool busy;
    enum form form;
    size_t kernel;
    size_t seed;
    char folder[SCRATCH_PATH_BYTES];
    char progress[SCRATCH_PATH_BYTES];
    char input[SCRATCH_PATH_BYTES]; /* that showed the bug */
    char arguments[ARGUMENTS_MAX][ARGUMENT_BYTES];
    char *argv[ARGUMENTS_MAX + 1];
    size_t argument_count;
    struct child child;
};

struct runner {
    const struct form_plan *plan;
    enum form_engine engine;
    char program[SCRATCH_PATH_BYTES];
    char seeds[SCRATCH_PATH_BYTES]; /* of AFL++ */
    struct form_results *results;
    struct job *jobs;
    size_t next;
    size_t done;
    bool failed;
};

static const char *const engine_places[FORM_ENGINES][3] = {
    [FORM_LIBFUZZER] = {"heddle-libfuzzer", NULL},
    [FORM_SCHEDULE] = {"heddle-libfuzzer", NULL},
    [FORM_AFL] = {"heddle-afl", "../afl/heddle-afl", NULL},
};

bool form_engine_find(enum form_engine engine, char out[SCRATCH_PATH_BYTES])
{
    return scratch_find_program(engine_places[engine], out);
}

bool form_input_path(const struct form_plan *plan, enum form_engine engine, enum form form,
                     size_t kernel, size_t seed, char out[SCRATCH_PATH_BYTES])
{
    return scratch_path(out, "%s/input-%d-%s-%zu-%zu", plan->folder, (int)engine, form_name(form),
                        kernel, seed);
}

__attribute__((format(printf, 2, 3))) static void add(struct job *job, const char *format, ...)
{
    va_list arguments;
    char *out = job->arguments[job->argument_count];
    va_start(arguments, format);
    vsnprintf(out, ARGUMENT_BYTES, format, arguments);
    va_end(arguments);
    job->argv[job->argument_count++] = out;
    job->argv[job->argument_count] = NULL;
}

static void add_target(const struct runner *runner, struct job *job)
{
    const struct form_plan *plan = runner->plan;
    add(job, "%s", runner->program);
    add(job, "--heddle-kernel=%s", plan->kernels[job->kernel]->name);
    add(job, "--heddle-form=%s:%s", form_name(job->form), input_grain_name(plan->grain));
    add(job, "--heddle-progress=%s", job->progress);
}

static void add_libfuzzer(const struct runner *runner, struct job *job)
{
    add_target(runner, job);
    if (runner->engine == FORM_SCHEDULE) add(job, "--heddle-mutator=schedule");
    add(job, "-seed=%" PRIu64, runner->plan->seed_first + job->seed);
    add(job, "-runs=%" PRIu64, runner->plan->runs);
    add(job, "-len_control=0");
    add(job, "-max_len=512");
    add(job, "-timeout=25");
    /* With ASan it would run an input again if memory seems to leak, and other threads allocate
     * too. */
    add(job, "-detect_leaks=0");
    add(job, "-close_fd_mask=3");
    add(job, "-exact_artifact_path=%s", job->input);
}

static void add_afl(const struct runner *runner, struct job *job)
{
    add(job, "afl-fuzz");
    add(job, "-s%" PRIu64, runner->plan->seed_first + job->seed);
    add(job, "-E%" PRIu64, runner->plan->runs);
    add(job, "-G512");
    add(job, "-t2000"); /* the default is short enough for a busy machine to matter */
    add(job, "-i");
    add(job, "%s", runner->seeds);
    add(job, "-o");
    add(job, "%s/out", job->folder);
    add(job, "--");
    add_target(runner, job);
}

static bool start_job(struct runner *runner, struct job *job, size_t number)
{
    const struct form_plan *plan = runner->plan;
    job->argument_count = 0;
    job->form = (enum form)(number % FORM_COUNT);
    job->seed = number / FORM_COUNT % plan->seed_count;
    job->kernel = number / FORM_COUNT / plan->seed_count;
    if (!scratch_path(job->folder, "%s/run-%zu", plan->folder, number) ||
        !scratch_path(job->progress, "%s/progress", job->folder) ||
        !form_input_path(plan, runner->engine, job->form, job->kernel, job->seed, job->input) ||
        mkdir(job->folder, 0700) != 0)
        return false;
    if (runner->engine == FORM_AFL)
        add_afl(runner, job);
    else
        add_libfuzzer(runner, job);
    job->busy = child_start(&job->child, job->argv, session_afl_settings);
    return job->busy;
}

/* What the target counted; 0 if it never did. */
static uint64_t executions_of(const struct job *job)
{
    struct target_counts counts = {0};
    FILE *in = fopen(job->progress, "rb");
    if (!in) return 0;
    if (fread(&counts, sizeof counts, 1, in) != 1) counts.executions = 0;
    fclose(in);
    return counts.executions;
}

static int is_crash(const struct dirent *entry) { return strncmp(entry->d_name, "id:", 3) == 0; }

/* The execution of AFL++'s first crash, 0 if there is none. */
static uint64_t look_at_crashes(const struct job *job)
{
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES];
    struct dirent **entries;
    uint64_t first = 0;
    if (!scratch_path(folder, "%s/out/default/crashes", job->folder)) return 0;
    int count = scandir(folder, &entries, is_crash, alphasort);
    for (int i = 0; i < count; i++) {
        const char *number = strstr(entries[i]->d_name, "execs:");
        if (i == 0 && number && scratch_path(path, "%s/%s", folder, entries[i]->d_name)) {
            first = strtoull(number + strlen("execs:"), NULL, 10);
            if (rename(path, job->input) != 0) first = 0;
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    return first;
}

static void end_job(struct runner *runner, struct job *job, uint64_t first)
{
    const struct form_plan *plan = runner->plan;
    size_t row = (size_t)job->form * plan->kernel_count + job->kernel;
    runner->results->of[row].first[job->seed] = first;
    scratch_remove(job->folder);
    job->busy = false;
    runner->done++;
}

static void fail(struct runner *runner, const struct job *job, int ended)
{
    status_usage("%s %s, form %s, ended with status %d", runner->program,
                 runner->plan->kernels[job->kernel]->name, form_name(job->form), ended);
    runner->failed = true;
}

static void watch_libfuzzer(struct runner *runner, struct job *job)
{
    enum { FINDING = 77 };
    char *line;
    if (child_read(&job->child, READ_MS, &line) != CHILD_END) return;
    int ended = child_wait(&job->child);
    uint64_t executions = executions_of(job);
    if (ended != 0 && ended != FINDING) fail(runner, job, ended);
    if (ended == 0 && executions < runner->plan->runs) fail(runner, job, ended);
    end_job(runner, job, ended == FINDING ? executions : 0);
}

static void watch_afl(struct runner *runner, struct job *job)
{
    char *line;
    enum child_news news = child_read(&job->child, READ_MS, &line);
    if (news == CHILD_LINE) return;
    uint64_t first = look_at_crashes(job);
    if (first == 0 && news != CHILD_END) return;
    int ended = news == CHILD_END ? child_wait(&job->child) : child_stop(&job->child, STOP_MS);
    /* It counts executions that it had to start again as well. */
    uint64_t expected = runner->plan->runs - runner->plan->runs / 100;
    if (first == 0 && (ended != 0 || executions_of(job) < expected)) fail(runner, job, ended);
    end_job(runner, job, first <= runner->plan->runs ? first : 0);
}

static void print_progress(const struct runner *runner, size_t total)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%zu of %zu runs%s", runner->done, total,
                runner->done == total ? "\r\033[K" : "");
}

static void run_all(struct runner *runner)
{
    const struct form_plan *plan = runner->plan;
    size_t total = FORM_COUNT * plan->seed_count * plan->kernel_count;
    while (runner->done < total && !runner->failed && !session_interrupted()) {
        for (size_t i = 0; i < plan->jobs; i++) {
            struct job *job = &runner->jobs[i];
            if (!job->busy && runner->next < total && !start_job(runner, job, runner->next++)) {
                status_usage("%s: %s", runner->program, strerror(errno));
                runner->failed = true;
            }
            if (!job->busy) continue;
            if (runner->engine == FORM_AFL)
                watch_afl(runner, job);
            else
                watch_libfuzzer(runner, job);
        }
        print_progress(runner, total);
    }
    for (size_t i = 0; i < plan->jobs; i++)
        if (runner->jobs[i].busy) child_stop(&runner->jobs[i].child, STOP_MS);
}

static bool make_seeds(struct runner *runner)
{
    static const uint8_t seed[] = {0};
    char path[SCRATCH_PATH_BYTES];
    return scratch_path(runner->seeds, "%s/seeds", runner->plan->folder) &&
           scratch_path(path, "%s/natural", runner->seeds) && mkdir(runner->seeds, 0700) == 0 &&
           scratch_write(path, seed, sizeof seed);
}

enum status form_run(const struct form_plan *plan, enum form_engine engine,
                     struct form_results *results)
{
    struct runner runner = {.plan = plan, .engine = engine, .results = results};
    runner.jobs = calloc(plan->jobs, sizeof runner.jobs[0]);
    if (!runner.jobs) return status_usage("out of memory");
    if (!form_engine_find(engine, runner.program) || (engine == FORM_AFL && !make_seeds(&runner)))
        runner.failed = true;
    else
        run_all(&runner);
    free(runner.jobs);
    if (session_interrupted()) return STATUS_USAGE;
    return runner.failed ? STATUS_USAGE : STATUS_OK;
}
