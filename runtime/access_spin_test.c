// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Loops that make accesses and no operation: others get their turn, time is bounded, and what comes
 * of it does not depend on the grain or on who was asked. Time is counted in accesses. */
#include "testkit.h"

#include "access.h"
#include "detect/access_log.h"
#include "detect/tsan_abi.h"
#include "sched.h"

static struct {
    int flag;
    int other;
} shared __attribute__((section("heddle_data"))) = {.flag = 0};

static uint64_t accesses; /* announced in this execution */

static inline __attribute__((always_inline)) int get(int *p)
{
    __tsan_read4(p);
    accesses++;
    return *p;
}
static inline __attribute__((always_inline)) void put(int *p, int value)
{
    __tsan_write4(p);
    accesses++;
    *p = value;
}

static const struct run_options no_races = {.detectors_off = DETECTOR_RACE};
static const struct run_options no_races_short = {
    .max_steps = 40, .fair_steps = 100, .detectors_off = DETECTOR_RACE};

static struct run_result natural(void (*root)(void), const struct run_options *options)
{
    struct run_result result;
    __tsan_init();
    accesses = 0;
    testkit_natural(root, options, &result);
    return result;
}

/* ---- Somebody ends the spin --------------------------------------------------------------- */

static void raise_flag(void *arg)
{
    (void)arg;
    put(&shared.flag, 1);
}

static void wait_for_flag(void)
{
    go(raise_flag, NULL);
    while (!get(&shared.flag)) {}
    testkit_say("seen");
}

static void waiting_on_a_plain_variable_is_a_race_and_no_hang(void **unused)
{
    (void)unused;
    struct run_result result = natural(wait_for_flag, NULL);
    assert_int_equal(result.verdict, VERDICT_BUG);
    assert_int_equal(result.report->type, REPORT_DATA_RACE);
    assert_true(accesses <= 2 * (uint64_t)(ACCESS_SPIN + 2)); /* the second time recalls */
}

static void the_one_that_is_waited_for_gets_its_turn(void **unused)
{
    (void)unused;
    struct run_result result = natural(wait_for_flag, &no_races);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_string_equal(testkit_said(), "seen");
    assert_int_equal(accesses, ACCESS_SPIN + 1); /* the last read sees what was written before it */
}

static void spin_on_other(void *arg)
{
    (void)arg;
    while (!get(&shared.flag)) {}
    put(&shared.other, 1);
}

/* Each waits for the next; the last one to begin frees them all. */
static void chain_of_spinners(void)
{
    go(spin_on_other, NULL);
    go(raise_flag, NULL);
    while (!get(&shared.other)) {}
    testkit_say("seen");
}

static void several_spinners_have_turns(void **unused)
{
    (void)unused;
    struct run_result result = natural(chain_of_spinners, &no_races);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_string_equal(testkit_said(), "seen");
    assert_true(accesses < ACCESS_SPIN + 8 * ACCESS_SPIN_FAIR);
}

static void end_spin(void *arg)
{
    (void)arg;
    put(&shared.flag, 1);
}

static void wait_for_a_timer(void)
{
    go_timer_after_func(1000, end_spin, NULL);
    while (!get(&shared.flag)) {}
}

static void the_clock_gets_its_turn_too(void **unused)
{
    (void)unused;
    assert_int_equal(natural(wait_for_a_timer, &no_races).verdict, VERDICT_PASS);
    assert_true(accesses < ACCESS_SPIN + 8 * ACCESS_SPIN_FAIR);
}

/* ---- Nobody ends it ----------------------------------------------------------------------- */

static void spin_for_ever(void *arg)
{
    (void)arg;
    while (!get(&shared.flag)) {}
}

static void one_for_ever(void) { spin_for_ever(NULL); }

static void two_for_ever(void)
{
    go(spin_for_ever, NULL);
    go_gosched();
    spin_for_ever(NULL);
}

static void receive(void *arg) { go_chan_recv(arg, NULL); }

static void spin_beside_the_parked(void)
{
    go(receive, go_chan_make(0, 0));
    go_gosched();
    spin_for_ever(NULL);
}

static void a_spin_that_nobody_ends_is_a_livelock_in_bounded_time(void **unused)
{
    (void)unused;
    static void (*const roots[])(void) = {one_for_ever, two_for_ever, spin_beside_the_parked};
    for (size_t i = 0; i < 3; i++) {
        struct run_result result = natural(roots[i], &no_races_short);
        assert_int_equal(result.verdict, VERDICT_BUG);
        assert_int_equal(result.report->type, REPORT_LIVELOCK);
        assert_true(accesses <= ACCESS_SPIN + 101 * ACCESS_SPIN_FAIR);
    }
}

/* ---- Whatever the grain, whoever is asked -------------------------------------------------- */

static void compute(void *arg)
{
    for (int i = 0; i < 3 * ACCESS_SPIN_FAIR; i++) put(&shared.other, i);
    go_mutex_lock(arg);
    for (int i = 0; i < 3 * ACCESS_SPIN_FAIR; i++) put(&shared.other, i);
    go_mutex_unlock(arg);
}

static struct go_mutex mutex;

/* Into the fair phase by steps, with much left to do there. */
static void long_and_fair(void)
{
    mutex = (struct go_mutex){0};
    go(compute, &mutex);
    for (int i = 0; i < 30; i++) {
        (void)get(&shared.other);
        go_mutex_lock(&mutex);
        go_mutex_unlock(&mutex);
    }
    compute(&mutex);
}

static void compute_alone(void)
{
    for (int i = 0; i < 3 * ACCESS_SPIN; i++) put(&shared.other, i);
}

static void nothing(void *arg) { (void)arg; }

/* The last access is the one that makes it a spin: an event more. */
static void just_a_spin(void)
{
    mutex = (struct go_mutex){0};
    go(nothing, NULL);
    (void)get(&shared.other);
    go_mutex_lock(&mutex); /* perhaps a quiet position, after one that was asked */
    for (int i = 0; i < ACCESS_SPIN; i++) (void)get(&shared.other);
    go_gosched();
}

static void an_execution_that_nobody_decides_is_the_same_in_every_grain(void **unused)
{
    (void)unused;
    static void (*const roots[])(void) = {
        wait_for_flag, chain_of_spinners, wait_for_a_timer,      long_and_fair,
        two_for_ever,  compute_alone,     spin_beside_the_parked};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        uint64_t digests[3];
        for (enum grain grain = GRAIN_SYNC; grain <= GRAIN_ALL; grain++) {
            testkit_set_grain(grain);
            digests[grain] = natural(roots[i], &no_races_short).digest;
        }
        testkit_set_grain(GRAIN_SYNC);
        assert_int_equal(digests[GRAIN_SHARED], digests[GRAIN_SYNC]);
        assert_int_equal(digests[GRAIN_ALL], digests[GRAIN_SYNC]);
    }
}

/* Asked now and then: the k-th access after each position, and then perhaps the m-th. */
static struct sampler {
    struct policy policy;
    uint64_t first;
    uint64_t then;
    uint64_t quiet; /* positions from a question at an access on */
} sampler;

static void begin_sampling(struct policy *self) { self->quiet_accesses = sampler.first; }

static size_t sample(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n)
{
    (void)kind, (void)c, (void)n;
    self->quiet_accesses = self->access ? sampler.then : sampler.first;
    if (self->access && sampler.quiet) self->quiet_until = self->position + sampler.quiet;
    return 0;
}

static void a_question_answered_with_0_changes_nothing(void **unused)
{
    (void)unused;
    static void (*const roots[])(void) = {just_a_spin, long_and_fair, two_for_ever};
    static const uint64_t accesses_asked[] = {1, 2, 4097, ACCESS_SPIN - 1, ACCESS_SPIN, UINT64_MAX};
    enum { ASKED = sizeof accesses_asked / sizeof accesses_asked[0] };
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        uint64_t digest = natural(roots[i], &no_races_short).digest;
        for (size_t k = 0; k < (size_t)2 * ASKED * ASKED; k++) {
            sampler = (struct sampler){.policy = {.name = "sampler",
                                                  .blind = true,
                                                  .grain = GRAIN_ALL,
                                                  .begin = begin_sampling,
                                                  .choose = sample},
                                       .first = accesses_asked[k / ASKED % ASKED],
                                       .then = accesses_asked[k % ASKED],
                                       .quiet = k / ASKED / ASKED * 2};
            struct run_result result;
            testkit_execute(roots[i], &sampler.policy, &no_races_short, &result, NULL);
            assert_int_equal(result.digest, digest);
        }
    }
}

/* ---- What is no spin ---------------------------------------------------------------------- */

static struct go_chan *chan;

static void work_between_operations(void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < ACCESS_SPIN_FAIR - 10; k++) put(&shared.other, k);
        (void)go_chan_len(chan);
    }
}

static void two_work(void)
{
    chan = go_chan_make(0, 0);
    go(work_between_operations, NULL);
    work_between_operations(NULL);
}

static size_t failed_tries(void)
{
    size_t count;
    size_t failed = 0;
    const struct event *events = run_events(&count, NULL);
    for (size_t i = 0; i < count; i++) failed += events[i].phase == PHASE_FAIL;
    return failed;
}

static void work_between_operations_is_no_failed_try(void **unused)
{
    (void)unused;
    const struct run_options fair = {
        .max_steps = 20, .fair_steps = 1000, .detectors_off = DETECTOR_RACE};
    assert_int_equal(natural(two_work, &fair).verdict, VERDICT_PASS);
    assert_int_equal(failed_tries(), 0);
    assert_int_equal(natural(two_work, &no_races).verdict, VERDICT_PASS);
    assert_int_equal(failed_tries(), 0);
}

static size_t choose_first(struct policy *self, enum choice_kind kind, const struct candidate *c,
                           size_t n)
{
    (void)self, (void)kind, (void)c, (void)n;
    return 0;
}

static void begin_quietly(struct policy *self) { self->quiet_until = UINT64_MAX; }

/* Learning goes this way: nobody is asked, all is logged. */
static void work_is_no_spin_where_every_access_is_logged(void **unused)
{
    (void)unused;
    struct policy quiet = {
        .name = "quiet", .blind = true, .begin = begin_quietly, .choose = choose_first};
    struct run_result result;
    __tsan_init();
    for (int logged = 0; logged < 2; logged++) {
        access_log_switch(logged);
        testkit_execute(two_work, &quiet, &no_races, &result, NULL);
        access_log_switch(false);
        assert_int_equal(result.verdict, VERDICT_PASS);
        assert_int_equal(failed_tries(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_on_a_plain_variable_is_a_race_and_no_hang),
        cmocka_unit_test(the_one_that_is_waited_for_gets_its_turn),
        cmocka_unit_test(several_spinners_have_turns),
        cmocka_unit_test(the_clock_gets_its_turn_too),
        cmocka_unit_test(a_spin_that_nobody_ends_is_a_livelock_in_bounded_time),
        cmocka_unit_test(an_execution_that_nobody_decides_is_the_same_in_every_grain),
        cmocka_unit_test(a_question_answered_with_0_changes_nothing),
        cmocka_unit_test(work_between_operations_is_no_failed_try),
        cmocka_unit_test(work_is_no_spin_where_every_access_is_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
