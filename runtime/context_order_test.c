// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Contexts: who can see what while a tree of them is cancelled, and functions that wait for it. */
#include "testkit.h"

#include "context.h"

/* What programs share with their goroutines; their root sets it anew. */
static struct {
    struct go_context *parent;
    struct go_context *child;
    struct go_context *other;
    struct go_chan *ended;
    char key; /* its address is a key */
} shared;

static void say_err(struct go_context *ctx) { testkit_say("%d", (int)go_context_err(ctx)); }

static void wait_for(struct go_context *ctx) { go_chan_recv(go_context_done(ctx), NULL); }

static struct go_context *make(struct go_context *parent) { return go_context_with_cancel(parent); }

static struct go_context *make_root(void) { return make(go_context_background()); }

static void cancel(void *ctx) { go_context_cancel(ctx); }
static void do_nothing(void *arg) { (void)arg; }

static void cancel_parent_of_shared(void *arg)
{
    (void)arg;
    go_context_cancel(shared.parent);
}

/* ---- Parents and children ----------------------------------------------------------------- */

static void make_family(void)
{
    shared.parent = make_root();
    shared.child = make(shared.parent);
    go(cancel_parent_of_shared, NULL);
}

static void a_parent_may_be_seen_done_and_its_child_not_yet(void)
{
    make_family();
    wait_for(shared.parent);
    say_err(shared.child);
}

static void a_child_is_never_seen_done_before_its_parent(void)
{
    make_family();
    wait_for(shared.child);
    say_err(shared.parent);
}

static void error_and_done_are_seen_together(void)
{
    make_family();
    wait_for(shared.parent);
    say_err(shared.parent);
}

static void cancelled_by_both_all_is_done_when_either_returns(void)
{
    make_family();
    go_context_cancel(shared.parent);
    say_err(shared.child);
}

static void three_generations_are_done_when_either_cancel_returns(void)
{
    make_family();
    shared.other = make(shared.child);
    go_context_cancel(shared.parent);
    say_err(shared.other);
}

static void cancel_parent_because_of_a(void *arg)
{
    (void)arg;
    go_context_cancel_cause(shared.parent, "a");
    go_chan_close(shared.ended);
}

static void of_two_cancels_all_have_the_cause_of_the_first(void)
{
    shared.ended = go_chan_make(0, 0);
    shared.parent = make_root();
    shared.child = make(shared.parent);
    go(cancel_parent_because_of_a, NULL);
    go_context_cancel_cause(shared.parent, "b");
    testkit_say("%s", go_context_cause(shared.parent));
    go_chan_recv(shared.ended, NULL);
    testkit_say("%s", go_context_cause(shared.parent));
    testkit_say("%s", go_context_cause(shared.child));
}

static void cancel_of_a_child_meets_that_of_its_parent(void)
{
    make_family();
    go_context_cancel(shared.child);
    say_err(shared.child);
    wait_for(shared.parent);
}

static void a_child_is_made_while_its_parent_is_cancelled(void)
{
    shared.parent = make_root();
    go(cancel_parent_of_shared, NULL);
    struct go_context *child = make(shared.parent);
    say_err(child);
    wait_for(child);
}

/* "01": between the look and the making the parent was cancelled. */
static void making_a_child_has_a_point_before_it(void)
{
    shared.parent = make_root();
    go(cancel_parent_of_shared, NULL);
    say_err(shared.parent);
    testkit_say("%d", (int)make(shared.parent)->error);
}

static void two_children(void)
{
    shared.parent = make_root();
    shared.child = make(shared.parent);
    shared.other = make(shared.parent);
    go(cancel_parent_of_shared, NULL);
}

static void the_first_child_may_be_cancelled_last(void)
{
    two_children();
    wait_for(shared.other);
    say_err(shared.child);
}

static void the_second_child_may_be_cancelled_last(void)
{
    two_children();
    wait_for(shared.child);
    say_err(shared.other);
}

/* If child went before other, then so did all that hangs on child. */
static void a_child_goes_with_all_below_it(void)
{
    two_children();
    struct go_context *low = make(shared.child);
    wait_for(shared.child);
    if (go_context_err(shared.other)) return;
    wait_for(shared.other);
    say_err(low);
}

static void naturally_children_are_cancelled_in_order_of_creation(void **state)
{
    (void)state;
    struct run_result result;
    assert_int_equal(testkit_natural(two_children, NULL, &result)->verdict, VERDICT_PASS);
    const struct go_context *order[] = {shared.parent, shared.child, shared.other};
    size_t count;
    const struct event *events = run_events(&count, NULL);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind != OP_CONTEXT_CANCEL) continue;
        assert_true(n < 3);
        assert_int_equal(events[i].object, order[n]->done->object->number);
        assert_int_equal(events[i].value, 1);
        n++;
    }
    assert_int_equal(n, 3);
}

/* Looks at the first choice among children, and takes the last. */
static struct {
    struct policy policy;
    size_t n;
    struct candidate seen[4];
} watcher;

static size_t watch(struct policy *self, enum choice_kind kind, const struct candidate *c, size_t n)
{
    (void)self;
    if (kind != CHOICE_WAITER) return 0;
    for (size_t i = 0; !watcher.n && i < n && i < 4; i++) watcher.seen[i] = c[i];
    if (!watcher.n) watcher.n = n;
    return n - 1;
}

static void cancel_a_child_and_a_function(void)
{
    shared.parent = make_root();
    shared.child = make(shared.parent);
    go_context_after_func(shared.parent, do_nothing, NULL);
    go_context_cancel(shared.parent);
}

static void a_choice_among_children_names_what_each_of_them_does(void **state)
{
    (void)state;
    struct run_result result;
    watcher.n = 0;
    watcher.policy = (struct policy){.name = "watcher", .choose = watch};
    run_execute(cancel_a_child_and_a_function, &watcher.policy, NULL, &result, NULL);
    assert_int_equal(watcher.n, 2);
    const struct object *child = shared.child->done->object;
    const struct object *parent = shared.parent->done->object;
    assert_int_equal(watcher.seen[0].op.kind, OP_CONTEXT_CANCEL);
    assert_int_equal(watcher.seen[0].op.object, child->number);
    assert_int_equal(watcher.seen[0].stable, child->stable);
    assert_int_equal(watcher.seen[1].op.kind, OP_CONTEXT_AFTER);
    assert_int_equal(watcher.seen[1].op.object, parent->number);
    assert_int_equal(watcher.seen[1].stable, sched_goroutine(2)->stable);
}

/* ---- AfterFunc ---------------------------------------------------------------------------- */

static void say_letter(void *letter) { testkit_say("%c", testkit_int(letter)); }

static void after_func_runs_once_when_done(void)
{
    struct go_context *ctx = make_root();
    go_context_after_func(ctx, say_letter, testkit_arg('f'));
    go_context_cancel(ctx);
    go_context_cancel(ctx);
}

static void each_after_func_runs(void)
{
    struct go_context *ctx = make_root();
    go_context_after_func(ctx, say_letter, testkit_arg('f'));
    go_context_after_func(go_context_with_value(ctx, &shared.key, NULL), say_letter,
                          testkit_arg('g'));
    go_context_cancel(ctx);
}

static void after_func_runs_when_the_deadline_passes(void)
{
    struct go_context *ctx = go_context_with_timeout(go_context_background(), 5);
    go_context_after_func(make(ctx), say_letter, testkit_arg('f'));
}

static void after_func_of_a_done_context_may_run_before_the_next_line(void)
{
    struct go_context *ctx = make_root();
    go_context_cancel(ctx);
    go_context_after_func(ctx, say_letter, testkit_arg('f'));
    testkit_say("-");
}

static void after_func_may_run_before_the_line_after_cancel(void)
{
    struct go_context *ctx = make_root();
    go_context_after_func(ctx, say_letter, testkit_arg('f'));
    go_context_cancel(ctx);
    testkit_say("-");
}

static void after_func_of_the_background_never_runs(void)
{
    struct go_context_after *after =
        go_context_after_func(go_context_background(), say_letter, testkit_arg('f'));
    testkit_say("%d", go_context_after_stop(after));
    testkit_say("%d", go_context_after_stop(after));
}

static void a_stopped_after_func_never_runs(void)
{
    struct go_context *ctx = make_root();
    struct go_context_after *after = go_context_after_func(ctx, say_letter, testkit_arg('f'));
    testkit_say("%d", go_context_after_stop(after));
    testkit_say("%d", list_is_empty(&ctx->dependants));
    go_context_cancel(ctx);
    testkit_say("%d", go_context_after_stop(after));
}

static void block_for_ever(void *arg)
{
    (void)arg;
    go_chan_recv(NULL, NULL);
}

static void stop_of_a_started_after_func_is_too_late(void)
{
    struct go_context *ctx = make_root();
    struct go_context_after *after = go_context_after_func(ctx, block_for_ever, NULL);
    go_context_cancel(ctx);
    testkit_say("%d", go_context_after_stop(after));
}

/* "f" beside a 0 only. */
static void stop_and_cancel_race(void)
{
    shared.parent = make_root();
    struct go_context_after *after =
        go_context_after_func(shared.parent, say_letter, testkit_arg('f'));
    go(cancel_parent_of_shared, NULL);
    testkit_say("%d", go_context_after_stop(after));
}

static void after_func_may_be_stopped_when_the_context_is_seen_done(void)
{
    shared.parent = make_root();
    struct go_context_after *after =
        go_context_after_func(shared.parent, say_letter, testkit_arg('f'));
    go(cancel_parent_of_shared, NULL);
    wait_for(shared.parent);
    testkit_say("%d", go_context_after_stop(after));
}

static void after_func_is_registered_while_the_context_is_cancelled(void)
{
    shared.parent = make_root();
    go(cancel_parent_of_shared, NULL);
    go_context_after_func(shared.parent, say_letter, testkit_arg('f'));
}

/* "03": between the look and the registration the context was cancelled. */
static void after_func_has_a_point_before_it(void)
{
    shared.parent = make_root();
    go(cancel_parent_of_shared, NULL);
    say_err(shared.parent);
    go_context_after_func(shared.parent, do_nothing, NULL);
    testkit_say("%d", (int)sched.goroutine_count);
}

/* "00": between the look and the stop it was started. */
static void after_stop_has_a_point_before_it(void)
{
    shared.parent = make_root();
    struct go_context_after *after = go_context_after_func(shared.parent, do_nothing, NULL);
    go(cancel_parent_of_shared, NULL);
    say_err(shared.parent);
    testkit_say("%d", go_context_after_stop(after));
}

static void no_after_func_is_a_nil_dereference_when_it_starts(void)
{
    struct go_context *ctx = make_root();
    go_context_after_func(ctx, NULL, NULL);
    go_context_cancel(ctx);
}

static void register_two(void)
{
    struct go_context *ctx = make_root();
    go_context_after_func(ctx, say_letter, testkit_arg('f'));
    go(cancel, ctx);
    go_context_after_func(ctx, say_letter, testkit_arg('g'));
}

static void an_after_func_is_a_goroutine_of_who_registered_it(void **state)
{
    (void)state;
    struct run_result result;
    assert_int_equal(testkit_natural(register_two, NULL, &result)->verdict, VERDICT_PASS);
    assert_int_equal(result.goroutines, 4);
    const struct goroutine *f = sched_goroutine(3);
    const struct goroutine *g = sched_goroutine(4);
    assert_int_equal(f->created_by, 1);
    assert_int_equal(g->created_by, 1);
    assert_true(f->created.count && g->created.count);
    assert_ptr_not_equal(f->created.pc[0], g->created.pc[0]);
    assert_int_not_equal(f->stable, g->stable);
}

static const struct CMUnitTest tests[] = {
    outcomes_test(a_parent_may_be_seen_done_and_its_child_not_yet, "0 pass", "1 pass"),
    outcomes_test(a_child_is_never_seen_done_before_its_parent, "1 pass"),
    outcomes_test(error_and_done_are_seen_together, "1 pass"),
    outcomes_test(cancelled_by_both_all_is_done_when_either_returns, "1 pass"),
    outcomes_test(three_generations_are_done_when_either_cancel_returns, "1 pass"),
    outcomes_test(of_two_cancels_all_have_the_cause_of_the_first, "aaa pass", "bbb pass"),
    outcomes_test(cancel_of_a_child_meets_that_of_its_parent, "1 pass"),
    outcomes_test(a_child_is_made_while_its_parent_is_cancelled, "0 pass", "1 pass"),
    outcomes_test(making_a_child_has_a_point_before_it, "00 pass", "01 pass", "11 pass"),
    outcomes_test(the_first_child_may_be_cancelled_last, "0 pass", "1 pass"),
    outcomes_test(the_second_child_may_be_cancelled_last, "0 pass", "1 pass"),
    outcomes_test(a_child_goes_with_all_below_it, "1 pass", "pass"),
    cmocka_unit_test(a_choice_among_children_names_what_each_of_them_does),
    cmocka_unit_test(naturally_children_are_cancelled_in_order_of_creation),

    outcomes_test(after_func_runs_once_when_done, "f pass"),
    outcomes_test(each_after_func_runs, "fg pass", "gf pass"),
    outcomes_test(after_func_runs_when_the_deadline_passes, "f pass"),
    outcomes_test(after_func_of_a_done_context_may_run_before_the_next_line, "f- pass", "-f pass"),
    outcomes_test(after_func_may_run_before_the_line_after_cancel, "f- pass", "-f pass"),
    outcomes_test(after_func_of_the_background_never_runs, "10 pass"),
    outcomes_test(a_stopped_after_func_never_runs, "110 pass"),
    natural_test(stop_of_a_started_after_func_is_too_late, "0 goroutine-leak"),
    outcomes_test(stop_and_cancel_race, "1 pass", "0f pass", "f0 pass"),
    outcomes_test(after_func_may_be_stopped_when_the_context_is_seen_done, "1 pass", "0f pass",
                  "f0 pass"),
    outcomes_test(after_func_is_registered_while_the_context_is_cancelled, "f pass"),
    outcomes_test(after_func_has_a_point_before_it, "02 pass", "03 pass", "13 pass"),
    outcomes_test(after_stop_has_a_point_before_it, "00 pass", "01 pass", "10 pass", "11 pass"),
    outcomes_test(no_after_func_is_a_nil_dereference_when_it_starts, "nil-dereference"),
    cmocka_unit_test(an_after_func_is_a_goroutine_of_who_registered_it),
};

int main(void) { return cmocka_run_group_tests_name("context_order", tests, NULL, NULL); }
