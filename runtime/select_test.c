// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Select as the Go specification has it: each program with all that can happen. */
#include "testkit.h"

#include "chan.h"

static struct go_chan *a;
static struct go_chan *b;

static void make(size_t capacity_a, size_t capacity_b)
{
    a = go_chan_make(sizeof(int), capacity_a);
    b = go_chan_make(sizeof(int), capacity_b);
}

static void send(struct go_chan *c, int value) { go_chan_send(c, &value); }
static void send_a(void *arg) { send(a, testkit_int(arg)); }
static void send_b(void *arg) { send(b, testkit_int(arg)); }

static void close_a(void *unused)
{
    (void)unused;
    go_chan_close(a);
}

/* Receive from first or second; says which case, the value and its ok: "0=7t". */
static void say_select2(struct go_chan *first, struct go_chan *second)
{
    int value[2] = {-1, -1};
    struct go_case cases[] = {GO_RECV(first, &value[0]), GO_RECV(second, &value[1])};
    size_t i = go_select(cases, 2);
    testkit_say("%zu=%d%c", i, value[i], cases[i].ok ? 't' : 'f');
}

/* ---- Which case --------------------------------------------------------------------------- */

static void the_input_chooses_among_ready_cases(void)
{
    make(1, 1);
    send(a, 1);
    send(b, 2);
    say_select2(a, b);
}

static void only_a_ready_case_is_chosen(void)
{
    make(1, 1);
    send(b, 2);
    say_select2(a, b);
}

static void a_select_takes_exactly_one_value(void)
{
    make(1, 1);
    send(a, 1);
    send(b, 2);
    say_select2(a, b);
    testkit_say(" left%zu", go_chan_len(a) + go_chan_len(b));
}

enum { MANY = 10 }; /* more than a select keeps on its stack */

static void each_of_many_ready_cases_can_be_chosen(void)
{
    struct go_case cases[MANY];
    for (int i = 0; i < MANY; i++) {
        struct go_chan *c = go_chan_make(sizeof(int), 1);
        send(c, i);
        cases[i] = GO_RECV(c, NULL);
    }
    testkit_say("%zu", go_select(cases, MANY));
}

static void a_goroutine_can_wait_for_many_cases(void)
{
    struct go_case cases[MANY];
    make(0, 0);
    for (int i = 0; i < MANY; i++) cases[i] = GO_RECV(i == MANY - 1 ? b : NULL, NULL);
    go(send_b, testkit_arg(1));
    testkit_say("%zu", go_select(cases, MANY));
}

static void ready_send_and_ready_receive_are_alike(void)
{
    make(1, 1);
    send(a, 1);
    int in = -1;
    int out = 5;
    struct go_case cases[] = {GO_RECV(a, &in), GO_SEND(b, &out)};
    size_t i = go_select(cases, 2);
    testkit_say("%zu in%d b%zu", i, in, go_chan_len(b));
}

/* ---- Default ------------------------------------------------------------------------------ */

static void default_is_taken_when_no_case_is_ready(void)
{
    make(0, 0);
    struct go_case cases[] = {GO_RECV(a, NULL), GO_SEND(b, NULL)};
    testkit_say("%zu", go_select_default(cases, 2));
}

static void default_is_never_taken_when_a_case_is_ready(void)
{
    make(0, 1);
    struct go_case cases[] = {GO_RECV(a, NULL), GO_SEND(b, NULL)};
    testkit_say("%zu", go_select_default(cases, 2));
}

static void a_default_alone_goes_on(void) { testkit_say("%zu", go_select_default(NULL, 0)); }

static void after_a_default_others_can_run(void)
{
    make(1, 0);
    go(send_a, testkit_arg(1));
    struct go_case cases[] = {GO_RECV(a, NULL)};
    if (go_select_default(cases, 1) == 1)
        testkit_say("%zu", a->count); /* it was 0 when the default was taken */
    else
        testkit_say("got");
}

static void default_meets_a_parked_partner_or_not(void)
{
    make(0, 0);
    go(send_a, testkit_arg(7));
    int value = -1;
    struct go_case cases[] = {GO_RECV(a, &value)};
    size_t i = go_select_default(cases, 1);
    testkit_say("%zu=%d", i, value);
    if (i == 1) go_chan_recv(a, NULL);
}

/* ---- Nil, duplicates, no cases ------------------------------------------------------------- */

static void a_select_without_cases_blocks_for_ever(void)
{
    go_select(NULL, 0);
    testkit_say("never");
}

static void a_nil_channel_never_fires(void)
{
    make(0, 1);
    send(b, 2);
    say_select2(NULL, b);
}

static void a_nil_channel_takes_no_value(void)
{
    make(0, 1);
    send(b, 2);
    struct go_case cases[] = {GO_SEND(NULL, NULL), GO_RECV(b, NULL)};
    testkit_say("%zu", go_select(cases, 2));
}

static void default_is_taken_when_every_channel_is_nil(void)
{
    struct go_case cases[] = {GO_SEND(NULL, NULL), GO_RECV(NULL, NULL)};
    testkit_say("%zu", go_select_default(cases, 2));
}

static void a_parked_nil_case_never_fires(void)
{
    make(0, 0);
    go(send_b, testkit_arg(2));
    say_select2(NULL, b);
}

static void a_select_on_nil_channels_alone_blocks_for_ever(void) { say_select2(NULL, NULL); }

static void of_a_duplicate_channel_either_case_is_taken_once(void)
{
    make(1, 0);
    send(a, 1);
    say_select2(a, a);
    testkit_say(" left%zu", go_chan_len(a));
}

static void a_parked_duplicate_takes_one_value(void)
{
    make(0, 0);
    go(send_a, testkit_arg(1));
    go(send_a, testkit_arg(2));
    say_select2(a, a);
    int value = -1;
    go_chan_recv(a, &value);
    testkit_say(" then%d", value);
}

/* Tries succeed only where the other side is parked. */
static void try_send_a(void *arg)
{
    int value = testkit_int(arg);
    struct go_case one = GO_SEND(a, &value);
    go_select_default(&one, 1);
}

static void try_recv_a(void *arg)
{
    (void)arg;
    int value;
    struct go_case one = GO_RECV(a, &value);
    if (go_select_default(&one, 1) == 0) testkit_say("got%d", value);
}

static void of_parked_duplicates_either_receives(void)
{
    make(0, 0);
    go(try_send_a, testkit_arg(7));
    say_select2(a, a);
}

static void of_parked_duplicates_either_sends(void)
{
    make(0, 0);
    go(try_recv_a, NULL);
    int one = 1;
    int two = 2;
    int other = 3;
    struct go_case cases[] = {GO_SEND(a, &one), GO_SEND(b, &other), GO_SEND(a, &two)};
    testkit_say(" case%zu", go_select(cases, 3));
}

static void a_select_never_meets_itself(void)
{
    make(0, 0);
    struct go_case cases[] = {GO_SEND(a, NULL), GO_RECV(a, NULL)};
    go_select(cases, 2);
}

static void send_or_receive(void *arg)
{
    int out = testkit_int(arg);
    int in = -1;
    struct go_case cases[] = {GO_SEND(a, &out), GO_RECV(a, &in)};
    if (go_select(cases, 2) == 1) testkit_say("%d got %d", testkit_int(arg), in);
}

static void two_selects_of_both_directions_meet_each_other(void)
{
    make(0, 0);
    go(send_or_receive, testkit_arg(1));
    go(send_or_receive, testkit_arg(2));
}

/* ---- Waiting ------------------------------------------------------------------------------ */

static void a_parked_select_gets_the_value_of_a_sender(void)
{
    make(0, 0);
    go(send_a, testkit_arg(7));
    say_select2(a, b);
}

static void receive_a(void *unused)
{
    (void)unused;
    int value = -1;
    go_chan_recv(a, &value);
    testkit_say("got%d", value);
}

static void a_parked_select_gives_its_value_to_a_receiver(void)
{
    make(0, 0);
    go(receive_a, NULL);
    int out = 5;
    struct go_case cases[] = {GO_RECV(b, NULL), GO_SEND(a, &out)};
    testkit_say("%zu", go_select(cases, 2));
    go_gosched();
}

static void send_both(void *unused)
{
    (void)unused;
    send(b, 2); /* wakes the select; it must keep this case although a is ready before it runs */
    send(a, 1);
}

static void a_parked_select_keeps_the_case_that_woke_it(void)
{
    make(1, 1);
    go(send_both, NULL);
    say_select2(a, b);
}

static void send_a_or_default(void *unused)
{
    (void)unused;
    send(b, 2);
    struct go_case cases[] = {GO_SEND(a, NULL)};
    testkit_say("%s", go_select_default(cases, 1) ? "alone " : "met ");
}

static void a_woken_select_waits_nowhere_else(void)
{
    make(0, 0);
    go(send_a_or_default, NULL); /* after b was taken nobody receives from a */
    say_select2(a, b);
}

static void values_after_a_select_go_to_later_receivers(void)
{
    make(0, 0);
    go(send_a, testkit_arg(1));
    go(send_b, testkit_arg(2));
    say_select2(a, b);
    testkit_say(" ");
    say_select2(a, b);
}

/* ---- Closed channels ---------------------------------------------------------------------- */

static void a_closed_channel_is_ready_to_receive(void)
{
    make(0, 0);
    go_chan_close(a);
    say_select2(a, b);
}

static void close_wakes_a_parked_select_with_zero(void)
{
    make(0, 0);
    go(close_a, NULL);
    say_select2(a, b);
}

static void select_send_a(void *unused)
{
    (void)unused;
    struct go_case cases[] = {GO_RECV(b, NULL), GO_SEND(a, NULL)};
    testkit_say("%zu", go_select(cases, 2));
}

static void say_select_send_a(void *unused)
{
    (void)unused;
    struct go_panic panic;
    if (go_protect(select_send_a, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void a_send_case_on_a_closed_channel_panics(void)
{
    make(1, 0);
    go_chan_close(a);
    say_select_send_a(NULL);
}

static void a_send_case_on_a_closed_channel_need_not_be_chosen(void)
{
    make(1, 1);
    go_chan_close(a);
    send(b, 1);
    say_select_send_a(NULL);
}

static void a_parked_send_case_panics_when_its_channel_is_closed(void)
{
    make(0, 0);
    go(say_select_send_a, NULL);
    go_chan_close(a);
}

static void a_send_to_closed_beats_default(void)
{
    make(1, 0);
    go_chan_close(a);
    struct go_case cases[] = {GO_SEND(a, NULL)};
    go_select_default(cases, 1);
}

/* ---- Who is left -------------------------------------------------------------------------- */

static void wait_for_both(void *unused)
{
    (void)unused;
    struct go_case cases[] = {GO_RECV(a, NULL), GO_RECV(b, NULL)};
    go_select(cases, 2);
}

static void a_select_that_nobody_serves_leaks(void)
{
    make(0, 0);
    go(wait_for_both, NULL);
}

static void a_select_that_is_served_does_not_leak(void)
{
    make(0, 0);
    go(wait_for_both, NULL);
    send(b, 1);
}

static void block_on_both(void)
{
    make(0, 0);
    wait_for_both(NULL);
}

static void a_blocked_select_says_why_in_the_words_of_go(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(block_on_both, NULL, &result);
    assert_non_null(result.report);
    assert_string_equal(result.report->state, "select");
    testkit_natural(a_select_without_cases_blocks_for_ever, NULL, &result);
    assert_non_null(result.report);
    assert_string_equal(result.report->state, "select (no cases)");
}

static void a_select_shows_the_operation_of_the_case_that_it_took(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(a_parked_select_gets_the_value_of_a_sender, NULL, &result);
    size_t count;
    const struct event *events = run_events(&count, NULL);
    bool seen = false;
    for (size_t i = 0; i < count; i++) {
        if (events[i].goroutine != 1 || events[i].phase != PHASE_COMPLETE) continue;
        assert_int_equal(events[i].kind, OP_CHAN_RECV);
        assert_int_equal(events[i].object, 1);
        seen = true;
    }
    assert_true(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(the_input_chooses_among_ready_cases, "0=1t pass", "1=2t pass"),
        outcomes_test(only_a_ready_case_is_chosen, "1=2t pass"),
        outcomes_test(a_select_takes_exactly_one_value, "0=1t left1 pass", "1=2t left1 pass"),
        outcomes_test(each_of_many_ready_cases_can_be_chosen, "0 pass", "1 pass", "2 pass",
                      "3 pass", "4 pass", "5 pass", "6 pass", "7 pass", "8 pass", "9 pass"),
        outcomes_test(a_goroutine_can_wait_for_many_cases, "9 pass"),
        outcomes_test(ready_send_and_ready_receive_are_alike, "0 in1 b0 pass", "1 in-1 b1 pass"),
        outcomes_test(default_is_taken_when_no_case_is_ready, "2 pass"),
        outcomes_test(default_is_never_taken_when_a_case_is_ready, "1 pass"),
        outcomes_test(a_default_alone_goes_on, "0 pass"),
        outcomes_test(after_a_default_others_can_run, "0 pass", "1 pass", "got pass"),
        outcomes_test(default_meets_a_parked_partner_or_not, "0=7 pass", "1=-1 pass"),
        outcomes_test(a_select_without_cases_blocks_for_ever, "deadlock"),
        outcomes_test(a_nil_channel_never_fires, "1=2t pass"),
        outcomes_test(a_nil_channel_takes_no_value, "1 pass"),
        outcomes_test(default_is_taken_when_every_channel_is_nil, "2 pass"),
        outcomes_test(a_parked_nil_case_never_fires, "1=2t pass"),
        outcomes_test(a_select_on_nil_channels_alone_blocks_for_ever, "deadlock"),
        outcomes_test(of_a_duplicate_channel_either_case_is_taken_once, "0=1t left0 pass",
                      "1=1t left0 pass"),
        outcomes_test(a_parked_duplicate_takes_one_value, "0=1t then2 pass", "0=2t then1 pass",
                      "1=1t then2 pass", "1=2t then1 pass"),
        outcomes_test(of_parked_duplicates_either_receives, "0=7t pass", "1=7t pass", "deadlock"),
        outcomes_test(of_parked_duplicates_either_sends, "got1 case0 pass", "got2 case2 pass",
                      "deadlock"),
        outcomes_test(a_select_never_meets_itself, "deadlock"),
        outcomes_test(two_selects_of_both_directions_meet_each_other, "1 got 2 pass",
                      "2 got 1 pass"),
        outcomes_test(a_parked_select_gets_the_value_of_a_sender, "0=7t pass"),
        outcomes_test(a_parked_select_gives_its_value_to_a_receiver, "1got5 pass", "got51 pass"),
        natural_test(a_parked_select_keeps_the_case_that_woke_it, "1=2t pass"),
        outcomes_test(a_parked_select_keeps_the_case_that_woke_it, "0=1t pass", "1=2t pass"),
        outcomes_test(a_woken_select_waits_nowhere_else, "1=2talone  pass", "alone 1=2t pass"),
        outcomes_test(values_after_a_select_go_to_later_receivers, "0=1t 1=2t pass",
                      "1=2t 0=1t pass"),
        outcomes_test(a_closed_channel_is_ready_to_receive, "0=0f pass"),
        outcomes_test(close_wakes_a_parked_select_with_zero, "0=0f pass"),
        outcomes_test(a_send_case_on_a_closed_channel_panics, "send-to-closed-channel pass"),
        outcomes_test(a_send_case_on_a_closed_channel_need_not_be_chosen, "0 pass",
                      "send-to-closed-channel pass"),
        outcomes_test(a_parked_send_case_panics_when_its_channel_is_closed,
                      "send-to-closed-channel pass"),
        outcomes_test(a_send_to_closed_beats_default, "send-to-closed-channel"),
        outcomes_test(a_select_that_nobody_serves_leaks, "goroutine-leak"),
        outcomes_test(a_select_that_is_served_does_not_leak, "pass"),
        cmocka_unit_test(a_blocked_select_says_why_in_the_words_of_go),
        cmocka_unit_test(a_select_shows_the_operation_of_the_case_that_it_took),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
