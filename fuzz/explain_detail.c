// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What an event's value says, in words. Which operation notes what is in its own file in runtime/.
 */
#include <inttypes.h>

#include "chan.h"
#include "explain_build.h"
#include "sched.h"

/* "250ms", "1.5s", "10ns": no more digits than there are. */
static const char *duration(const struct build *b, uint64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ns < units[i].ns) continue;
        if (ns % units[i].ns == 0)
            return story_text(b->story, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
        return story_text(b->story, "%.6g%s", (double)ns / (double)units[i].ns, units[i].name);
    }
    return story_text(b->story, "%" PRIu64 "ns", ns);
}

static size_t capacity_of(const struct event *e)
{
    const struct object *o = object_at(e->object);
    return o && o->kind == OBJECT_CHAN && o->data ? ((const struct go_chan *)o->data)->capacity : 0;
}

/* Of a select's case the value is its index, twice, and whether a value was moved. */
static const char *select_detail(const struct build *b, const struct event *e)
{
    return story_text(b->story, "case %" PRIu64 "%s", e->value >> 1,
                      e->value & 1 ? "" : ", closed");
}

static const char *send_detail(const struct build *b, const struct event *e)
{
    const struct object *o = object_at(e->object);
    if (!o) return "nil channel";
    if (e->phase == PHASE_COMPLETE) return e->value ? "" : "closed";
    if (e->phase == PHASE_ARRIVE) return capacity_of(e) ? "full" : "nobody receives";
    size_t capacity = capacity_of(e);
    return capacity ? story_text(b->story, "%" PRIu64 " of %zu queued", e->value, capacity) : "";
}

static const char *receive_detail(const struct build *b, const struct event *e)
{
    if (!e->object) return "nil channel";
    if (e->phase == PHASE_ARRIVE) return "";
    bool ok = e->value & 1;
    if (!ok) return "closed";
    if (e->phase == PHASE_COMPLETE || !capacity_of(e)) return "";
    return story_text(b->story, "%" PRIu64 " of %zu queued", e->value >> 1, capacity_of(e));
}

static const char *channel_detail(const struct build *b, const struct event *e, bool selects)
{
    switch ((enum op_kind)e->kind) {
    case OP_CHAN_SEND:
        return selects ? select_detail(b, e) : send_detail(b, e);
    case OP_CHAN_RECV:
        return selects ? select_detail(b, e) : receive_detail(b, e);
    case OP_CHAN_CLOSE:
        return !e->object ? "nil channel" : e->value ? "is closed already" : "";
    case OP_CHAN_LEN:
        return story_text(b->story, "%" PRIu64 " queued", e->value);
    case OP_SELECT:
        if (e->phase == PHASE_FAIL) return "no case is ready";
        return story_text(b->story, "%" PRIu64 " case%s", e->value, e->value == 1 ? "" : "s");
    default:
        return "";
    }
}

static const char *readers(const struct build *b, uint64_t count)
{
    return story_text(b->story, "%" PRIu64 " reader%s", count, count == 1 ? "" : "s");
}

static const char *lock_detail(const struct build *b, const struct event *e)
{
    switch ((enum op_kind)e->kind) {
    case OP_MUTEX_TRYLOCK:
    case OP_RWMUTEX_TRYLOCK:
    case OP_RWMUTEX_TRYRLOCK:
        return e->phase == PHASE_FAIL ? "is taken" : "got it";
    case OP_MUTEX_UNLOCK:
    case OP_RWMUTEX_UNLOCK:
        return e->value ? "" : "was not locked";
    case OP_RWMUTEX_RLOCK:
    case OP_RWMUTEX_RUNLOCK:
        return readers(b, e->value);
    case OP_RWMUTEX_LOCK:
        return e->phase == PHASE_ARRIVE ? readers(b, e->value) : "";
    default:
        return "";
    }
}

static const char *sync_detail(const struct build *b, const struct event *e)
{
    switch ((enum op_kind)e->kind) {
    case OP_WAITGROUP_ADD:
        if (e->value == UINT32_MAX) return "counter below 0";
        return story_text(b->story, "counter %" PRIu64, e->value);
    case OP_WAITGROUP_WAIT:
        if (e->phase != PHASE_ARRIVE) return "";
        return story_text(b->story, "counter %" PRIu64, e->value);
    case OP_ONCE_DO:
        return e->value ? "runs it" : "is done already";
    case OP_COND_SIGNAL:
        return e->value ? "wakes one" : "nobody waits";
    case OP_COND_BROADCAST:
        return e->value ? story_text(b->story, "wakes %" PRIu64, e->value) : "nobody waits";
    case OP_MAP_WRITE:
        return story_text(b->story, "%" PRIu64 " in it", e->value);
    default:
        return "";
    }
}

static const char *context_detail(const struct event *e)
{
    static const char *const errors[] = {[GO_CONTEXT_OK] = "",
                                         [GO_CONTEXT_CANCELED] = "canceled",
                                         [GO_CONTEXT_DEADLINE_EXCEEDED] = "deadline exceeded"};
    bool is_look = e->kind == OP_CONTEXT_ERR;
    if (e->kind == OP_CONTEXT_CANCEL) return e->value ? "" : "is canceled already";
    if (e->kind == OP_CONTEXT_AFTER || e->value >= sizeof errors / sizeof errors[0]) return "";
    return is_look && !e->value ? "not yet" : errors[e->value];
}

static const char *time_detail(const struct build *b, const struct event *e)
{
    switch ((enum op_kind)e->kind) {
    case OP_SLEEP:
        if (e->phase == PHASE_FAIL) return "";
        if (e->phase == PHASE_ARRIVE) return duration(b, e->value);
        return story_text(b->story, "at %s", duration(b, e->value));
    case OP_TIMER_FIRE:
        return story_text(b->story, "at %s", duration(b, e->value));
    case OP_TIMER_STOP:
        return e->value ? "stopped" : "had fired";
    case OP_TIMER_RESET:
        return e->value ? "was armed" : "had fired";
    default:
        return "";
    }
}

static const char *test_detail(const struct event *e)
{
    if (e->kind == OP_TEST_LOG && e->value) return "the test is over";
    bool tells = e->kind == OP_TEST_RUN || e->kind == OP_TEST_FAILED || e->kind == OP_TEST_DONE;
    return tells && e->value ? "failed" : "";
}

const char *build_detail(const struct build *b, const struct event *e, bool selects)
{
    switch ((enum op_kind)e->kind) {
    case OP_CHAN_SEND:
    case OP_CHAN_RECV:
    case OP_CHAN_CLOSE:
    case OP_CHAN_LEN:
    case OP_SELECT:
        return channel_detail(b, e, selects);
    case OP_SLEEP:
    case OP_TIMER_FIRE:
    case OP_TIMER_STOP:
    case OP_TIMER_RESET:
        return time_detail(b, e);
    case OP_CONTEXT_CANCEL:
    case OP_CONTEXT_ERR:
    case OP_CONTEXT_MAKE:
        return context_detail(e);
    case OP_TEST_RUN:
    case OP_TEST_LOG:
    case OP_TEST_FAILED:
    case OP_TEST_DONE:
        return test_detail(e);
    default:
        break;
    }
    const char *detail = lock_detail(b, e);
    return detail[0] ? detail : sync_detail(b, e);
}
