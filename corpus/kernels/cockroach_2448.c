// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(cockroach_2448, .title = "The state loop and its client block on sends to each other",
       .class = KERNEL_CHAN, .project = "cockroach",
       .source = "https://github.com/cockroachdb/cockroach/pull/2448",
       .story = "Delivering an event blocks the state loop until the client takes it. After each "
                "event the client sends a callback to the loop, and blocks until that is taken. "
                "When the loop delivers the next event first, both send and nobody receives. "
                "(Three events here; the original loops until it is stuck.)",
       .fix = "Take callbacks also while an event waits to be delivered.",
       .expect = {"goroutine-leak--deliver_event--process_event"});

enum { EVENTS = 3 };

struct multi_raft {
    struct go_chan *events;
    struct go_chan *callbacks;
    struct go_chan *done; /* never closed */
    int called_back;      /* for the state loop alone */
};

static void process_event(struct multi_raft *m)
{
    struct go_case cases[] = {GO_SEND(m->callbacks, NULL), GO_RECV(m->done, NULL)};
    go_select(cases, 2);
}

static void process_events(void *arg)
{
    struct multi_raft *m = arg;
    for (int i = 0; i < EVENTS; i++) {
        struct go_case cases[] = {GO_RECV(m->events, NULL), GO_RECV(m->done, NULL)};
        if (go_select(cases, 2) == 1) return;
        process_event(m);
    }
}

static void run_callback(struct multi_raft *m)
{
    go_sleep(1);
    m->called_back++;
}

static void deliver_event(struct multi_raft *m)
{
    struct go_case cases[3];
    for (;;) {
        cases[0] = GO_SEND(m->events, NULL);
        cases[1] = GO_RECV(m->done, NULL);
        cases[2] = GO_RECV(m->callbacks, NULL);
        if (go_select(cases, BUGGY ? 2 : 3) != 2) break;
        run_callback(m);
    }
}

static void state_loop(void *arg)
{
    struct multi_raft *m = arg;
    for (int events = 0; events < EVENTS || m->called_back < EVENTS;) {
        struct go_case cases[] = {GO_RECV(m->done, NULL), GO_RECV(m->callbacks, NULL)};
        size_t chosen = events < EVENTS ? go_select_default(cases, 2) : go_select(cases, 2);
        if (chosen == 0) return;
        if (chosen == 1) {
            run_callback(m);
        } else {
            deliver_event(m);
            events++;
        }
    }
}

static void kernel_main(void)
{
    struct multi_raft *m = go_new(sizeof *m);
    m->events = go_chan_make(0, 0);
    m->callbacks = go_chan_make(0, 0);
    m->done = go_chan_make(0, 0);
    go(process_events, m);
    go(state_loop, m);
}
