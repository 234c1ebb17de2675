// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Wait-for edges, cycles and sentences. Invariants in waitfor.h. */
#include "waitfor.h"

#include <stdarg.h>
#include <stdio.h>

#include "../chan.h"
#include "../rwmutex.h"
#include "../testing_t.h"
#include "facts.h"

static size_t add(const struct goroutine **out, size_t n, const struct goroutine *g)
{
    for (size_t i = 0; i < n; i++)
        if (out[i] == g) return n;
    if (g && n < WAITFOR_HOLDERS_MAX) out[n++] = g;
    return n;
}

/* A writer that has announced itself waits for readers; everybody else waits for that writer. */
static size_t rwmutex_holders(const struct go_rwmutex *m, const struct goroutine *g,
                              const struct goroutine **out)
{
    if (m->_announced && (m->_writing || m->_writer != g)) return add(out, 0, m->_writer);
    size_t n = 0;
    list_each(node, &m->_holds) n =
        add(out, n, container_of(node, struct rwmutex_hold, link)->holder);
    return n;
}

size_t waitfor_holders(const struct goroutine *g, const struct goroutine *out[WAITFOR_HOLDERS_MAX])
{
    const struct object *o = object_at(g->pending.object);
    if (!o || !o->data) return 0;
    switch ((enum wait_reason)g->wait_reason) {
    case WAIT_MUTEX_LOCK:
        return add(out, 0, ((const struct go_mutex *)o->data)->_holder);
    case WAIT_ONCE:
        return add(out, 0, ((const struct go_once *)o->data)->_runner);
    case WAIT_TEST:
        return add(out, 0, ((const struct go_test *)o->data)->runner);
    case WAIT_RWMUTEX_RLOCK:
    case WAIT_RWMUTEX_LOCK:
        return rwmutex_holders(o->data, g, out);
    default:
        return 0;
    }
}

static bool parked(const struct goroutine *g)
{
    return g->state == GOROUTINE_LIVE && g->wait_reason != WAIT_NONE;
}

enum { WALK_MAX = 4096 };

/* Does a walk along holders from g come back to it? Depth first, bounded. */
bool waitfor_on_cycle(const struct goroutine *g)
{
    static const struct goroutine *stack[WALK_MAX]; /* safe: judged on one thread, not reentrant */
    static uint8_t seen[GOROUTINES_MAX / 8 + 1];
    for (uint32_t i = 0; i <= sched.goroutine_count / 8; i++) seen[i] = 0;
    size_t depth = 0;
    stack[depth++] = g;
    while (depth) {
        const struct goroutine *holders[WAITFOR_HOLDERS_MAX];
        size_t n = waitfor_holders(stack[--depth], holders);
        for (size_t i = 0; i < n; i++) {
            const struct goroutine *h = holders[i];
            if (h == g) return true;
            if (!parked(h) || seen[h->number / 8] >> (h->number % 8) & 1) continue;
            seen[h->number / 8] |= (uint8_t)(1u << (h->number % 8));
            if (depth < WALK_MAX) stack[depth++] = h;
        }
    }
    return false;
}

bool waitfor_behind_parked(const struct goroutine *g)
{
    const struct goroutine *holders[WAITFOR_HOLDERS_MAX];
    size_t n = waitfor_holders(g, holders);
    for (size_t i = 0; i < n; i++)
        if (parked(holders[i])) return true;
    return false;
}

/* ---- In words ----------------------------------------------------------------------------- */

/* Appends; a text that does not fit is cut. */
struct text {
    char *out;
    size_t bytes;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(t->out + t->used, t->bytes - t->used, format, arguments);
    va_end(arguments);
    if (n > 0) t->used += (size_t)n < t->bytes - t->used ? (size_t)n : t->bytes - t->used - 1;
}

static void say_holders(struct text *t, const struct goroutine *g)
{
    const struct goroutine *holders[WAITFOR_HOLDERS_MAX];
    size_t n = waitfor_holders(g, holders);
    for (size_t i = 0; i < n && i < 3; i++) {
        const struct goroutine *h = holders[i];
        const char *how = g->wait_reason == WAIT_TEST ? ", run by" : ", held by";
        say(t, "%s goroutine %u", i ? " and" : how, h->number);
        if (h == g)
            say(t, " itself");
        else if (h->state == GOROUTINE_ENDED)
            say(t, ", which has ended without unlocking it");
        else
            say(t, " [%s]", facts_state_name(h));
    }
    if (n > 3) say(t, " and %zu more", n - 3);
}

/* Which operations would have completed a wait of this reason on its object? */
static bool could_wake(enum wait_reason reason, enum op_kind kind)
{
    switch (reason) {
    case WAIT_CHAN_SEND:
        return kind == OP_CHAN_RECV;
    case WAIT_CHAN_RECV:
        return kind == OP_CHAN_SEND || kind == OP_CHAN_CLOSE || kind == OP_CONTEXT_CANCEL;
    case WAIT_WAITGROUP:
        return kind == OP_WAITGROUP_ADD;
    case WAIT_COND:
        return kind == OP_COND_SIGNAL || kind == OP_COND_BROADCAST;
    default:
        return false;
    }
}

/* Who did such operations on the object before, latest first, from the event log. */
static void say_users(struct text *t, const struct goroutine *g)
{
    const struct goroutine *users[4];
    size_t n = 0;
    for (size_t i = event_kept(); i-- && n < 4;) {
        const struct event_record *e = event_record(i);
        if (event_object(e) != g->pending.object || e->goroutine == CLOCK_ID) continue;
        if (e->goroutine == g->number || !could_wake(g->wait_reason, event_kind(e))) continue;
        n = add(users, n, sched_goroutine(e->goroutine));
        if (n == 4) break;
    }
    const char *what = g->wait_reason == WAIT_CHAN_SEND   ? "receive from it"
                       : g->wait_reason == WAIT_CHAN_RECV ? "send to it or close it"
                       : g->wait_reason == WAIT_WAITGROUP ? "call Done"
                                                          : "signal it";
    if (!n) {
        say(t, "; no other goroutine was ever seen to %s", what);
        return;
    }
    say(t, "; seen to %s before:", what);
    for (size_t i = 0; i < n; i++)
        say(t, "%s goroutine %u [%s]", i ? "," : "", users[i]->number, facts_state_name(users[i]));
}

/* The channels of a parked select. */
static void say_cases(struct text *t, const struct goroutine *g)
{
    for (uint32_t i = 0; i < g->case_count && i < 6; i++) {
        const struct go_case *c = &g->cases[i];
        const char *verb = c->direction == GO_DIRECTION_SEND ? "send to" : "receive from";
        char name[16] = "a nil channel";
        if (c->chan) object_name(c->chan->object, name);
        say(t, "%s %s %s", i ? " or" : ", waits to", verb, name);
    }
    if (g->case_count > 6) say(t, ", and %u more cases", g->case_count - 6);
}

void waitfor_sentence(char *out, size_t bytes, const struct goroutine *g)
{
    struct text t = {out, bytes, 0};
    out[0] = '\0';
    if (g->state == GOROUTINE_ENDED || g->wait_reason == WAIT_NONE) return;
    say(&t, "stuck since step %u", g->parked_step);
    const struct object *o = object_at(g->pending.object);
    if (o) {
        char phrase[48];
        facts_object_phrase(phrase, o);
        say(&t, ", waits for %s", phrase);
        say_holders(&t, g);
    }
    if (g->wait_reason == WAIT_SELECT) say_cases(&t, g);
    if (g->wait_reason == WAIT_CHAN_SEND || g->wait_reason == WAIT_CHAN_RECV ||
        g->wait_reason == WAIT_WAITGROUP || g->wait_reason == WAIT_COND)
        say_users(&t, g);
}
