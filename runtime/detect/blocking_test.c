// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Blocking verdicts: what must be reported, under which signature, and what never. */
#include "../testkit.h"

#include <string.h>

#include "../report/report.h"

/* Small phases: what spins must not take long. */
static const struct run_options short_run = {.max_steps = 300, .fair_steps = 300};

/* Is signature what some schedule with this outcome has, and is text in its notes or goroutines? */
static void assert_report(void (*root)(void), const struct run_options *options,
                          const char *outcome, const char *signature, const char *text)
{
    struct run_result result;
    assert_true(testkit_find(root, options, outcome, &result));
    char seen[256];
    report_signature(result.report, seen, sizeof seen);
    assert_string_equal(seen, signature);
    if (!text) return;
    const struct report *r = result.report;
    bool found = strstr(r->message, text);
    for (size_t i = 0; i < r->note_count; i++) found |= strstr(r->notes[i], text) != NULL;
    for (size_t i = 0; i < r->related_count; i++)
        found |= strstr(r->related[i].label, text) != NULL;
    for (size_t i = 0; i < r->goroutine_count; i++)
        found |= strstr(r->goroutines[i].waits_for, text) != NULL;
    if (!found) {
        struct report_style style = {.stable = true};
        report_print_text(stderr, r, &style);
    }
    assert_true(found);
}

/* ---- Deadlock and leak -------------------------------------------------------------------- */

static void receive_for_ever(void *c) { go_chan_recv(c, NULL); }

static void root_waits_for_nobody(void) { receive_for_ever(go_chan_make(0, 0)); }

static void root_leaves_a_receiver(void) { go(receive_for_ever, go_chan_make(0, 0)); }

static void live_as_a_daemon(void *c)
{
    go_daemon();
    go_chan_recv(c, NULL);
}

/* Is it a daemon already? Until it has said so it is a goroutine like any other. */
static void daemons_may_stay_parked(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(live_as_a_daemon, c);
}

static void finish_without_waiting(void *c) { (void)c; }

static void everybody_ends(void)
{
    go(finish_without_waiting, NULL);
    go(finish_without_waiting, NULL);
}

static void a_daemon_does_not_hide_another_leak(void)
{
    go(live_as_a_daemon, go_chan_make(0, 0));
    go(receive_for_ever, go_chan_make(0, 0));
}

static void a_blocked_root_is_a_deadlock_also_if_others_leak(void)
{
    go(receive_for_ever, go_chan_make(0, 0));
    go_chan_send(go_chan_make(0, 0), NULL);
}

static void a_deadlock_names_who_waits(void **state)
{
    (void)state;
    assert_report(root_waits_for_nobody, NULL, "deadlock", "deadlock--receive_for_ever",
                  "no other goroutine was ever seen to send to it or close it");
}

static void a_leak_names_the_leaked(void **state)
{
    (void)state;
    assert_report(root_leaves_a_receiver, NULL, "goroutine-leak",
                  "goroutine-leak--receive_for_ever", "stuck since step");
}

/* ---- Culprits ----------------------------------------------------------------------------- */

struct pair {
    struct go_mutex a;
    struct go_mutex b;
    struct go_chan *c;
};

static void lock_b_then_a(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->b);
    go_mutex_lock(&p->a);
    go_mutex_unlock(&p->a);
    go_mutex_unlock(&p->b);
}

static void lock_a_then_b(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->a);
    go_mutex_lock(&p->b);
    go_mutex_unlock(&p->b);
    go_mutex_unlock(&p->a);
}

static void lock_a_only(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->a);
    go_mutex_unlock(&p->a);
}

static void two_lock_in_opposite_order(void)
{
    struct pair *p = go_new(sizeof *p);
    go(lock_b_then_a, p);
    go(lock_a_then_b, p);
    go(lock_a_only, p);
}

static void culprits_are_the_cycle_and_not_who_waits_behind_it(void **state)
{
    (void)state;
    assert_report(two_lock_in_opposite_order, NULL, "goroutine-leak",
                  "goroutine-leak--lock_a_then_b--lock_b_then_a", "held by goroutine");
}

static void send_holding_the_lock(void *arg)
{
    struct pair *p = arg;
    go_mutex_lock(&p->a);
    go_chan_send(p->c, NULL);
    go_mutex_unlock(&p->a);
}

static void a_sender_keeps_a_lock(void)
{
    struct pair *p = go_new(sizeof *p);
    p->c = go_chan_make(0, 0);
    go(send_holding_the_lock, p);
    go(lock_a_only, p);
}

static void the_culprit_is_who_waits_for_nothing_that_is_held(void **state)
{
    (void)state;
    assert_report(a_sender_keeps_a_lock, NULL, "goroutine-leak",
                  "goroutine-leak--send_holding_the_lock", NULL);
}

static void lock_and_leave(void *arg) { go_mutex_lock(&((struct pair *)arg)->a); }

static void a_lock_is_left_locked(void)
{
    struct pair *p = go_new(sizeof *p);
    go(lock_and_leave, p);
    lock_a_only(p);
}

static void a_lock_left_locked_is_explained(void **state)
{
    (void)state;
    assert_report(a_lock_is_left_locked, NULL, "deadlock", "deadlock--lock_a_only",
                  "which has ended without unlocking it");
}

/* ---- Contexts ----------------------------------------------------------------------------- */

static void wait_for_context(void *ctx) { go_chan_recv(go_context_done(ctx), NULL); }

static void a_cancel_is_lost(void)
{
    go(wait_for_context, go_context_with_cancel(go_context_background()));
}

static void a_lost_cancel_is_a_line_of_the_leak(void **state)
{
    (void)state;
    assert_report(a_cancel_is_lost, NULL, "goroutine-leak", "goroutine-leak--wait_for_context",
                  "was never called");
}

/* ---- After the steps are used up ------------------------------------------------------------ */

static void yield_for_ever(void *unused)
{
    (void)unused;
    for (;;) go_gosched();
}

static void work_for_ever(void *c)
{
    for (;;) {
        go_chan_send(c, NULL);
        go_chan_recv(c, NULL);
    }
}

static void only_failed_tries(void) { yield_for_ever(NULL); }
static void work_without_end(void) { work_for_ever(go_chan_make(0, 1)); }

static void yield_as_a_daemon(void *unused)
{
    go_daemon();
    yield_for_ever(unused);
}

static void only_daemons_spin(void)
{
    go(yield_as_a_daemon, NULL);
    go_gosched();
}

static void poll_until_closed(void *c)
{
    struct go_case done[] = {GO_RECV(c, NULL)};
    while (go_select_default(done, 1) == 1) {}
}

/* The natural schedule lets the poller spin; the fair phase lets the closer go on. */
static void a_poll_that_fairness_ends(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go(poll_until_closed, c);
    go_gosched();
    go_chan_close(c);
}

/* Two mutexes whose lockers meet in the middle: their cycle is certain. */
struct ring {
    struct go_mutex a;
    struct go_mutex b;
    struct go_waitgroup both;
};

static void lock_both(struct ring *r, struct go_mutex *first, struct go_mutex *second)
{
    go_mutex_lock(first);
    go_waitgroup_done(&r->both);
    go_waitgroup_wait(&r->both);
    go_mutex_lock(second);
}
static void lock_forth(void *r) { lock_both(r, &((struct ring *)r)->a, &((struct ring *)r)->b); }
static void lock_back(void *r) { lock_both(r, &((struct ring *)r)->b, &((struct ring *)r)->a); }

static struct ring *start_ring(void)
{
    struct ring *r = go_new(sizeof *r);
    go_waitgroup_add(&r->both, 2);
    go(lock_forth, r);
    go(lock_back, r);
    return r;
}

/* A cycle counts when it stood through the whole fair phase: let it close before that. */
static void work_once_the_ring_is_closed(void)
{
    for (int i = 0; i < 10; i++) go_gosched();
    work_for_ever(go_chan_make(0, 1));
}

/* Ends, and leaves nothing that points to the ring. */
static void start_ring_and_forget(void *unused)
{
    (void)unused;
    (void)start_ring();
}

static void a_standing_cycle_out_of_reach(void)
{
    go(start_ring_and_forget, NULL);
    work_once_the_ring_is_closed();
}

/* Where heddle.h puts the globals of a program (this file has those of the runtime). */
static struct ring *volatile global_ring __attribute__((section("heddle_bss")));

static void a_cycle_that_a_global_reaches(void)
{
    global_ring = start_ring();
    work_once_the_ring_is_closed();
}

static void keep_on_the_stack(void *unused)
{
    (void)unused;
    struct ring *volatile mine = start_ring();
    work_once_the_ring_is_closed();
    go_mutex_unlock(&mine->a);
}

static void a_cycle_that_a_live_stack_reaches(void) { keep_on_the_stack(NULL); }

struct box {
    struct ring *ring;
};

/* Only a heap block that a live stack points to leads to the ring. */
static void keep_in_a_box(void *unused)
{
    (void)unused;
    struct box *volatile mine = go_new(sizeof *mine);
    mine->ring = go_new(sizeof(struct ring));
    go_waitgroup_add(&mine->ring->both, 2);
    go(lock_forth, mine->ring);
    go(lock_back, mine->ring);
    work_once_the_ring_is_closed();
    go_mutex_unlock(&mine->ring->a);
}

static void a_cycle_that_a_heap_block_reaches(void) { keep_in_a_box(NULL); }

static void a_partial_deadlock_names_the_cycle(void **state)
{
    (void)state;
    struct run_result result;
    testkit_natural(a_standing_cycle_out_of_reach, &short_run, &result);
    assert_non_null(result.report);
    char signature[256];
    report_signature(result.report, signature, sizeof signature);
    assert_string_equal(signature, "partial-deadlock--lock_both");
}

/* ---- Detectors switched off ----------------------------------------------------------------- */

static const struct run_options no_deadlock = {.detectors_off = DETECTOR_DEADLOCK};
static const struct run_options no_leak = {.detectors_off = DETECTOR_LEAK};
static const struct run_options no_partial = {
    .max_steps = 300, .fair_steps = 300, .detectors_off = DETECTOR_PARTIAL_DEADLOCK};
static const struct run_options no_livelock = {
    .max_steps = 300, .fair_steps = 300, .detectors_off = DETECTOR_LIVELOCK};

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(root_waits_for_nobody, "deadlock"),
        outcomes_test(root_leaves_a_receiver, "goroutine-leak"),
        outcomes_test(daemons_may_stay_parked, "pass"),
        outcomes_test(everybody_ends, "pass"),
        outcomes_test(a_daemon_does_not_hide_another_leak, "goroutine-leak"),
        outcomes_test(a_blocked_root_is_a_deadlock_also_if_others_leak, "deadlock"),
        outcomes_test(two_lock_in_opposite_order, "goroutine-leak", "pass"),
        outcomes_test(a_sender_keeps_a_lock, "goroutine-leak"),
        outcomes_test(a_lock_is_left_locked, "deadlock", "pass"),
        outcomes_test(a_cancel_is_lost, "goroutine-leak"),
        natural_test_under(only_failed_tries, &short_run, "livelock"),
        natural_test_under(work_without_end, &short_run, "inconclusive: max_steps"),
        natural_test_under(only_daemons_spin, &short_run, "inconclusive: max_steps"),
        natural_test_under(a_poll_that_fairness_ends, &short_run, "pass"),
        natural_test_under(a_standing_cycle_out_of_reach, &short_run, "partial-deadlock"),
        natural_test_under(a_standing_cycle_out_of_reach, &no_partial, "inconclusive: max_steps"),
        natural_test_under(a_cycle_that_a_global_reaches, &short_run, "inconclusive: max_steps"),
        natural_test_under(a_cycle_that_a_live_stack_reaches, &short_run,
                           "inconclusive: max_steps"),
        natural_test_under(a_cycle_that_a_heap_block_reaches, &short_run,
                           "inconclusive: max_steps"),
        outcomes_test_under(root_waits_for_nobody, &no_deadlock, "pass"),
        outcomes_test_under(root_leaves_a_receiver, &no_leak, "pass"),
        natural_test_under(only_failed_tries, &no_livelock, "inconclusive: max_steps"),
        cmocka_unit_test(a_deadlock_names_who_waits),
        cmocka_unit_test(a_leak_names_the_leaked),
        cmocka_unit_test(culprits_are_the_cycle_and_not_who_waits_behind_it),
        cmocka_unit_test(the_culprit_is_who_waits_for_nothing_that_is_held),
        cmocka_unit_test(a_lock_left_locked_is_explained),
        cmocka_unit_test(a_lost_cancel_is_a_line_of_the_leak),
        cmocka_unit_test(a_partial_deadlock_names_the_cycle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
