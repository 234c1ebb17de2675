// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Close. Go memory model: the closing of a channel is before a receive that returns because the
 * channel is closed. */
#include "case.h"

ACTOR(writes_closes)
{
    x = 1;
    go_chan_close(ch);
}

ACTOR(closes_writes)
{
    go_chan_close(ch);
    x = 1;
}

ACTOR(sends_writes_closes)
{
    go_chan_send(ch, NULL);
    x = 1;
    go_chan_close(ch);
}

ACTOR(receives_reads)
{
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

ACTOR(writes_receives)
{
    x = 1;
    go_chan_recv(ch, NULL);
}

NEVER(close_is_before_a_receive_of_zero)
{
    ch = go_chan_make(0, 0);
    go(writes_closes, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(close_is_before_a_receive_of_zero_from_a_buffer)
{
    ch = go_chan_make(0, 2);
    go(writes_closes, NULL);
    go_chan_recv(ch, NULL);
    x = 2;
}

NEVER(close_is_before_every_receive_of_zero)
{
    ch = go_chan_make(0, 0);
    go(receives_reads, NULL);
    go(receives_reads, NULL);
    x = 1;
    go_chan_close(ch);
}

NEVER(close_wakes_parked_receivers)
{
    ch = go_chan_make(0, 0);
    go(receives_reads, NULL);
    go(receives_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_close(ch);
}

NEVER(a_receive_before_the_close_is_no_access)
{
    ch = go_chan_make(0, 0);
    go(receives_reads, NULL);
    go_chan_send(ch, NULL);
    go_chan_close(ch);
}

EXPECT(close_is_not_after_what_follows_it,
       .expect = {"data-race--close_is_not_after_what_follows_it--closes_writes"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(closes_writes, NULL);
    go_chan_recv(ch, NULL);
    x = 2;
}

EXPECT(close_is_not_before_the_receive_of_an_earlier_value,
       .expect = {"data-race--close_is_not_before_the_receive_of_an_earlier_value--"
                  "sends_writes_closes"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    go(sends_writes_closes, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
}

NEVER(close_is_before_the_receive_after_the_last_value)
{
    ch = go_chan_make(0, 1);
    go(sends_writes_closes, NULL);
    while (go_chan_recv(ch, NULL)) continue;
    use((uint64_t)x);
}

EXPECT(a_receive_of_zero_is_not_before_the_close,
       .expect = {"data-race--a_receive_of_zero_is_not_before_the_close--writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 0);
    go(writes_receives, NULL);
    go_chan_close(ch);
    x = 2;
}

EXPECT(a_parked_receiver_is_not_before_the_close,
       .expect = {"data-race--a_parked_receiver_is_not_before_the_close--writes_receives"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    go(writes_receives, NULL);
    go_gosched();
    go_chan_close(ch);
    x = 2;
}

ACTOR(writes_y_closes)
{
    y = 1;
    go_chan_close(ch2);
}

NEVER(two_channels_are_closed)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go(writes_closes, NULL);
    go(writes_y_closes, NULL);
    go_chan_recv(ch, NULL);
    use((uint64_t)x);
    go_chan_recv(ch2, NULL);
    use((uint64_t)y);
}

EXPECT(the_close_of_another_channel_orders_nothing,
       .expect = {"data-race--the_close_of_another_channel_orders_nothing--writes_closes"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go(writes_closes, NULL);
    go(writes_y_closes, NULL);
    go_chan_recv(ch2, NULL);
    use((uint64_t)x);
}

/* A sender that waits when its channel is closed panics after the close; one that comes later finds
 * it closed, which orders nothing. */
static void sends(void *arg __attribute__((unused))) { go_chan_send(ch, NULL); }

ACTOR(sends_in_vain_and_reads)
{
    if (go_protect(sends, NULL, NULL)) use((uint64_t)x);
}

EXPECT(close_is_before_the_panic_of_a_parked_sender_only,
       .expect = {"data-race--close_is_before_the_panic_of_a_parked_sender_only--"
                  "sends_in_vain_and_reads"},
       .pair = {WRITE(4), READ(4)}, .natural_is_silent = true)
{
    ch = go_chan_make(0, 0);
    go(sends_in_vain_and_reads, NULL);
    go_gosched();
    x = 1;
    go_chan_close(ch);
}

ACTOR(closes) { go_chan_close(ch); }

ACTOR(closes_in_vain_and_writes)
{
    if (go_protect(closes, NULL, NULL)) x = 2;
}

EXPECT(a_close_is_not_before_a_second_close,
       .expect = {"data-race--a_close_is_not_before_a_second_close--closes_in_vain_and_writes"},
       .pair = {WRITE(4), WRITE(4)}, .not_always = true)
{
    ch = go_chan_make(0, 0);
    go(closes_in_vain_and_writes, NULL);
    x = 3;
    go_protect(closes, NULL, NULL);
}

ACTOR(receives_x) { go_chan_recv(ch, &x); }

EXPECT(a_receive_of_zero_writes_its_variable,
       .expect = {"data-race--a_receive_of_zero_writes_its_variable--receives_x"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(sizeof x, 0);
    go(receives_x, NULL);
    go_chan_close(ch);
    use((uint64_t)x);
}
