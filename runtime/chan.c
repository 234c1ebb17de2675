// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Channels: buffer, two queues of waits, close. Invariants in chan.h.
 *
 * A value goes straight from sender to parked receiver (or from a parked sender into the slot that
 * a receiver frees), as in Go: whoever wakes a goroutine has already done its work for it. */
#include "chan.h"

#include <string.h>

#include "panic.h"

bool chan_valid(const struct go_chan *c)
{
    bool senders = !list_is_empty(&c->senders);
    bool receivers = !list_is_empty(&c->receivers);
    if (c->count > c->capacity) return false;
    if (senders && (c->closed || c->count < c->capacity)) return false;
    if (receivers && (c->closed || c->count)) return false;
    if (senders && receivers) {
        /* Only one select that both sends and receives here may be in both queues. */
        const struct go_wait *s = container_of(c->senders._next, struct go_wait, _link);
        list_each(node, &c->receivers) if (container_of(node, struct go_wait, _link)->_goroutine !=
                                           s->_goroutine) return false;
    }
    return true;
}

struct go_chan *chan_make(size_t elem_bytes, size_t capacity, struct call_site site)
{
    if (unlikely(!sched.running)) fault_usage("go_chan_make outside a running execution");
    size_t bytes;
    if (__builtin_mul_overflow(elem_bytes, capacity, &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct go_chan), &bytes))
        sched_stop_limit("max_arena");
    size_t slot_bytes = order_state.on ? capacity * sizeof(uint32_t) : 0;
    struct go_chan *c = sched_alloc(bytes + slot_bytes + sizeof(uint32_t));
    c->object = object_make(OBJECT_CHAN, c, site);
    c->object->data = c;
    c->number = c->object->number;
    c->elem_bytes = elem_bytes;
    c->capacity = capacity;
    c->slots = (uint32_t *)(c + 1);
    c->buffer = (unsigned char *)(c + 1) + slot_bytes;
    return c;
}

/* Small elements are nearly all there are, and a call of memcpy is dearer than their copy. */
static inline void copy_value(const struct go_chan *c, void *to, const void *from)
{
    size_t bytes = c->elem_bytes;
    if (!to || !bytes) return;
    if (unlikely(!from))
        memset(to, 0, bytes);
    else if (bytes == 8)
        memcpy(to, from, 8);
    else if (bytes == 4)
        memcpy(to, from, 4);
    else
        memcpy(to, from, bytes);
}

static inline void *buffer_slot(const struct go_chan *c, size_t index)
{
    size_t i = c->head + index;
    return c->buffer + (i >= c->capacity ? i - c->capacity : i) * c->elem_bytes;
}

/* ---- Waking ------------------------------------------------------------------------------- */

/* The first wait of a queue, with its goroutine's other waits taken out of their queues. */
static struct go_wait *take_wait(struct go_list *queue)
{
    struct go_wait *wait = container_of(queue->_next, struct go_wait, _link);
    struct goroutine *g = wait->_goroutine;
    if (unlikely(g->case_count > 1))
        wait = &g->cases[select_choose_same(g->cases, g->case_count, wait->_index)]._wait;
    for (uint32_t i = 0; i < g->case_count; i++) {
        struct go_wait *other = &g->cases[i]._wait;
        if (!other->_queued) continue;
        other->_queued = false;
        list_remove(&other->_link);
    }
    return wait;
}

static void wake(struct go_wait *wait, bool ok, uint32_t acquired)
{
    wait->_ok = ok;
    wait->_acquired = acquired;
    wait->_goroutine->woken_case = wait->_index;
    sched_ready(wait->_goroutine);
}

static struct go_case *case_of(struct go_wait *wait)
{
    return &wait->_goroutine->cases[wait->_index];
}

/* ---- Edges -------------------------------------------------------------------------------- */

/* Go memory model, "Channel communication": a send happens before the receive of its value, the
 * k-th receive on a channel of capacity C before the (k+C)-th send; without a buffer each of the
 * two happens before the other returns. With a buffer both go over the slot that they have in
 * common, also where a value is handed over directly. */

static inline uint32_t *next_slot(const struct go_chan *c, uint32_t *next)
{
    uint32_t *slot = &c->slots[*next];
    *next = *next + 1 == c->capacity ? 0 : *next + 1;
    return slot;
}

/* Buffered: what the operation on this slot learns; it leaves there what it has `released`. */
static inline uint32_t pass_slot(uint32_t *slot, uint32_t released)
{
    uint32_t before = *slot;
    *slot = released;
    return before;
}

/* The running goroutine takes part in the next send (or receive) on c. It releases before it
 * acquires: a receive is before the send of its slot completes, but not before whoever receives
 * what that sends. */
static inline void pass_next(const struct go_chan *c, uint32_t *next)
{
    if (likely(!order_state.on)) return;
    uint32_t *slot = next_slot(c, next);
    uint32_t released = order_release();
    order_acquire(*slot);
    *slot = released;
}

/* ---- The operations ----------------------------------------------------------------------- */

static inline void push(struct go_chan *c, const void *value)
{
    copy_value(c, buffer_slot(c, c->count), value);
    c->count++;
}

static inline void pop(struct go_chan *c, void *value)
{
    copy_value(c, value, buffer_slot(c, 0));
    c->head = c->head + 1 == c->capacity ? 0 : c->head + 1;
    c->count--;
}

/* To the receiver that waits longest; returns what it had released. */
static uint32_t send_to_waiting(struct go_chan *c, const void *value, uint32_t released)
{
    struct go_wait *wait = take_wait(&c->receivers);
    copy_value(c, case_of(wait)->recv_value, value);
    uint32_t theirs = wait->_released;
    if (order_state.on && c->capacity) {
        uint32_t learned = pass_slot(next_slot(c, &c->received), theirs);
        wake(wait, true, learned);
    } else {
        wake(wait, true, released);
    }
    return theirs;
}

/* From the sender that waits longest: into the slot that has become free, or straight to value. */
static void recv_from_waiting(struct go_chan *c, void *value)
{
    struct go_wait *wait = take_wait(&c->senders);
    if (c->capacity) {
        push(c, case_of(wait)->send_value);
        uint32_t learned = 0;
        if (order_state.on) learned = pass_slot(next_slot(c, &c->sent), wait->_released);
        wake(wait, true, learned);
        return;
    }
    copy_value(c, value, case_of(wait)->send_value);
    uint32_t released = order_release();
    order_acquire(wait->_released);
    wake(wait, true, released);
}

void chan_do_send(struct go_chan *c, const void *value)
{
    rt_check2(chan_valid(c));
    if (c->capacity) pass_next(c, &c->sent);
    if (list_is_empty(&c->receivers)) {
        rt_assert(c->count < c->capacity);
        push(c, value);
    } else {
        uint32_t released = c->capacity ? 0 : order_release();
        uint32_t theirs = send_to_waiting(c, value, released);
        if (!c->capacity) order_acquire(theirs);
    }
    rt_check2(chan_valid(c));
}

void chan_do_send_by_clock(struct go_chan *c, const void *value, uint32_t released)
{
    rt_assert(c->capacity);
    if (order_state.on) pass_slot(next_slot(c, &c->sent), released);
    if (list_is_empty(&c->receivers))
        push(c, value);
    else
        send_to_waiting(c, value, 0);
    rt_check2(chan_valid(c));
}

bool chan_do_recv(struct go_chan *c, void *value)
{
    rt_check2(chan_valid(c));
    bool waiting = !list_is_empty(&c->senders);
    if (likely(c->count)) {
        pop(c, value);
        pass_next(c, &c->received);
    } else if (!waiting) {
        rt_assert(c->closed);
        copy_value(c, value, NULL);
        order_acquire(c->closed_released);
        return false;
    }
    if (waiting) recv_from_waiting(c, value);
    rt_check2(chan_valid(c));
    return true;
}

void chan_take_back(struct go_chan *c)
{
    rt_assert(c->capacity == 1);
    rt_assert(c->count == 1);
    /* Only a program that sends on the channel of a timer itself has senders there. */
    if (list_is_empty(&c->senders))
        pop(c, NULL);
    else
        chan_do_recv(c, NULL);
    rt_check2(chan_valid(c));
}

void chan_do_close(struct go_chan *c, struct call_site site)
{
    const struct goroutine *g = sched.running;
    c->closed = true;
    c->closed_released = order_release();
    c->object->closed_by = g->number;
    trace_capture(&c->object->closed, site, g->coro.stack_low, g->frames_end);
    while (!list_is_empty(&c->receivers)) {
        struct go_wait *wait = take_wait(&c->receivers);
        copy_value(c, case_of(wait)->recv_value, NULL);
        wake(wait, false, c->closed_released);
    }
    while (!list_is_empty(&c->senders)) wake(take_wait(&c->senders), false, c->closed_released);
    rt_check2(chan_valid(c));
}

_Noreturn void chan_panic_send(const struct go_chan *c, struct call_site site)
{
    char name[16];
    object_name(c->object, name);
    panic_raise(REPORT_SEND_TO_CLOSED, c->object, site, "send to the closed channel %s", name);
}

/* ---- The public calls --------------------------------------------------------------------- */

GO_API struct go_chan *go_chan_make(size_t elem_bytes, size_t capacity)
{
    return chan_make(elem_bytes, capacity, CALL_SITE());
}

/* Block for ever on a nil channel. */
static _Noreturn void park_nil(enum wait_reason reason)
{
    sched_point();
    sched_executed(PHASE_ARRIVE, 0);
    sched_park(reason);
    fault_internal("nobody wakes who waits on a nil channel", __FILE__, __LINE__);
}

/* The two halves of a send or receive that has to wait; apart so that the others stay short. */
static __attribute__((noinline)) void send_parked(struct go_chan *c, const void *value,
                                                  struct call_site site)
{
    struct go_case one = GO_SEND(c, value);
    sched_executed(PHASE_ARRIVE, c->count);
    chan_park(&one, 1, WAIT_CHAN_SEND);
    sched_executed(PHASE_COMPLETE, one._wait._ok);
    if (unlikely(!one._wait._ok)) chan_panic_send(c, site);
}

static __attribute__((noinline)) bool recv_parked(struct go_chan *c, void *value)
{
    struct go_case one = GO_RECV(c, value);
    sched_executed(PHASE_ARRIVE, 0);
    chan_park(&one, 1, WAIT_CHAN_RECV);
    sched_executed(PHASE_COMPLETE, one._wait._ok);
    return one._wait._ok;
}

GO_API void go_chan_send(struct go_chan *c, const void *value)
{
    struct call_site site = CALL_SITE();
    sched_publish_number(OP_CHAN_SEND, OP_MODE_WRITE, c ? c->number : 0, site);
    if (unlikely(!c)) park_nil(WAIT_CHAN_SEND_NIL);
    access_runtime(value, c->elem_bytes, ACCESS_READ, site);
    sched_point();
    if (unlikely(!chan_can_send(c))) {
        send_parked(c, value, site);
        return;
    }
    bool closed = c->closed;
    if (likely(!closed)) chan_do_send(c, value);
    sched_executed(PHASE_DONE, c->count);
    if (unlikely(closed)) chan_panic_send(c, site);
}

GO_API bool go_chan_recv(struct go_chan *c, void *value)
{
    struct call_site site = CALL_SITE();
    sched_publish_number(OP_CHAN_RECV, OP_MODE_WRITE, c ? c->number : 0, site);
    if (unlikely(!c)) park_nil(WAIT_CHAN_RECV_NIL);
    sched_point();
    bool ok;
    if (unlikely(!chan_can_recv(c))) {
        ok = recv_parked(c, value);
    } else {
        ok = chan_do_recv(c, value);
        sched_executed(PHASE_DONE, c->count << 1 | ok);
    }
    access_runtime(value, c->elem_bytes, ACCESS_WRITE, site);
    return ok;
}

GO_API void go_chan_close(struct go_chan *c)
{
    struct call_site site = CALL_SITE();
    sched_publish(OP_CHAN_CLOSE, OP_MODE_WRITE, c ? c->object : NULL, site);
    sched_point();
    bool closed = !c || c->closed;
    if (!closed) chan_do_close(c, site);
    sched_executed(PHASE_DONE, closed);
    if (likely(!closed)) return;
    if (!c) panic_raise(REPORT_CLOSE_OF_NIL, NULL, site, "close of a nil channel");
    char name[16];
    object_name(c->object, name);
    panic_raise(REPORT_CLOSE_OF_CLOSED, c->object, site, "close of the closed channel %s", name);
}

GO_API size_t go_chan_len(struct go_chan *c)
{
    if (!c) return 0;
    sched_publish(OP_CHAN_LEN, OP_MODE_READ, c->object, CALL_SITE());
    sched_point();
    size_t count = c->count;
    sched_executed(PHASE_DONE, count);
    return count;
}

GO_API size_t go_chan_cap(const struct go_chan *c) { return c ? c->capacity : 0; }
