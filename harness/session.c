// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What sessions of all engines share.
 *
 * Progress is read from a file that the target counts in, so that it moves also while an engine has
 * nothing to say. A terminal gets one line that is rewritten, anything else a plain line every few
 * seconds and one at the end.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const double terminal_interval_s = 0.5;
static const double plain_interval_s = 5;

/* safe: set by the signal handler, read by the one thread there is. */
static volatile sig_atomic_t interrupted;

static void note_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void session_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool session_interrupted(void) { return interrupted != 0; }

double session_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The file that the target counts in, made here so that it can be mapped before the target starts.
 */
static bool share_counts(struct session *session)
{
    if (!scratch_path(session->progress, "%s/progress", session->folder)) return false;
    int file = open(session->progress, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return false;
    void *memory = MAP_FAILED;
    /* Its memory is there from now on: a disk that is full later is no SIGBUS. */
    if ((errno = posix_fallocate(file, 0, sizeof *session->counts)) == 0)
        memory = mmap(NULL, sizeof *session->counts, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return false;
    session->counts = memory;
    return true;
}

bool session_open(struct session *session)
{
    session->started = session->printed = session_now();
    if (!scratch_make(session->folder)) return false;
    if (share_counts(session)) return true;
    status_usage("%s: %s", session->folder, strerror(errno));
    scratch_remove(session->folder);
    return false;
}

void session_close(struct session *session)
{
    for (size_t i = 0; i < session->finding_count; i++) free(session->signatures[i]);
    munmap((void *)(uintptr_t)session->counts, sizeof *session->counts);
    if (session->keep_folder)
        printf("the engine's own files are kept in %s\n", session->folder);
    else
        scratch_remove(session->folder);
}

double session_seconds_left(const struct session *session)
{
    return session->started + session->seconds - session_now();
}

uint64_t session_executions(const struct session *session)
{
    return *(const volatile uint64_t *)&session->counts->executions;
}

bool session_is_over(const struct session *session)
{
    const struct session_options *options = session->options;
    if (session_interrupted() || session_seconds_left(session) <= 0) return true;
    if (options->first && session->finding_count > 0) return true;
    if (session->finding_count == TARGET_IGNORED_MAX) return true;
    return options->runs > 0 && session_executions(session) >= options->runs;
}

bool session_add(struct session *session, const char *signature)
{
    for (size_t i = 0; i < session->finding_count; i++)
        if (strcmp(session->signatures[i], signature) == 0) return false;
    if (session->finding_count == TARGET_IGNORED_MAX) return false;
    char *copy = strdup(signature);
    if (!copy) return false;
    session->signatures[session->finding_count++] = copy;
    if (!kernel_expects(session->kernel, signature)) session->unexpected_count++;
    return true;
}

void session_list_ignored(const struct session *session, char *out, size_t out_bytes)
{
    size_t used = (size_t)snprintf(out, out_bytes, "--heddle-ignore=");
    for (size_t i = 0; i < session->finding_count && used < out_bytes; i++)
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i ? "," : "",
                                 session->signatures[i]);
}

void session_print_saved(struct session *session, const char *signature, const char *input)
{
    const char *slash = strrchr(input, '/');
    int folder_bytes = slash ? (int)(slash - input) : 0;
    printf("%s: %s after %" PRIu64 " executions, %.1f s; ", session->kernel->name, signature,
           session_executions(session), session_now() - session->started);
    if (folder_bytes > 0) {
        printf("saved in %.*s\n", folder_bytes, input);
    } else {
        session->unsaved_count++;
        printf("NOT saved\n");
    }
    if (!kernel_expects(session->kernel, signature))
        printf("%s: UNEXPECTED: the kernel does not list this signature\n", session->kernel->name);
    fflush(stdout);
}

void session_clear_line(void)
{
    if (isatty(STDOUT_FILENO)) fputs("\r\033[K", stdout);
}

void session_print_progress(struct session *session, bool force)
{
    bool terminal = isatty(STDOUT_FILENO);
    double now = session_now();
    double since = now - session->printed;
    if (!force && since < (terminal ? terminal_interval_s : plain_interval_s)) return;
    uint64_t executions = session_executions(session);
    double elapsed = now - session->started;
    double rate = force ? (double)executions / (elapsed > 0 ? elapsed : 1)
                        : (double)(executions - session->printed_executions) / since;
    session_clear_line();
    printf("%-26s %5.0f s  %10" PRIu64 " executions  %8.0f/s  coverage %4" PRIu64
           "  findings %zu%s",
           session->kernel->name, elapsed, executions, rate, session->coverage,
           session->finding_count, terminal && !force ? "" : "\n");
    fflush(stdout);
    session->printed = now;
    session->printed_executions = executions;
}
