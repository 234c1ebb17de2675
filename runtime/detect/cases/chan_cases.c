// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Send and receive. Go memory model, "Channel communication": a send is before its receive
 * completes; without a buffer a receive is before its send completes; with capacity C the k-th
 * receive is before the (k+C)-th send completes. Nothing else. */
#include "case.h"

ACTOR(writes_sends)
{
    x = 1;
    go_chan_send(ch, NULL);
}

ACTOR(sends_writes)
{
    go_chan_send(ch, NULL);
    x = 1;
}

ACTOR(writes_receives)
{
    x = 1;
    go_chan_recv(ch, NULL);
}

ACTOR(receives_writes)
{
    go_chan_recv(ch, NULL);
    x = 1;
}

ACTOR(receives_reads)
{
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

ACTOR(receives) { go_chan_recv(ch, NULL); }

ACTOR(writes) { x = 1; }

/* ---- Without a buffer ----------------------------------------------------------------------- */

NEVER(a_sync_send_is_before_its_receive)
{
    ch = go_chan_make(0, 0);
    go(writes_sends, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_sync_receive_is_before_its_send)
{
    ch = go_chan_make(0, 0);
    go(writes_receives, NULL);
    go_chan_send(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_sync_send_finds_a_parked_receiver)
{
    ch = go_chan_make(0, 0);
    go(receives_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_send(ch, NULL);
}

NEVER(a_parked_sync_receiver_is_before_its_send)
{
    ch = go_chan_make(0, 0);
    go(writes_receives, NULL);
    go_gosched();
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(a_sync_receive_finds_a_parked_sender)
{
    ch = go_chan_make(0, 0);
    go(writes_sends, NULL);
    go_gosched();
    go_chan_recv(ch, NULL);
    x = 2;
}

ACTOR(sends_reads)
{
    go_chan_send(ch, NULL);
    use((uint64_t)x);
}

NEVER(a_sync_receive_is_before_its_parked_send)
{
    ch = go_chan_make(0, 0);
    go(sends_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_recv(ch, NULL);
}

EXPECT(a_sync_receive_is_not_after_what_follows_its_send,
       .expect = {"data-race--a_sync_receive_is_not_after_what_follows_its_send--sends_writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(sends_writes, NULL);
    go_chan_recv(ch, NULL);
    x = 2;
}

EXPECT(a_sync_send_is_not_after_what_follows_its_receive,
       .expect = {"data-race--a_sync_send_is_not_after_what_follows_its_receive--receives_writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(receives_writes, NULL);
    go_chan_send(ch, NULL);
    x = 2;
}

EXPECT(a_channel_orders_only_who_uses_it,
       .expect = {"data-race--a_channel_orders_only_who_uses_it--writes"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 0);
    go(receives, NULL);
    go(writes, NULL);
    go_chan_send(ch, NULL);
    use((uint64_t)x);
}

/* ---- With a buffer -------------------------------------------------------------------------- */

NEVER(an_async_send_is_before_its_receive)
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

EXPECT(an_async_receive_is_not_before_its_send,
       .expect = {"data-race--an_async_receive_is_not_before_its_send--writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_receives, NULL);
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(receive_1_is_before_send_2_of_capacity_1)
{
    ch = go_chan_make(0, 1);
    go(writes_receives, NULL);
    go_chan_send(ch, NULL);
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(receive_1_is_before_send_4_of_capacity_3)
{
    ch = go_chan_make(0, 3);
    go(writes_receives, NULL);
    for (int i = 0; i < 4; i++) go_chan_send(ch, NULL);
    x = 2;
}

EXPECT(receive_1_is_not_before_send_3_of_capacity_3,
       .expect = {"data-race--receive_1_is_not_before_send_3_of_capacity_3--writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 3);
    go(writes_receives, NULL);
    for (int i = 0; i < 3; i++) go_chan_send(ch, NULL);
    x = 2;
}

ACTOR(receives_writes_receives)
{
    go_chan_recv(ch, NULL);
    x = 1;
    go_chan_recv(ch, NULL);
}

NEVER(receive_2_is_before_send_4_of_capacity_2)
{
    ch = go_chan_make(0, 2);
    go(receives_writes_receives, NULL);
    for (int i = 0; i < 4; i++) go_chan_send(ch, NULL);
    x = 2;
}

EXPECT(receive_2_is_not_before_send_3_of_capacity_2,
       .expect = {"data-race--receive_2_is_not_before_send_3_of_capacity_2--"
                  "receives_writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 2);
    go(receives_writes_receives, NULL);
    for (int i = 0; i < 3; i++) go_chan_send(ch, NULL);
    x = 2;
}

ACTOR(sends_writes_sends)
{
    go_chan_send(ch, NULL);
    x = 1;
    go_chan_send(ch, NULL);
}

NEVER(send_2_is_before_receive_2)
{
    ch = go_chan_make(0, 2);
    go(sends_writes_sends, NULL);
    go_chan_recv(ch, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

EXPECT(send_2_is_not_before_receive_1_of_capacity_2,
       .expect = {"data-race--send_2_is_not_before_receive_1_of_capacity_2--sends_writes_sends"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 2);
    go(sends_writes_sends, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
    go_chan_recv(ch, NULL);
}

EXPECT(send_2_is_not_before_receive_1_of_capacity_1,
       .expect = {"data-race--send_2_is_not_before_receive_1_of_capacity_1--sends_writes_sends"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    go(sends_writes_sends, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
    go_chan_recv(ch, NULL);
}

/* ---- Handed over to who is parked, beside the buffer ----------------------------------------- */

NEVER(an_async_send_is_before_its_parked_receiver)
{
    ch = go_chan_make(0, 1);
    go(receives_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_send(ch, NULL);
}

EXPECT(a_parked_async_receiver_is_not_before_its_send,
       .expect = {"data-race--a_parked_async_receiver_is_not_before_its_send--writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_receives, NULL);
    go_gosched();
    go_chan_send(ch, NULL);
    x = 2;
}

NEVER(a_parked_async_receiver_is_before_the_send_of_its_next_lap)
{
    ch = go_chan_make(0, 2);
    go(writes_receives, NULL);
    go_gosched();
    for (int i = 0; i < 3; i++) go_chan_send(ch, NULL);
    x = 2;
}

NEVER(a_sender_parked_at_a_full_buffer_is_before_its_receive)
{
    ch = go_chan_make(0, 1);
    go_chan_send(ch, NULL);
    go(writes_sends, NULL);
    go_gosched();
    go_chan_recv(ch, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

EXPECT(a_parked_sender_is_not_before_the_receive_that_wakes_it,
       .expect = {"data-race--a_parked_sender_is_not_before_the_receive_that_wakes_it--"
                  "writes_sends"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    go_chan_send(ch, NULL);
    go(writes_sends, NULL);
    go_gosched();
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
    go_chan_recv(ch, NULL);
}

NEVER(the_receive_that_makes_room_is_before_the_parked_send)
{
    ch = go_chan_make(0, 1);
    go_chan_send(ch, NULL);
    go(sends_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_recv(ch, NULL);
}

/* A receive is before the completion of the send that takes its slot, and that send is before its
 * own receive: but what completes the send is not what the receive is ordered after. */
ACTOR(writes_receives_a_value)
{
    int value;
    x = 1;
    go_chan_recv(ch, &value);
}

ACTOR(receives_the_second_and_reads)
{
    int value;
    go_chan_recv(ch, &value);
    if (value == 2) use((uint64_t)x);
}

EXPECT(a_receive_is_not_before_the_receive_of_its_next_lap,
       .expect = {"data-race--receives_the_second_and_reads--writes_receives_a_value"},
       .pair = {WRITE(4), READ(4)}, .not_always = true)
{
    ch = go_chan_make(sizeof(int), 1);
    go(writes_receives_a_value, NULL);
    go(receives_the_second_and_reads, NULL);
    go_gosched();
    go_chan_send(ch, &(int){1});
    go_chan_send(ch, &(int){2});
}

/* Likewise: the receive between two sends is after the first of them only when it is complete. */
ACTOR(sends_another)
{
    go_chan_send(ch, NULL);
    x = 2;
}

EXPECT(a_send_is_not_before_the_send_of_its_next_lap,
       .expect = {"data-race--sends_another--writes_sends"}, .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go(sends_another, NULL);
    go_chan_recv(ch, NULL);
}

/* ---- What orders nothing -------------------------------------------------------------------- */

EXPECT(len_orders_nothing, .expect = {"data-race--len_orders_nothing--writes_sends"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    while (!go_chan_len(ch)) go_gosched();
    x = 2;
}

EXPECT(cap_orders_nothing, .expect = {"data-race--cap_orders_nothing--writes_sends"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go_gosched();
    use(go_chan_cap(ch));
    x = 2;
}

NEVER(len_and_cap_are_no_accesses)
{
    ch = go_chan_make(0, 2);
    go(sends_writes, NULL);
    use(go_chan_len(ch) + go_chan_cap(ch));
}

EXPECT(another_channel_orders_nothing,
       .expect = {"data-race--another_channel_orders_nothing--writes_sends"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 1);
    go(writes_sends, NULL);
    go_chan_send(ch2, NULL);
    go_chan_recv(ch2, NULL);
    x = 2;
}

/* ---- The variables that are sent and received ------------------------------------------------ */

EXPECT(a_send_reads_its_variable, .expect = {"data-race--a_send_reads_its_variable--writes"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 1);
    go(writes, NULL);
    go_chan_send(ch, &x);
}

ACTOR(sends_x) { go_chan_send(ch, &x); }

EXPECT(a_parked_send_has_read_its_variable,
       .expect = {"data-race--a_parked_send_has_read_its_variable--sends_x"},
       .pair = {READ(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 0);
    go(sends_x, NULL);
    go_gosched();
    x = 1;
    go_chan_recv(ch, NULL);
}

ACTOR(receives_y) { go_chan_recv(ch, &y); }

NEVER(a_sent_variable_may_be_written_after_the_send)
{
    ch = go_chan_make(sizeof x, 1);
    go(receives_y, NULL);
    go_chan_send(ch, &x);
    x = 2;
}

EXPECT(a_receive_writes_its_variable,
       .expect = {"data-race--a_receive_writes_its_variable--writes"}, .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(sizeof x, 1);
    go_chan_send(ch, NULL);
    go(writes, NULL);
    go_chan_recv(ch, &x);
}

EXPECT(two_receives_into_one_variable,
       .expect = {"data-race--receives_y--two_receives_into_one_variable"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(sizeof y, 2);
    go_chan_send(ch, NULL);
    go_chan_send(ch, NULL);
    go(receives_y, NULL);
    go_chan_recv(ch, &y);
}

NEVER(two_sends_of_one_variable)
{
    ch = go_chan_make(sizeof x, 2);
    go(sends_x, NULL);
    go_chan_send(ch, &x);
}

NEVER(a_dropped_value_is_written_nowhere)
{
    ch = go_chan_make(sizeof x, 1);
    go(writes, NULL);
    go_chan_send(ch, NULL);
    go_chan_recv(ch, NULL);
}
