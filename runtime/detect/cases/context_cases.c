// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Contexts: the cancellation is before whoever learns of it, and what is handed to a function of
 * AfterFunc is before it. Source: package context, whose Done is a channel that is closed. */
#include "case.h"

static void set_up(void)
{
    ctx = go_context_with_cancel(go_context_background());
    ctx2 = go_context_with_cancel(ctx);
}

ACTOR(writes_cancels)
{
    x = 1;
    go_context_cancel(ctx);
}

ACTOR(cancels_writes)
{
    go_context_cancel(ctx);
    x = 1;
}

ACTOR(cancels) { go_context_cancel(ctx); }
ACTOR(writes) { x = 1; }
ACTOR(reads) { use((uint64_t)x); }

ACTOR(is_done_and_reads)
{
    go_chan_recv(go_context_done(ctx), NULL);
    use((uint64_t)x);
}

NEVER(a_cancel_is_before_done)
{
    set_up();
    go(writes_cancels, NULL);
    go_chan_recv(go_context_done(ctx), NULL);
    use((uint64_t)x);
}

NEVER(a_cancel_is_before_every_done)
{
    set_up();
    go(is_done_and_reads, NULL);
    go(is_done_and_reads, NULL);
    go_gosched();
    writes_cancels(NULL);
}

NEVER(a_cancel_is_before_the_error)
{
    set_up();
    go(writes_cancels, NULL);
    if (go_context_err(ctx)) use((uint64_t)x);
}

NEVER(a_cancel_is_before_the_cause)
{
    set_up();
    go(writes_cancels, NULL);
    go_gosched();
    if (go_context_cause(ctx)) use((uint64_t)x);
}

EXPECT(no_error_orders_nothing, .expect = {"data-race--no_error_orders_nothing--writes_cancels"},
       .pair = {WRITE(4), READ(4)}, .not_always = true)
{
    set_up();
    go(writes_cancels, NULL);
    if (!go_context_err(ctx)) use((uint64_t)x);
}

EXPECT(what_follows_the_cancel_is_not_ordered,
       .expect = {"data-race--cancels_writes--what_follows_the_cancel_is_not_ordered"},
       .pair = {WRITE(4), READ(4)})
{
    set_up();
    go(cancels_writes, NULL);
    go_chan_recv(go_context_done(ctx), NULL);
    use((uint64_t)x);
}

EXPECT(done_is_not_before_the_cancel,
       .expect = {"data-race--done_is_not_before_the_cancel--is_done_and_reads"},
       .pair = {WRITE(4), READ(4)})
{
    set_up();
    go(is_done_and_reads, NULL);
    go_context_cancel(ctx);
    x = 1;
}

NEVER(a_cancel_of_the_parent_is_before_the_childs_done)
{
    set_up();
    go(writes_cancels, NULL);
    go_chan_recv(go_context_done(ctx2), NULL);
    use((uint64_t)x);
}

NEVER(a_cancel_is_before_the_done_of_a_context_with_a_value)
{
    set_up();
    struct go_context *valued = go_context_with_value(ctx2, &x, &y);
    go(writes_cancels, NULL);
    go_chan_recv(go_context_done(valued), NULL);
    use((uint64_t)x);
    use(go_context_value(valued, &x) == &y);
}

EXPECT(a_cancel_of_the_child_says_nothing_of_the_parent,
       .expect = {"data-race--a_cancel_of_the_child_says_nothing_of_the_parent--writes_cancels"},
       .pair = {WRITE(4), READ(4)}, .not_always = true)
{
    set_up();
    go(writes_cancels, NULL);
    go_context_cancel(ctx2);
    go_chan_recv(go_context_done(ctx2), NULL);
    use((uint64_t)x);
}

ACTOR(writes_cancels_the_child)
{
    x = 1;
    go_context_cancel(ctx2);
}

EXPECT(no_error_of_the_parent_says_nothing_of_the_child,
       .expect = {"data-race--no_error_of_the_parent_says_nothing_of_the_child--"
                  "writes_cancels_the_child"},
       .pair = {WRITE(4), READ(4)})
{
    set_up();
    go(writes_cancels_the_child, NULL);
    if (!go_context_err(ctx)) use((uint64_t)x);
}

/* Whoever cancels second may find the child not yet done, and does it for the first: what is handed
 * on is still the first cancellation. The cause says who was first. */
static const char *const the_cause = "the writer";

ACTOR(writes_cancels_with_a_cause)
{
    x = 1;
    go_context_cancel_cause(ctx, the_cause);
}

NEVER(a_second_cancel_hands_on_the_first)
{
    set_up();
    go(writes_cancels_with_a_cause, NULL);
    go(cancels, NULL);
    go_chan_recv(go_context_done(ctx2), NULL);
    if (go_context_cause(ctx2) == the_cause) use((uint64_t)x);
}

NEVER(a_cancel_is_before_a_context_made_done)
{
    set_up();
    go(writes_cancels, NULL);
    struct go_context *late = go_context_with_cancel(ctx);
    if (go_context_err(late)) use((uint64_t)x);
}

/* ---- Deadlines ------------------------------------------------------------------------------ */

NEVER(a_deadline_is_after_its_making)
{
    x = 1;
    ctx = go_context_with_timeout(go_context_background(), 10);
    go(is_done_and_reads, NULL);
    go_chan_recv(go_context_done(ctx), NULL);
    use((uint64_t)x);
}

EXPECT(what_follows_the_making_of_a_deadline_is_not_ordered,
       .expect = {"data-race--is_done_and_reads--what_follows_the_making_of_a_deadline_is_not_"
                  "ordered"},
       .pair = {WRITE(4), READ(4)})
{
    ctx = go_context_with_timeout(go_context_background(), 10);
    go(is_done_and_reads, NULL);
    x = 1;
}

EXPECT(a_deadline_orders_nothing_else,
       .expect = {"data-race--a_deadline_orders_nothing_else--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    ctx = go_context_with_timeout(go_context_background(), 10);
    go(writes, NULL);
    go_chan_recv(go_context_done(ctx), NULL);
    x = 2;
}

ACTOR(asks_for_the_deadline) { go_context_deadline(ctx, (int64_t *)&bytes.wide[0]); }

EXPECT(a_deadline_is_written_for_who_asks,
       .expect = {"data-race--a_deadline_is_written_for_who_asks--asks_for_the_deadline"},
       .pair = {WRITE(8), READ(8)})
{
    ctx = go_context_with_timeout(go_context_background(), 10);
    go(asks_for_the_deadline, NULL);
    use(bytes.wide[0]);
}

/* ---- AfterFunc ------------------------------------------------------------------------------ */

NEVER(registering_is_before_the_function)
{
    set_up();
    go(cancels, NULL);
    x = 1;
    go_context_after_func(ctx, reads, NULL);
}

NEVER(a_cancel_is_before_the_function)
{
    set_up();
    go_context_after_func(ctx, reads, NULL);
    x = 1;
    go_context_cancel(ctx);
}

/* Also when it comes before the registration. */
NEVER(a_cancel_in_another_goroutine_is_before_the_function)
{
    set_up();
    go(writes_cancels, NULL);
    go_gosched();
    go_context_after_func(ctx, reads, NULL);
}

EXPECT(what_follows_registering_is_not_ordered,
       .expect = {"data-race--reads--what_follows_registering_is_not_ordered"},
       .pair = {WRITE(4), READ(4)})
{
    set_up();
    go(cancels, NULL);
    go_context_after_func(ctx, reads, NULL);
    x = 1;
}

EXPECT(a_stop_of_after_func_orders_nothing,
       .expect = {"data-race--a_stop_of_after_func_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)}, .natural_is_silent = true)
{
    set_up();
    struct go_context_after *after = go_context_after_func(ctx, writes, NULL);
    go(cancels, NULL);
    go_context_after_stop(after);
    x = 2;
}

EXPECT(a_stop_of_after_func_that_comes_too_late_orders_nothing,
       .expect = {"data-race--a_stop_of_after_func_that_comes_too_late_orders_nothing--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    set_up();
    struct go_context_after *after = go_context_after_func(ctx, writes, NULL);
    go_context_cancel(ctx);
    go_context_after_stop(after);
    x = 2;
}

NEVER(a_stop_in_time_keeps_the_function_away)
{
    set_up();
    struct go_context_after *after = go_context_after_func(ctx, writes, NULL);
    go(cancels, NULL);
    if (go_context_after_stop(after)) x = 2;
}
