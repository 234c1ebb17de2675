// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The grain shared: what is learned from the natural execution, and that this leaves no trace. */
#include "../testkit.h"

#include <string.h>

#include "../access.h"
#include "../sched.h"
#include "access_log.h"
#include "grain.h"
#include "tsan_abi.h"

static struct {
    int config;
    int pad[3];
    int count;
} shared __attribute__((section("heddle_data"))) = {.config = 1};

/* Inlined: each use is a site of its own. */
static inline __attribute__((always_inline)) int get(int *p)
{
    __tsan_read4(p);
    return *p;
}
static inline __attribute__((always_inline)) void put(int *p, int value)
{
    __tsan_write4(p);
    *p = value;
}

/* ---- A policy that writes down where it is asked -------------------------------------------- */

enum { ASKED_MAX = 64 };

static struct watcher {
    struct policy policy;
    size_t data; /* answer to go_choose */
    uint64_t quiet_accesses;
    struct {
        uint8_t kind;
        uint32_t goroutine;
        uint32_t access;
    } asked[ASKED_MAX]; /* at accesses */
    size_t count;
    size_t begun;
    size_t ended;
    size_t shown;
} watcher;

static void begin(struct policy *self)
{
    self->quiet_accesses = watcher.quiet_accesses;
    watcher.begun++;
    watcher.count = 0;
}

static size_t answer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n)
{
    if (kind == CHOICE_DATA) return watcher.data < n ? watcher.data : n - 1;
    if (!self->access || watcher.count == ASKED_MAX) return 0;
    watcher.asked[watcher.count].kind = c->op.kind;
    watcher.asked[watcher.count].goroutine = c->id;
    watcher.asked[watcher.count++].access = self->access;
    return 0;
}

static void show(struct policy *self, const struct event *event)
{
    (void)self, (void)event;
    watcher.shown++;
}

static bool end(struct policy *self)
{
    (void)self;
    watcher.ended++;
    return true;
}

static const struct run_options no_races = {.detectors_off = DETECTOR_RACE};

static uint64_t quiet_accesses;

static struct run_result run(void (*root)(void), enum grain grain,
                             const struct run_options *options, size_t data)
{
    struct run_result result;
    watcher = (struct watcher){.policy = {.name = "watcher",
                                          .grain = grain,
                                          .begin = begin,
                                          .choose = answer,
                                          .executed = show,
                                          .end = end},
                               .data = data,
                               .quiet_accesses = quiet_accesses};
    __tsan_init();
    testkit_execute(root, &watcher.policy, options, &result, NULL);
    return result;
}

/* ---- What is learned ---------------------------------------------------------------------- */

static void work(void *arg)
{
    int *mine = go_new(8);
    (void)arg;
    put(mine, get(&shared.config));             /* both private: config is only read */
    put(&shared.count, get(&shared.count) + 1); /* both shared */
    if (go_choose(2)) put(mine + 1, 1);         /* not executed with the empty input */
}

static void two_work(void)
{
    go(work, NULL);
    work(NULL);
    go_gosched();
}

static void private_sites_are_no_points_and_shared_or_unknown_ones_are(void **unused)
{
    (void)unused;
    run(two_work, GRAIN_SHARED, &no_races, 0);
    assert_int_equal(watcher.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(watcher.asked[i].kind, i % 2 ? OP_WRITE : OP_READ);
        assert_int_equal(watcher.asked[i].goroutine, 1 + i / 2);
        assert_int_equal(watcher.asked[i].access, 1 + i % 2); /* only points are counted */
    }
    run(two_work, GRAIN_SHARED, &no_races, 1);
    assert_int_equal(watcher.count, 6);
    assert_int_equal(watcher.asked[2].kind, OP_WRITE);
    run(two_work, GRAIN_ALL, &no_races, 1);
    assert_int_equal(watcher.count, 10);
    run(two_work, GRAIN_SYNC, &no_races, 1);
    assert_int_equal(watcher.count, 0);
}

/* Private ones between them do not count. */
static void quiet_accesses_are_counted_in_points(void **unused)
{
    (void)unused;
    uint64_t digest = run(two_work, GRAIN_SHARED, &no_races, 1).digest;
    static const size_t asked[] = {6, 6, 4, 2, 0};
    for (quiet_accesses = 0; quiet_accesses < 5; quiet_accesses++) {
        assert_int_equal(run(two_work, GRAIN_SHARED, &no_races, 1).digest, digest);
        assert_int_equal(watcher.count, asked[quiet_accesses]);
        if (watcher.count && quiet_accesses)
            assert_int_equal(watcher.asked[0].access, quiet_accesses);
    }
    quiet_accesses = 0;
}

static void sites_are_counted(void **unused)
{
    (void)unused;
    size_t private_sites;
    size_t shared_sites;
    run(two_work, GRAIN_SHARED, &no_races, 0);
    grain_counts(&private_sites, &shared_sites);
    assert_int_equal(private_sites, 2);
    assert_int_equal(shared_sites, 2);
    assert_false(grain_is_everything());
}

static void count_in_a_local(void *arg)
{
    int local = 0;
    (void)arg;
    put(&local, get(&local) + 1);
}

static void one_after_the_other(void)
{
    for (int i = 0; i < 2; i++) {
        go(count_in_a_local, NULL);
        go_gosched();
    }
}

static void who_gets_a_stack_next_shares_nothing_with_who_had_it(void **unused)
{
    (void)unused;
    size_t private_sites;
    size_t shared_sites;
    run(one_after_the_other, GRAIN_SHARED, &no_races, 0);
    grain_counts(&private_sites, &shared_sites);
    assert_int_equal(private_sites, 2);
    assert_int_equal(shared_sites, 0);
}

static void fill(void *given) { put(given, 1); }

static void give_one_of_two(void)
{
    _Alignas(8) int pair[2] = {0};
    go(fill, &pair[1]);
    go_gosched();
    put(&pair[0], get(&pair[0]) + 1);
    get(&pair[1]);
}

/* How compilers lay locals out must not matter. */
static void a_local_beside_a_shared_one_is_private(void **unused)
{
    (void)unused;
    size_t private_sites;
    size_t shared_sites;
    run(give_one_of_two, GRAIN_SHARED, &no_races, 0);
    grain_counts(&private_sites, &shared_sites);
    assert_int_equal(private_sites, 2);
    assert_int_equal(shared_sites, 2);
}

static size_t executions;

static void one_works(void)
{
    executions++;
    work(NULL);
}

/* Values that go over a channel are accesses of who sends and who receives. */
static void send_count(void *arg) { go_chan_send(arg, &shared.count); }

static void a_value_sent(void)
{
    struct go_chan *c = go_chan_make(sizeof(int), 0);
    go(send_count, c);
    put(&shared.count, 1);
    go_chan_recv(c, NULL);
}

static void what_the_runtime_reads_for_a_send_is_shared_too(void **unused)
{
    (void)unused;
    run(a_value_sent, GRAIN_SHARED, &no_races, 0);
    assert_int_equal(watcher.count, 1);
}

/* ---- A function of the program and its options alone ---------------------------------------- */

static void what_ran_before_does_not_matter(void **unused)
{
    (void)unused;
    static void (*const before[])(void) = {one_works, a_value_sent, two_work};
    uint64_t digest = run(two_work, GRAIN_SHARED, &no_races, 1).digest;
    for (size_t i = 0; i < 3; i++) {
        for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            run(before[i], grain, i == 1 ? NULL : &no_races, i % 2);
            assert_int_equal(run(two_work, GRAIN_SHARED, &no_races, 1).digest, digest);
            assert_int_equal(watcher.count, 6);
        }
    }
}

static void what_is_known_is_not_learned_again(void **unused)
{
    (void)unused;
    run(two_work, GRAIN_SHARED, &no_races, 0);
    executions = 0;
    for (size_t i = 0; i < 3; i++) run(one_works, GRAIN_SHARED, &no_races, 0);
    assert_int_equal(executions, 4);
    run(one_works, GRAIN_ALL, &no_races, 0);
    run(one_works, GRAIN_SYNC, &no_races, 0);
    assert_int_equal(executions, 6);
}

static void another_root_is_learned_anew(void **unused)
{
    (void)unused;
    size_t private_sites;
    size_t shared_sites;
    run(two_work, GRAIN_SHARED, &no_races, 0);
    run(one_works, GRAIN_SHARED, &no_races, 0);
    grain_counts(&private_sites, &shared_sites);
    assert_int_equal(private_sites, 4); /* one goroutine has all for itself */
    assert_int_equal(shared_sites, 0);
    assert_true(grain_is_known(one_works, &no_races));
    assert_false(grain_is_known(two_work, &no_races));
}

static void add_in_the_end(void)
{
    for (int i = 0; i < 20; i++) go_gosched();
    put(&shared.count, 1);
}

/* A short execution does not come to the access, so knows nothing of it. */
static void other_options_are_learned_anew(void **unused)
{
    (void)unused;
    const struct run_options cut = {
        .max_steps = 5, .fair_steps = 5, .detectors_off = DETECTOR_RACE | DETECTOR_LIVELOCK};
    const struct run_options others[] = {
        {.max_steps = 100, .detectors_off = DETECTOR_RACE},
        {.fair_steps = 100, .detectors_off = DETECTOR_RACE},
        {.ticks_after_end = 9, .detectors_off = DETECTOR_RACE},
        {.waits_after_end = 9, .detectors_off = DETECTOR_RACE},
        {.go123_timers = true, .detectors_off = DETECTOR_RACE},
        {.detectors_off = DETECTOR_RACE | DETECTOR_MISUSE},
        cut,
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t private_sites;
        size_t shared_sites;
        run(add_in_the_end, GRAIN_SHARED, &no_races, 0);
        assert_true(grain_is_known(add_in_the_end, &no_races));
        assert_false(grain_is_known(add_in_the_end, &others[i]));
        run(add_in_the_end, GRAIN_SHARED, &others[i], 0);
        assert_true(grain_is_known(add_in_the_end, &others[i]));
        grain_counts(&private_sites, &shared_sites);
        assert_int_equal(private_sites, others[i].max_steps == 5 ? 0 : 1);
    }
}

/* Races end an execution early; learning goes on to its end: the detector makes no difference. */
static void sites_do_not_depend_on_the_race_detector(void **unused)
{
    (void)unused;
    size_t private_sites;
    size_t shared_sites;
    run(one_works, GRAIN_SHARED, &no_races, 0);
    assert_int_equal(run(two_work, GRAIN_SHARED, NULL, 0).verdict, VERDICT_BUG);
    grain_counts(&private_sites, &shared_sites);
    assert_int_equal(private_sites, 2);
    assert_int_equal(shared_sites, 2);
    const struct run_options learned = no_races;
    assert_true(grain_is_known(two_work, &learned));
}

/* ---- Learning leaves no trace --------------------------------------------------------------- */

static void talk(void)
{
    two_work();
    testkit_say("%d", shared.count);
}

static void a_program_is_not_heard_twice(void **unused)
{
    (void)unused;
    run(one_works, GRAIN_SHARED, &no_races, 0); /* another root: talk has to be learned */
    assert_int_equal(run(talk, GRAIN_SHARED, &no_races, 0).verdict, VERDICT_PASS);
    assert_string_equal(testkit_said(), "2");
}

static void the_policy_sees_one_execution(void **unused)
{
    (void)unused;
    run(one_works, GRAIN_SHARED, &no_races, 0);
    struct run_result result = run(two_work, GRAIN_SHARED, &no_races, 0);
    assert_int_equal(watcher.begun, 1);
    assert_int_equal(watcher.ended, 1);
    assert_int_equal(watcher.shown, result.events + watcher.count);
    size_t events;
    run_events(&events, NULL);
    assert_int_equal(events, result.events);
}

static void the_log_of_accesses_is_off_again(void **unused)
{
    (void)unused;
    run(one_works, GRAIN_SHARED, &no_races, 0);
    run(two_work, GRAIN_SHARED, &no_races, 0);
    assert_false(access_log_is_on());
    access_log_switch(true);
    run(one_works, GRAIN_SHARED, &no_races, 0);
    assert_true(access_log_is_on());
    size_t count;
    access_log_records(&count, NULL);
    assert_int_equal(count, 4); /* of the execution, not of what was learned before it */
    access_log_switch(false);
}

/* ---- Limits ------------------------------------------------------------------------------- */

static size_t many; /* bytes */

static void many_places(void)
{
    char *block = go_new(many);
    go(work, NULL);
    __tsan_write_range(block, many);
    put(&shared.config, get(&shared.config));
}

static void too_many_places_make_every_access_a_point(void **unused)
{
    (void)unused;
    many = (size_t)1 << 19;
    run(many_places, GRAIN_SHARED, &no_races, 0);
    assert_false(grain_is_everything());
    run(one_works, GRAIN_SHARED, &no_races, 0);
    many = (size_t)2 << 20;
    run(many_places, GRAIN_SHARED, &no_races, 0);
    assert_true(grain_is_everything());
    assert_int_equal(watcher.asked[0].kind, OP_WRITE); /* the range itself */
    run(two_work, GRAIN_SHARED, &no_races, 0);
    assert_false(grain_is_everything());
    assert_int_equal(watcher.count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_sites_are_no_points_and_shared_or_unknown_ones_are),
        cmocka_unit_test(quiet_accesses_are_counted_in_points),
        cmocka_unit_test(sites_are_counted),
        cmocka_unit_test(who_gets_a_stack_next_shares_nothing_with_who_had_it),
        cmocka_unit_test(a_local_beside_a_shared_one_is_private),
        cmocka_unit_test(what_the_runtime_reads_for_a_send_is_shared_too),
        cmocka_unit_test(what_ran_before_does_not_matter),
        cmocka_unit_test(what_is_known_is_not_learned_again),
        cmocka_unit_test(another_root_is_learned_anew),
        cmocka_unit_test(other_options_are_learned_anew),
        cmocka_unit_test(sites_do_not_depend_on_the_race_detector),
        cmocka_unit_test(a_program_is_not_heard_twice),
        cmocka_unit_test(the_policy_sees_one_execution),
        cmocka_unit_test(the_log_of_accesses_is_off_again),
        cmocka_unit_test(too_many_places_make_every_access_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
