// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Contexts, as detectors see them.
 *
 * Invariants
 * - A context with a done channel is done exactly when error is set, object->cancelled is true and
 *   the channel is closed; the three change in one step. So !object->cancelled says that its cancel
 *   function was never called, nor did its deadline pass, nor was its parent done.
 * - Every other context (background, values on top of it) looks at the nearest one that has a done
 *   channel, its source.
 * - A done context has no dependants left but while somebody is in the middle of cancelling it.
 */
#ifndef HEDDLE_CONTEXT_H
#define HEDDLE_CONTEXT_H

#include "timer.h"

/* What is cancelled along with a context: a context made from it, or a function to start. */
struct dependant {
    struct go_list link;            /* in the dependants of the context, in order of creation */
    struct go_context_after *after; /* the function; NULL: this is a context's own */
    bool linked;
};

struct go_context {
    struct go_context *parent; /* NULL: background */
    struct go_context *source; /* itself, if it has a done channel; NULL: never done */
    const void *key;           /* go_context_with_value; else NULL */
    void *value;
    bool has_deadline; /* its own or an ancestor's */
    int64_t deadline_ns;
    /* Only if it is its own source. */
    struct object *object;
    struct go_chan *done;
    enum go_context_error error;
    const char *cause;
    uint32_t released;      /* what happened before it was done */
    struct go_timer *timer; /* its own deadline; else NULL */
    struct dependant self;  /* in its parent's source */
    struct go_list dependants;
};

/* The done channel of the context that this is the record of; NULL for other objects. */
struct go_chan *context_done_channel(const struct object *o);

#endif
