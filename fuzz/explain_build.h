// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The parts that a story is built of, for explain.c alone. Each reads the latest execution.
 *
 * Invariants
 * - Objects of the execution come first in story.objects, object number n at n - 1; variables that
 *   were accessed at a point follow. Goroutine number n is at n, the clock at 0.
 * - Memory of a story is never moved or given back before story_free.
 */
#ifndef HEDDLE_EXPLAIN_BUILD_H
#define HEDDLE_EXPLAIN_BUILD_H

#include "explain.h"
#include "explain_watch.h"
#include "run.h"

/* A return address that was looked up. */
struct build_pc {
    const void *pc; /* NULL: free */
    size_t place;
};

struct build {
    struct story *story;
    const struct watch *watch;
    const struct run_result *result;
    struct build_pc *pcs; /* open addressing, at most half full */
    size_t pc_capacity, pc_count;
    size_t place_capacity;
    size_t object_count; /* of the execution */
};

/* ---- explain_memory.c ------------------------------------------------------------------------ */

/* Zeroed; ends the process with one line when there is none. */
void *story_alloc(struct story *story, size_t count, size_t bytes);
const char *story_text(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- explain_places.c ------------------------------------------------------------------------ */

/* Place of a return address; STORY_NONE for NULL. */
size_t build_place(struct build *b, const void *pc);
void build_places_free(struct build *b);
/* "worker.c:41", or "?": for sentences. */
const char *build_place_text(const struct build *b, size_t place);

/* ---- explain_cast.c -------------------------------------------------------------------------- */

void build_goroutines(struct build *b);
void build_objects(struct build *b);
void build_waits(struct build *b);
/* "C1"; "" for STORY_NONE. */
const char *build_object_name(const struct build *b, size_t object);
/* Index of the object that an event or a candidate is about. */
size_t build_object_of(const struct build *b, uint32_t number, uint64_t place);

/* ---- explain_events.c, explain_detail.c, explain_reason.c ------------------------------------ */

void build_events(struct build *b);
/* What came of an event, in words; "". selects: it is a case of a select. */
const char *build_detail(const struct build *b, const struct event *event, bool selects);
/* What the answer did, as a sentence without its full stop. */
const char *build_reason(struct build *b, const struct watch_forced *forced);
/* The same as what is left out: "the preemption of G2 before its ..."; and as what happens if the
 * answer is `taken` instead of `natural`: "G3 goes first with its ...". */
const char *build_left_out(struct build *b, const struct watch_forced *forced);
const char *build_other(struct build *b, const struct watch_forced *other);

/* ---- explain_related.c ----------------------------------------------------------------------- */

void build_related(struct build *b);

/* ---- explain_edges.c ------------------------------------------------------------------------- */

void build_edges(struct build *b);

#endif
