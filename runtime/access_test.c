// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Plain accesses as scheduling points: which count, who is asked, what an execution keeps of them.
 * Programs announce their accesses as a compiler would. Spinning is in access_spin_test.c, learning
 * of the grain shared in detect/grain_test.c. */
#include "testkit.h"

#include <string.h>

#include "access.h"
#include "detect/tsan_abi.h"
#include "sched.h"

/* Inlined: each use is a site of its own. */
static inline __attribute__((always_inline)) int get(int *p)
{
    __tsan_read4(p);
    return *p;
}
/* Also to nowhere, on purpose. */
static inline __attribute__((always_inline, no_sanitize("undefined"))) void put(int *p, int value)
{
    __tsan_write4(p);
    *p = value;
}

/* ---- A policy that writes down what it is asked ------------------------------------------- */

enum { QUESTIONS_MAX = 512, WISHES_MAX = 4 };

struct wish {
    uint64_t position;
    uint32_t access;
    size_t index; /* the last candidate if there are not so many */
};

struct question {
    uint64_t position;
    uint32_t access;
    size_t n;
    struct operation op; /* of candidate 0 */
    uint32_t id;
    uint64_t stable;
};

static struct watcher {
    struct policy policy;
    /* What it does. */
    struct wish wishes[WISHES_MAX];
    size_t wish_count;
    uint64_t quiet_until;
    uint64_t quiet_accesses;
    bool always_switches; /* at accesses */
    /* What it saw. */
    struct question questions[QUESTIONS_MAX];
    size_t count;
    size_t at_accesses;
    struct event shown[QUESTIONS_MAX];
    size_t shown_count;
} watcher;

static void begin(struct policy *self)
{
    struct watcher *w = (struct watcher *)self;
    self->quiet_until = w->quiet_until;
    self->quiet_accesses = w->quiet_accesses;
    w->count = w->at_accesses = w->shown_count = 0;
}

static size_t answer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n)
{
    (void)kind;
    struct watcher *w = (struct watcher *)self;
    if (self->access) w->at_accesses++;
    if (w->count < QUESTIONS_MAX && c)
        w->questions[w->count++] = (struct question){.position = self->position,
                                                     .access = self->access,
                                                     .n = n,
                                                     .op = c->op,
                                                     .id = c->id,
                                                     .stable = c->stable};
    for (size_t i = 0; i < w->wish_count; i++)
        if (w->wishes[i].position == self->position && w->wishes[i].access == self->access)
            return w->wishes[i].index < n ? w->wishes[i].index : n - 1;
    return self->access && w->always_switches ? 1 : 0;
}

static void show(struct policy *self, const struct event *event)
{
    struct watcher *w = (struct watcher *)self;
    if (w->shown_count < QUESTIONS_MAX) w->shown[w->shown_count++] = *event;
}

static void watch(enum grain grain)
{
    watcher = (struct watcher){
        .policy = {.name = "watcher", .grain = grain, .begin = begin, .choose = answer}};
}

static struct run_result run(void (*root)(void), const struct run_options *options)
{
    struct run_result result;
    __tsan_init();
    testkit_execute(root, &watcher.policy, options, &result, NULL);
    return result;
}

static const struct run_options no_races = {.detectors_off = DETECTOR_RACE};

static void preempt_at(uint64_t position, uint32_t access)
{
    watcher.wishes[watcher.wish_count++] = (struct wish){position, access, 1};
}

/* ---- Which accesses count ----------------------------------------------------------------- */

static struct {
    int x;
    int y;
    int pad[2];
} shared __attribute__((section("heddle_data"))) = {.x = 0};

static void increment(void *arg)
{
    (void)arg;
    put(&shared.x, get(&shared.x) + 1);
}

/* Positions: start 1, go 2, Gosched 3. */
static void two_increments(void)
{
    go(increment, NULL);
    increment(NULL);
    go_gosched();
    testkit_say("%d", shared.x);
}

static void accesses_are_numbered_after_the_latest_position(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    run(two_increments, &no_races);
    static const struct wish expected[] = {{2, 0, 0}, {2, 1, 0}, {2, 2, 0},
                                           {3, 0, 0}, {3, 1, 0}, {3, 2, 0}};
    assert_int_equal(watcher.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(watcher.questions[i].position, expected[i].position);
        assert_int_equal(watcher.questions[i].access, expected[i].access);
        assert_int_equal(watcher.questions[i].n, 2);
    }
    assert_int_equal(watcher.questions[1].op.kind, OP_READ);
    assert_int_equal(watcher.questions[1].op.mode, OP_MODE_READ);
    assert_int_equal(watcher.questions[2].op.kind, OP_WRITE);
    assert_int_equal(watcher.questions[2].op.mode, OP_MODE_WRITE);
    assert_int_equal(watcher.questions[2].id, 1); /* who runs is candidate 0 */
    assert_int_equal(watcher.questions[5].id, 2);
}

static void grain_sync_asks_at_no_access(void **unused)
{
    (void)unused;
    watch(GRAIN_SYNC);
    run(two_increments, &no_races);
    assert_int_equal(watcher.count, 2);
    assert_int_equal(watcher.at_accesses, 0);
}

static bool noisy;

/* Coverage counters and the like: a compiler announces accesses to them too. */
static void increment_noisily(void *arg)
{
    static int counters[8]; /* of this test: no global of the program */
    for (int i = 0; noisy && i < 8; i++) put(&counters[i], get(&counters[i]) + 1);
    increment(arg);
    if (noisy) __tsan_write_range(counters, sizeof counters);
}

static void two_noisy_increments(void)
{
    go(increment_noisily, NULL);
    increment_noisily(NULL);
    go_gosched();
}

static void what_is_not_the_programs_neither_counts_nor_moves_a_position(void **unused)
{
    (void)unused;
    static struct question before[8];
    noisy = false;
    watch(GRAIN_ALL);
    struct run_result plain = run(two_noisy_increments, &no_races);
    assert_int_equal(watcher.count, 6);
    memcpy(before, watcher.questions, sizeof before);
    noisy = true;
    struct run_result noise = run(two_noisy_increments, &no_races);
    assert_int_equal(watcher.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(watcher.questions[i].position, before[i].position);
        assert_int_equal(watcher.questions[i].access, before[i].access);
    }
    assert_int_equal(plain.digest, noise.digest);
}

/* Stack, heap and globals, all widths; a copy is two accesses, a read-write two, a range one. */
static void every_kind_of_access(void)
{
    go(increment, NULL);
    char on_stack[32] = {0};
    char *on_heap = go_new(32);
    __tsan_read1(on_stack);
    __tsan_write2(on_stack + 2);
    __tsan_read16(on_heap);
    __tsan_unaligned_write8(on_heap + 3);
    __tsan_read_write4(&shared.y);
    __tsan_memcpy(on_stack, on_heap, 32);
    __tsan_memset(on_stack, 0, 32);
    __tsan_memset(on_stack, 0, 0);
    __tsan_read_range(on_heap, 17);
}

static void every_announced_access_counts_once(void **unused)
{
    (void)unused;
    static const enum op_kind expected[] = {OP_READ,  OP_WRITE, OP_READ,  OP_WRITE, OP_READ,
                                            OP_WRITE, OP_READ,  OP_WRITE, OP_WRITE, OP_READ};
    watch(GRAIN_ALL);
    assert_int_equal(run(every_kind_of_access, NULL).verdict, VERDICT_PASS);
    assert_true(watcher.count >= 11);
    for (uint32_t k = 1; k <= 10; k++) {
        assert_int_equal(watcher.questions[k].position, 2);
        assert_int_equal(watcher.questions[k].access, k);
        assert_int_equal(watcher.questions[k].op.kind, expected[k - 1]);
    }
    assert_true(watcher.questions[11].position != 2 || watcher.questions[11].access == 0);
}

/* ---- Preemption at an access -------------------------------------------------------------- */

static void a_policy_can_preempt_at_each_access(void **unused)
{
    (void)unused;
    static const char *const said[] = {"2", "2", "1"}; /* between read and write: one is lost */
    for (uint32_t k = 1; k <= 2; k++) {
        watch(GRAIN_ALL);
        preempt_at(2, k);
        struct run_result result = run(two_increments, &no_races);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_int_equal(result.preemptions, 1);
        assert_string_equal(testkit_said(), said[k]);
    }
}

static struct go_waitgroup group;

static void increment_and_be_done(void *arg)
{
    increment(arg);
    go_waitgroup_done(&group);
}

static void two_increments_waited_for(void)
{
    group = (struct go_waitgroup){0};
    go_waitgroup_add(&group, 1);
    go(increment_and_be_done, NULL);
    increment(NULL);
    go_waitgroup_wait(&group);
    testkit_say("%d", shared.x);
}

static void a_lost_update_is_reached_in_the_finer_grains_only(void **unused)
{
    (void)unused;
    __tsan_init();
    testkit_set_grain(GRAIN_SYNC);
    assert_outcomes_under(two_increments_waited_for, &no_races, "2 pass");
    testkit_set_grain(GRAIN_SHARED);
    assert_outcomes_under(two_increments_waited_for, &no_races, "1 pass", "2 pass");
    testkit_set_grain(GRAIN_ALL);
    assert_outcomes_under(two_increments_waited_for, &no_races, "1 pass", "2 pass");
    testkit_set_grain(GRAIN_SYNC);
}

static void the_race_is_reported_in_every_grain(void **unused)
{
    (void)unused;
    __tsan_init();
    for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
        testkit_set_grain(grain);
        assert_outcomes(two_increments_waited_for, "data race");
    }
    testkit_set_grain(GRAIN_SYNC);
}

static void a_preemption_at_an_access_is_an_event_and_others_are_not(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    struct run_result natural = run(two_increments, &no_races);
    preempt_at(2, 2);
    struct run_result preempted = run(two_increments, &no_races);
    assert_int_equal(preempted.events, natural.events + 1);
    size_t count;
    const struct event *events = run_events(&count, NULL);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind != OP_WRITE && events[i].kind != OP_READ) continue;
        found++;
        assert_int_equal(events[i].kind, OP_WRITE);
        assert_int_equal(events[i].goroutine, 1);
        assert_int_equal(events[i - 1].kind, OP_END); /* of the other one, which ran meanwhile */
    }
    assert_int_equal(found, 1);
}

static void digests_are_equal_for_equal_choices_only(void **unused)
{
    (void)unused;
    uint64_t digests[3];
    for (uint32_t k = 0; k < 3; k++) {
        watch(GRAIN_ALL);
        if (k) preempt_at(2, k);
        digests[k] = run(two_increments, &no_races).digest;
        assert_int_equal(run(two_increments, &no_races).digest, digests[k]);
    }
    assert_int_not_equal(digests[0], digests[1]);
    assert_int_not_equal(digests[0], digests[2]);
    assert_int_not_equal(digests[1], digests[2]);
}

static void five_accesses(void);

static void the_digest_knows_at_which_access_it_was(void **unused)
{
    (void)unused;
    uint64_t digests[6];
    for (uint32_t k = 1; k <= 5; k++) {
        watch(GRAIN_ALL);
        preempt_at(2, k);
        digests[k] = run(five_accesses, &no_races).digest;
        for (uint32_t other = 1; other < k; other++)
            assert_int_not_equal(digests[k], digests[other]);
    }
}

/* ---- Who is asked ------------------------------------------------------------------------- */

static void five_accesses(void)
{
    go(increment, NULL);
    put(&shared.x, 1);
    put(&shared.y, 2);
    put(&shared.x, 3);
    put(&shared.y, 4);
    put(&shared.x, 5);
    go_gosched();
}

static void nobody_is_asked_at_quiet_accesses(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    uint64_t digest = run(five_accesses, &no_races).digest;
    assert_int_equal(watcher.at_accesses, 7);
    static const struct {
        uint64_t quiet;
        size_t asked;
        uint32_t first;
    } cases[] = {{0, 7, 1}, {1, 7, 1}, {2, 5, 2},         {3, 3, 3},
                 {5, 1, 5}, {6, 0, 0}, {UINT64_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        watcher.quiet_accesses = cases[i].quiet;
        assert_int_equal(run(five_accesses, &no_races).digest, digest);
        assert_int_equal(watcher.at_accesses, cases[i].asked);
        if (cases[i].asked) assert_int_equal(watcher.questions[1].access, cases[i].first);
    }
    watcher.quiet_accesses = 0;
    watcher.quiet_until = 3;
    assert_int_equal(run(five_accesses, &no_races).digest, digest);
    assert_int_equal(watcher.at_accesses, 2); /* those after Gosched */
    assert_int_equal(watcher.questions[1].position, 3);
    assert_int_equal(watcher.questions[1].access, 1);
}

static void two_children(void)
{
    group = (struct go_waitgroup){0};
    go_waitgroup_add(&group, 2);
    go(increment_and_be_done, NULL);
    go(increment_and_be_done, NULL);
    go_waitgroup_wait(&group);
}

static void nobody_is_asked_at_accesses_after_a_quiet_position(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    uint64_t digest = run(two_children, &no_races).digest;
    assert_int_not_equal(watcher.at_accesses, 0);
    watcher.quiet_until = 100; /* also where the goroutine before has parked or ended */
    assert_int_equal(run(two_children, &no_races).digest, digest);
    assert_int_equal(watcher.at_accesses, 0);
}

static void only_watched_sites_ask_and_all_are_counted(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    run(five_accesses, &no_races);
    const void *sites[2] = {watcher.questions[2].op.site, watcher.questions[5].op.site};
    assert_ptr_not_equal(sites[0], sites[1]);
    watcher.policy.watched = sites;
    watcher.policy.watched_count = 2;
    run(five_accesses, &no_races);
    assert_int_equal(watcher.at_accesses, 2);
    assert_int_equal(watcher.questions[1].access, 2);
    assert_ptr_equal(watcher.questions[1].op.site, sites[0]);
    assert_int_equal(watcher.questions[2].access, 5);
    assert_ptr_equal(watcher.questions[2].op.site, sites[1]);
}

/* The place in memory has one name, whoever comes to it, and in every schedule. */
static void a_pending_access_names_its_cell(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    run(five_accesses, &no_races);
    uint64_t cell = watcher.questions[1].op.object_stable;
    assert_int_not_equal(cell, 0);
    for (size_t i = 0; i < watcher.count; i++)
        if (watcher.questions[i].access)
            assert_int_equal(watcher.questions[i].op.object_stable, cell); /* x and y share it */
    watch(GRAIN_ALL);
    run(every_kind_of_access, NULL);
    assert_int_not_equal(watcher.questions[1].op.object_stable,
                         watcher.questions[3].op.object_stable);
    assert_int_equal(watcher.questions[3].op.object_stable, watcher.questions[4].op.object_stable);
}

static void alone(void)
{
    put(&shared.x, 1);
    (void)get(&shared.x);
}

static void who_watches_executions_is_shown_accesses_also_of_the_only_goroutine(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    watcher.policy.executed = show;
    run(alone, NULL);
    assert_int_equal(watcher.count, 0);
    assert_int_equal(watcher.shown_count, 4); /* start, write, read, end */
    assert_int_equal(watcher.shown[1].kind, OP_WRITE);
    assert_int_equal(watcher.shown[1].goroutine, 1);
    assert_int_equal(watcher.shown[1].phase, PHASE_DONE);
    assert_int_equal(watcher.shown[2].kind, OP_READ);
    assert_int_equal(watcher.shown[2].object_stable, watcher.shown[1].object_stable);
    watcher.policy.grain = GRAIN_SYNC;
    run(alone, NULL);
    assert_int_equal(watcher.shown_count, 2);
}

/* ---- Together with the rest --------------------------------------------------------------- */

static bool fired;

static void fire(void *arg)
{
    (void)arg;
    fired = true;
}

static void a_timer_and_accesses(void)
{
    fired = false;
    go_timer_after_func(1000, fire, NULL); /* position 2 */
    put(&shared.x, 1);
    testkit_say("%d", (int)go_now());
    put(&shared.y, 1);
}

static void a_timer_can_fire_at_an_access(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    struct run_result natural = run(a_timer_and_accesses, NULL);
    assert_string_equal(testkit_said(), "0");
    preempt_at(2, 1);
    struct run_result early = run(a_timer_and_accesses, NULL);
    assert_string_equal(testkit_said(), "1000");
    assert_int_equal(early.verdict, VERDICT_PASS);
    assert_true(fired);
    assert_int_not_equal(early.digest, natural.digest);
    assert_int_equal(early.preemptions, 0);
    /* Firing is a position: the next access is the first one after it. */
    bool found = false;
    for (size_t i = 0; i < watcher.count; i++)
        found |= watcher.questions[i].position == 3 && watcher.questions[i].access == 1;
    assert_true(found);
}

static void both_increment_for_ever(void *arg)
{
    for (;;) {
        increment(arg);
        go_gosched();
    }
}

static void two_for_ever(void)
{
    go(both_increment_for_ever, NULL);
    both_increment_for_ever(NULL);
}

static void nobody_is_asked_at_accesses_when_the_steps_are_used_up(void **unused)
{
    (void)unused;
    const struct run_options few = {
        .max_steps = 50, .fair_steps = 50, .detectors_off = DETECTOR_RACE};
    watch(GRAIN_ALL);
    watcher.always_switches = true;
    struct run_result result = run(two_for_ever, &few);
    assert_int_equal(result.events, 100);
    assert_true(watcher.at_accesses <= 50);
}

static void crash(void *arg)
{
    increment(arg);
    int *nowhere = NULL;
    __asm__("" : "+r"(nowhere));
    put(nowhere, 1);
}

static void a_crash_beside_increments(void)
{
    go(crash, NULL);
    increment(NULL);
    go_gosched();
}

static void a_signal_after_an_access_is_reported_in_every_grain(void **unused)
{
    (void)unused;
    __tsan_init();
    for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
        testkit_set_grain(grain);
        assert_outcomes_under(a_crash_beside_increments, &no_races, "nil-dereference");
    }
    testkit_set_grain(GRAIN_SYNC);
}

static void panic_after_access(void *arg)
{
    increment(arg);
    go_panic("over");
}

static void protect_and_go_on(void *arg)
{
    go_protect(panic_after_access, arg, NULL);
    increment(arg);
}

static void two_panic(void)
{
    go(protect_and_go_on, NULL);
    protect_and_go_on(NULL);
    go_gosched();
    testkit_say("%d", shared.x);
}

static void panics_between_accesses_lose_no_point(void **unused)
{
    (void)unused;
    __tsan_init();
    testkit_set_grain(GRAIN_ALL);
    assert_outcomes_under(two_panic, &no_races, "1 pass", "2 pass", "3 pass", "4 pass");
    testkit_set_grain(GRAIN_SYNC);
}

/* Constructors, and what an engine calls between executions. */
static void accesses_outside_executions_change_nothing(void **unused)
{
    (void)unused;
    watch(GRAIN_ALL);
    uint64_t digest = run(two_increments, &no_races).digest;
    size_t asked = watcher.count;
    char *heap = heap_table(REGION_HEAP);
    for (size_t i = 0; i < (size_t)3 * ACCESS_SPIN; i++) {
        (void)get(&shared.x);
        __tsan_write8(heap);
    }
    assert_int_equal(run(two_increments, &no_races).digest, digest);
    assert_int_equal(watcher.count, asked);
    assert_int_equal(run(alone, NULL).verdict, VERDICT_PASS);
}

int main(void)
{
    __tsan_write4(&shared.x); /* before any execution, as from a constructor */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accesses_are_numbered_after_the_latest_position),
        cmocka_unit_test(grain_sync_asks_at_no_access),
        cmocka_unit_test(what_is_not_the_programs_neither_counts_nor_moves_a_position),
        cmocka_unit_test(every_announced_access_counts_once),
        cmocka_unit_test(a_policy_can_preempt_at_each_access),
        cmocka_unit_test(a_lost_update_is_reached_in_the_finer_grains_only),
        cmocka_unit_test(the_race_is_reported_in_every_grain),
        cmocka_unit_test(a_preemption_at_an_access_is_an_event_and_others_are_not),
        cmocka_unit_test(digests_are_equal_for_equal_choices_only),
        cmocka_unit_test(the_digest_knows_at_which_access_it_was),
        cmocka_unit_test(nobody_is_asked_at_quiet_accesses),
        cmocka_unit_test(nobody_is_asked_at_accesses_after_a_quiet_position),
        cmocka_unit_test(only_watched_sites_ask_and_all_are_counted),
        cmocka_unit_test(a_pending_access_names_its_cell),
        cmocka_unit_test(who_watches_executions_is_shown_accesses_also_of_the_only_goroutine),
        cmocka_unit_test(a_timer_can_fire_at_an_access),
        cmocka_unit_test(nobody_is_asked_at_accesses_when_the_steps_are_used_up),
        cmocka_unit_test(a_signal_after_an_access_is_reported_in_every_grain),
        cmocka_unit_test(panics_between_accesses_lose_no_point),
        cmocka_unit_test(accesses_outside_executions_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
