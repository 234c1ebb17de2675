// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What a policy is asked and shown: candidates, positions, events.
 *
 * The policy of this file writes each question down and answers from a list: a test runs a program
 * and then compares what was asked. */
#include "testkit.h"

#include <stdio.h>
#include <string.h>

#include "sched.h"

/* ---- A policy that takes notes -------------------------------------------------------------- */

enum { QUESTIONS_MAX = 64, CANDIDATES_MAX = 8, EVENTS_NOTED = 256 };

struct question {
    enum choice_kind kind;
    uint64_t position;
    size_t n;
    bool written; /* candidates were given */
    struct candidate c[CANDIDATES_MAX];
    struct operation first_case; /* of candidate 0, if it is a select */
};

struct notes {
    struct policy policy;
    const size_t *answers;
    size_t answer_count;
    uint64_t quiet_until;
    size_t count;
    struct question questions[QUESTIONS_MAX];
    size_t event_count;
    struct event events[EVENTS_NOTED];
};

static void begin_notes(struct policy *self)
{
    struct notes *notes = (struct notes *)self;
    notes->count = 0;
    notes->event_count = 0;
    self->quiet_until = notes->quiet_until;
}

static size_t choose_noting(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    struct notes *notes = (struct notes *)self;
    size_t i = notes->count++;
    size_t answer = i < notes->answer_count ? notes->answers[i] : 0;
    if (answer >= n) answer = n - 1;
    if (i >= QUESTIONS_MAX) return answer;
    struct question *q = &notes->questions[i];
    *q = (struct question){.kind = kind, .position = self->position, .n = n, .written = c};
    for (size_t k = 0; c && k < n && k < CANDIDATES_MAX; k++) q->c[k] = c[k];
    if (c && c[0].op.case_count) q->first_case = c[0].op.cases[0];
    return answer;
}

static void note_event(struct policy *self, const struct event *event)
{
    struct notes *notes = (struct notes *)self;
    if (notes->event_count < EVENTS_NOTED) notes->events[notes->event_count] = *event;
    notes->event_count++;
}

static struct notes notes; /* of the latest run */

static void run(void (*root)(void), const size_t *answers, size_t answer_count,
                struct run_result *result)
{
    notes.policy = (struct policy){.name = "notes",
                                   .blind = notes.policy.blind,
                                   .begin = begin_notes,
                                   .choose = choose_noting,
                                   .executed = note_event};
    notes.answers = answers;
    notes.answer_count = answer_count;
    testkit_execute(root, &notes.policy, NULL, result, NULL);
}

/* The ids of a question in words: "1 2 3 0". */
static const char *ids(const struct question *q)
{
    static char text[128]; /* safe: compared before the next call */
    size_t used = 0;
    for (size_t k = 0; k < q->n && k < CANDIDATES_MAX; k++)
        used += (size_t)snprintf(text + used, sizeof text - used, k ? " %u" : "%u", q->c[k].id);
    return text;
}

static int reset(void **unused)
{
    (void)unused;
    memset(&notes, 0, sizeof notes);
    return 0;
}

/* ---- Candidates --------------------------------------------------------------------------- */

static struct go_chan *a;
static struct go_chan *b;
static struct go_mutex m;

static void nothing(void *unused) { (void)unused; }

static void yield_twice(void *unused)
{
    (void)unused;
    go_chan_len(a);
    go_chan_len(a);
}

static void three_and_a_timer(void)
{
    a = go_chan_make(0, 1);
    go(yield_twice, NULL);
    go(yield_twice, NULL);
    go(yield_twice, NULL);
    go_sleep(5);
}

static void the_running_goroutine_is_first_then_the_others_by_number_then_the_clock(void **unused)
{
    (void)unused;
    struct run_result result;
    /* go, go, go: root; Sleep arms; then G4 starts and goes on. */
    static const size_t answers[] = {0, 0, 0, 0, 2};
    run(three_and_a_timer, answers, 5, &result);
    static const char *const asked[] = {
        "1 2",              /* after the first go */
        "1 2 3",            /* after the second */
        "1 2 3 4",          /* after the third */
        "1 2 3 4",          /* before the sleep */
        "2 3 4 0",          /* parked: G2 is ready longest; answer 2 is G4 */
        "4 2 3 0",          /* G4 runs */
        "4 2 3 0", "2 3 0", /* G4 has ended */
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        assert_int_equal(notes.questions[i].kind, CHOICE_RUN);
        assert_string_equal(ids(&notes.questions[i]), asked[i]);
    }
}

static void receive_a(void *unused)
{
    (void)unused;
    go_chan_recv(a, NULL);
}

static void receive_b(void *unused)
{
    (void)unused;
    go_chan_recv(b, NULL);
}

static void wake_three_before_two(void)
{
    a = go_chan_make(0, 0);
    b = go_chan_make(0, 0);
    go(receive_a, NULL); /* G2 */
    go(receive_b, NULL); /* G3 */
    go_gosched();
    go_chan_send(b, NULL);
    go_chan_send(a, NULL);
    go_chan_recv(a, NULL); /* blocks: G3 is ready longest */
}

static void when_the_running_one_cannot_go_on_the_longest_ready_is_first(void **unused)
{
    (void)unused;
    struct run_result result;
    run(wake_three_before_two, NULL, 0, &result);
    const struct question *last = NULL;
    for (size_t i = 0; i < notes.count; i++)
        if (notes.questions[i].n == 2 && notes.questions[i].c[0].id != 1)
            last = &notes.questions[i];
    assert_non_null(last);
    assert_string_equal(ids(last), "3 2");
}

static void gosched_with_two_ready(void)
{
    go(nothing, NULL);
    go(nothing, NULL);
    go_gosched();
}

static void who_yields_is_not_the_first_candidate(void **unused)
{
    (void)unused;
    struct run_result result;
    run(gosched_with_two_ready, NULL, 0, &result);
    assert_string_equal(ids(&notes.questions[1]), "1 2 3");
    assert_string_equal(ids(&notes.questions[2]), "2 1 3");
    assert_int_equal(result.preemptions, 0); /* it asked for it */
}

static void lock_wanted_by_two(void *unused)
{
    (void)unused;
    go_mutex_lock(&m);
    go_mutex_unlock(&m);
}

static void hold_while_two_want(void)
{
    go_mutex_lock(&m);
    go(lock_wanted_by_two, NULL);
    go(lock_wanted_by_two, NULL);
    go_gosched();
    go_mutex_unlock(&m);
    go_gosched();
}

/* A held lock is a disabled operation; unlock makes all who want it candidates, and the next lock
 * disables the others again. */
static void those_who_want_a_lock_are_candidates_exactly_while_it_is_free(void **unused)
{
    (void)unused;
    struct run_result result;
    run(hold_while_two_want, NULL, 0, &result);
    size_t count;
    const struct event *events = run_events(&count, NULL);
    uint64_t unlocked_step = 0;
    for (size_t i = 0; i < count && !unlocked_step; i++)
        if (events[i].kind == OP_MUTEX_UNLOCK) unlocked_step = events[i].step;
    assert_true(unlocked_step > 0);
    bool before = false;
    for (size_t i = 0; i < notes.count; i++) {
        const struct question *q = &notes.questions[i];
        for (size_t k = 0; k < q->n; k++)
            if (q->c[k].op.kind == OP_MUTEX_LOCK && q->c[k].id > 1) before = true;
        if (before) { /* the first time: root, which yields, and both */
            assert_string_equal(ids(q), "2 1 3");
            break;
        }
    }
    assert_true(before);
    /* G2 goes on with the lock: G3 is no candidate until G2 unlocks. */
    const struct question *q = NULL;
    for (size_t i = 0; i < notes.count; i++)
        if (notes.questions[i].c[0].id == 2 && notes.questions[i].c[0].op.kind == OP_MUTEX_UNLOCK)
            q = &notes.questions[i];
    assert_non_null(q);
    assert_string_equal(ids(q), "2 1");
}

static void a_candidate_tells_what_it_will_do(void **unused)
{
    (void)unused;
    struct run_result result;
    run(wake_three_before_two, NULL, 0, &result);
    const struct question *q = &notes.questions[1]; /* root at go, G2 and G3 at their start */
    assert_int_equal(q->c[0].op.kind, OP_GO);
    assert_true(q->c[0].ran_last);
    assert_int_equal(q->c[1].op.kind, OP_START);
    assert_false(q->c[1].ran_last);
    assert_true(q->c[1].stable != q->c[2].stable);
    bool seen = false;
    for (size_t i = 0; i < notes.count; i++)
        for (size_t k = 0; k < notes.questions[i].n; k++) {
            const struct candidate *c = &notes.questions[i].c[k];
            if (c->op.kind != OP_CHAN_RECV || c->id != 3) continue;
            assert_int_equal(c->op.object, 2); /* b */
            assert_int_equal(c->op.mode, OP_MODE_WRITE);
            assert_int_equal(c->op.object_stable, object_at(2)->stable);
            assert_non_null(c->op.site);
            seen = true;
        }
    assert_true(seen);
}

static void select_with_company(void)
{
    a = go_chan_make(0, 1);
    b = go_chan_make(0, 1);
    go(nothing, NULL);
    struct go_case cases[] = {GO_RECV(a, NULL), GO_SEND(b, NULL), GO_SEND(a, NULL)};
    go_select(cases, 3);
}

static void a_pending_select_shows_its_cases(void **unused)
{
    (void)unused;
    struct run_result result;
    run(select_with_company, NULL, 0, &result);
    const struct question *q = &notes.questions[1];
    assert_int_equal(q->c[0].op.kind, OP_SELECT);
    assert_int_equal(q->c[0].op.case_count, 3);
    assert_int_equal(q->first_case.kind, OP_CHAN_RECV);
    assert_int_equal(q->first_case.object, 1);
    q = &notes.questions[2];
    assert_int_equal(q->kind, CHOICE_SELECT);
    assert_int_equal(q->n, 2);
    assert_int_equal(q->c[0].id, 1); /* index of the case; case 0 is not ready */
    assert_int_equal(q->c[1].id, 2);
    assert_int_equal(q->c[0].op.kind, OP_CHAN_SEND);
    assert_int_equal(q->c[0].stable, object_at(2)->stable);
}

static void a_blind_policy_gets_no_candidates_and_the_same_execution(void **unused)
{
    (void)unused;
    struct run_result seeing, blind;
    static const size_t answers[] = {1, 0, 2, 1};
    run(three_and_a_timer, answers, 4, &seeing);
    size_t asked = notes.count;
    for (size_t i = 0; i < notes.count; i++) assert_true(notes.questions[i].written);
    notes.policy.blind = true;
    run(three_and_a_timer, answers, 4, &blind);
    assert_int_equal(notes.count, asked);
    for (size_t i = 0; i < notes.count; i++) assert_false(notes.questions[i].written);
    assert_int_equal(blind.digest, seeing.digest);
}

/* ---- Positions and events -------------------------------------------------------------------- */

static void lock_and_unlock(void)
{
    go_mutex_lock(&m);
    go_mutex_unlock(&m);
}

static void a_point_with_one_candidate_is_a_position_and_asks_nobody(void **unused)
{
    (void)unused;
    struct run_result result;
    run(lock_and_unlock, NULL, 0, &result);
    assert_int_equal(notes.count, 0);
    assert_int_equal(result.positions, 3); /* start, lock, unlock */
    assert_int_equal(result.events, 4);    /* and the end, which needs no point */
}

static void go_once_and_choose_data(void)
{
    go_choose(5);
    go_mutex_lock(&m);
    go(nothing, NULL);
    go_choose(5);
    go_mutex_unlock(&m);
}

static void positions_count_points_and_no_data(void **unused)
{
    (void)unused;
    struct run_result result;
    run(go_once_and_choose_data, NULL, 0, &result);
    static const struct {
        enum choice_kind kind;
        uint64_t position;
    } asked[] = {
        {CHOICE_DATA, 1}, /* after start */
        {CHOICE_RUN, 3},  /* start, lock, go */
        {CHOICE_DATA, 3},
        {CHOICE_RUN, 4}, /* unlock */
    };
    assert_int_equal(notes.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(notes.questions[i].kind, asked[i].kind);
        assert_int_equal(notes.questions[i].position, asked[i].position);
    }
}

static void nobody_is_asked_before_quiet_until(void **unused)
{
    (void)unused;
    struct run_result loud, quiet;
    run(three_and_a_timer, NULL, 0, &loud);
    uint64_t third = notes.questions[2].position;
    size_t asked = notes.count;
    notes.quiet_until = third;
    run(three_and_a_timer, NULL, 0, &quiet);
    assert_int_equal(notes.count, asked - 2);
    assert_int_equal(notes.questions[0].position, third);
    assert_int_equal(quiet.positions, loud.positions);
    assert_int_equal(quiet.events, loud.events);
    notes.quiet_until = UINT64_MAX;
    run(three_and_a_timer, NULL, 0, &quiet);
    assert_int_equal(notes.count, 0);
    assert_int_equal(quiet.positions, loud.positions);
}

static void each_operation_is_shown_once_also_when_nobody_was_asked(void **unused)
{
    (void)unused;
    static void (*const roots[])(void) = {lock_and_unlock, three_and_a_timer, wake_three_before_two,
                                          hold_while_two_want};
    for (size_t r = 0; r < sizeof roots / sizeof roots[0]; r++) {
        struct run_result result;
        run(roots[r], NULL, 0, &result);
        size_t count;
        uint64_t dropped;
        const struct event *events = run_events(&count, &dropped);
        assert_int_equal(dropped, 0);
        assert_int_equal(count, result.events);
        assert_int_equal(notes.event_count, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(events[i].step, i + 1);
            assert_int_equal(notes.events[i].kind, events[i].kind);
            assert_int_equal(notes.events[i].goroutine, events[i].goroutine);
            assert_int_equal(notes.events[i].stable, events[i].stable);
        }
        assert_int_equal(events[0].kind, OP_START);
        assert_int_equal(events[0].goroutine, 1);
    }
}

static void positions_begin_anew_with_each_execution(void **unused)
{
    (void)unused;
    struct run_result first, second;
    run(three_and_a_timer, NULL, 0, &first);
    testkit_execute(three_and_a_timer, &notes.policy, NULL, &second, NULL);
    assert_int_equal(first.positions, second.positions);
    assert_int_equal(first.digest, second.digest);
}

static void switches_and_preemptions_are_counted(void **unused)
{
    (void)unused;
    struct run_result result;
    run(go_once_and_choose_data, NULL, 0, &result);
    assert_int_equal(result.switches, 1); /* to the other one when the root has ended */
    assert_int_equal(result.preemptions, 0);
    static const size_t answers[] = {0, 1};
    run(go_once_and_choose_data, answers, 2, &result);
    assert_int_equal(result.switches, 2); /* there and back */
    assert_int_equal(result.preemptions, 1);
}

/* ---- How many schedules ---------------------------------------------------------------------- */

static void two_lens_of_b(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2; i++) go_chan_len(b);
}

static void two_times_three_operations(void)
{
    a = go_chan_make(0, 0);
    b = go_chan_make(0, 0);
    go(two_lens_of_b, NULL);                    /* start, len, len */
    for (int i = 0; i < 2; i++) go_chan_len(a); /* the point after go, len, len */
}

static void enumeration_visits_each_interleaving_once(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    testkit_all(two_times_three_operations, NULL, &seen);
    assert_int_equal(seen.executions, 20); /* 6! / (3! 3!) */
}

static void the_same_answers_give_the_same_execution(void **unused)
{
    (void)unused;
    struct run_result first, second, other;
    static const size_t answers[] = {1, 2, 0, 1, 1, 2, 0, 3, 1};
    run(three_and_a_timer, answers, 9, &first);
    run(hold_while_two_want, answers, 9, &other);
    run(three_and_a_timer, answers, 9, &second);
    assert_int_equal(first.digest, second.digest);
    assert_int_equal(first.events, second.events);
    assert_int_equal(first.switches, second.switches);
    assert_true(first.digest != other.digest);
    run(three_and_a_timer, NULL, 0, &other);
    assert_true(first.digest != other.digest);
}

/* ---- Afterwards ---------------------------------------------------------------------------- */

static void many_goroutines(void)
{
    for (int i = 0; i < 5000; i++) go(nothing, NULL);
}

static void an_execution_of_many_goroutines_leaves_nothing_behind(void **unused)
{
    (void)unused;
    struct run_result before, after, result;
    run(hold_while_two_want, NULL, 0, &before);
    notes.policy.blind = true;
    run(many_goroutines, NULL, 0, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(result.goroutines, 5001);
    notes.policy.blind = false;
    run(hold_while_two_want, NULL, 0, &after);
    assert_int_equal(before.digest, after.digest);
}

static void every_reason_to_wait_has_a_name(void **unused)
{
    (void)unused;
    for (enum wait_reason r = 0; r < WAIT_REASON_COUNT; r++) {
        assert_non_null(wait_reason_name(r));
        for (enum wait_reason other = 0; other < r; other++)
            assert_string_not_equal(wait_reason_name(r), wait_reason_name(other));
    }
}

#define notes_test(claim) cmocka_unit_test_setup(claim, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        notes_test(the_running_goroutine_is_first_then_the_others_by_number_then_the_clock),
        notes_test(when_the_running_one_cannot_go_on_the_longest_ready_is_first),
        notes_test(who_yields_is_not_the_first_candidate),
        notes_test(those_who_want_a_lock_are_candidates_exactly_while_it_is_free),
        notes_test(a_candidate_tells_what_it_will_do),
        notes_test(a_pending_select_shows_its_cases),
        notes_test(a_blind_policy_gets_no_candidates_and_the_same_execution),
        notes_test(a_point_with_one_candidate_is_a_position_and_asks_nobody),
        notes_test(positions_count_points_and_no_data),
        notes_test(nobody_is_asked_before_quiet_until),
        notes_test(each_operation_is_shown_once_also_when_nobody_was_asked),
        notes_test(positions_begin_anew_with_each_execution),
        notes_test(switches_and_preemptions_are_counted),
        cmocka_unit_test(enumeration_visits_each_interleaving_once),
        notes_test(the_same_answers_give_the_same_execution),
        notes_test(an_execution_of_many_goroutines_leaves_nothing_behind),
        cmocka_unit_test(every_reason_to_wait_has_a_name),
    };
    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
