// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Contexts: what each function gives, deadlines, and what an execution leaves in the records.
 * Who sees what while a tree is cancelled is context_order_test.c's. */
#include "testkit.h"

#include "context.h"

/* What programs share with their goroutines; their root sets it anew. */
static struct {
    struct go_context *parent;
    struct go_context *child;
    struct go_context *other;
    char key; /* its address is a key */
} shared;

static void say_err(struct go_context *ctx) { testkit_say("%d", (int)go_context_err(ctx)); }

static void say_text(const char *text) { testkit_say("%s", text ? text : "nil"); }

/* Is c open, closed or nil? */
static void say_done(struct go_context *ctx)
{
    struct go_chan *c = go_context_done(ctx);
    testkit_say(!c ? "nil" : c->closed ? "closed" : "open");
}

static void wait_for(struct go_context *ctx) { go_chan_recv(go_context_done(ctx), NULL); }

static struct go_context *make(struct go_context *parent) { return go_context_with_cancel(parent); }

static struct go_context *make_root(void) { return make(go_context_background()); }

static void cancel(void *ctx) { go_context_cancel(ctx); }
static void do_nothing(void *arg) { (void)arg; }

/* ---- Background, values ------------------------------------------------------------------- */

static void background_is_never_done_and_always_the_same(void)
{
    struct go_context *b = go_context_background();
    int64_t ns = 7;
    say_done(b);
    say_err(b);
    say_text(go_context_cause(b));
    testkit_say("%d", go_context_deadline(b, &ns));
    testkit_say("%d", go_context_value(b, &shared.key) == NULL);
    testkit_say("%d%d", b == go_context_background(), (int)ns);
}

static void the_nearest_value_of_a_key_counts(void)
{
    static char other_key;
    struct go_context *ctx = go_context_background();
    ctx = go_context_with_value(ctx, &shared.key, testkit_arg(1));
    struct go_context *low = make(go_context_with_value(ctx, &other_key, testkit_arg(2)));
    low = go_context_with_value(low, &shared.key, testkit_arg(3));
    testkit_say("%d", testkit_int(go_context_value(ctx, &shared.key)));
    testkit_say("%d", testkit_int(go_context_value(low, &shared.key)));
    testkit_say("%d", testkit_int(go_context_value(low, &other_key)));
    testkit_say("%d", go_context_value(ctx, &other_key) == NULL);
    testkit_say("%d", go_context_value(low, NULL) == NULL);
}

static void values_alone_are_never_done(void)
{
    struct go_context *ctx = go_context_with_value(go_context_background(), &shared.key, NULL);
    say_done(ctx);
    say_err(ctx);
}

static void a_value_is_done_with_its_parent(void)
{
    struct go_context *parent = go_context_with_timeout(go_context_background(), 5);
    struct go_context *ctx = go_context_with_value(parent, &shared.key, NULL);
    int64_t ns;
    testkit_say("%d", go_context_done(ctx) == go_context_done(parent));
    testkit_say("%d", go_context_deadline(ctx, &ns) && ns == 5);
    wait_for(ctx);
    say_err(ctx);
}

/* ---- Cancel ------------------------------------------------------------------------------- */

static void cancel_closes_done_and_sets_the_error_once(void)
{
    struct go_context *ctx = make_root();
    say_done(ctx);
    say_err(ctx);
    say_text(go_context_cause(ctx));
    go_context_cancel(ctx);
    testkit_say(" ");
    say_done(ctx);
    say_err(ctx);
    go_context_cancel(ctx);
    go_context_cancel_cause(ctx, "too late");
    say_text(go_context_cause(ctx));
}

static void done_is_the_same_channel_before_and_after(void)
{
    struct go_context *ctx = make_root();
    struct go_chan *done = go_context_done(ctx);
    testkit_say("%d", go_context_done(ctx) == done);
    go_context_cancel(ctx);
    testkit_say("%d", go_context_done(ctx) == done);
}

static void work_until_done(void *ctx)
{
    go_chan_recv(go_context_done(ctx), NULL);
    testkit_say("w");
}

static void cancel_does_not_wait_for_the_work_to_stop(void)
{
    struct go_context *ctx = make_root();
    go(work_until_done, ctx);
    go_context_cancel(ctx);
    testkit_say("c");
}

static void cancel_reaches_all_below_and_nobody_else(void)
{
    struct go_context *top = make_root();
    struct go_context *middle = make(top);
    struct go_context *sibling = make(top);
    struct go_context *low = go_context_with_value(make(middle), &shared.key, NULL);
    struct go_context *lowest = make(low);
    go_context_cancel(middle);
    say_err(top);
    say_err(sibling);
    say_err(middle);
    say_err(low);
    say_err(lowest);
}

static void a_child_of_a_cancelled_parent_is_done_at_once(void)
{
    struct go_context *parent = make_root();
    go_context_cancel_cause(parent, "why");
    struct go_context *child = go_context_with_timeout(parent, 5);
    testkit_say("%zu", child->timer ? (size_t)1 : 0);
    say_done(child);
    say_err(child);
    say_text(go_context_cause(child));
}

static void a_cancelled_child_has_left_its_parent(void)
{
    struct go_context *parent = make_root();
    struct go_context *child = make(parent);
    go_context_cancel_cause(child, "child");
    testkit_say("%d", list_is_empty(&parent->dependants));
    go_context_cancel_cause(parent, "parent");
    say_text(go_context_cause(child));
}

static void more_children_than_a_choice_has_are_all_cancelled(void)
{
    struct go_context *children[20];
    struct go_context *parent = make_root();
    for (size_t i = 0; i < 20; i++) children[i] = make(parent);
    go_context_cancel(parent);
    int done = 0;
    for (size_t i = 0; i < 20; i++) done += go_context_err(children[i]) == GO_CONTEXT_CANCELED;
    testkit_say("%d", done);
}

static void cause_is_what_the_first_cancel_gave(void)
{
    struct go_context *ctx = make_root();
    struct go_context *child = make(ctx);
    go_context_cancel_cause(ctx, "why");
    go_context_cancel_cause(ctx, "again");
    say_text(go_context_cause(ctx));
    say_text(go_context_cause(child));
    testkit_say("%d", (int)go_context_err(child));
}

static void without_a_cause_it_is_the_text_of_the_error(void)
{
    struct go_context *ctx = make_root();
    go_context_cancel_cause(ctx, NULL);
    struct go_context *late = go_context_with_timeout(go_context_background(), 0);
    say_text(go_context_cause(ctx));
    testkit_say(", ");
    say_text(go_context_cause(late));
}

static void close_done(void *ctx) { go_chan_close(go_context_done(ctx)); }
static void a_done_channel_that_was_closed_does_not_break_cancel(void)
{
    struct go_context *ctx = make_root();
    go(close_done, ctx);
    wait_for(ctx);
    go_context_cancel(ctx);
    say_err(ctx);
    testkit_say("%d", (int)ctx->done->object->closed_by);
}

/* ---- Panics ------------------------------------------------------------------------------- */

static void nil_with_cancel(void *arg) { go_context_with_cancel(arg); }
static void nil_with_timeout(void *arg) { go_context_with_timeout(arg, 1); }
static void nil_with_deadline(void *arg) { go_context_with_deadline(arg, 1); }
static void nil_with_value(void *arg) { go_context_with_value(arg, &shared.key, NULL); }
static void nil_key(void *arg) { go_context_with_value(arg, NULL, NULL); }

static void say_panic(void (*fn)(void *), void *arg)
{
    struct go_panic panic;
    if (go_protect(fn, arg, &panic)) testkit_say("%s;", panic.message);
}

static void a_nil_parent_panics(void)
{
    say_panic(nil_with_cancel, NULL);
    say_panic(nil_with_timeout, NULL);
}

static void a_nil_parent_panics_also_with_a_deadline_or_a_value(void)
{
    say_panic(nil_with_deadline, NULL);
    say_panic(nil_with_value, NULL);
}

static void a_nil_key_panics(void) { say_panic(nil_key, go_context_background()); }
static void only_contexts_with_a_cancel_function_can_be_cancelled(void)
{
    struct go_context *ctx = make_root();
    say_panic(cancel, go_context_with_value(ctx, &shared.key, NULL));
    say_err(ctx);
}

static void cancel_of_the_background_is_a_report(void)
{
    go_context_cancel(go_context_background());
}

/* ---- Deadlines ---------------------------------------------------------------------------- */

static void say_deadline(struct go_context *ctx)
{
    int64_t ns = -1;
    bool has = go_context_deadline(ctx, &ns);
    testkit_say("%d:%d ", has, (int)ns);
}

static void a_timeout_cancels_when_it_passes(void)
{
    go_sleep(3);
    struct go_context *ctx = go_context_with_timeout(go_context_background(), 5);
    say_deadline(ctx);
    wait_for(ctx);
    say_err(ctx);
    testkit_say(" %d ", (int)go_now());
    say_text(go_context_cause(ctx));
}

static void a_timeout_that_overflows_is_the_end_of_time(void)
{
    go_sleep(3);
    struct go_context *ctx = go_context_with_timeout(go_context_background(), INT64_MAX);
    int64_t ns = 0;
    go_context_deadline(ctx, &ns);
    testkit_say("%d", ns == INT64_MAX);
    go_context_cancel(ctx);
}

static void say_state(struct go_context *ctx)
{
    say_deadline(ctx);
    say_done(ctx);
    say_err(ctx);
    testkit_say("%s ", ctx->timer ? "timer" : "");
}

static void a_deadline_not_after_now_is_exceeded_at_once(void)
{
    go_sleep(3);
    say_state(go_context_with_deadline(go_context_background(), 3));
    say_state(go_context_with_deadline(go_context_background(), 2));
    say_state(go_context_with_timeout(go_context_background(), 0));
    say_state(go_context_with_timeout(go_context_background(), -9));
}

static void one_exceeded_at_once_has_left_its_parent(void)
{
    struct go_context *parent = make_root();
    go_context_with_timeout(parent, 0);
    testkit_say("%d", list_is_empty(&parent->dependants));
}

static void the_parents_earlier_deadline_counts(void)
{
    struct go_context *parent = go_context_with_timeout(go_context_background(), 5);
    struct go_context *child = go_context_with_timeout(make(parent), 9);
    say_deadline(child);
    testkit_say("%d ", child->timer != NULL);
    wait_for(child);
    say_err(child);
    testkit_say("%d", (int)go_now());
}

static void an_earlier_deadline_of_its_own_counts(void)
{
    struct go_context *parent = go_context_with_timeout(go_context_background(), 9);
    struct go_context *child = go_context_with_timeout(parent, 5);
    say_deadline(child);
    wait_for(child);
    say_err(child);
    say_err(parent);
    testkit_say("%d", (int)go_now());
}

static void of_equal_deadlines_the_childs_may_be_first(void)
{
    struct go_context *parent = go_context_with_timeout(go_context_background(), 5);
    struct go_context *child = go_context_with_deadline(parent, 5);
    wait_for(child);
    say_err(parent);
}

/* 1: cancelled first; 2: the deadline passed first and its goroutine was faster. */
static void cancel_and_deadline_race(void)
{
    struct go_context *ctx = go_context_with_timeout(go_context_background(), 5);
    go_context_cancel(ctx);
    say_err(ctx);
}

static void the_first_error_stays(void)
{
    struct go_context *ctx = go_context_with_timeout(go_context_background(), 5);
    go_context_cancel(ctx);
    say_err(ctx);
    go_sleep(9);
    go_context_cancel(ctx);
    say_err(ctx);
}

static void stop_of_the_deadline(void)
{
    go_context_cancel(go_context_with_timeout(make_root(), 5));
}

static void stop_by_the_parent(void)
{
    struct go_context *parent = make_root();
    go_context_with_timeout(parent, 5);
    go_context_cancel(parent);
}

static void pass_of_the_deadline(void) { wait_for(go_context_with_timeout(make_root(), 5)); }

static void cancel_stops_the_deadlines_timer(void **state)
{
    (void)state;
    static const struct {
        void (*root)(void);
        int64_t end_ns;
        uint32_t goroutines;
    } cases[] = {{stop_of_the_deadline, 0, 1},
                 {stop_by_the_parent, 0, 1},
                 /* It fires as a goroutine of its own. */
                 {pass_of_the_deadline, 5, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result result;
        testkit_natural(cases[i].root, NULL, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_int_equal(sched.now_ns, cases[i].end_ns);
        assert_int_equal(result.goroutines, cases[i].goroutines);
    }
    assert_true(sched_goroutine(2)->timer_made);
    assert_int_equal(sched_goroutine(2)->created_by, 1);
}

static void say_plain_err(void)
{
    struct go_context *ctx = go_context_with_timeout(go_context_background(), 1);
    testkit_say("%d", (int)ctx->error); /* plain: only the point after arming is in between */
}

static void a_deadline_may_pass_before_the_next_line(void) { say_plain_err(); }

static void cancel_parent_of_shared(void *arg)
{
    (void)arg;
    go_context_cancel(shared.parent);
}

/* Cancelled at the point after arming, the timer must be stopped too: time stays 0. */
static void a_parent_cancelled_meanwhile_stops_the_timer(void)
{
    shared.parent = make_root();
    go(cancel_parent_of_shared, NULL);
    struct go_context *ctx = go_context_with_timeout(shared.parent, 5);
    wait_for(shared.parent);
    wait_for(ctx);
    testkit_say("%d", ctx->timer && ctx->timer->deadline.slot != 0);
}

/* ---- Ends and records --------------------------------------------------------------------- */

static void wait_in_goroutine(void *ctx) { wait_for(ctx); }
static void who_waits_for_a_context_that_is_never_cancelled_is_leaked(void)
{
    go(wait_in_goroutine, make_root());
}

static void a_deadline_passes_after_the_end_too(void)
{
    go(wait_in_goroutine, go_context_with_timeout(go_context_background(), 5));
}

static void poll_until_done(struct go_context *ctx)
{
    while (!go_context_err(ctx)) {}
    say_err(ctx);
}

static void polling_a_context_that_is_never_done_is_a_livelock(void)
{
    poll_until_done(make_root());
}

static void polling_ends_when_the_deadline_passes(void)
{
    poll_until_done(go_context_with_timeout(go_context_background(), 5));
}

static void make_all_kinds(void)
{
    struct go_context *lost = make_root();
    shared.parent = make(lost);
    shared.child = make(shared.parent);
    go_context_cancel(shared.parent);
    shared.other = go_context_with_timeout(lost, 5);
    wait_for(shared.other);
    go_context_with_value(lost, &shared.key, NULL);
    go_context_with_timeout(shared.parent, 5);
    go_context_with_timeout(lost, 0);
}

static void a_record_says_whether_cancel_was_never_called(void **state)
{
    (void)state;
    struct run_result result;
    assert_int_equal(testkit_natural(make_all_kinds, NULL, &result)->verdict, VERDICT_PASS);
    unsigned contexts = 0;
    for (uint32_t i = 1; i <= object_count(); i++) {
        const struct object *o = object_at(i);
        struct go_chan *done = context_done_channel(o);
        if (o->kind != OBJECT_CONTEXT) {
            assert_null(done);
            continue;
        }
        const struct go_context *ctx = o->data;
        assert_ptr_equal(done, ctx->done);
        assert_int_equal(o->cancelled, ++contexts != 1); /* the first is the lost one */
        assert_int_equal(done->closed, o->cancelled);
    }
    assert_int_equal(contexts, 6);
}

static void do_all_kinds(void)
{
    shared.parent = make_root();
    make(shared.parent);
    go_context_err(shared.parent);
    go_context_after_stop(go_context_after_func(shared.parent, do_nothing, NULL));
    go_context_after_func(shared.parent, do_nothing, NULL);
    go_context_cancel(shared.parent);
    go_context_cancel(shared.parent); /* closes nothing: no event */
    go_context_cause(shared.parent);
}

static void what_is_done_with_a_context_is_an_event_on_its_done_channel(void **state)
{
    (void)state;
    static const struct {
        enum op_kind kind;
        enum op_mode mode;
        enum event_phase phase;
        uint64_t value;
    } expected[] = {
        {OP_CONTEXT_MAKE, OP_MODE_READ, PHASE_DONE, GO_CONTEXT_OK},
        {OP_CONTEXT_ERR, OP_MODE_READ, PHASE_FAIL, GO_CONTEXT_OK},
        {OP_CONTEXT_AFTER, OP_MODE_WRITE, PHASE_DONE, false}, /* registered, not started */
        {OP_CONTEXT_AFTER, OP_MODE_WRITE, PHASE_DONE, true},  /* stopped */
        {OP_CONTEXT_AFTER, OP_MODE_WRITE, PHASE_DONE, false}, /* registered */
        {OP_CONTEXT_CANCEL, OP_MODE_WRITE, PHASE_DONE, true}, /* the parent, by this call */
        {OP_CONTEXT_AFTER, OP_MODE_WRITE, PHASE_DONE, true},  /* started */
        {OP_CONTEXT_ERR, OP_MODE_READ, PHASE_DONE, GO_CONTEXT_CANCELED},
    };
    struct run_result result;
    testkit_natural(do_all_kinds, NULL, &result);
    size_t count;
    const struct event *events = run_events(&count, NULL);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].object != shared.parent->done->object->number) continue;
        assert_true(n < sizeof expected / sizeof *expected);
        assert_int_equal(events[i].kind, expected[n].kind);
        assert_int_equal(events[i].mode, expected[n].mode);
        assert_int_equal(events[i].phase, expected[n].phase);
        assert_int_equal(events[i].value, expected[n].value);
        n++;
    }
    assert_int_equal(n, sizeof expected / sizeof *expected);
}

static const struct run_options short_run = {.max_steps = 40, .fair_steps = 40};

static const struct CMUnitTest tests[] = {
    outcomes_test(background_is_never_done_and_always_the_same, "nil0nil0117 pass"),
    outcomes_test(the_nearest_value_of_a_key_counts, "13211 pass"),
    outcomes_test(values_alone_are_never_done, "nil0 pass"),
    outcomes_test(a_value_is_done_with_its_parent, "112 pass"),

    outcomes_test(cancel_closes_done_and_sets_the_error_once,
                  "open0nil closed1context canceled pass"),
    outcomes_test(done_is_the_same_channel_before_and_after, "11 pass"),
    outcomes_test(cancel_does_not_wait_for_the_work_to_stop, "cw pass"),
    outcomes_test(cancel_reaches_all_below_and_nobody_else, "00111 pass"),
    outcomes_test(a_child_of_a_cancelled_parent_is_done_at_once, "0closed1why pass"),
    outcomes_test(a_cancelled_child_has_left_its_parent, "1child pass"),
    natural_test(more_children_than_a_choice_has_are_all_cancelled, "20 pass"),
    outcomes_test(cause_is_what_the_first_cancel_gave, "whywhy1 pass"),
    outcomes_test(without_a_cause_it_is_the_text_of_the_error,
                  "context canceled, context deadline exceeded pass"),
    outcomes_test(a_done_channel_that_was_closed_does_not_break_cancel, "12 pass"),

    outcomes_test(a_nil_parent_panics, "cannot create context from nil parent;"
                                       "cannot create context from nil parent; pass"),
    outcomes_test(a_nil_parent_panics_also_with_a_deadline_or_a_value,
                  "cannot create context from nil parent;"
                  "cannot create context from nil parent; pass"),
    outcomes_test(a_nil_key_panics, "nil key; pass"),
    outcomes_test(only_contexts_with_a_cancel_function_can_be_cancelled,
                  "cancel of a context that has no cancel function;0 pass"),
    outcomes_test(cancel_of_the_background_is_a_report, "unrecovered-panic"),

    outcomes_test(a_timeout_cancels_when_it_passes, "1:8 2 8 context deadline exceeded pass"),
    natural_test(a_timeout_that_overflows_is_the_end_of_time, "1 pass"),
    outcomes_test(a_deadline_not_after_now_is_exceeded_at_once,
                  "1:3 closed2 1:2 closed2 1:3 closed2 1:-6 closed2  pass"),
    outcomes_test(one_exceeded_at_once_has_left_its_parent, "1 pass"),
    outcomes_test(the_parents_earlier_deadline_counts, "1:5 0 25 pass"),
    natural_test(an_earlier_deadline_of_its_own_counts, "1:5 205 pass"),
    outcomes_test(of_equal_deadlines_the_childs_may_be_first, "0 pass", "2 pass"),
    outcomes_test(cancel_and_deadline_race, "1 pass", "2 pass"),
    outcomes_test(the_first_error_stays, "11 pass", "22 pass"),
    cmocka_unit_test(cancel_stops_the_deadlines_timer),
    outcomes_test(a_deadline_may_pass_before_the_next_line, "0 pass", "2 pass"),
    outcomes_test(a_parent_cancelled_meanwhile_stops_the_timer, "0 pass"),

    outcomes_test(who_waits_for_a_context_that_is_never_cancelled_is_leaked, "goroutine-leak"),
    outcomes_test(a_deadline_passes_after_the_end_too, "pass"),
    natural_test_under(polling_a_context_that_is_never_done_is_a_livelock, &short_run, "livelock"),
    natural_test_under(polling_ends_when_the_deadline_passes, &short_run, "2 pass"),
    cmocka_unit_test(what_is_done_with_a_context_is_an_event_on_its_done_channel),
    cmocka_unit_test(a_record_says_whether_cancel_was_never_called),
};

int main(void) { return cmocka_run_group_tests_name("context", tests, NULL, NULL); }
