// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Channels, as select, timers and contexts see them.
 *
 * Invariants (chan_valid checks them)
 * - Senders wait only while the buffer is full and the channel open; receivers only while the
 *   buffer is empty, no sender waits and the channel is open.
 * - At least one queue is empty, but for one goroutine that waits in one select for both
 *   directions.
 * - A queued wait belongs to a parked goroutine; waking it takes all its waits out of all queues.
 */
#ifndef HEDDLE_CHAN_H
#define HEDDLE_CHAN_H

#include "sched.h"

struct go_chan {
    struct object *object;
    uint32_t number; /* the object's: publishing needs it and nothing else */
    size_t elem_bytes;
    size_t capacity;
    size_t count; /* values in the buffer */
    size_t head;  /* index of the oldest */
    unsigned char *buffer;
    uint32_t *slots;          /* buffered: segment of the last operation on each slot (order.h) */
    uint32_t sent;            /* slot of the next send, and of the next receive: the k-th receive */
    uint32_t received;        /* and the (k + capacity)-th send have the same one */
    uint32_t closed_released; /* what happened before the close */
    struct go_list senders;   /* struct go_wait, first in first out */
    struct go_list receivers; /* likewise */
    bool closed;
};

struct go_chan *chan_make(size_t elem_bytes, size_t capacity, struct call_site site);

/* Would the operation proceed now? A send to a closed channel proceeds, by panicking. */
static inline bool chan_can_send(const struct go_chan *c)
{
    return c->closed || c->count < c->capacity || !list_is_empty(&c->receivers);
}
static inline bool chan_can_recv(const struct go_chan *c)
{
    return c->count || c->closed || !list_is_empty(&c->senders);
}

/* Do it; it can proceed, and c is not closed for a send. No points, no events. */
void chan_do_send(struct go_chan *c, const void *value);
/* The same by the clock, which nothing orders but `released`. */
void chan_do_send_by_clock(struct go_chan *c, const void *value, uint32_t released);
bool chan_do_recv(struct go_chan *c, void *value);
/* Drop the value in c's buffer, of capacity 1, as if it had never been sent: orders nothing. */
void chan_take_back(struct go_chan *c);

/* Close c, open until now: wakes receivers, then senders. */
void chan_do_close(struct go_chan *c, struct call_site site);

/* Park the running goroutine on count cases, of which none can proceed; returns the index of the
 * case that somebody completed. Its _wait._ok says whether a value was moved. */
static inline size_t chan_park(struct go_case *cases, size_t count, enum wait_reason reason);

/* Of a parked select's cases: which of those that do the same as case `first` on its channel is
 * taken. Chooses CHOICE_SELECT if there are several, like for those that are ready at once: Go
 * queues them in a random order. */
size_t select_choose_same(const struct go_case *cases, size_t count, size_t first);

/* Raise the panic of a send to the closed channel c. */
_Noreturn void chan_panic_send(const struct go_chan *c, struct call_site site);

bool chan_valid(const struct go_chan *c);

static inline __attribute__((always_inline)) size_t chan_park(struct go_case *cases, size_t count,
                                                              enum wait_reason reason)
{
    struct goroutine *g = sched.running;
    g->cases = cases;
    g->case_count = (uint32_t)count;
    uint32_t released = order_release();
    for (uint32_t i = 0; i < count; i++) {
        struct go_chan *c = cases[i].chan;
        cases[i]._wait =
            (struct go_wait){._goroutine = g, ._index = i, ._queued = c, ._released = released};
        if (!c) continue;
        bool sends = cases[i].direction == GO_DIRECTION_SEND;
        list_push_back(sends ? &c->senders : &c->receivers, &cases[i]._wait._link);
    }
    sched_park(reason);
    g->cases = NULL;
    g->case_count = 0;
    order_acquire(cases[g->woken_case]._wait._acquired);
    return g->woken_case;
}

#endif
