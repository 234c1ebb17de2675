// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What programs build from the primitives: orders that go over several steps and goroutines. */
#include "case.h"

/* ---- Publication ---------------------------------------------------------------------------- */

struct node {
    struct node *next;
    int value;
};

ACTOR(publishes_a_node)
{
    struct node *node = go_new(sizeof *node);
    node->value = 1;
    go_chan_send(ch, &node);
}

ACTOR(publishes_too_early)
{
    struct node *node = go_new(sizeof *node);
    go_chan_send(ch, &node);
    node->value = 1;
}

NEVER(a_pointer_through_a_channel)
{
    struct node *node;
    ch = go_chan_make(sizeof node, 1);
    go(publishes_a_node, NULL);
    go_chan_recv(ch, &node);
    node->value++;
}

EXPECT(a_pointer_that_is_written_after_it_was_sent,
       .expect = {"data-race--a_pointer_that_is_written_after_it_was_sent--publishes_too_early"},
       .pair = {WRITE(4), READ(4)})
{
    struct node *node;
    ch = go_chan_make(sizeof node, 1);
    go(publishes_too_early, NULL);
    go_chan_recv(ch, &node);
    use((uint64_t)node->value);
}

ACTOR(sets_then_flags)
{
    x = 1;
    y = 1;
}

EXPECT(a_plain_flag, .expect = {"data-race--a_plain_flag--sets_then_flags"},
       .pair = {WRITE(4), READ(4)})
{
    go(sets_then_flags, NULL);
    if (y) use((uint64_t)x);
}

static int checked_twice(void)
{
    if (!y) {
        go_mutex_lock(&mutex);
        if (!y) y = 1;
        go_mutex_unlock(&mutex);
    }
    return y;
}

ACTOR(checks_twice) { use((uint64_t)checked_twice()); }

EXPECT(double_checked_locking, .expect = {"data-race--checked_twice"}, .pair = {WRITE(4), READ(4)})
{
    go(checks_twice, NULL);
    use((uint64_t)checked_twice());
}

static struct node *take_and_set(struct node *node)
{
    static struct node *list;
    go_mutex_lock(&mutex);
    struct node *taken = list;
    if (node) node->next = taken;
    list = node;
    go_mutex_unlock(&mutex);
    return taken;
}

ACTOR(pushes_a_node)
{
    struct node *node = go_new(sizeof *node);
    node->value = 3;
    take_and_set(node);
}

NEVER(a_list_under_a_mutex)
{
    go(pushes_a_node, NULL);
    go(pushes_a_node, NULL);
    for (struct node *node = take_and_set(NULL); node; node = node->next) node->value++;
}

/* ---- Chains --------------------------------------------------------------------------------- */

ACTOR(passes_on)
{
    go_chan_recv(ch, NULL);
    go_mutex_lock(&mutex);
    go_mutex_unlock(&mutex);
    go_waitgroup_done(&waitgroup);
}

ACTOR(waits_and_closes)
{
    go_waitgroup_wait(&waitgroup);
    go_chan_close(ch2);
}

NEVER(a_chain_over_three_goroutines)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go_waitgroup_add(&waitgroup, 1);
    go(passes_on, NULL);
    go(waits_and_closes, NULL);
    struct go_case cases[] = {GO_RECV(ch2, NULL)};
    x = 1;
    go_chan_send(ch, NULL);
    go_select(cases, 1);
    x = 2;
}

ACTOR(ends_the_chain)
{
    go_chan_recv(ch2, NULL);
    x = 2;
}

NEVER(the_ends_of_a_chain_are_ordered)
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 0);
    go_waitgroup_add(&waitgroup, 1);
    go(passes_on, NULL);
    go(waits_and_closes, NULL);
    go(ends_the_chain, NULL);
    x = 1;
    go_chan_send(ch, NULL);
}

EXPECT(a_chain_that_began_too_early,
       .expect = {"data-race--a_chain_that_began_too_early--ends_the_chain"},
       .pair = {WRITE(4), WRITE(4)})
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 0);
    go_waitgroup_add(&waitgroup, 1);
    go(passes_on, NULL);
    go(waits_and_closes, NULL);
    go(ends_the_chain, NULL);
    go_chan_send(ch, NULL);
    x = 1;
}

/* The lock goes from hand to hand and x with it. */
ACTOR(takes_over)
{
    go_mutex_lock(&mutex);
    x++;
    go_mutex_lock(&mutex2);
    y += x;
    go_mutex_unlock(&mutex);
    y++;
    go_mutex_unlock(&mutex2);
}

NEVER(hand_over_hand_locking)
{
    for (int i = 0; i < 3; i++) go(takes_over, NULL);
    go_mutex_lock(&mutex2);
    use((uint64_t)y);
    go_mutex_unlock(&mutex2);
}

/* ---- Turns ---------------------------------------------------------------------------------- */

ACTOR(pongs)
{
    for (int i = 0; i < 3; i++) {
        go_chan_recv(ch, NULL);
        x++;
        go_chan_send(ch2, NULL);
    }
}

NEVER(ping_pong)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go(pongs, NULL);
    for (int i = 0; i < 3; i++) {
        x++;
        go_chan_send(ch, NULL);
        go_chan_recv(ch2, NULL);
    }
    use((uint64_t)x);
}

EXPECT(ping_without_waiting_for_pong, .expect = {"data-race--ping_without_waiting_for_pong--pongs"})
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 3);
    go(pongs, NULL);
    for (int i = 0; i < 3; i++) {
        go_chan_send(ch, NULL);
        x++;
    }
}

/* A token in a buffer of one is a mutex. */
ACTOR(takes_the_token)
{
    go_chan_recv(ch, NULL);
    x++;
    go_chan_send(ch, NULL);
}

NEVER(a_token_in_a_channel)
{
    ch = go_chan_make(0, 1);
    go(takes_the_token, NULL);
    go(takes_the_token, NULL);
    go_chan_send(ch, NULL);
    takes_the_token(NULL);
}

/* So is a free place in it, and N places are a semaphore. */
ACTOR(takes_a_place)
{
    go_chan_send(ch, NULL);
    x++;
    go_chan_recv(ch, NULL);
}

NEVER(one_place_in_a_channel)
{
    ch = go_chan_make(0, 1);
    go(takes_a_place, NULL);
    go(takes_a_place, NULL);
    takes_a_place(NULL);
}

EXPECT(two_places_in_a_channel, .expect = {"data-race--takes_a_place"}, .not_always = true)
{
    ch = go_chan_make(0, 2);
    go(takes_a_place, NULL);
    takes_a_place(NULL);
}

ACTOR(increments_under_both)
{
    go_chan_send(ch, NULL);
    go_mutex_lock(&mutex);
    x++;
    go_mutex_unlock(&mutex);
    go_chan_recv(ch, NULL);
}

NEVER(a_semaphore_around_a_mutex)
{
    ch = go_chan_make(0, 2);
    go(increments_under_both, NULL);
    go(increments_under_both, NULL);
    increments_under_both(NULL);
}

/* ---- Many goroutines ------------------------------------------------------------------------ */

ACTOR(produces)
{
    for (int i = 0; i < 3; i++) {
        int *item = go_new(sizeof *item);
        *item = i;
        go_chan_send(ch, &item);
    }
    go_chan_close(ch);
}

ACTOR(consumes)
{
    for (int *item; go_chan_recv(ch, &item);) *item += 1;
    go_waitgroup_done(&waitgroup);
}

NEVER(one_producer_and_two_consumers)
{
    ch = go_chan_make(sizeof(int *), 2);
    go_waitgroup_add(&waitgroup, 2);
    go(produces, NULL);
    go(consumes, NULL);
    go(consumes, NULL);
    go_waitgroup_wait(&waitgroup);
}

/* Two stages, each adds to the item that it holds. */
ACTOR(works_between)
{
    for (int *item; go_chan_recv(ch, &item);) {
        *item += 1;
        go_chan_send(ch2, &item);
    }
    go_chan_close(ch2);
}

NEVER(a_pipeline)
{
    ch = go_chan_make(sizeof(int *), 0);
    ch2 = go_chan_make(sizeof(int *), 1);
    go(produces, NULL);
    go(works_between, NULL);
    for (int *item; go_chan_recv(ch2, &item);) *item += 2;
}

static void works(void *share)
{
    *(int *)share += 1;
    go_waitgroup_done(&waitgroup);
}

NEVER(a_share_for_each_worker)
{
    int shares[3] = {0};
    go_waitgroup_add(&waitgroup, 3);
    for (int i = 0; i < 3; i++) go(works, &shares[i]);
    go_waitgroup_wait(&waitgroup);
    use((uint64_t)shares[0] + (uint64_t)shares[1] + (uint64_t)shares[2]);
}

EXPECT(one_share_for_all_workers, .expect = {"data-race--works"})
{
    int share = 0;
    go_waitgroup_add(&waitgroup, 2);
    go(works, &share);
    go(works, &share);
    go_waitgroup_wait(&waitgroup);
}

EXPECT(a_result_that_is_read_before_the_wait,
       .expect = {"data-race--a_result_that_is_read_before_the_wait--works"})
{
    int share = 0;
    go_waitgroup_add(&waitgroup, 1);
    go(works, &share);
    use((uint64_t)share);
    go_waitgroup_wait(&waitgroup);
}

ACTOR(adds_a_result)
{
    int result = 1;
    go_chan_send(ch, &result);
}

NEVER(fan_in)
{
    ch = go_chan_make(sizeof(int), 0);
    for (int i = 0; i < 3; i++) go(adds_a_result, NULL);
    for (int i = 0; i < 3; i++) {
        int result;
        go_chan_recv(ch, &result);
        x += result;
    }
}

/* Both arrive, then both leave: nobody passes before the other has arrived. */
static void barrier(bool first)
{
    if (first) {
        go_chan_send(ch, NULL);
        go_chan_recv(ch2, NULL);
    } else {
        go_chan_recv(ch, NULL);
        go_chan_send(ch2, NULL);
    }
}

ACTOR(writes_then_reads_the_other)
{
    x = 1;
    barrier(false);
    use((uint64_t)y);
}

NEVER(a_barrier)
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 0);
    go(writes_then_reads_the_other, NULL);
    y = 1;
    barrier(true);
    use((uint64_t)x);
}

EXPECT(a_barrier_with_buffers,
       .expect = {"data-race--a_barrier_with_buffers--writes_then_reads_the_other"},
       .pair = {WRITE(4), READ(4)})
{
    ch = go_chan_make(0, 1);
    ch2 = go_chan_make(0, 1);
    go(writes_then_reads_the_other, NULL);
    y = 1;
    go_chan_send(ch, NULL);
    use((uint64_t)x);
    go_chan_recv(ch2, NULL);
}

EXPECT(only_one_pair_of_three_races, .expect = {"data-race--pongs--takes_over"})
{
    ch = go_chan_make(0, 0);
    ch2 = go_chan_make(0, 3);
    go(pongs, NULL);
    go(takes_over, NULL);
    for (int i = 0; i < 3; i++) go_chan_send(ch, NULL);
    go_mutex_lock(&mutex2);
    use((uint64_t)y);
    go_mutex_unlock(&mutex2);
}

static void loads(void *arg __attribute__((unused))) { x = 1; }

ACTOR(needs_it_loaded)
{
    go_once_do(&once, loads, NULL);
    go_rwmutex_rlock(&rwmutex);
    use((uint64_t)x + (uint64_t)y);
    go_rwmutex_runlock(&rwmutex);
}

NEVER(a_cache_that_is_loaded_once)
{
    go(needs_it_loaded, NULL);
    go(needs_it_loaded, NULL);
    go_once_do(&once, loads, NULL);
    go_rwmutex_lock(&rwmutex);
    y = x;
    go_rwmutex_unlock(&rwmutex);
}

ACTOR(answers_requests)
{
    struct go_chan *reply;
    while (go_chan_recv(ch, &reply)) {
        x++;
        go_chan_send(reply, &x);
    }
}

NEVER(an_owner_that_answers_requests)
{
    struct go_chan *reply = go_chan_make(sizeof x, 0);
    int answer;
    ch = go_chan_make(sizeof reply, 0);
    go(answers_requests, NULL);
    for (int i = 0; i < 2; i++) {
        go_chan_send(ch, &reply);
        go_chan_recv(reply, &answer);
    }
    go_chan_close(ch);
    use((uint64_t)answer);
}
