// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The event log: what is in it, in which order, and what it says of each operation. */
#include "testkit.h"

#include "event.h"
#include "sched.h"

static struct go_chan *c;
static struct go_mutex m;

static void nothing(void *unused) { (void)unused; }

static void receive(void *unused)
{
    (void)unused;
    go_chan_recv(c, NULL);
}

static void send_to_a_receiver(void)
{
    c = go_chan_make(0, 0);
    go(receive, NULL);
    go_chan_send(c, NULL);
}

struct shown {
    enum op_kind kind;
    uint32_t goroutine;
    enum event_phase phase;
    uint32_t object;
};

/* The log of the latest execution is this. */
static void assert_shown(const struct shown *shown, size_t expected)
{
    size_t count;
    const struct event *events = run_events(&count, NULL);
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].step, i + 1);
        assert_int_equal(events[i].kind, shown[i].kind);
        assert_int_equal(events[i].goroutine, shown[i].goroutine);
        assert_int_equal(events[i].stable, sched_goroutine(shown[i].goroutine)->stable);
        assert_int_equal(events[i].phase, shown[i].phase);
        assert_int_equal(events[i].object, shown[i].object);
        assert_int_equal(events[i].object_stable,
                         shown[i].object ? object_at(shown[i].object)->stable : 0);
        if (shown[i].object) assert_non_null(events[i].site);
    }
}

static void what_waits_visibly_arrives_and_completes(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(send_to_a_receiver, NULL, &result); /* the root sends first, and parks */
    static const struct shown sender_first[] = {
        {OP_START, 1, PHASE_DONE, 0},         {OP_GO, 1, PHASE_DONE, 0},
        {OP_CHAN_SEND, 1, PHASE_ARRIVE, 1},   {OP_START, 2, PHASE_DONE, 0},
        {OP_CHAN_RECV, 2, PHASE_DONE, 1},     {OP_END, 2, PHASE_DONE, 0},
        {OP_CHAN_SEND, 1, PHASE_COMPLETE, 1}, {OP_END, 1, PHASE_DONE, 0},
    };
    assert_shown(sender_first, sizeof sender_first / sizeof sender_first[0]);
    static const size_t answers[] = {1};
    testkit_scripted(send_to_a_receiver, NULL, answers, 1, &result); /* the receiver first */
    static const struct shown receiver_first[] = {
        {OP_START, 1, PHASE_DONE, 0},         {OP_START, 2, PHASE_DONE, 0},
        {OP_CHAN_RECV, 2, PHASE_ARRIVE, 1},   {OP_GO, 1, PHASE_DONE, 0},
        {OP_CHAN_SEND, 1, PHASE_DONE, 1},     {OP_END, 1, PHASE_DONE, 0},
        {OP_CHAN_RECV, 2, PHASE_COMPLETE, 1}, {OP_END, 2, PHASE_DONE, 0},
    };
    assert_shown(receiver_first, sizeof receiver_first / sizeof receiver_first[0]);
}

static void lock_and_start(void)
{
    go_mutex_lock(&m);
    go(nothing, NULL);
    go_mutex_unlock(&m);
}

static void an_event_says_whether_another_than_the_natural_candidate_was_taken(void **unused)
{
    (void)unused;
    struct run_result result;
    for (size_t answer = 0; answer < 2; answer++) {
        testkit_scripted(lock_and_start, NULL, &answer, 1, &result);
        size_t count;
        size_t chosen = 0;
        const struct event *events = run_events(&count, NULL);
        for (size_t i = 0; i < count; i++) {
            chosen += events[i].chosen;
            if (events[i].chosen) assert_int_equal(events[i].kind, OP_START);
        }
        assert_int_equal(chosen, answer); /* 1: the new goroutine starts before the root goes on */
    }
}

static void len_for_ever(void)
{
    c = go_chan_make(0, 0);
    for (;;) go_chan_len(c);
}

static uint32_t last_step;
static void note_step(struct policy *self, const struct event *event)
{
    (void)self;
    last_step = event->step;
}

static size_t first(struct policy *self, enum choice_kind kind, const struct candidate *candidates,
                    size_t n)
{
    (void)self, (void)kind, (void)candidates, (void)n;
    return 0;
}

static void events_beyond_the_log_are_shown_and_counted(void **unused)
{
    (void)unused;
    struct run_result result;
    const struct run_options options = {.max_steps = EVENTS_MAX, .fair_steps = 10};
    struct policy policy = {.name = "steps", .choose = first, .executed = note_step};
    testkit_execute(len_for_ever, &policy, &options, &result, NULL);
    size_t count;
    uint64_t dropped;
    run_events(&count, &dropped);
    assert_int_equal(result.events, EVENTS_MAX + 10);
    assert_int_equal(last_step, EVENTS_MAX + 10);
    assert_int_equal(count, EVENTS_MAX);
    assert_int_equal(dropped, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_visibly_arrives_and_completes),
        cmocka_unit_test(an_event_says_whether_another_than_the_natural_candidate_was_taken),
        cmocka_unit_test(events_beyond_the_log_are_shown_and_counted),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
