// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Short words for what a story names: places, actors, events. */
#ifndef HEDDLE_STORY_WORDS_H
#define HEDDLE_STORY_WORDS_H

#include "story.h"

struct words {
    const struct story *s;
    const char
        *file;     /* the one file that all places are in, without root; "" if there are several */
    char **places; /* by place */
    char **actors; /* by goroutine */
};

/* False if there is no memory; words_free all the same. */
bool words_init(struct words *w, const struct story *s);
void words_free(struct words *w);

/* "send_list:46", or "worker.c:46" if there are several files; "" for STORY_NONE. */
const char *words_place(const struct words *w, size_t place);

/* "G2 send_list", "clock" */
const char *words_actor(const struct words *w, size_t goroutine);

/* "send C1, 1 of 1 queued"; full: "chan send C1, ...". Returns out. */
const char *words_event(const struct words *w, const struct story_event *e, bool full, char *out,
                        size_t out_bytes);

/* Copy at most width - 1 characters; a longer text loses its middle. */
void words_cut(const char *text, char *out, size_t width);

#endif
