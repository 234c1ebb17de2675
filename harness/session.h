// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One fuzzing session: one engine on one kernel. cmd_fuzz.c decides what is run and for how long,
 * session_<engine>.c runs it, session.c is what they share: findings, progress, interruption.
 */
#ifndef HEDDLE_SESSION_H
#define HEDDLE_SESSION_H

#include "child.h"
#include "kernel.h"
#include "scratch.h"
#include "status.h"
#include "target.h"

struct session_options {
    const char *artifacts; /* directory for findings */
    uint64_t seed;         /* 0: the engine draws one */
    uint64_t runs;         /* executions for each kernel; 0: no limit */
    bool first;            /* the first finding ends the session */
};

struct session {
    const struct session_options *options;
    const struct kernel *kernel;
    double seconds;                     /* how long it may run */
    char folder[SCRATCH_PATH_BYTES];    /* scratch, of this session alone */
    char progress[SCRATCH_PATH_BYTES];  /* file in it that the target counts in */
    const struct target_counts *counts; /* that file, mapped; NULL if it cannot be */
    double started;
    double printed; /* when progress was printed last */
    uint64_t printed_executions;
    uint64_t coverage;                    /* edges, as the engine counts them */
    char *signatures[TARGET_IGNORED_MAX]; /* of what was found; malloc'ed */
    size_t finding_count;
    size_t unexpected_count; /* of them, not listed by the kernel */
    size_t unsaved_count;    /* of them, written nowhere */
    bool keep_folder;        /* something in it is nowhere else */
};

/* Run the engine until time or runs are used up, or the first finding if asked for. */
enum status session_libfuzzer(struct session *session);
enum status session_afl(struct session *session);

/* What afl-fuzz needs in its environment to run unattended on any machine; NULL-terminated. */
extern const char *const session_afl_settings[];

/* Make its folder and progress file. False with one line. */
bool session_open(struct session *session);
void session_close(struct session *session);

double session_now(void);
double session_seconds_left(const struct session *session);
uint64_t session_executions(const struct session *session);
/* Whether the session should end: time, runs, interruption, --first, too many findings. */
bool session_is_over(const struct session *session);

/* Note a finding. False if its signature is known already. */
bool session_add(struct session *session, const char *signature);
/* The option of a target that ignores all that was found. */
void session_list_ignored(const struct session *session, char *out, size_t out_bytes);
/* Say when it was found and where its input is ("" or "-": nowhere). */
void session_print_saved(struct session *session, const char *signature, const char *input);

/* Minimize the finding that was saved there: the smaller one takes its place. Whatever goes wrong,
 * what was saved stays; a line says what came of it. Opens the session's target. */
void session_minimize(const struct session *session, const char *signature, const char *input);

/* Show progress if it is time for it: a line that is rewritten on a terminal, else a plain line now
 * and then. `force` prints a plain line in any case. */
void session_print_progress(struct session *session, bool force);
/* Remove a rewritten line, before anything else is printed. */
void session_clear_line(void);

/* SIGINT and SIGTERM ask for the end instead of killing us. */
void session_catch_signals(void);
bool session_interrupted(void);

#endif
