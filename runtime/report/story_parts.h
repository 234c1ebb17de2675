// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the printers of stories that write JSON share. */
#ifndef HEDDLE_STORY_PARTS_H
#define HEDDLE_STORY_PARTS_H

#include <jansson.h>

#include "story.h"

/* A JSON string of text that may be anything: what is no UTF-8 becomes '?' byte by byte. */
json_t *parts_text(const char *text);

/* printf into a JSON string, cut at 1023 bytes. */
json_t *parts_textf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `file` below the directory root, or NULL if it does not lie there. A relative path is taken for
 * one below it. */
const char *parts_below_root(const struct story *s, const char *file);

/* What an event did, in words: "chan send C1", "chan receive C1: waits", with its detail. */
json_t *parts_event_text(const struct story *s, const struct story_event *event);

/* "G3 handle_request"; "clock". */
json_t *parts_goroutine_text(const struct story_goroutine *goroutine);

/* The document to `out`, with a line end; takes it. False if it is NULL or cannot be written. */
bool parts_dump(FILE *out, json_t *document);

#endif
