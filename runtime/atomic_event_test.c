// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One atomic operation of the source is one event, on one object, and gives the right value, in
 * every size; and what faults and limits do. This file is instrumented: it is a program under test.
 */
#include "heddle.h" /* first: our globals are the program's */

#include "testkit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "sched.h"

#ifdef __clang__
#pragma clang diagnostic ignored "-Watomic-alignment" /* of large ones: they are what we test */
#endif

static atomic_int x, y;
static atomic_flag taken;
static struct go_chan *done;

/* Globals are as at the start in every execution: no program here has to clear them. */

static void begin(void (*other)(void *))
{
    done = go_chan_make(0, 1);
    go(other, NULL);
}

static void finish(void *unused)
{
    (void)unused;
    go_chan_send(done, NULL);
}

static void await(void) { go_chan_recv(done, NULL); }

/* ---- Events ---------------------------------------------------------------------------------- */

/* Kinds, phases and values of the root's atomic events, in order. */
static void say_events(char *out, size_t room)
{
    size_t count;
    const struct event *events = run_events(&count, NULL);
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        const struct event *e = &events[i];
        if (e->kind < OP_ATOMIC_LOAD || e->kind > OP_ATOMIC_FENCE) continue;
        size_t at = strlen(out);
        (void)snprintf(out + at, room - at, "%c%s%s%s ", "LSRF"[e->kind - OP_ATOMIC_LOAD],
                       e -> phase == PHASE_FAIL ? "-" : "",
                       e->mode == OP_MODE_READ && e->kind == OP_ATOMIC_RMW ? "r" : "",
                       e->value ? "+" : "");
    }
}

static void assert_events(void (*root)(void), const char *expected)
{
    struct run_result result;
    char said[256];
    testkit_natural(root, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    say_events(said, sizeof said);
    assert_string_equal(said, expected);
}

static void each_source_operation(void)
{
    int v = 7;
    atomic_store(&x, 1);
    (void)atomic_load(&x);
    (void)atomic_exchange(&x, 2);
    (void)atomic_fetch_add(&x, 1);
    (void)atomic_fetch_sub(&x, 1);
    (void)atomic_fetch_or(&x, 4);
    (void)atomic_fetch_and(&x, 4);
    (void)atomic_fetch_xor(&x, 1);
    (void)__atomic_fetch_nand((int *)&x, 1, __ATOMIC_SEQ_CST);
    x++;
    --x;
    (void)atomic_compare_exchange_strong(&x, &v, 1);
    (void)atomic_compare_exchange_weak(&x, &v, 1);
    (void)atomic_flag_test_and_set(&taken);
    atomic_flag_clear(&taken);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_thread_fence(memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    __sync_synchronize();
    (void)__sync_fetch_and_add((int *)&y, 1);
    (void)__sync_add_and_fetch((int *)&y, 1);
    (void)__sync_bool_compare_and_swap((int *)&y, 2, 3);
    (void)__sync_val_compare_and_swap((int *)&y, 2, 3);
    (void)__sync_lock_test_and_set((int *)&y, 1);
    __sync_lock_release((int *)&y);
}

static void each_source_operation_is_one_event(void **unused)
{
    (void)unused;
    assert_events(each_source_operation, "S L R R R R R R R R R R-r R+ R S F F- R R R+ R-r R S ");
}

static void look_after_a_plain_change(void)
{
    (void)atomic_load(&x);
    (void)atomic_load(&x);
    *(volatile int *)&x = 1;
    (void)atomic_load(&x);
    (void)atomic_load(&x);
}

static void what_has_changed_plainly_has_changed(void **unused)
{
    (void)unused;
    assert_events(look_after_a_plain_change, "L L- L L- ");
}

/* Called as compilers do that do not drop it themselves. */
void called_fence(int order) __asm__("__tsan_atomic_thread_fence");

static void fences(void)
{
    called_fence(__ATOMIC_RELAXED);
    (void)atomic_load(&x);
    called_fence(__ATOMIC_RELEASE);
}

static void a_relaxed_fence_is_nothing(void **unused)
{
    (void)unused;
    assert_events(fences, "L F ");
}

static void look_again(void)
{
    (void)atomic_load(&x);
    (void)atomic_load(&x);
    atomic_store(&y, 1);
    (void)atomic_load(&x);
    (void)atomic_load(&y);
    (void)atomic_load(&x);
    (void)atomic_fetch_or(&x, 0);
    (void)atomic_fetch_or(&x, 1);
    (void)atomic_fetch_or(&x, 1);
    (void)atomic_fetch_or(&x, 1);
    go_gosched();
    (void)atomic_load(&x);
    atomic_thread_fence(memory_order_acquire);
    (void)atomic_load(&x);
    atomic_thread_fence(memory_order_acquire); /* next to the other one, clang makes them one */
    (void)atomic_load(&x);
}

static void looking_again_is_a_failed_try_unless_something_was_done_between(void **unused)
{
    (void)unused;
    assert_events(look_again, "L L- S L L L- R- R R R- L- F L- F- L- ");
}

struct pair {
    long a, b;
};
struct triple {
    char c[3];
};
struct large {
    long a[4];
};
static _Atomic struct pair a_pair;
static _Atomic struct triple a_triple;
static _Atomic struct large a_large;

static void structures(void)
{
    struct pair p = {1, 2};
    struct triple t = {{1, 2, 3}};
    struct large l = {{1, 2, 3, 4}};
    atomic_store(&a_pair, p);
    p = atomic_exchange(&a_pair, ((struct pair){3, 4}));
    testkit_say("%ld%ld", p.a, p.b);
    p = atomic_load(&a_pair);
    testkit_say("%ld%ld ", p.a, p.b);
    bool stored = atomic_compare_exchange_strong(&a_pair, &p, ((struct pair){5, 6}));
    testkit_say("%d", stored);
    stored = atomic_compare_exchange_strong(&a_pair, &p, ((struct pair){7, 8}));
    testkit_say("%d%ld%ld ", stored, p.a, p.b);
    atomic_store(&a_triple, t);
    t = atomic_load(&a_triple);
    testkit_say("%d%d%d ", t.c[0], t.c[1], t.c[2]);
    atomic_store(&a_large, l);
    l = atomic_exchange(&a_large, ((struct large){{5, 6, 7, 8}}));
    testkit_say("%ld%ld ", l.a[0], l.a[3]);
    stored = atomic_compare_exchange_strong(&a_large, &l, l);
    testkit_say("%d%ld%ld", stored, l.a[0], l.a[3]);
}

static void structures_of_any_size_are_one_event_too(void **unused)
{
    (void)unused;
    assert_events(structures, "S R L R+ R-r S L S R R-r ");
    assert_string_equal(testkit_said(), "1234 1056 123 14 058");
}

static void compound_of_float(void)
{
    static _Atomic double d;
    static int n;
    int *_Atomic p = &n;
    atomic_store(&d, 1.5);
    double was = atomic_exchange(&d, atomic_load(&d) * 2);
    testkit_say("%.1f %.1f %d", was, atomic_load(&d), atomic_load(&p) == &n);
}

/* ---- Values: each read-modify-write in each width -------------------------------------------- */

#define WIDTH(name, type)                                                                          \
    static _Atomic type cell_##name;                                                               \
    static bool values_##name(void)                                                                \
    {                                                                                              \
        const type a = (type)0xf0e1d2c3b4a59687u, b = (type)0x123456789abcdef3u;                   \
        bool good = true;                                                                          \
        type old, now = a;                                                                         \
        atomic_store(&cell_##name, a);                                                             \
        old = atomic_fetch_add(&cell_##name, b);                                                   \
        good &= old == now, now = (type)(now + b);                                                 \
        old = atomic_fetch_sub(&cell_##name, a);                                                   \
        good &= old == now, now = (type)(now - a);                                                 \
        old = atomic_fetch_xor(&cell_##name, a);                                                   \
        good &= old == now, now = (type)(now ^ a);                                                 \
        old = atomic_fetch_or(&cell_##name, b);                                                    \
        good &= old == now, now = (type)(now | b);                                                 \
        old = atomic_fetch_and(&cell_##name, a);                                                   \
        good &= old == now, now = (type)(now & a);                                                 \
        old = __atomic_fetch_nand((type *)&cell_##name, b, __ATOMIC_RELAXED);                      \
        good &= old == now, now = (type) ~(now & b);                                               \
        old = atomic_exchange(&cell_##name, b);                                                    \
        good &= old == now, now = b;                                                               \
        old = a;                                                                                   \
        good &= !atomic_compare_exchange_strong(&cell_##name, &old, a) && old == now;              \
        good &= atomic_compare_exchange_strong(&cell_##name, &old, a);                             \
        return good && atomic_load(&cell_##name) == a;                                             \
    }

WIDTH(8, uint8_t)
WIDTH(16, uint16_t)
WIDTH(32, uint32_t)
WIDTH(64, uint64_t)
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;
WIDTH(128, uint128)
#define VALUES_128() values_128()
#else
#define VALUES_128() true
#endif

static void values_in_every_width(void)
{
    testkit_say("%d%d%d%d%d", values_8(), values_16(), values_32(), values_64(), VALUES_128());
}

/* clang 19 announces a load of 16 bytes and makes it, too. */
static void sixteen_bytes(void)
{
    struct pair p = {1, 2};
    __atomic_store((struct pair *)&a_pair, &p, __ATOMIC_RELEASE);
    __atomic_load((struct pair *)&a_pair, &p, __ATOMIC_ACQUIRE);
    __atomic_load((struct pair *)&a_pair, &p, __ATOMIC_RELAXED);
    atomic_store(&x, 1);
    __atomic_load((struct pair *)&a_pair, &p, __ATOMIC_SEQ_CST);
    testkit_say("%ld%ld", p.a, p.b);
}

static void sixteen_bytes_are_loaded_once(void **unused)
{
    (void)unused;
    assert_events(sixteen_bytes, "S L L- S L ");
    assert_string_equal(testkit_said(), "12");
}

static void outside_of_executions_they_are_performed(void **unused)
{
    (void)unused;
    assert_true(values_8() && values_16() && values_32() && values_64() && VALUES_128());
    struct large l = {{9, 9, 9, 9}};
    atomic_store(&a_large, l);
    l = atomic_exchange(&a_large, ((struct large){{0}}));
    assert_int_equal(l.a[3], 9);
}

__attribute__((section("not_the_program"))) static atomic_int elsewhere;

static void on_other_memory_they_are_no_events(void)
{
    for (int i = 0; i < 100; i++) atomic_fetch_add(&elsewhere, 1);
}

static void memory_of_others_is_not_visible(void **unused)
{
    (void)unused;
    assert_events(on_other_memory_they_are_no_events, "");
}

/* ---- Objects --------------------------------------------------------------------------------- */

static void name_three(void)
{
    atomic_int *heap = go_new(sizeof *heap);
    atomic_int stack = 0;
    atomic_int *volatile escaped = &stack;
    atomic_store(heap, 1);
    atomic_store(escaped, 1);
    atomic_store(&x, 1);
    atomic_store(heap, 2);
}

static void a_location_is_an_object_from_its_first_use_on(void **unused)
{
    (void)unused;
    struct run_result result;
    char name[16];
    testkit_natural(name_three, NULL, &result);
    assert_int_equal(object_count(), 3);
    for (uint32_t i = 1; i <= 3; i++) {
        const struct object *o = object_at(i);
        object_name(o, name);
        assert_int_equal(name[0], 'A');
        assert_string_equal(object_kind_name((enum object_kind)o->kind), "atomic");
        assert_true(o->first_use);
        assert_true(o->made.count > 0);
        if (heap_region_of(o->address) != REGION_STACKS) /* of a goroutine that lives */
            assert_int_equal(o->stable, object_place_stable(o->address));
    }
    assert_ptr_equal(object_at(3)->address, &x);
}

static void use_y_then_x(void *unused)
{
    atomic_store(&y, 1);
    atomic_store(&x, 1);
    finish(unused);
}

static void use_x_then_y(void)
{
    begin(use_y_then_x);
    atomic_store(&x, 1);
    atomic_store(&y, 1);
    await();
}

static void stable_ids_do_not_depend_on_who_comes_first(void **unused)
{
    (void)unused;
    uint64_t stable_x = 0, stable_y = 0;
    for (size_t first = 0; first < 2; first++) {
        struct run_result result;
        testkit_scripted(use_x_then_y, NULL, &first, 1, &result);
        uint64_t of[2] = {0};
        for (uint32_t i = 1; i <= object_count(); i++) {
            const struct object *o = object_at(i);
            if (o->address == (const void *)&x) of[0] = o->stable;
            if (o->address == (const void *)&y) of[1] = o->stable;
        }
        if (first == 0) stable_x = of[0], stable_y = of[1];
        assert_int_equal(of[0], stable_x);
        assert_int_equal(of[1], stable_y);
        assert_int_not_equal(of[0], of[1]);
    }
}

static void one_on_its_stack(void *unused)
{
    atomic_int stack = 0;
    atomic_int *volatile escaped = &stack;
    atomic_store(escaped, 1);
    finish(unused);
}

static void stacks_one_after_the_other(void)
{
    begin(one_on_its_stack);
    await();
    go_gosched(); /* it has ended, and its stack is free again */
    go(one_on_its_stack, NULL);
    await();
}

static void a_goroutine_takes_its_locations_with_it(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(stacks_one_after_the_other, NULL, &result);
    uint32_t atomic_objects = 0;
    for (uint32_t i = 1; i <= object_count(); i++)
        atomic_objects += object_at(i)->kind == OBJECT_ATOMIC;
    assert_int_equal(atomic_objects, 2);
}

/* ---- Faults and limits ----------------------------------------------------------------------- */

static void load_of_nil(void)
{
    atomic_int *volatile nil = NULL;
    (void)atomic_load(nil);
}

static void recover_nil(void *unused)
{
    (void)unused;
    load_of_nil();
}

static void a_nil_atomic_is_a_nil_dereference_that_can_be_recovered(void)
{
    struct go_panic panic;
    go_protect(recover_nil, NULL, &panic);
    testkit_say("%s", panic.kind);
    atomic_store(&x, 1);
}

static void store_to_nowhere(void)
{
    atomic_int *volatile nowhere = (atomic_int *)(uintptr_t)0x7f000000; /* NOLINT */
    atomic_store(nowhere, 1);
}

enum { MANY = 300000 };

static void more_locations_than_objects(void)
{
    atomic_char *cells = go_new(MANY);
    for (size_t i = 0; i < MANY; i++) atomic_store(&cells[i], 1);
}

static const struct run_options long_run = {.max_steps = 400000};

int main(void)
{
    if (!access_state.instrumented) {
        print_message("this build does not instrument: nothing to test\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_operation_is_one_event),
        cmocka_unit_test(looking_again_is_a_failed_try_unless_something_was_done_between),
        cmocka_unit_test(what_has_changed_plainly_has_changed),
        cmocka_unit_test(a_relaxed_fence_is_nothing),
        cmocka_unit_test(sixteen_bytes_are_loaded_once),
        cmocka_unit_test(structures_of_any_size_are_one_event_too),
        natural_test(compound_of_float, "1.5 3.0 1 pass"),
        natural_test(values_in_every_width, "11111 pass"),
        cmocka_unit_test(outside_of_executions_they_are_performed),
        cmocka_unit_test(memory_of_others_is_not_visible),
        cmocka_unit_test(a_location_is_an_object_from_its_first_use_on),
        cmocka_unit_test(stable_ids_do_not_depend_on_who_comes_first),
        cmocka_unit_test(a_goroutine_takes_its_locations_with_it),
        natural_test(load_of_nil, "nil-dereference"),
        natural_test(a_nil_atomic_is_a_nil_dereference_that_can_be_recovered,
                     "nil-dereference pass"),
        natural_test(store_to_nowhere, "invalid-access"),
        natural_test_under(more_locations_than_objects, &long_run, "inconclusive: max_objects"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
