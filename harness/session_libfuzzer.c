// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A session of libFuzzer: heddle-libfuzzer runs until it dies of a finding; then it is started
 * again with that signature ignored and the corpus that it had, until time or runs are used up.
 *
 * Its output is read line by line: coverage from the status lines, reports are passed on as they
 * are, the rest is shown only if it ends in a way that is neither.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "seeds.h"
#include "session.h"

enum {
    READ_MS = 250,
    PATIENCE_MS = 5000,
    TAIL_LINES = 12,
    TAIL_LINE_BYTES = 256,
    ARGUMENTS_MAX = 24,
    ARGUMENT_BYTES = SCRATCH_PATH_BYTES + 64,
    IGNORED_BYTES = TARGET_IGNORED_MAX * TARGET_SIGNATURE_BYTES,
};

/* One life of the engine. */
struct life {
    char arguments[ARGUMENTS_MAX][ARGUMENT_BYTES];
    char *argv[ARGUMENTS_MAX + 2];
    size_t argument_count;
    char ignored[IGNORED_BYTES];
    struct child child;
    bool in_report;
    bool reported;
    char signature[TARGET_SIGNATURE_BYTES];
    char input[SCRATCH_PATH_BYTES];         /* where the artifact is, or "-" */
    char tail[TAIL_LINES][TAIL_LINE_BYTES]; /* ring of its latest lines */
    size_t tail_count;
};

__attribute__((format(printf, 2, 3))) static void add(struct life *life, const char *format, ...)
{
    va_list arguments;
    char *out = life->arguments[life->argument_count];
    va_start(arguments, format);
    vsnprintf(out, ARGUMENT_BYTES, format, arguments);
    va_end(arguments);
    life->argv[life->argument_count++] = out;
}

/* A large engine seed is cut: libFuzzer takes 32 bits. 0 would mean "draw one". */
static uint32_t engine_seed(uint64_t seed, uint64_t start)
{
    uint32_t cut = (uint32_t)(seed + start);
    return cut ? cut : 1;
}

static void add_arguments(struct life *life, const struct session *session, const char *program,
                          uint64_t start)
{
    const struct session_options *options = session->options;
    double left = session_seconds_left(session);
    add(life, "%s", program);
    add(life, "--heddle-kernel=%s", session->kernel->name);
    add(life, "--heddle-variant=%s", session->kernel->buggy ? "buggy" : "fixed");
    add(life, "--heddle-artifacts=%s", options->artifacts);
    add(life, "--heddle-progress=%s", session->progress);
    if (session->finding_count > 0) {
        session_list_ignored(session, life->ignored, sizeof life->ignored);
        life->argv[life->argument_count++] = life->ignored;
    }
    add(life, "-artifact_prefix=%s/", session->folder);
    add(life, "-max_total_time=%d", left < 1 ? 1 : (int)left);
    if (options->runs > 0) add(life, "-runs=%" PRIu64, options->runs - session_executions(session));
    if (options->seed > 0) add(life, "-seed=%" PRIu32, engine_seed(options->seed, start));
    /* Short inputs hold whole schedules; growing to them byte by byte would take thousands of
     * runs. */
    add(life, "-len_control=0");
    add(life, "-max_len=512");
    add(life, "-timeout=25");
    /* With ASan an input would run again if memory seems to leak, and other threads have a say in
     * that. */
    add(life, "-detect_leaks=0");
    add(life, "%s/corpus", session->folder);
    char seeds[SCRATCH_PATH_BYTES];
    if (seeds_folder(session->kernel, seeds) && access(seeds, R_OK) == 0) add(life, "%s", seeds);
    life->argv[life->argument_count] = NULL;
}

static void read_status_line(struct session *session, const char *line)
{
    const char *coverage = strstr(line, " cov: ");
    if (line[0] == '#' && coverage) session->coverage = strtoull(coverage + 6, NULL, 10);
}

/* A report begins with a line of '=' and ends with "==PID==ABORTING". */
static void read_line(struct session *session, struct life *life, const char *line)
{
    static const char token[] = "DEDUP_TOKEN: ";
    static const char rule[] = "=================";
    read_status_line(session, line);
    if (!life->reported && strncmp(line, rule, strlen(rule)) == 0) life->in_report = true;
    if (!life->in_report && strncmp(line, "heddle: ", 8) == 0) {
        session_clear_line();
        puts(line);
        if (strstr(line, "artifact not written")) session->keep_folder = true;
    }
    if (!life->in_report) {
        snprintf(life->tail[life->tail_count++ % TAIL_LINES], TAIL_LINE_BYTES, "%s", line);
        return;
    }
    if (line[0] == '=' && line[1] == '=' && line[2] == '=') session_clear_line();
    puts(line);
    if (strncmp(line, token, strlen(token)) == 0)
        snprintf(life->signature, sizeof life->signature, "%s", line + strlen(token));
    const char *input = strstr(line, " input=");
    if (strstr(line, "==SCHEDULE: ") && input)
        snprintf(life->input, sizeof life->input, "%s", input + 7);
    size_t length = strlen(line);
    if (length > 10 && strcmp(line + length - 10, "==ABORTING") == 0) {
        life->in_report = false;
        life->reported = true;
    }
}

static void print_tail(const struct life *life)
{
    size_t first = life->tail_count > TAIL_LINES ? life->tail_count - TAIL_LINES : 0;
    for (size_t i = first; i < life->tail_count; i++)
        fprintf(stderr, "    %s\n", life->tail[i % TAIL_LINES]);
}

/* Until the engine ends, by itself or because the session is over. */
static int watch(struct session *session, struct life *life)
{
    char *line;
    for (;;) {
        enum child_news news = child_read(&life->child, READ_MS, &line);
        if (news == CHILD_END) return child_wait(&life->child);
        if (news == CHILD_LINE) read_line(session, life, line);
        session_print_progress(session, false);
        if (session_interrupted() || session_seconds_left(session) < -PATIENCE_MS / 1000.0)
            return child_stop(&life->child, PATIENCE_MS);
    }
}

/* What the end of one life means for the session; *over: there is no next one. */
static enum status judge(struct session *session, const struct life *life, int ended, bool *over)
{
    if (session_interrupted()) {
        *over = true;
        return STATUS_OK;
    }
    if (ended == ENGINE_STATUS_LIBFUZZER && life->reported && life->signature[0]) {
        session_clear_line();
        *over = !session_add(session, life->signature);
        session_print_saved(session, life->signature, life->input);
        session_minimize(session, life->signature, life->input);
        return STATUS_FOUND;
    }
    *over = true;
    if (ended == 0) return STATUS_OK;
    session_clear_line();
    status_usage("%s: libFuzzer ended with status %d; its last lines:", session->kernel->name,
                 ended);
    print_tail(life);
    session->keep_folder = true;
    return ended == ENGINE_STATUS_INTERNAL ? STATUS_INTERNAL : STATUS_USAGE;
}

enum status session_libfuzzer(struct session *session)
{
    static const char *const places[] = {"heddle-libfuzzer", "../fuzz/heddle-libfuzzer", NULL};
    char program[SCRATCH_PATH_BYTES], corpus[SCRATCH_PATH_BYTES];
    if (!scratch_find_program(places, program))
        return status_usage("heddle-libfuzzer is not beside this program; build with clang");
    if (!scratch_path(corpus, "%s/corpus", session->folder) || mkdir(corpus, 0777) != 0)
        return status_usage("%s/corpus: %s", session->folder, strerror(errno));
    enum status status = STATUS_OK;
    bool over = false;
    for (uint64_t start = 0; !over && !session_is_over(session); start++) {
        struct life *life = calloc(1, sizeof *life);
        if (!life) return status_usage("out of memory");
        add_arguments(life, session, program, start);
        if (child_start(&life->child, life->argv, NULL)) {
            int ended = watch(session, life);
            status = status_join(status, judge(session, life, ended, &over));
        } else {
            status = status_usage("%s: %s", program, strerror(errno));
            over = true;
        }
        free(life);
    }
    return status;
}
