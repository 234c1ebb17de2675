// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The log of plain accesses: what it keeps of an execution, and when. */
#include "../testkit.h"

#include <string.h>

#include "../access.h"
#include "../order.h"
#include "../sched.h"
#include "access_log.h"
#include "tsan_abi.h"

static struct {
    int x;
    int y;
    uint64_t z;
} shared __attribute__((section("heddle_data"))) = {.x = 0};

static int elsewhere;

static struct run_result run(void (*root)(void), bool logged)
{
    struct run_result result;
    __tsan_init();
    access_log_switch(logged);
    testkit_natural(root, NULL, &result);
    access_log_switch(false);
    return result;
}

static const struct access_record *records(size_t *count)
{
    uint64_t dropped;
    const struct access_record *r = access_log_records(count, &dropped);
    assert_int_equal(dropped, 0);
    return r;
}

/* ---- What is kept ------------------------------------------------------------------------- */

static void read_z(void *arg)
{
    (void)arg;
    __tsan_read8(&shared.z);
}

static void a_few_accesses(void)
{
    __tsan_write4(&shared.x);
    __tsan_read1((char *)&shared.y + 1);
    __tsan_write4(&elsewhere); /* not covered */
    go(read_z, NULL);
    go_gosched();
    __tsan_read8(&shared.z);
}

static void each_covered_access_is_kept_with_who_where_and_when(void **unused)
{
    (void)unused;
    assert_int_equal(run(a_few_accesses, true).verdict, VERDICT_PASS);
    size_t count;
    const struct access_record *r = records(&count);
    assert_int_equal(count, 4);
    assert_int_equal(r[0].address, (uintptr_t)&shared.x);
    assert_int_equal(r[0].bytes, 4);
    assert_int_equal(r[0].kind, ACCESS_WRITE);
    assert_int_equal(r[0].goroutine, 1);
    assert_int_equal(r[0].step, 1); /* the start */
    assert_int_equal(r[1].address, (uintptr_t)&shared.y + 1);
    assert_int_equal(r[1].bytes, 1);
    assert_int_equal(r[1].kind, ACCESS_READ);
    assert_int_equal(r[1].segment, r[0].segment);
    assert_int_equal(r[2].goroutine, 2);
    assert_int_equal(r[2].address, (uintptr_t)&shared.z);
    assert_int_not_equal(r[2].stable, r[0].stable);
    assert_true(r[2].step > r[1].step);
    assert_int_equal(order_segment(r[2].segment)->goroutine, 2);
    assert_int_equal(r[3].goroutine, 1);
    assert_int_equal(r[3].stable, r[0].stable);
    assert_true(r[3].segment > r[0].segment); /* the go is between them */
    assert_ptr_not_equal(r[3].pc, r[2].pc);
    assert_ptr_not_equal(r[0].pc, NULL);
}

static void logging_changes_no_execution(void **unused)
{
    (void)unused;
    for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
        testkit_set_grain(grain);
        struct run_result plain = run(a_few_accesses, false);
        struct run_result logged = run(a_few_accesses, true);
        assert_int_equal(plain.digest, logged.digest);
        size_t count;
        records(&count);
        assert_int_equal(count, 4);
    }
    testkit_set_grain(GRAIN_SYNC);
}

static void write_x(void) { __tsan_write4(&shared.x); }

static void the_latest_logged_execution_stays_readable(void **unused)
{
    (void)unused;
    size_t count;
    run(a_few_accesses, true);
    run(write_x, false);
    records(&count);
    assert_int_equal(count, 4);
    run(write_x, true);
    records(&count);
    assert_int_equal(count, 1);
    assert_false(access_log_is_on());
}

/* ---- Repetition, length ---------------------------------------------------------------------- */

static void loops(void)
{
    for (int i = 0; i < 1000; i++) {
        __tsan_read4(&shared.x);
        __tsan_write4(&shared.x);
        __tsan_read8(&shared.z);
    }
    go_gosched();
    for (int i = 0; i < 1000; i++) __tsan_read4(&shared.x);
}

static void a_loop_is_kept_once_between_two_operations(void **unused)
{
    (void)unused;
    size_t count;
    run(loops, true);
    const struct access_record *r = records(&count);
    assert_int_equal(count, 4);
    assert_int_equal(r[3].step, r[0].step + 1);
}

static void write_much(void)
{
    char *block = go_new(150000);
    __tsan_write_range(block, 150000);
    __tsan_memset(block + 7, 0, 20);
}

static void a_long_range_is_several_records(void **unused)
{
    (void)unused;
    size_t count;
    run(write_much, true);
    const struct access_record *r = records(&count);
    assert_int_equal(count, 4);
    uintptr_t at = heap_block_at(0)->start;
    size_t bytes = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r[i].address, at);
        at += r[i].bytes;
        bytes += r[i].bytes;
    }
    assert_int_equal(bytes, 150000);
    assert_int_equal(r[3].bytes, 20);
}

static void write_everywhere(void)
{
    enum { BYTES = (ACCESSES_MAX + 1000) * 8 };
    char *block = go_new(BYTES);
    for (size_t i = 0; i < BYTES; i += 8) __tsan_write8(block + i);
}

static void what_is_not_kept_is_counted(void **unused)
{
    (void)unused;
    run(write_everywhere, true);
    size_t count;
    uint64_t dropped;
    const struct access_record *r = access_log_records(&count, &dropped);
    assert_int_equal(count, ACCESSES_MAX);
    assert_int_equal(dropped, 1000);
    assert_int_equal(r[count - 1].address,
                     heap_block_at(0)->start + (uint64_t)(ACCESSES_MAX - 1) * 8);
    run(write_x, true);
    access_log_records(&count, &dropped);
    assert_int_equal(count, 1);
    assert_int_equal(dropped, 0);
}

/* ---- What the runtime does for the program, and spins ---------------------------------------- */

static void receive(void *arg)
{
    int value;
    go_chan_recv(arg, &value);
    go_chan_recv(arg, &elsewhere);
}

static void send_and_receive(void)
{
    struct go_chan *c = go_chan_make(sizeof(int), 0);
    go(receive, c);
    go_chan_send(c, &shared.y);
    go_chan_send(c, &elsewhere);
    go_gosched();
}

static void values_of_channels_are_accesses(void **unused)
{
    (void)unused;
    size_t count;
    run(send_and_receive, true);
    const struct access_record *r = records(&count);
    assert_int_equal(count, 2);
    size_t sender = r[0].goroutine == 1 ? 0 : 1;
    assert_int_equal(r[sender].goroutine, 1);
    assert_int_equal(r[sender].kind, ACCESS_READ);
    assert_int_equal(r[sender].address, (uintptr_t)&shared.y);
    assert_int_equal(r[!sender].goroutine, 2);
    assert_int_equal(r[!sender].kind, ACCESS_WRITE);
    assert_int_equal(heap_region_of((const void *)r[!sender].address), REGION_STACKS); /* NOLINT */
}

static void raise_flag(void *arg)
{
    (void)arg;
    shared.y = 1;
    __tsan_write4(&shared.y);
}

static void spin_and_go_on(void)
{
    go(raise_flag, NULL);
    while (!shared.y) __tsan_read4(&shared.x);
    __tsan_write4(&shared.x);
    __tsan_write8(&shared.z);
}

static void nothing_is_lost_around_a_spin(void **unused)
{
    (void)unused;
    size_t count;
    assert_int_equal(run(spin_and_go_on, true).verdict, VERDICT_PASS);
    const struct access_record *r = records(&count);
    assert_true(count >= 4);
    assert_int_equal(r[0].address, (uintptr_t)&shared.x);
    assert_int_equal(r[count - 3].address, (uintptr_t)&shared.y);
    assert_int_equal(r[count - 3].goroutine, 2);
    assert_int_equal(r[count - 2].kind, ACCESS_WRITE);
    assert_int_equal(r[count - 1].address, (uintptr_t)&shared.z);
}

/* ---- Names of places ------------------------------------------------------------------------ */

static uint64_t names[6];

static void name_a_block(void *arg)
{
    char *block = go_new(64);
    int here = 0;
    names[testkit_int(arg)] = access_place_stable((uintptr_t)block + 9);
    names[testkit_int(arg) + 2] = access_place_stable((uintptr_t)&here);
    go_gosched();
    __asm__("" ::"r"(&here) : "memory");
}

static void name_places(void)
{
    go(name_a_block, testkit_arg(0));
    go(name_a_block, testkit_arg(1));
    char *block = go_new(64);
    names[4] =
        access_place_stable((uintptr_t)block + 8) ^ access_place_stable((uintptr_t)block + 15);
    names[5] = access_place_stable((uintptr_t)&shared.z);
}

static void a_place_has_the_same_name_in_every_schedule(void **unused)
{
    (void)unused;
    static uint64_t first[6];
    static const size_t other_way[] = {1, 2, 2, 1, 1, 2, 1, 1};
    struct run_result result;
    __tsan_init();
    testkit_natural(name_places, NULL, &result);
    memcpy(first, names, sizeof first);
    for (size_t i = 0; i <= 8; i++) {
        testkit_scripted(name_places, NULL, other_way, i, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_memory_equal(names, first, sizeof first);
    }
    assert_int_not_equal(first[0], first[1]);
    assert_int_not_equal(first[2], first[3]);
    assert_int_equal(first[4], 0); /* one cell, one name */
    assert_int_not_equal(first[5], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_covered_access_is_kept_with_who_where_and_when),
        cmocka_unit_test(logging_changes_no_execution),
        cmocka_unit_test(the_latest_logged_execution_stays_readable),
        cmocka_unit_test(a_loop_is_kept_once_between_two_operations),
        cmocka_unit_test(a_long_range_is_several_records),
        cmocka_unit_test(what_is_not_kept_is_counted),
        cmocka_unit_test(values_of_channels_are_accesses),
        cmocka_unit_test(nothing_is_lost_around_a_spin),
        cmocka_unit_test(a_place_has_the_same_name_in_every_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
