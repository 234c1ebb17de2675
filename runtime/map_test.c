// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Maps: contents against a naive model, range, nil, and the concurrent-use check. */
#include "testkit.h"

#include "sched.h"

static struct go_map *m;
static struct go_mutex mu;

static void set(int key, int value) { go_map_set(m, (uint64_t)key, testkit_arg(value)); }

static void make(int entries)
{
    m = go_map_make();
    for (int i = 1; i <= entries; i++) set(i, i * 10);
}

/* ---- Contents ----------------------------------------------------------------------------- */

static void a_new_map_is_empty(void)
{
    make(0);
    bool found = true;
    void *value = go_map_get(m, 1, &found);
    testkit_say("%d%d%zu", value == NULL, found, go_map_len(m));
}

static void a_key_that_is_set_is_found(void)
{
    make(2);
    bool found = false;
    testkit_say("%d", testkit_int(go_map_get(m, 1, &found)));
    testkit_say(" %d %d", found, testkit_int(go_map_get(m, 2, NULL)));
}

static void a_null_value_is_found_too(void)
{
    make(0);
    go_map_set(m, 0, NULL);
    bool found = false;
    void *value = go_map_get(m, 0, &found);
    testkit_say("%d%d", value == NULL, found);
}

static void setting_again_replaces_the_value(void)
{
    make(2);
    set(1, 7);
    testkit_say("%d %zu", testkit_int(go_map_get(m, 1, NULL)), go_map_len(m));
}

static void a_deleted_key_is_gone(void)
{
    make(2);
    go_map_delete(m, 1);
    go_map_delete(m, 1);
    go_map_delete(m, 99);
    bool found = true;
    (void)go_map_get(m, 1, &found);
    testkit_say("%d %zu %d", found, go_map_len(m), testkit_int(go_map_get(m, 2, NULL)));
}

static void a_nil_map_reads_as_empty(void)
{
    bool found = true;
    testkit_say("%d", go_map_get(NULL, 1, &found) == NULL);
    go_map_delete(NULL, 1);
    go_map_range(NULL, NULL, NULL);
    testkit_say("%d%zu", found, go_map_len(NULL));
}

static void set_in_nil(void *unused)
{
    (void)unused;
    go_map_set(NULL, 1, NULL);
}

static void a_write_to_a_nil_map_panics(void)
{
    struct go_panic panic;
    if (go_protect(set_in_nil, NULL, &panic)) testkit_say("%s", panic.kind);
}

static void an_unrecovered_write_to_a_nil_map_is_a_report(void) { set_in_nil(NULL); }

/* ---- Against a model ---------------------------------------------------------------------- */

enum { MODEL_KEYS = 64, MODEL_STEPS = 3000 };

static size_t wrong;

/* Keys that collide in their low bits, so that a poor index would show. */
static uint64_t model_key(uint32_t k) { return (uint64_t)k << (k % 2 ? 32 : 3); }

static void check_against_model(const int *model)
{
    size_t live = 0;
    for (uint32_t k = 0; k < MODEL_KEYS; k++) {
        bool found;
        int value = testkit_int(go_map_get(m, model_key(k), &found));
        live += model[k] != 0;
        wrong += found != (model[k] != 0) || value != model[k];
    }
    wrong += go_map_len(m) != live;
}

static void run_model(void)
{
    static int model[MODEL_KEYS];
    wrong = 0;
    make(0);
    for (int i = 0; i < MODEL_KEYS; i++) model[i] = 0;
    uint64_t r = 1;
    for (int step = 1; step <= MODEL_STEPS; step++) {
        r = r * 6364136223846793005u + 1442695040888963407u;
        uint32_t k = (uint32_t)(r >> 33) % MODEL_KEYS;
        bool deletes = r >> 62 == 0;
        model[k] = deletes ? 0 : step;
        if (deletes)
            go_map_delete(m, model_key(k));
        else
            go_map_set(m, model_key(k), testkit_arg(step));
        if (step % 100 == 0) check_against_model(model);
    }
}

static void contents_equal_a_naive_model(void **unused)
{
    (void)unused;
    struct run_result result;
    const struct run_options options = {.max_steps = 100000};
    testkit_natural(run_model, &options, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    assert_int_equal(wrong, 0);
}

/* ---- Range -------------------------------------------------------------------------------- */

static bool say_entry(uint64_t key, void *value, void *arg)
{
    testkit_say("%d=%d ", (int)key, testkit_int(value));
    return --*(int *)arg > 0;
}

static void say_range(int limit) { go_map_range(m, say_entry, &limit); }

static void range_visits_in_order_of_insertion(void)
{
    make(0);
    set(3, 1);
    set(1, 2);
    set(2, 3);
    set(1, 4); /* keeps its place */
    say_range(99);
}

static void a_key_set_again_after_delete_is_a_new_insertion(void)
{
    make(3);
    go_map_delete(m, 1);
    set(1, 5);
    say_range(99);
}

static void range_ends_when_the_function_says_so(void)
{
    make(3);
    say_range(2);
}

static void range_over_an_empty_map_visits_nothing(void)
{
    make(1);
    go_map_delete(m, 1);
    say_range(99);
    testkit_say("none");
}

static bool delete_next(uint64_t key, void *value, void *unused)
{
    (void)unused;
    testkit_say("%d=%d ", (int)key, testkit_int(value));
    go_map_delete(m, key + 1);
    go_map_delete(m, key);
    return true;
}

static void entries_removed_meanwhile_are_not_visited(void)
{
    make(5);
    go_map_range(m, delete_next, NULL);
    testkit_say("left%zu", go_map_len(m));
}

static bool change_and_add(uint64_t key, void *value, void *unused)
{
    (void)unused;
    testkit_say("%d=%d ", (int)key, testkit_int(value));
    if (key == 1) set(2, 7);
    if (key < 4) set((int)key + 2, 0);
    return true;
}

static void entries_changed_or_added_meanwhile_are_visited_as_they_are(void)
{
    make(2);
    int limit = 1;
    go_map_range(m, change_and_add, &limit);
    testkit_say("%zu", go_map_len(m));
}

static int visited[24];

static bool count_and_add(uint64_t key, void *value, void *unused)
{
    (void)value, (void)unused;
    if (key < 24) visited[key]++;
    if (key < 22) set((int)key + 2, 0);
    return true;
}

static void a_range_over_a_growing_map_visits_each_entry_once(void)
{
    for (int i = 0; i < 24; i++) visited[i] = 0;
    make(2);
    go_map_range(m, count_and_add, NULL);
    int once = 0;
    for (int i = 1; i < 24; i++) once += visited[i] == 1;
    testkit_say("%d", once);
}

/* ---- The concurrent-use check ---------------------------------------------------------------- */

static void write_1(void *unused)
{
    (void)unused;
    set(1, 1);
}

static void delete_1(void *unused)
{
    (void)unused;
    go_map_delete(m, 1);
}

static void read_1(void *unused)
{
    (void)unused;
    (void)go_map_get(m, 1, NULL);
}

static void range_all(void *unused)
{
    (void)unused;
    int limit = 99;
    go_map_range(m, say_entry, &limit);
}

static void read_len(void *unused)
{
    (void)unused;
    (void)go_map_len(m);
}

static void write_and_write(void) { make(1), go(write_1, NULL), write_1(NULL); }
static void write_and_delete(void) { make(1), go(write_1, NULL), delete_1(NULL); }
static void write_and_read(void) { make(1), go(write_1, NULL), read_1(NULL); }
static void delete_and_read(void) { make(1), go(delete_1, NULL), read_1(NULL); }
static void read_and_write(void) { make(1), go(read_1, NULL), write_1(NULL); }
static void range_and_write(void) { make(1), go(range_all, NULL), write_1(NULL); }
static void protected_write(void) { make(1), go(read_1, NULL), go_protect(write_1, NULL, NULL); }
static void reads_together(void) { make(1), go(read_1, NULL), go(read_1, NULL), range_all(NULL); }
static void len_and_write(void) { make(1), go(read_len, NULL), write_1(NULL); }
static void alone(void) { make(1), write_1(NULL), read_1(NULL), delete_1(NULL); }

static void write_locked(void *unused)
{
    (void)unused;
    go_mutex_lock(&mu);
    set(1, 1);
    go_mutex_unlock(&mu);
}

static void uses_under_one_mutex(void)
{
    make(1);
    go(write_locked, NULL);
    go_mutex_lock(&mu);
    read_1(NULL);
    write_1(NULL);
    go_mutex_unlock(&mu);
}

static struct go_chan *done;

static void write_and_close(void *unused)
{
    (void)unused;
    set(1, 1);
    go_chan_close(done);
}

static void uses_that_a_channel_orders(void)
{
    make(1);
    done = go_chan_make(0, 0);
    go(write_and_close, NULL);
    go_chan_recv(done, NULL);
    write_1(NULL);
}

static void uses_before_and_after_the_go_statement(void)
{
    make(1);
    write_1(NULL);
    go(read_1, NULL);
}

static void two_maps(void)
{
    make(1);
    go(write_1, NULL);
    struct go_map *other = go_map_make();
    go_map_set(other, 1, NULL);
}

/* Whichever of the two publishes first: the root {0, 1}, or the other goroutine {1, 1}. */
static void misuse_names_the_writer_and_the_other_in_either_order(void **unused)
{
    (void)unused;
    static const struct {
        void (*root)(void);
        enum report_type type;
        uint32_t writer;
        const char *other;
    } rows[] = {
        {write_and_write, REPORT_CONCURRENT_MAP_WRITE, 1,
         "Concurrent map write by goroutine 2 at:"},
        {write_and_read, REPORT_CONCURRENT_MAP_READ_WRITE, 2,
         "Concurrent map read by goroutine 1 at:"},
        {read_and_write, REPORT_CONCURRENT_MAP_READ_WRITE, 1,
         "Concurrent map read by goroutine 2 at:"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t first = 0; first < 2; first++) {
            struct run_result result;
            const size_t answers[] = {first, 1};
            testkit_scripted(rows[i].root, NULL, answers, 2, &result);
            assert_non_null(result.report);
            assert_int_equal(result.report->type, rows[i].type);
            assert_int_equal(result.report->goroutine, rows[i].writer);
            assert_string_equal(result.report->object.name, "MAP1");
            assert_string_equal(result.report->related[0].label, rows[i].other);
            assert_int_equal(result.report->culprit_count, 2);
        }
    }
}

/* Where happens-before is known, misuse is found in every schedule, also if the two uses never come
 * close to each other; ordered uses are silent as before. */
static void happens_before_finds_misuse_in_every_schedule(void **unused)
{
    (void)unused;
    access_state.instrumented = true; /* as instrumented code does at its start */
    bool equal =
        testkit_expect(write_and_write, NULL,
                       (const char *const[]){"concurrent-map-write", NULL}) &&
        testkit_expect(write_and_read, NULL,
                       (const char *const[]){"concurrent-map-read-write", NULL}) &&
        testkit_expect(read_and_write, NULL,
                       (const char *const[]){"concurrent-map-read-write", NULL}) &&
        testkit_expect(reads_together, NULL, (const char *const[]){"1=10  pass", NULL}) &&
        testkit_expect(len_and_write, NULL, (const char *const[]){"pass", NULL}) &&
        testkit_expect(uses_under_one_mutex, NULL, (const char *const[]){"pass", NULL}) &&
        testkit_expect(uses_that_a_channel_orders, NULL, (const char *const[]){"pass", NULL}) &&
        testkit_expect(uses_before_and_after_the_go_statement, NULL,
                       (const char *const[]){"pass", NULL});
    access_state.instrumented = false;
    assert_true(equal);
}

static void write_early(void *arg)
{
    (void)arg;
    set(1, 1);
}
static void writes_far_apart(void)
{
    m = go_map_make();
    go(write_early, NULL);
    go_sleep(1000); /* orders nothing */
    set(2, 2);
}

static void misuse_long_ago_is_recalled(void **unused)
{
    (void)unused;
    struct run_result result;
    testkit_natural(writes_far_apart, NULL, &result);
    assert_int_equal(result.verdict, VERDICT_PASS);
    access_state.instrumented = true;
    testkit_natural(writes_far_apart, NULL, &result);
    access_state.instrumented = false;
    assert_non_null(result.report);
    assert_int_equal(result.report->type, REPORT_CONCURRENT_MAP_WRITE);
    assert_int_equal(result.report->goroutine, 1);
    assert_string_equal(result.report->related[0].label, "Concurrent map write by goroutine 2 at:");
    assert_true(result.report->related[0].trace.count > 0);
    assert_int_equal(result.report->culprit_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        outcomes_test(a_new_map_is_empty, "100 pass"),
        outcomes_test(a_key_that_is_set_is_found, "10 1 20 pass"),
        outcomes_test(a_null_value_is_found_too, "11 pass"),
        outcomes_test(setting_again_replaces_the_value, "7 2 pass"),
        outcomes_test(a_deleted_key_is_gone, "0 1 20 pass"),
        outcomes_test(a_nil_map_reads_as_empty, "100 pass"),
        outcomes_test(a_write_to_a_nil_map_panics, "assignment-to-nil-map pass"),
        outcomes_test(an_unrecovered_write_to_a_nil_map_is_a_report, "assignment-to-nil-map"),
        cmocka_unit_test(contents_equal_a_naive_model),
        outcomes_test(range_visits_in_order_of_insertion, "3=1 1=4 2=3  pass"),
        outcomes_test(a_key_set_again_after_delete_is_a_new_insertion, "2=20 3=30 1=5  pass"),
        outcomes_test(range_ends_when_the_function_says_so, "1=10 2=20  pass"),
        outcomes_test(range_over_an_empty_map_visits_nothing, "none pass"),
        outcomes_test(entries_removed_meanwhile_are_not_visited, "1=10 3=30 5=50 left0 pass"),
        outcomes_test(entries_changed_or_added_meanwhile_are_visited_as_they_are,
                      "1=10 2=7 3=0 4=0 5=0 5 pass"),
        outcomes_test(a_range_over_a_growing_map_visits_each_entry_once, "23 pass"),
        outcomes_test(write_and_write, "concurrent-map-write", "pass"),
        outcomes_test(write_and_delete, "concurrent-map-write", "pass"),
        outcomes_test(write_and_read, "concurrent-map-read-write", "pass"),
        outcomes_test(delete_and_read, "concurrent-map-read-write", "pass"),
        outcomes_test(read_and_write, "concurrent-map-read-write", "pass"),
        outcomes_test(range_and_write, "concurrent-map-read-write",
                      "1=10  concurrent-map-read-write", "1=10  pass", "1=1  pass"),
        outcomes_test(protected_write, "concurrent-map-read-write", "pass"),
        outcomes_test(reads_together, "1=10  pass"),
        outcomes_test(len_and_write, "pass"),
        outcomes_test(alone, "pass"),
        outcomes_test(uses_under_one_mutex, "pass"),
        outcomes_test(uses_that_a_channel_orders, "pass"),
        outcomes_test(uses_before_and_after_the_go_statement, "pass"),
        outcomes_test(two_maps, "pass"),
        cmocka_unit_test(misuse_names_the_writer_and_the_other_in_either_order),
        cmocka_unit_test(happens_before_finds_misuse_in_every_schedule),
        cmocka_unit_test(misuse_long_ago_is_recalled),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
