// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A session of AFL++.
 *
 * afl-fuzz refuses seeds that crash, and many kernels fail on every input. So the seeds (the
 * kernel's own or else the natural schedule, and generated ones if these are few) run in this
 * process first; those that survive are its seeds, and if none does, afl-fuzz is not started: what
 * there is to find has been found. While it runs, its folder of crashes is looked at now and then,
 * and each new file runs in this process: that gives the report, the signature and the artifact.
 * After a new one afl-fuzz resumes with that signature ignored, as every crash costs it a new
 * process.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "engine.h"
#include "file.h"
#include "input.h"
#include "report/report.h"
#include "seeds.h"
#include "session.h"

enum {
    READ_MS = 250,
    PATIENCE_MS = 5000,
    SEEDS_WANTED = 4,
    GENERATED_MAX = 64,
    TAIL_LINES = 12,
    TAIL_LINE_BYTES = 256,
    ARGUMENT_BYTES = SCRATCH_PATH_BYTES + 64,
};

struct afl {
    struct session *session;
    char seeds[SCRATCH_PATH_BYTES];
    char output[SCRATCH_PATH_BYTES];
    size_t seed_count;
    size_t seeds_run;
    char last_crash[NAME_MAX + 1]; /* afl-fuzz numbers its files: all up to here have been run */
    struct child child;
    char tail[TAIL_LINES][TAIL_LINE_BYTES]; /* ring of its latest lines */
    size_t tail_count;
};

const char *const session_afl_settings[] = {
    "AFL_SKIP_CPUFREQ=1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
    "AFL_NO_UI=1",        "AFL_NO_COLOR=1",
    "AFL_NO_AFFINITY=1",  NULL};

static void report_finding(struct session *session, const uint8_t *bytes, size_t size,
                           const struct run_result *result)
{
    char signature[TARGET_SIGNATURE_BYTES];
    struct artifact_place place;
    report_signature(result->report, signature, sizeof signature);
    bool is_new = session_add(session, signature);
    if (!target_save(bytes, size, result, &place)) {
        if (is_new) target_print_unsaved(stdout, &place, bytes, size);
        session->keep_folder = true;
    }
    if (!is_new) return;
    session_clear_line();
    target_print(stdout, result, false, place.input[0] ? place.input : NULL);
    session_print_saved(session, signature, place.input);
    session_minimize(session, signature, place.input);
}

/* Run one seed; if it survives it becomes one of afl-fuzz's. */
static void try_seed(struct afl *afl, const uint8_t *bytes, size_t size)
{
    char path[SCRATCH_PATH_BYTES];
    struct run_result result;
    target_try(bytes, size, &result);
    afl->seeds_run++;
    if (result.verdict == VERDICT_BUG) {
        report_finding(afl->session, bytes, size, &result);
    } else if (scratch_path(path, "%s/%04zu", afl->seeds, afl->seed_count) &&
               scratch_write(path, bytes, size)) {
        afl->seed_count++;
    }
}

static void try_own_seeds(struct afl *afl)
{
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], error[FILE_ERROR_BYTES];
    struct dirent **entries;
    if (!seeds_folder(afl->session->kernel, folder)) return;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        uint8_t *bytes;
        size_t size;
        if (entries[i]->d_name[0] != '.' &&
            scratch_path(path, "%s/%s", folder, entries[i]->d_name) &&
            file_read(path, &bytes, &size, error, sizeof error)) {
            if (size > 0) try_seed(afl, bytes, size);
            free(bytes);
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

static void try_seeds(struct afl *afl)
{
    /* The natural schedule; afl-fuzz takes no empty file. */
    const uint8_t natural[] = {INPUT_VERSION};
    try_own_seeds(afl);
    if (afl->seeds_run == 0) try_seed(afl, natural, sizeof natural);
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    for (uint64_t i = 0; i < GENERATED_MAX && afl->seed_count < SEEDS_WANTED; i++) {
        size_t size = input_random(afl->session->options->seed, i, bytes);
        if (size > 0) try_seed(afl, bytes, size);
    }
}

static int is_crash(const struct dirent *entry) { return strncmp(entry->d_name, "id:", 3) == 0; }

/* Run the crashes that afl-fuzz saved since the last time. */
static void look_at_crashes(struct afl *afl)
{
    char folder[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], error[FILE_ERROR_BYTES];
    struct dirent **entries;
    if (!scratch_path(folder, "%s/default/crashes", afl->output)) return;
    int count = scandir(folder, &entries, is_crash, alphasort);
    for (int i = 0; i < count; i++) {
        uint8_t *bytes;
        size_t size;
        struct run_result result;
        if (strcmp(entries[i]->d_name, afl->last_crash) > 0 &&
            scratch_path(path, "%s/%s", folder, entries[i]->d_name) &&
            file_read(path, &bytes, &size, error, sizeof error)) {
            target_try(bytes, size, &result);
            if (result.verdict == VERDICT_BUG) report_finding(afl->session, bytes, size, &result);
            free(bytes);
            snprintf(afl->last_crash, sizeof afl->last_crash, "%s", entries[i]->d_name);
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

/* Edges, from the last line of plot_data (its last column). */
static void look_at_coverage(struct afl *afl)
{
    char path[SCRATCH_PATH_BYTES], line[512], last[512] = "";
    if (!scratch_path(path, "%s/default/plot_data", afl->output)) return;
    FILE *in = fopen(path, "r");
    if (!in) return;
    while (fgets(line, sizeof line, in)) memcpy(last, line, sizeof last);
    fclose(in);
    const char *column = strrchr(last, ',');
    if (column && last[0] != '#') afl->session->coverage = strtoull(column + 1, NULL, 10);
}

/* The command line, in memory of its own. */
struct command {
    char texts[10][ARGUMENT_BYTES];
    char ignored[TARGET_IGNORED_MAX * TARGET_SIGNATURE_BYTES];
    char *argv[24];
    size_t count;
};

__attribute__((format(printf, 3, 4))) static void add(struct command *command, size_t slot,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command->texts[slot], ARGUMENT_BYTES, format, arguments);
    va_end(arguments);
    command->argv[command->count++] = command->texts[slot];
}

static void add_target(struct command *command, const struct session *session, const char *program)
{
    add(command, 5, "%s", program);
    add(command, 6, "--heddle-kernel=%s", session->kernel->name);
    add(command, 7, "--heddle-variant=%s", session->kernel->buggy ? "buggy" : "fixed");
    add(command, 8, "--heddle-progress=%s", session->progress);
    if (session->finding_count == 0) return;
    session_list_ignored(session, command->ignored, sizeof command->ignored);
    command->argv[command->count++] = command->ignored;
}

static bool start_engine(struct afl *afl, const char *program, bool resume)
{
    struct session *session = afl->session;
    const struct session_options *options = session->options;
    struct command *command = calloc(1, sizeof *command);
    if (!command) return false;
    double left = session_seconds_left(session);
    add(command, 0, "afl-fuzz");
    add(command, 1, "-V%d", left < 1 ? 1 : (int)left);
    if (options->runs > 0)
        add(command, 2, "-E%" PRIu64, options->runs - session_executions(session));
    if (options->seed > 0) add(command, 3, "-s%" PRIu64, options->seed);
    char input[] = "-i", output[] = "-o", again[] = "-", end[] = "--";
    command->argv[command->count++] = input;
    command->argv[command->count++] = resume ? again : afl->seeds;
    command->argv[command->count++] = output;
    command->argv[command->count++] = afl->output;
    command->argv[command->count++] = end;
    add_target(command, session, program);
    bool started = child_start(&afl->child, command->argv, session_afl_settings);
    free(command);
    return started;
}

/* Until the engine ends, by itself, for a new finding, or because the session is over. */
static int watch(struct afl *afl)
{
    char *line;
    double looked = 0;
    size_t known = afl->session->finding_count;
    for (;;) {
        enum child_news news = child_read(&afl->child, READ_MS, &line);
        if (news == CHILD_END) return child_wait(&afl->child);
        if (news == CHILD_LINE)
            snprintf(afl->tail[afl->tail_count++ % TAIL_LINES], TAIL_LINE_BYTES, "%s", line);
        if (session_now() - looked > 0.5) {
            look_at_crashes(afl);
            look_at_coverage(afl);
            looked = session_now();
        }
        session_print_progress(afl->session, false);
        if (session_is_over(afl->session) || afl->session->finding_count > known)
            return child_stop(&afl->child, PATIENCE_MS);
    }
}

static enum status run_engine(struct afl *afl, const char *program)
{
    struct session *session = afl->session;
    for (bool resume = false; !session_is_over(session); resume = true) {
        uint64_t before = session_executions(session);
        size_t known = session->finding_count;
        afl->last_crash[0] = '\0';
        if (!start_engine(afl, program, resume))
            return status_usage("afl-fuzz: %s", strerror(errno));
        int ended = watch(afl);
        look_at_crashes(afl);
        look_at_coverage(afl);
        if (session->finding_count > known || session_is_over(session)) continue;
        if (ended == 0 && session_executions(session) > before) break;
        session_clear_line();
        status_usage("%s: afl-fuzz ended with status %d; its last lines:", session->kernel->name,
                     ended);
        size_t first = afl->tail_count > TAIL_LINES ? afl->tail_count - TAIL_LINES : 0;
        for (size_t i = first; i < afl->tail_count; i++)
            fprintf(stderr, "    %s\n", afl->tail[i % TAIL_LINES]);
        return STATUS_USAGE;
    }
    return STATUS_OK;
}

static enum status start_from_seeds(struct afl *afl, const char *program)
{
    printf("%s: afl-fuzz starts from %zu seeds of %zu\n", afl->session->kernel->name,
           afl->seed_count, afl->seeds_run);
    return run_engine(afl, program);
}

enum status session_afl(struct session *session)
{
    static const char *const places[] = {"heddle-afl", "../afl/heddle-afl", NULL};
    char program[SCRATCH_PATH_BYTES];
    struct afl *afl = calloc(1, sizeof *afl);
    if (!afl) return status_usage("out of memory");
    afl->session = session;
    struct target_options target = {.artifacts = session->options->artifacts};
    cli_target_of(session->kernel, &target);
    target_open(&target);
    enum status status = STATUS_OK;
    if (!scratch_find_program(places, program)) {
        status = status_usage("heddle-afl is not beside this program; build the preset afl");
    } else if (!scratch_path(afl->seeds, "%s/in", session->folder) ||
               !scratch_path(afl->output, "%s/out", session->folder) ||
               mkdir(afl->seeds, 0777) != 0) {
        status = status_usage("%s/in: %s", session->folder, strerror(errno));
    } else {
        try_seeds(afl);
        if (afl->seed_count == 0)
            printf("%s: all %zu seeds fail: afl-fuzz has nothing to start from\n",
                   session->kernel->name, afl->seeds_run);
        else if (!session_is_over(session))
            status = start_from_seeds(afl, program);
    }
    free(afl);
    if (status == STATUS_OK && session->finding_count > 0) status = STATUS_FOUND;
    return status;
}
