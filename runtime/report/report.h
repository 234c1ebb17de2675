// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A report is data. Detectors fill it, printers print it, and neither does the other's work.
 *
 * Invariants
 * - One report per execution: the first thing that went wrong.
 * - Stacks hold return addresses of user code only, innermost first; frames of the runtime are
 *   never in them. Symbolizing happens when a report is printed or its signature is asked for.
 * - The signature is TYPE--func[--func...]: the culprits' innermost functions, sorted, unique, at
 *   most three, blanks of the type turned to dashes. It is title, DEDUP_TOKEN, JSON field and
 *   folder name.
 * - Text that a person reads (why, notes) names goroutines and objects as G3 and C1, never
 *   addresses.
 */
#ifndef HEDDLE_REPORT_H
#define HEDDLE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../base.h"

/* Types as ClusterFuzz and people see them: report_type_info() has the text of each. */
enum report_type {
    REPORT_NONE,
    REPORT_DEADLOCK,
    REPORT_PARTIAL_DEADLOCK,
    REPORT_GOROUTINE_LEAK,
    REPORT_LIVELOCK,
    REPORT_CLOSE_OF_CLOSED,
    REPORT_CLOSE_OF_NIL,
    REPORT_SEND_TO_CLOSED,
    REPORT_NEGATIVE_WAITGROUP,
    REPORT_WAITGROUP_MISUSE,
    REPORT_UNLOCK_OF_UNLOCKED_MUTEX,
    REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX,
    REPORT_COPY_OF_LOCKED,
    REPORT_CONCURRENT_MAP_WRITE,
    REPORT_CONCURRENT_MAP_READ_WRITE,
    REPORT_NIL_MAP_ASSIGNMENT,
    REPORT_ORACLE_FAILURE,
    REPORT_UNRECOVERED_PANIC,
    REPORT_NIL_DEREFERENCE,
    REPORT_STACK_OVERFLOW,
    REPORT_INVALID_ACCESS,      /* SIGSEGV, SIGBUS elsewhere */
    REPORT_ARITHMETIC_FAULT,    /* SIGFPE */
    REPORT_ILLEGAL_INSTRUCTION, /* SIGILL, SIGTRAP */
    REPORT_ABORT,               /* SIGABRT, assert() */
    REPORT_EXIT_STATUS,         /* go_exit(not 0) */
    REPORT_DATA_RACE,
    REPORT_USE_AFTER_FREE,
    REPORT_DOUBLE_FREE,
    REPORT_INVALID_FREE,
    REPORT_HEAP_OUT_OF_BOUNDS,
    REPORT_LOG_AFTER_TEST,
    REPORT_FAIL_NOW_ELSEWHERE, /* FailNow by a goroutine that does not run the test */
    REPORT_TYPE_COUNT
};

struct report_type_info {
    const char *text;        /* lower case with dashes; "deadlock" */
    const char *abort_class; /* class of the non-security note, or NULL: no note is printed */
};
const struct report_type_info *report_type_info(enum report_type type);

enum {
    REPORT_GOROUTINES_MAX = 16, /* shown; more are counted in goroutines_omitted */
    REPORT_RELATED_MAX = 4,
    REPORT_NOTES_MAX = 12,
    REPORT_TEXT_BYTES = 240,
    REPORT_CULPRITS_MAX = 3,
};

/* The object that a report is about, or that a goroutine waits for. number 0: none. */
struct report_object {
    uint32_t number;   /* in the execution */
    char name[16];     /* "C1", "M2" */
    const char *kind;  /* "channel", "mutex", "waitgroup", ... one word */
    uintptr_t address; /* as the program sees it; 0 for nil */
    uintptr_t offset;  /* of address in its region: what the stable form prints; 0 elsewhere */
    uint32_t made_by;  /* G number; of memory without a number: whose stack it is on, or 0 */
    bool first_use;    /* zero-value object: `made` is where it was first used */
    bool beside;       /* address is not in the object, but next to it */
    struct trace made;
};

/* A second place that belongs to the story: "Channel previously closed by goroutine 2 at:". */
struct report_related {
    char label[REPORT_TEXT_BYTES];
    struct trace trace;
};

/* A goroutine other than the one of the first stack. */
struct report_goroutine {
    uint32_t number;
    bool leaked;                       /* printed as [chan send (leaked)] */
    char state[48];                    /* Go's words: "chan receive", "running", "select", ... */
    char waits_for[REPORT_TEXT_BYTES]; /* a sentence: object, holder, since which step; or "" */
    uint32_t created_by;               /* G number; 0 for the root */
    struct trace created;
    struct trace trace; /* where it is now */
};

/* An access to memory. bytes 0: not known, or none. */
struct report_access {
    uintptr_t address;
    uintptr_t offset; /* in the heap, 0 elsewhere: what the stable form prints */
    size_t bytes;
    uint32_t goroutine;
    bool writes;
    bool atomic;
    bool frees; /* it gave the memory back */
};

struct report {
    enum report_type type;
    struct report_access access;   /* what `first` did; bytes 0: nothing of this kind */
    struct report_access previous; /* race: the other access, goroutine 0: none */
    struct trace previous_trace;   /* its stack; empty if it could not be recalled */
    uint32_t freed_by;             /* G number of who had freed the object; 0: nobody */
    struct trace freed;            /* and where */
    struct report_object object;
    uint32_t goroutine; /* whose stack `first` is */
    char state[48];     /* its wait reason, or "running" */
    struct trace first;
    const void *culprit_pc[REPORT_CULPRITS_MAX * 8]; /* innermost user pc of each culprit; printing
                                                        takes the first three sorted functions */
    size_t culprit_count;
    char message[REPORT_TEXT_BYTES]; /* what happened, one sentence; may be "" */
    struct report_related related[REPORT_RELATED_MAX];
    size_t related_count;
    struct report_goroutine goroutines[REPORT_GOROUTINES_MAX];
    size_t goroutine_count;
    size_t goroutines_omitted;
    /* The wait-for chain in words, uncalled cancels, locks left locked, ... one sentence each. */
    char notes[REPORT_NOTES_MAX][REPORT_TEXT_BYTES];
    size_t note_count;
    uint64_t steps;       /* events until the end */
    uint64_t switches;    /* times that another goroutine went on */
    uint64_t preemptions; /* of them, with the running one able to go on */
};

/* How to print. */
struct report_style {
    bool stable;        /* pid 1, PC 0x0, offsets for addresses, project-relative paths, no column,
                           input "input": equal for equal findings */
    int pid;            /* 0: getpid() */
    const char *input;  /* name of the input for the SCHEDULE line; NULL: "-" */
    const char *replay; /* command that replays it, or NULL */
    const char *root;   /* directory that the stable form cuts from paths; NULL: none */
};

/* The signature into out (always terminated). A function that cannot be named becomes "unknown". */
void report_signature(const struct report *r, char *out, size_t out_bytes);

/* The text form that ClusterFuzz reads. Prints, decides nothing. */
void report_print_text(FILE *out, const struct report *r, const struct report_style *style);

/* ---- symbolize.c -------------------------------------------------------------------------- */

/* One source frame of a pc; inlining gives several for one pc, innermost first. */
struct source_frame {
    char function[128];
    char file[512]; /* absolute; "" if unknown */
    int line;       /* 0 if unknown */
    int column;
};
enum { SOURCE_FRAMES_MAX = 8 };

/* Frames of a return address, innermost first. Returns how many were written: at least 1, since an
 * unknown one is a frame with function "" (symbolize_module says where it lies). Cached by pc. */
size_t symbolize(const void *pc, struct source_frame out[SOURCE_FRAMES_MAX]);
bool symbolize_module(const void *pc, char *module, size_t module_bytes, uintptr_t *offset);
/* The innermost function's name, from the cache if it is there: what signatures are made of. The
 * string lives as long as the process. */
const char *symbolize_function(const void *pc);
/* What keeps names and lines of the program out of reports, in one line: a tool that is missing, a
 * program without symbols. NULL if nothing does so far, or if it was said before. */
const char *symbolize_complaint(void);

#endif
