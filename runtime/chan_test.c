// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Channels as the Go specification has them: each program with all that can happen. */
#include "testkit.h"

#include <string.h>

#include "chan.h"

/* State of the programs; every root sets what its goroutines use. */
static struct go_chan *c;
static struct go_chan *done;

static void make(size_t capacity)
{
    c = go_chan_make(sizeof(int), capacity);
    done = go_chan_make(0, 0);
}

static void send(int value) { go_chan_send(c, &value); }

static int recv(void)
{
    int value = -1;
    (void)go_chan_recv(c, &value);
    return value;
}

static void sender(void *arg) { send(testkit_int(arg)); }

static void receiver(void *unused)
{
    (void)unused;
    testkit_say("%d", recv());
}

/* Says the value, and whether it is one: "7t", "0f". */
static void say_recv(void)
{
    int value = -1;
    bool ok = go_chan_recv(c, &value);
    testkit_say("%d%c", value, ok ? 't' : 'f');
}

static void saying_receiver(void *unused)
{
    (void)unused;
    say_recv();
}

/* Runs fn protected and says the kind of its panic, or "none". */
static void say_panic(void (*fn)(void *), void *arg)
{
    struct go_panic panic;
    testkit_say("%s", go_protect(fn, arg, &panic) ? panic.kind : "none");
}

static void close_c(void *unused)
{
    (void)unused;
    go_chan_close(c);
}

/* ---- Sending and receiving ---------------------------------------------------------------- */

static void unbuffered_send_meets_its_receiver(void)
{
    make(0);
    go(sender, testkit_arg(7));
    say_recv();
}

static void two_senders_meet_in_either_order(void)
{
    make(0);
    go(sender, testkit_arg(1));
    go(sender, testkit_arg(2));
    testkit_say("%d", recv());
    testkit_say("%d", recv());
}

static void waiting_senders_are_served_first_in_first_out(void)
{
    make(0);
    for (int i = 1; i <= 4; i++) go(sender, testkit_arg(i));
    go_gosched(); /* naturally each of them parks now, in this order */
    for (int i = 1; i <= 4; i++) testkit_say("%d", recv());
}

static void say_own_number(void *arg)
{
    int value = recv();
    testkit_say("%d:%d ", testkit_int(arg), value);
}

static void waiting_receivers_are_served_first_in_first_out(void)
{
    make(0);
    for (int i = 1; i <= 3; i++) go(say_own_number, testkit_arg(i));
    go_gosched();
    for (int i = 1; i <= 3; i++) send(i);
}

static void a_parked_sender_comes_after_the_buffered_values(void)
{
    make(2);
    send(1);
    send(2);
    go(sender, testkit_arg(3));
    for (int i = 0; i < 3; i++) testkit_say("%d", recv());
}

static void a_buffer_takes_capacity_values_without_a_receiver(void)
{
    make(3);
    for (int i = 1; i <= 3; i++) send(i);
    testkit_say("len%zu cap%zu ", go_chan_len(c), go_chan_cap(c));
    for (int i = 0; i < 3; i++) testkit_say("%d", recv());
    testkit_say(" len%zu", go_chan_len(c));
}

static void one_value_more_than_capacity_blocks(void)
{
    make(1);
    send(1);
    send(2);
}

static void an_unbuffered_send_blocks_without_a_receiver(void)
{
    make(0);
    send(1);
}

static void the_ring_keeps_order_when_it_wraps(void)
{
    make(3);
    for (int i = 0; i < 10; i++) {
        send(i);
        if (i >= 2) testkit_say("%d", recv());
    }
    for (int i = 0; i < 2; i++) testkit_say("%d", recv());
}

static void values_are_copied_when_they_are_sent(void)
{
    make(1);
    int value = 1;
    go_chan_send(c, &value);
    value = 2;
    testkit_say("%d", recv());
}

struct wide {
    char bytes[100];
};

static void wide_sender(void *unused)
{
    (void)unused;
    struct wide w;
    memset(w.bytes, 'w', sizeof w.bytes);
    go_chan_send(c, &w);
    go_chan_send(c, &w);
}

static void wide_values_arrive_whole(void)
{
    c = go_chan_make(sizeof(struct wide), 1);
    go(wide_sender, NULL);
    for (int i = 0; i < 2; i++) {
        struct wide w = {{0}};
        go_chan_recv(c, &w);
        size_t intact = 0;
        for (size_t b = 0; b < sizeof w.bytes; b++) intact += w.bytes[b] == 'w';
        testkit_say("%zu ", intact);
    }
}

static void send_nothing(void *unused)
{
    (void)unused;
    go_chan_send(c, NULL);
}

static void a_null_value_sends_zero_and_receives_into_nothing(void)
{
    make(1);
    go_chan_send(c, NULL);
    testkit_say("%d", recv()); /* buffered */
    send(5);
    testkit_say("%c", go_chan_recv(c, NULL) ? 't' : 'f');
    c = go_chan_make(sizeof(int), 0);
    go(send_nothing, NULL);
    testkit_say("%d", recv()); /* from a parked sender, or to a parked receiver */
}

static void elements_of_no_bytes_are_only_counted(void)
{
    c = go_chan_make(0, 2);
    go_chan_send(c, NULL);
    go_chan_send(c, "never read");
    testkit_say("%zu", go_chan_len(c));
    for (int i = 0; i < 2; i++) testkit_say("%c", go_chan_recv(c, NULL) ? 't' : 'f');
}

static void len_is_seen_before_or_after_a_send(void)
{
    make(1);
    go(sender, testkit_arg(1));
    for (int i = 0; i < 2; i++) testkit_say("%zu", go_chan_len(c));
    (void)recv();
}

static void length_of_an_unbuffered_channel_is_zero_though_senders_wait(void)
{
    make(0);
    go(sender, testkit_arg(1));
    testkit_say("%zu%zu", go_chan_len(c), go_chan_cap(c));
    (void)recv();
}

/* ---- Close -------------------------------------------------------------------------------- */

static void a_closed_channel_is_drained_and_then_gives_zero(void)
{
    make(2);
    send(1);
    send(2);
    go_chan_close(c);
    for (int i = 0; i < 4; i++) say_recv();
}

static void close_changes_neither_length_nor_capacity(void)
{
    make(3);
    send(1);
    send(2);
    go_chan_close(c);
    testkit_say("%zu%zu", go_chan_len(c), go_chan_cap(c));
}

static void close_wakes_all_receivers_with_zero(void)
{
    make(0);
    for (int i = 0; i < 3; i++) go(saying_receiver, NULL);
    go_chan_close(c);
}

static void one_receiver_gets_the_value_and_the_other_the_close(void)
{
    make(0);
    go(saying_receiver, NULL);
    go(saying_receiver, NULL);
    send(7);
    go_chan_close(c);
}

static void send_three_and_close(void *unused)
{
    (void)unused;
    for (int i = 1; i <= 3; i++) send(i);
    go_chan_close(c);
}

static void range_ends_when_the_channel_is_closed(void)
{
    make(1);
    go(send_three_and_close, NULL);
    int value;
    while (go_chan_recv(c, &value)) testkit_say("%d", value);
}

static void a_send_to_a_closed_channel_panics_though_there_is_room(void)
{
    make(1);
    go_chan_close(c);
    say_panic(sender, testkit_arg(1));
    testkit_say(" %zu", go_chan_len(c));
}

static void protected_sender(void *unused)
{
    (void)unused;
    say_panic(sender, testkit_arg(1));
}

static void a_blocked_sender_panics_when_its_channel_is_closed(void)
{
    make(0);
    go(protected_sender, NULL);
    go(protected_sender, NULL);
    go_chan_close(c);
}

static void an_unrecovered_send_to_a_closed_channel_is_a_report(void)
{
    make(0);
    go(sender, testkit_arg(1));
    go_chan_close(c);
}

static void closing_twice_panics(void)
{
    make(0);
    go_chan_close(c);
    say_panic(close_c, NULL);
}

static void closing_nil_panics(void)
{
    c = NULL;
    say_panic(close_c, NULL);
}

static void two_closers_are_a_report_in_every_schedule(void)
{
    make(0);
    go(close_c, NULL);
    go_chan_close(c);
}

static void an_unrecovered_close_of_nil_is_a_report(void) { go_chan_close(NULL); }

/* ---- Nil ---------------------------------------------------------------------------------- */

static void a_send_to_nil_blocks_for_ever(void)
{
    go_chan_send(NULL, NULL);
    testkit_say("never");
}

static void a_receive_from_nil_blocks_for_ever(void)
{
    go_chan_recv(NULL, NULL);
    testkit_say("never");
}

static void a_range_over_nil_blocks_for_ever(void)
{
    while (go_chan_recv(NULL, NULL)) testkit_say("never");
    testkit_say("never");
}

static void a_nil_channel_has_no_length_and_no_capacity(void)
{
    testkit_say("%zu%zu", go_chan_len(NULL), go_chan_cap(NULL));
}

/* ---- Who is left -------------------------------------------------------------------------- */

static void a_receiver_that_nobody_serves_leaks(void)
{
    make(0);
    go(receiver, NULL);
}

static void a_receiver_that_is_served_does_not_leak(void)
{
    make(0);
    go(receiver, NULL);
    send(1);
}

static void a_sender_into_room_does_not_leak(void)
{
    make(1);
    go(sender, testkit_arg(1));
}

static void a_channel_too_large_for_the_arena_is_a_limit(void)
{
    go_chan_make((size_t)1 << 33, (size_t)1 << 31); /* 2^64 bytes */
}

static void a_channel_larger_than_the_arena_is_a_limit(void)
{
    go_chan_make((size_t)1 << 20, (size_t)1 << 20);
}

/* ---- Tests that look closer --------------------------------------------------------------- */

static void receive_from_nobody(void)
{
    make(0);
    (void)recv();
}

static void receive_nil(void) { go_chan_recv(NULL, NULL); }
static void send_nil(void) { go_chan_send(NULL, NULL); }

static void a_blocked_goroutine_says_why_in_the_words_of_go(void **unused)
{
    (void)unused;
    static const struct {
        void (*root)(void);
        const char *state;
        const char *object;
    } rows[] = {
        {an_unbuffered_send_blocks_without_a_receiver, "chan send", "C1"},
        {receive_from_nobody, "chan receive", "C1"},
        {send_nil, "chan send (nil chan)", ""},
        {receive_nil, "chan receive (nil chan)", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_result result;
        testkit_natural(rows[i].root, NULL, &result);
        assert_non_null(result.report);
        assert_int_equal(result.report->type, REPORT_DEADLOCK);
        assert_string_equal(result.report->state, rows[i].state);
        assert_string_equal(result.report->object.name, rows[i].object);
    }
}

static void close_twice_unprotected(void)
{
    make(0);
    go_chan_close(done);
    close_c(NULL);
    close_c(NULL);
}

static void a_double_close_names_the_channel_and_the_first_close(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(close_twice_unprotected, NULL, &result);
    assert_non_null(result.report);
    const struct report *r = result.report;
    assert_int_equal(r->type, REPORT_CLOSE_OF_CLOSED);
    assert_string_equal(r->object.name, "C1");
    assert_string_equal(r->object.kind, "channel");
    assert_int_equal(r->goroutine, 1);
    assert_int_equal(r->related_count, 1);
    assert_string_equal(r->related[0].label, "Channel previously closed by goroutine 1 at:");
    assert_true(r->related[0].trace.count > 0);
    assert_ptr_not_equal(r->related[0].trace.pc[0], NULL);
}

/* In every schedule: what arrives first is completed first. */
static void completions_follow_arrivals(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    testkit_all(two_senders_meet_in_either_order, NULL, &seen);
    for (size_t i = 0; i < seen.count; i++) {
        char text[TESTKIT_TEXT_BYTES];
        struct run_result result;
        testkit_text(&seen.items[i], text);
        assert_true(testkit_find(two_senders_meet_in_either_order, NULL, text, &result));
        size_t count;
        const struct event *events = run_events(&count, NULL);
        uint32_t first = 0;
        for (size_t e = 0; e < count && !first; e++)
            if (events[e].kind == OP_CHAN_SEND) first = events[e].goroutine;
        assert_int_equal(first, (uint32_t)(text[0] - '0') + 1); /* G2 sends 1, G3 sends 2 */
    }
}

static void a_channel_without_values_and_waiters_is_valid(void **unused)
{
    (void)unused;
    struct go_chan chan = {.capacity = 1};
    assert_true(chan_valid(&chan));
    chan.count = 2;
    assert_false(chan_valid(&chan)); /* more values than room */
    chan.count = 0;
    struct go_wait wait = {0};
    list_push_back(&chan.senders, &wait._link);
    assert_false(chan_valid(&chan)); /* a sender waits though there is room */
    chan.count = 1;
    assert_true(chan_valid(&chan));
    chan.closed = true;
    assert_false(chan_valid(&chan)); /* a sender waits though it would panic */
    list_remove(&wait._link);
    list_push_back(&chan.receivers, &wait._link);
    chan.closed = false;
    assert_false(chan_valid(&chan)); /* a receiver waits though there is a value */
    chan.count = 0;
    assert_true(chan_valid(&chan));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(unbuffered_send_meets_its_receiver, "7t pass"),
        outcomes_test(two_senders_meet_in_either_order, "12 pass", "21 pass"),
        natural_test(waiting_senders_are_served_first_in_first_out, "1234 pass"),
        natural_test(waiting_receivers_are_served_first_in_first_out, "1:1 2:2 3:3  pass"),
        outcomes_test(a_parked_sender_comes_after_the_buffered_values, "123 pass"),
        outcomes_test(a_buffer_takes_capacity_values_without_a_receiver, "len3 cap3 123 len0 pass"),
        outcomes_test(one_value_more_than_capacity_blocks, "deadlock"),
        outcomes_test(an_unbuffered_send_blocks_without_a_receiver, "deadlock"),
        outcomes_test(the_ring_keeps_order_when_it_wraps, "0123456789 pass"),
        outcomes_test(values_are_copied_when_they_are_sent, "1 pass"),
        outcomes_test(wide_values_arrive_whole, "100 100  pass"),
        outcomes_test(a_null_value_sends_zero_and_receives_into_nothing, "0t0 pass"),
        outcomes_test(elements_of_no_bytes_are_only_counted, "2tt pass"),
        outcomes_test(len_is_seen_before_or_after_a_send, "00 pass", "01 pass", "11 pass"),
        outcomes_test(length_of_an_unbuffered_channel_is_zero_though_senders_wait, "00 pass"),
        outcomes_test(a_closed_channel_is_drained_and_then_gives_zero, "1t2t0f0f pass"),
        outcomes_test(close_changes_neither_length_nor_capacity, "23 pass"),
        outcomes_test(close_wakes_all_receivers_with_zero, "0f0f0f pass"),
        outcomes_test(one_receiver_gets_the_value_and_the_other_the_close, "7t0f pass",
                      "0f7t pass"),
        outcomes_test(range_ends_when_the_channel_is_closed, "123 pass"),
        outcomes_test(a_send_to_a_closed_channel_panics_though_there_is_room,
                      "send-to-closed-channel 0 pass"),
        outcomes_test(a_blocked_sender_panics_when_its_channel_is_closed,
                      "send-to-closed-channelsend-to-closed-channel pass"),
        outcomes_test(an_unrecovered_send_to_a_closed_channel_is_a_report,
                      "send-to-closed-channel"),
        outcomes_test(closing_twice_panics, "close-of-closed-channel pass"),
        outcomes_test(closing_nil_panics, "close-of-nil-channel pass"),
        outcomes_test(two_closers_are_a_report_in_every_schedule, "close-of-closed-channel"),
        outcomes_test(an_unrecovered_close_of_nil_is_a_report, "close-of-nil-channel"),
        outcomes_test(a_send_to_nil_blocks_for_ever, "deadlock"),
        outcomes_test(a_receive_from_nil_blocks_for_ever, "deadlock"),
        outcomes_test(a_range_over_nil_blocks_for_ever, "deadlock"),
        outcomes_test(a_nil_channel_has_no_length_and_no_capacity, "00 pass"),
        outcomes_test(a_receiver_that_nobody_serves_leaks, "goroutine-leak"),
        outcomes_test(a_receiver_that_is_served_does_not_leak, "1 pass"),
        outcomes_test(a_sender_into_room_does_not_leak, "pass"),
        outcomes_test(a_channel_too_large_for_the_arena_is_a_limit, "inconclusive: max_arena"),
        outcomes_test(a_channel_larger_than_the_arena_is_a_limit, "inconclusive: max_arena"),
        cmocka_unit_test(a_blocked_goroutine_says_why_in_the_words_of_go),
        cmocka_unit_test(a_double_close_names_the_channel_and_the_first_close),
        cmocka_unit_test(completions_follow_arrivals),
        cmocka_unit_test(a_channel_without_values_and_waiters_is_valid),
    };
    return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
