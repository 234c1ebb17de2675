// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The story of one execution, as data: who did what in which order, and what forced it.
 *
 * Invariants
 * - A story owns all its memory (story_free) and is whole: printers ask nobody else, decide nothing
 *   and change nothing. fuzz/explain.h makes stories, the printers below show them.
 * - Events are in the order in which they were executed, step by step from 1. What the log did not
 *   keep is missing at the end, and counted.
 * - Every index (goroutine, object, place, event) is into the story's own arrays; NONE is none.
 * - Nothing of a process is in it (addresses, times, pids): equal executions are equal stories.
 *   Paths are absolute as compiled; printers cut `root`, which is where the sources lie.
 * - Strings live as long as the story.
 */
#ifndef HEDDLE_STORY_H
#define HEDDLE_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"

#define STORY_NONE SIZE_MAX

/* A place in the source: the innermost frame of the program under test. */
struct story_place {
    const char *function; /* "" if unknown */
    const char *file;     /* "" if unknown */
    int line;             /* 0 if unknown */
};

enum story_end { STORY_ENDED, STORY_BLOCKED, STORY_RUNNING };

struct story_goroutine {
    uint32_t number;     /* G number, from 1; 0: the clock, which is a column like the others */
    const char *stable;  /* 16 hexadecimal digits: the same goroutine in every schedule */
    const char *name;    /* the function that it runs; "clock", "main" for the root */
    size_t created_at;   /* event that created it, or STORY_NONE */
    size_t created_by;   /* goroutine, or STORY_NONE */
    enum story_end end;  /* how it was left when the execution was over */
    const char *state;   /* Go's words: "ended", "running", "chan receive", ... */
    size_t waits_for;    /* STORY_BLOCKED: object, or STORY_NONE */
    const char *waiting; /* sentence about who holds it or could have woken it; or "" */
    size_t stuck_at;     /* STORY_BLOCKED: event with or right after which that began; STORY_NONE */
    size_t place;        /* where it is blocked or running, or STORY_NONE */
    bool culprit;        /* the report names it as one of those to blame */
};

struct story_object {
    const char *name; /* "C1", "M2" */
    const char *kind; /* "channel", "mutex", "variable", ... */
    const char *stable;
    size_t made_by; /* goroutine, or STORY_NONE */
    size_t made_at; /* place, or STORY_NONE */
};

/* Why a point was answered as it was. */
enum story_turn {
    STORY_STAYED,   /* the same goroutine went on, or was the only one that could */
    STORY_SWITCHED, /* another one went on: the natural choice, as the one before could not */
    STORY_FORCED,   /* the schedule took another candidate than the natural one */
};

struct story_event {
    size_t goroutine;
    const char *operation; /* op_kind_name(): "chan send", "sync.Mutex.Lock", "read", ... */
    const char *phase;     /* "" (as a whole), "waits", "goes on", "fails" */
    const char *detail;    /* what came of it: "3 queued", "case 1", "closed"; or "" */
    size_t object;         /* or STORY_NONE */
    size_t place;          /* of the call, or STORY_NONE */
    uint32_t ordinal;      /* among its goroutine's events, from 1 */
    enum story_turn turn;
    bool preempts;      /* STORY_FORCED, and the one before could have gone on */
    bool needed;        /* known: without this answer the bug does not happen */
    const char *reason; /* sentence for a forced turn: "G2 preempted before its chan send"; or "" */
};

/* Happens-before that is not program order; also shown as arrows. */
enum story_edge_kind {
    STORY_EDGE_CREATE,  /* go statement -> first event */
    STORY_EDGE_MESSAGE, /* channel: send -> receive, close -> receive */
    STORY_EDGE_LOCK,    /* unlock -> the next lock */
    STORY_EDGE_SYNC, /* WaitGroup, Once, Cond, context, timer, atomic; the receive that lets a send
                           go on */
};

struct story_edge {
    enum story_edge_kind kind;
    size_t from, to; /* events; from < to */
};

/* One bar of the wait-for picture at the end: who waits for what, and who holds it. */
struct story_wait {
    size_t goroutine; /* waits */
    size_t object;    /* for this, or STORY_NONE */
    size_t holder;    /* held by; STORY_NONE: by nobody (a message that nobody sends) */
};

/* A place beside the first stack that the report names: where the object was made, the other
 * access, the earlier close, where a goroutine is blocked or was created. */
struct story_related {
    const char *label; /* "channel previously closed by goroutine 2" */
    size_t place;      /* never STORY_NONE */
};

/* The nearest schedule that passes: the same answers up to `event`, then another one. */
struct story_contrast {
    bool found;
    size_t event;         /* first event of this execution that is another one there */
    const char *expected; /* what happens there instead: "G3 chan receive C1 at file:line" */
    const char *sentence; /* how the two differ: "without the preemption of G2 ... it passes" */
};

struct story {
    const char *target;
    const char *variant;   /* "buggy", "fixed", "" */
    const char *verdict;   /* "bug", "pass", "inconclusive: max_steps" */
    const char *signature; /* "" if nothing was reported */
    const char *type;      /* "deadlock", ...; "" */
    const char *security;  /* "yes" or "no": of the type, as the text report says it */
    const char *message;   /* one sentence: what happened; "" */
    const char *report;    /* the text report in the stable form, "" */
    const char *input;     /* hexadecimal */
    const char *replay;    /* command that runs it again */
    const char *root;      /* directory of the sources; "" */
    const char *digest;    /* 16 hexadecimal digits */
    uint64_t steps, switches, preemptions, deviations;
    uint64_t events_dropped;

    struct story_place *places;
    size_t place_count;
    struct story_goroutine *goroutines; /* by number; [0] is the clock */
    size_t goroutine_count;
    struct story_object *objects;
    size_t object_count;
    struct story_event *events;
    size_t event_count;
    struct story_edge *edges; /* by `to`, then `from` */
    size_t edge_count;
    struct story_wait *waits;
    size_t wait_count;
    size_t *stack; /* places of the first stack of the report, innermost first */
    size_t stack_count;
    struct story_related *related; /* in the order of the report */
    size_t related_count;
    struct story_contrast contrast;
    void *memory; /* of the above; story_free's */
};

/* ---- Printers: false if something could not be written --------------------------------------- */

struct story_style {
    size_t width;       /* columns of the text form; 0: 100 */
    const char *events; /* reserved for ranges; NULL: all */
};

/* A table with one column per goroutine and a line per event, forced switches with their reason,
 * blocked states, the wait-for picture of the end, and the contrast. */
bool story_print_text(FILE *out, const struct story *s, const struct story_style *style);

/* One object; docs/story.schema.json describes it. */
bool story_print_json(FILE *out, const struct story *s);

/* One page that needs nothing else: no network, no other file. The sources that it quotes are read
 * from story_place.file when it is made; what cannot be read is left out. */
bool story_print_html(FILE *out, const struct story *s);

/* Chrome trace events, which Perfetto opens: a track per goroutine, a slice per event (1 us each),
 * flows for edges. */
bool story_print_perfetto(FILE *out, const struct story *s);

/* SARIF 2.1.0: one run, one result; no result if nothing was reported. */
bool story_print_sarif(FILE *out, const struct story *s);

#endif
