// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Names of objects: for people, and stable ones that no schedule changes; where they were made. */
#include "testkit.h"

#include <string.h>

#include "heap_limits.h"
#include "sched.h"

/* ---- Names for people ----------------------------------------------------------------------- */

static void nothing(void *unused) { (void)unused; }

static void make_each_kind(void)
{
    struct go_mutex m = {0};
    struct go_mutex n = {0};
    struct go_rwmutex rw = {0};
    struct go_waitgroup wg = {0};
    struct go_once once = {0};
    struct go_cond cond = {0};
    go_chan_make(0, 0);
    go_mutex_lock(&n);
    go_mutex_lock(&m);
    go_chan_make(0, 0);
    go_rwmutex_lock(&rw);
    go_waitgroup_wait(&wg);
    go_once_do(&once, nothing, NULL);
    go_cond_signal(&cond);
    go_map_make();
}

static void a_name_is_the_kind_and_the_count_of_that_kind(void **unused)
{
    (void)unused;
    static const char *const names[] = {"C1", "M1", "M2", "C2", "RW1", "W1", "O1", "CV1", "MAP1"};
    enum { COUNT = sizeof names / sizeof names[0] };
    struct run_result result;
    for (int round = 0; round < 2; round++) {
        testkit_natural(make_each_kind, NULL, &result);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_int_equal(object_count(), COUNT);
        for (uint32_t i = 0; i < COUNT; i++) {
            char name[16];
            object_name(object_at(i + 1), name);
            assert_string_equal(name, names[i]);
            assert_int_equal(object_at(i + 1)->number, i + 1);
            assert_int_equal(object_at(i + 1)->made_by, 1);
        }
    }
    assert_null(object_at(0));
    assert_false(object_at(1)->first_use); /* a channel is made */
    assert_true(object_at(2)->first_use);  /* a mutex is first used */
}

static void every_kind_has_a_word_and_a_name_that_fits(void **unused)
{
    (void)unused;
    for (enum object_kind kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        assert_non_null(object_kind_name(kind));
        assert_null(strchr(object_kind_name(kind), ' '));
        struct object o = {.kind = (uint8_t)kind, .ordinal = UINT32_MAX};
        char name[16];
        object_name(&o, name);
        assert_string_equal(name + strlen(name) - 10, "4294967295");
    }
}

/* ---- Stable ids --------------------------------------------------------------------------- */

enum place {
    ON_STACK,
    IN_HEAP,
    IN_HEAP_TOO,
    IN_GLOBAL,
    CHAN_OF_CHILD,
    CHAN_OF_CHILD_TOO,
    CHAN_OF_ROOT,
    PLACES
};

static struct {
    uint64_t stable[PLACES]; /* of the first execution */
    uint32_t number[PLACES]; /* likewise */
    bool stable_differs;
    bool number_differs;
} places;

static struct go_mutex in_global;
static struct go_mutex *shared[4];
static struct go_chan *done;

static void note(enum place place, uint32_t number)
{
    uint64_t stable = object_at(number)->stable;
    if (!places.stable[place]) {
        places.stable[place] = stable;
        places.number[place] = number;
    }
    if (places.stable[place] != stable) places.stable_differs = true;
    if (places.number[place] != number) places.number_differs = true;
}

static void use(enum place place)
{
    if (go_mutex_trylock(shared[place])) go_mutex_unlock(shared[place]);
    note(place, shared[place]->_header._number);
}

static void use_child(void *unused)
{
    (void)unused;
    uint32_t before = object_count();
    go_chan_make(0, 0);
    note(CHAN_OF_CHILD, before + 1);
    go_chan_make(0, 0);
    note(CHAN_OF_CHILD_TOO, before + 2);
    use(ON_STACK);
    use(IN_HEAP_TOO);
    go_chan_send(done, NULL);
}

/* Whoever comes first registers an object; its stable id says where it lies. */
static void use_in_any_order(void)
{
    struct go_mutex on_stack = {0};
    struct go_mutex *in_heap = go_new(2 * sizeof *in_heap);
    shared[ON_STACK] = &on_stack;
    shared[IN_HEAP] = &in_heap[0];
    shared[IN_HEAP_TOO] = &in_heap[1];
    shared[IN_GLOBAL] = &in_global;
    done = go_chan_make(0, 0);
    go(use_child, NULL);
    use(IN_GLOBAL);
    use(IN_HEAP_TOO);
    use(ON_STACK);
    uint32_t before = object_count();
    go_chan_make(0, 0);
    note(CHAN_OF_ROOT, before + 1);
    use(IN_HEAP);
    go_chan_recv(done, NULL);
}

static void a_stable_id_is_the_same_in_every_schedule(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    memset(&places, 0, sizeof places);
    testkit_all(use_in_any_order, NULL, &seen);
    assert_null(seen.incomplete);
    assert_true(seen.executions > 100);
    assert_false(places.stable_differs);
    assert_true(places.number_differs);
    for (int i = 0; i < PLACES; i++)
        for (int j = 0; j < i; j++) assert_true(places.stable[i] != places.stable[j]);
}

static uint64_t leaf_stable[2];
static bool leaf_differs;

static void leaf(void *arg)
{
    uint32_t before = object_count();
    go_chan_make(0, 0);
    uint64_t stable = object_at(before + 1)->stable;
    uint64_t *known = &leaf_stable[testkit_int(arg)];
    if (!*known) *known = stable;
    if (*known != stable) leaf_differs = true;
    testkit_say("%u", sched.running->number);
}

static void parent(void *arg) { go(leaf, arg); }

/* Which leaf is G4 and which G5 depends on the schedule. */
static void two_parents(void)
{
    go(parent, testkit_arg(0));
    go(parent, testkit_arg(1));
}

static void a_stable_id_does_not_follow_the_number_of_its_maker(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    leaf_stable[0] = leaf_stable[1] = 0;
    leaf_differs = false;
    testkit_all(two_parents, NULL, &seen);
    assert_null(seen.incomplete);
    assert_true(seen.count > 1);
    assert_false(leaf_differs);
    assert_true(leaf_stable[0] != leaf_stable[1]);
}

/* ---- Where it was made ---------------------------------------------------------------------- */

/* Called by pointer: neither inlined nor unrolled. */
static void make_deep(int depth);
static void (*volatile make_below)(int) = make_deep;

static void make_deep(int depth)
{
    if (depth)
        make_below(depth - 1);
    else
        go_chan_make(0, 0);
    testkit_say("%s", ""); /* no call is the last thing */
}

static void make_at_three_depths(void)
{
    make_below(0);
    make_below(2);
    make_below(50);
    testkit_say("%s", "");
}

static void a_trace_has_the_users_frames_and_at_most_eight(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(make_at_three_depths, NULL, &result);
    const struct trace *shallow = &object_at(1)->made;
    const struct trace *deeper = &object_at(2)->made;
    const struct trace *deep = &object_at(3)->made;
    assert_int_equal(shallow->count, 2); /* make_deep, make_at_three_depths; nothing of ours */
    assert_int_equal(deeper->count, 4);
    assert_int_equal(deep->count, TRACE_FRAMES_MAX);
    assert_ptr_not_equal(deeper->pc[0], deeper->pc[1]);
    assert_ptr_equal(deeper->pc[1], deeper->pc[2]); /* the recursive call */
    for (uint32_t i = 0; i < deep->count; i++) assert_false(trace_is_runtime(deep->pc[i]));
}

static void code_of_the_runtime_is_told_from_code_of_the_program(void **unused)
{
    (void)unused;
    void *(*of_runtime)(size_t) = go_new;
    void (*of_program)(void) = make_at_three_depths;
    assert_true(trace_is_runtime((const void *)(uintptr_t)of_runtime));  /* NOLINT */
    assert_false(trace_is_runtime((const void *)(uintptr_t)of_program)); /* NOLINT */
    assert_false(trace_is_runtime(NULL));
}

/* ---- Copies and limits ----------------------------------------------------------------------- */

static struct go_header headers[2];
static struct go_header others[2];
static bool others_first;

static void register_twice(void)
{
    struct call_site site = {0};
    bool copied;
    /* Then the number in headers[0], left by an execution before, is one of another mutex now. */
    for (int i = 0; i < 2 && others_first; i++)
        object_register(&others[i], OBJECT_MUTEX, &others[i], site, &copied);
    testkit_say("%d", object_known(&headers[0], &headers[0]) != NULL);
    object_register(&headers[0], OBJECT_MUTEX, &headers[0], site, &copied);
    testkit_say("%d%d", copied,
                object_known(&headers[0], &headers[0]) == object_at(object_count()));
    headers[1] = headers[0];
    testkit_say("%d", object_known(&headers[1], &headers[1]) != NULL);
    object_register(&headers[1], OBJECT_MUTEX, &headers[1], site, &copied);
    testkit_say("%d", copied);
    headers[1] = headers[0]; /* not a copy of an object of this kind */
    object_register(&headers[1], OBJECT_ONCE, &headers[1], site, &copied);
    testkit_say("%d", copied);
}

static void a_header_knows_its_execution_its_place_and_its_kind(void **unused)
{
    (void)unused;
    struct run_result result;
    for (int round = 0; round < 3; round++) { /* the later ones find what the first one left */
        others_first = round == 2;
        testkit_natural(register_twice, NULL, &result);
        assert_string_equal(testkit_said(), "001010");
    }
}

static void make_for_ever(void)
{
    for (;;) go_chan_make(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_the_kind_and_the_count_of_that_kind),
        cmocka_unit_test(every_kind_has_a_word_and_a_name_that_fits),
        cmocka_unit_test(a_stable_id_is_the_same_in_every_schedule),
        cmocka_unit_test(a_stable_id_does_not_follow_the_number_of_its_maker),
        cmocka_unit_test(a_trace_has_the_users_frames_and_at_most_eight),
        cmocka_unit_test(code_of_the_runtime_is_told_from_code_of_the_program),
        cmocka_unit_test(a_header_knows_its_execution_its_place_and_its_kind),
        natural_test(make_for_ever, "inconclusive: max_objects"),
    };
    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
