// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Select: the case that is taken orders as its send or receive alone would; the others, and the
 * default, order nothing. What is to be sent is read upon entering. */
#include "case.h"

static size_t select_1(struct go_case only) { return go_select(&only, 1); }

static size_t select_2(struct go_case first, struct go_case second)
{
    struct go_case both[] = {first, second};
    return go_select(both, 2);
}

static bool try_1(struct go_case only) { return go_select_default(&only, 1) == 0; }

ACTOR(writes_sends)
{
    x = 1;
    go_chan_send(ch, NULL);
}

ACTOR(writes_y_sends)
{
    y = 1;
    go_chan_send(ch2, NULL);
}

ACTOR(writes_selects_send)
{
    x = 1;
    select_1(GO_SEND(ch, NULL));
}

ACTOR(writes_selects_receive)
{
    x = 1;
    select_1(GO_RECV(ch, NULL));
}

ACTOR(selects_receive_reads)
{
    select_1(GO_RECV(ch, NULL));
    use((uint64_t)x);
}

ACTOR(selects_send_reads)
{
    select_1(GO_SEND(ch, NULL));
    use((uint64_t)x);
}

ACTOR(writes) { x = 1; }

/* ---- One case, ready or parked --------------------------------------------------------------- */

NEVER(a_send_is_before_a_selected_receive)
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    select_1(GO_RECV(ch, NULL));
    use((uint64_t)x);
}

NEVER(a_selected_send_is_before_its_receive)
{
    ch = go_chan_make(0, 0);
    go(writes_selects_send, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_selected_async_send_is_before_its_receive)
{
    ch = go_chan_make(0, 1);
    go(writes_selects_send, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_selected_sync_receive_is_before_its_send)
{
    ch = go_chan_make(0, 0);
    go(writes_selects_receive, NULL);
    go_chan_send(ch, NULL);
    use((uint64_t)x);
}

EXPECT(a_selected_async_receive_is_not_before_its_send,
       .expect = {"data-race--a_selected_async_receive_is_not_before_its_send--"
                  "writes_selects_receive"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_selects_receive, NULL);
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(a_parked_select_is_woken_by_a_send)
{
    ch = go_chan_make(0, 0);
    go(selects_receive_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_send(ch, NULL);
}

NEVER(a_parked_select_is_woken_by_an_async_send)
{
    ch = go_chan_make(0, 1);
    go(selects_receive_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_send(ch, NULL);
}

NEVER(a_parked_select_is_woken_by_a_receive)
{
    ch = go_chan_make(0, 0);
    go(selects_send_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_recv(ch, NULL);
}

NEVER(a_parked_select_is_woken_by_a_close)
{
    ch = go_chan_make(0, 0);
    go(selects_receive_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_close(ch);
}

NEVER(two_selects_meet)
{
    ch = go_chan_make(0, 0);
    go(writes_selects_send, NULL);
    select_1(GO_RECV(ch, NULL));
    x = 2;
}

/* ---- Several cases --------------------------------------------------------------------------- */

NEVER(the_case_taken_orders)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go(writes_y_sends, NULL);
    if (select_2(GO_RECV(ch, NULL), GO_RECV(ch2, NULL)) == 0) {
        use((uint64_t)x);
        go_chan_recv(ch2, NULL);
    } else {
        y++;
        go_chan_recv(ch, NULL);
    }
}

EXPECT(the_case_not_taken_orders_nothing,
       .expect = {"data-race--the_case_not_taken_orders_nothing--writes_sends",
                  "data-race--the_case_not_taken_orders_nothing--writes_y_sends"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go(writes_y_sends, NULL);
    if (select_2(GO_RECV(ch, NULL), GO_RECV(ch2, NULL)) == 0)
        use((uint64_t)y);
    else
        use((uint64_t)x);
}

NEVER(one_channel_in_two_cases)
{
    ch = go_chan_make(0, 0);
    go(writes_sends, NULL);
    select_2(GO_RECV(ch, NULL), GO_RECV(ch, NULL));
    use((uint64_t)x);
}

ACTOR(writes_receives_or_sends)
{
    x = 1;
    select_2(GO_RECV(ch, NULL), GO_SEND(ch, NULL));
}

NEVER(one_channel_in_both_directions)
{
    ch = go_chan_make(0, 0);
    go(writes_receives_or_sends, NULL);
    go_chan_send(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_nil_channel_beside_another)
{
    ch = go_chan_make(0, 0);
    go(writes_sends, NULL);
    select_2(GO_RECV(NULL, NULL), GO_RECV(ch, NULL));
    use((uint64_t)x);
}

NEVER(send_and_receive_in_one_select)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go(writes_sends, NULL);
    size_t first = select_2(GO_SEND(ch2, NULL), GO_RECV(ch, NULL));
    if (first == 1) use((uint64_t)x);
}

ACTOR(works_until_done)
{
    int value;
    while (select_2(GO_RECV(ch, &value), GO_RECV(ch2, NULL)) == 0) x += value;
    go_chan_send(ch2, NULL);
}

NEVER(a_worker_with_a_done_channel)
{
    ch = go_chan_make(sizeof(int), 0);
    ch2 = go_chan_make(0, 0);
    go(works_until_done, NULL);
    go_chan_send(ch, &(int){3});
    go_chan_send(ch2, NULL);
    go_chan_recv(ch2, NULL);
    use((uint64_t)x);
}

/* ---- Default --------------------------------------------------------------------------------- */

EXPECT(a_default_orders_nothing, .expect = {"data-race--a_default_orders_nothing--writes_sends"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 1);
    go(writes_sends, NULL);
    try_1(GO_RECV(ch2, NULL));
    x = 2;
}

NEVER(a_receive_that_was_tried_and_taken_orders)
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    if (try_1(GO_RECV(ch, NULL))) use((uint64_t)x);
}

EXPECT(a_receive_that_was_tried_in_vain_orders_nothing,
       .expect = {"data-race--a_receive_that_was_tried_in_vain_orders_nothing--writes_sends"},
       .pair = {WRITE(4), READ(4)}, .not_always = true)
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    if (!try_1(GO_RECV(ch, NULL))) use((uint64_t)x);
}

ACTOR(tries_to_send_and_writes)
{
    if (!try_1(GO_SEND(ch, NULL))) x = 1;
}

EXPECT(a_send_that_was_tried_in_vain_orders_nothing,
       .expect = {"data-race--a_send_that_was_tried_in_vain_orders_nothing--"
                  "tries_to_send_and_writes"},
       .pair = {WRITE(4), WRITE(4)}, .not_always = true)
{
    ch = go_chan_make(0, 1);
    x = 2;
    go_chan_send(ch, NULL);
    go(tries_to_send_and_writes, NULL);
    go_gosched();
    x = 3;
    go_chan_recv(ch, NULL);
}

/* ---- Values ---------------------------------------------------------------------------------- */

EXPECT(a_select_reads_what_it_sends, .expect = {"data-race--select_1--writes"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 1);
    go(writes, NULL);
    select_1(GO_SEND(ch, &x));
}

EXPECT(a_select_reads_also_what_it_does_not_send, .expect = {"data-race--try_1--writes"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 0);
    go(writes, NULL);
    try_1(GO_SEND(ch, &x));
}

EXPECT(a_select_writes_what_it_receives, .expect = {"data-race--select_1--writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 1);
    go_chan_send(ch, NULL);
    go(writes, NULL);
    select_1(GO_RECV(ch, &x));
}

NEVER(a_select_does_not_write_what_it_does_not_receive)
{
    ch = go_chan_make(sizeof x, 1);
    ch2 = go_chan_make(sizeof x, 1);
    go_chan_send(ch2, NULL);
    go(writes, NULL);
    select_2(GO_RECV(ch, &x), GO_RECV(ch2, NULL));
}

ACTOR(selects_into_x) { select_1(GO_RECV(ch, &x)); }

EXPECT(a_parked_select_writes_when_it_has_been_woken,
       .expect = {"data-race--"
                  "a_parked_select_writes_when_it_has_been_woken--select_1"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 0);
    go(selects_into_x, NULL);
    go_gosched();
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(what_a_parked_select_receives_may_be_written_before_the_send)
{
    ch = go_chan_make(sizeof x, 0);
    go(selects_into_x, NULL);
    go_gosched();
    x = 2;
    go_chan_send(ch, NULL);
}
