// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Trace events, judged by the rules of their format: which members each phase needs, that slices of
 * a track nest, that a flow has two ends which lie in slices, that every track has a name. Readers
 * of the format drop what breaks these rules without a word, so the rules are checked here, and the
 * checker itself is shown files with one fault each. */
#include "story_testkit.h"

/* ---- The rules ----------------------------------------------------------------------------- */

struct rule_members {
    char phase;
    const char *needs; /* members besides ph, name, cat, pid, tid and ts */
};
static const struct rule_members phases[] = {
    {'M', "args"}, {'X', "dur"}, {'i', "s"}, {'s', "id"}, {'f', "id bp"},
};

static double number(json_t *event, const char *key)
{
    return json_number_value(json_object_get(event, key));
}

static const char *text(json_t *event, const char *key)
{
    const char *value = json_string_value(json_object_get(event, key));
    return value ? value : "";
}

static bool has_all(json_t *event, const char *names)
{
    char name[16];
    int used;
    for (; sscanf(names, "%15s%n", name, &used) == 1; names += used)
        if (!json_object_get(event, name)) return false;
    return true;
}

static bool members_are_right(json_t *event)
{
    const char *phase = text(event, "ph");
    if (!json_is_string(json_object_get(event, "name")) ||
        !json_is_string(json_object_get(event, "cat")) ||
        !json_is_integer(json_object_get(event, "pid")) ||
        !json_is_integer(json_object_get(event, "tid")) ||
        !json_is_number(json_object_get(event, "ts")) || number(event, "ts") < 0)
        return false;
    if (json_object_get(event, "args") && !json_is_object(json_object_get(event, "args")))
        return false;
    if (phase[0] == 'X' && !(number(event, "dur") > 0)) return false;
    if (phase[0] == 'i' && !(text(event, "s")[0] && strchr("gpt", text(event, "s")[0])))
        return false;
    if (phase[0] == 'f' && strcmp(text(event, "bp"), "e") != 0) return false;
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        if (phase[0] == phases[i].phase && !phase[1]) return has_all(event, phases[i].needs);
    return false;
}

/* Slices of one track are apart or one lies in the other. */
static bool slices_nest(json_t *a, json_t *b)
{
    if (text(a, "ph")[0] != 'X' || text(b, "ph")[0] != 'X' || a == b) return true;
    if (number(a, "tid") != number(b, "tid")) return true;
    double a_from = number(a, "ts"), a_to = a_from + number(a, "dur");
    double b_from = number(b, "ts"), b_to = b_from + number(b, "dur");
    bool apart = a_to <= b_from || b_to <= a_from;
    bool inside = (a_from >= b_from && a_to <= b_to) || (b_from >= a_from && b_to <= a_to);
    return apart || inside;
}

static bool is_in_slice(json_t *events, json_t *point)
{
    size_t i;
    json_t *e;
    json_array_foreach(events, i, e)
    {
        if (text(e, "ph")[0] == 'X' && number(e, "tid") == number(point, "tid") &&
            number(e, "ts") <= number(point, "ts") &&
            number(point, "ts") < number(e, "ts") + number(e, "dur"))
            return true;
    }
    return false;
}

/* The other end: of the same id, category and name, and not before the first. */
static size_t count_other_ends(json_t *events, json_t *end)
{
    bool starts = text(end, "ph")[0] == 's';
    size_t count = 0, i;
    json_t *e;
    json_array_foreach(events, i, e)
    {
        if (e == end || !strchr("sf", text(e, "ph")[0])) continue;
        if (number(e, "id") != number(end, "id")) continue;
        if (text(e, "ph")[0] == text(end, "ph")[0]) return 2;
        bool later =
            starts ? number(e, "ts") > number(end, "ts") : number(e, "ts") < number(end, "ts");
        count += later && strcmp(text(e, "name"), text(end, "name")) == 0 &&
                 strcmp(text(e, "cat"), text(end, "cat")) == 0;
    }
    return count;
}

static bool has_name(json_t *events, json_t *event)
{
    size_t i;
    json_t *e;
    json_array_foreach(events, i, e)
    {
        if (strcmp(text(e, "name"), "thread_name") == 0 && text(e, "ph")[0] == 'M' &&
            number(e, "tid") == number(event, "tid") && text(json_object_get(e, "args"), "name")[0])
            return true;
    }
    return false;
}

/* What is wrong with the file; "" if nothing is. */
static const char *judge(json_t *document)
{
    json_t *events = json_object_get(document, "traceEvents");
    if (!json_is_array(events)) return "no traceEvents";
    const char *unit = text(document, "displayTimeUnit");
    if (strcmp(unit, "ns") != 0 && strcmp(unit, "ms") != 0) return "displayTimeUnit";
    size_t i, j;
    json_t *a, *b;
    json_array_foreach(events, i, a)
    {
        if (!members_are_right(a)) return "members";
        char phase = text(a, "ph")[0];
        if (phase != 'M' && !has_name(events, a)) return "a track without a name";
        if (phase == 's' || phase == 'f') {
            if (count_other_ends(events, a) != 1) return "a flow without two ends";
            if (!is_in_slice(events, a)) return "a flow outside slices";
        }
        json_array_foreach(events, j, b)
        {
            if (!slices_nest(a, b)) return "slices that overlap";
        }
    }
    return "";
}

static void the_file_keeps_the_rules_of_its_format(void **state)
{
    (void)state;
    struct story story = test_story();
    json_t *document = test_print(story_print_perfetto, &story);
    assert_string_equal(judge(document), "");
    json_decref(document);
    story = test_story_that_passes();
    document = test_print(story_print_perfetto, &story);
    assert_string_equal(judge(document), "");
    json_decref(document);
}

/* ---- The rules can be broken ---------------------------------------------------------------- */

static json_t *find(json_t *document, const char *phase, size_t which)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(document, "traceEvents"), i, e)
    {
        if (strcmp(text(e, "ph"), phase) == 0 && which-- == 0) return e;
    }
    fail_msg("no event %s", phase);
    return NULL;
}

static void a_fault_in_the_file_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *phase;
        size_t which;
        const char *key;
        double value; /* below -1: the member is taken away */
        const char *complaint;
    } faults[] = {
        {"X", 0, "dur", -2, "members"},
        {"X", 0, "dur", 0, "members"},
        {"X", 0, "ts", -1, "members"},
        {"X", 0, "tid", -2, "members"},
        {"X", 2, "dur", 2.5, "slices that overlap"},
        {"i", 0, "s", -2, "members"},
        {"s", 0, "id", -2, "members"},
        {"s", 0, "id", 77, "a flow without two ends"},
        {"f", 0, "id", 2, "a flow without two ends"},
        {"f", 0, "ts", 0.25, "a flow without two ends"},
        {"f", 0, "ts", 80.5, "a flow outside slices"},
        {"f", 0, "bp", -2, "members"},
        {"X", 0, "tid", 9, "a track without a name"},
        {"X", 0, "ph", -2, "members"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct story story = test_story();
        json_t *document = test_print(story_print_perfetto, &story);
        json_t *event = find(document, faults[i].phase, faults[i].which);
        double value = faults[i].value;
        if (value < -1)
            json_object_del(event, faults[i].key);
        else if (value == (double)(int)value)
            json_object_set_new(event, faults[i].key, json_integer((json_int_t)value));
        else
            json_object_set_new(event, faults[i].key, json_real(value));
        if (strcmp(judge(document), faults[i].complaint) != 0)
            fail_msg("fault %zu: %s", i, judge(document));
        json_decref(document);
    }
}

/* ---- What it shows -------------------------------------------------------------------------- */

/* The n-th event with this name. */
static json_t *named(json_t *document, const char *name, size_t which)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(document, "traceEvents"), i, e)
    {
        if (strcmp(text(e, "name"), name) == 0 && which-- == 0) return e;
    }
    fail_msg("nothing named %s", name);
    return NULL;
}

static void expect_slice(json_t *event, int track, double from, double long_us)
{
    assert_string_equal(text(event, "ph"), "X");
    assert_int_equal(number(event, "tid"), track);
    assert_true(number(event, "ts") == from);
    assert_true(number(event, "dur") == long_us);
}

static void each_goroutine_is_a_track_and_each_event_a_slice(void **state)
{
    (void)state;
    struct story story = test_story();
    json_t *document = test_print(story_print_perfetto, &story);
    const char *name;
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"clock", "G1 main", "G2 worker"};
        static const int tracks[] = {3, 1, 2};
        json_t *track = named(document, "thread_name", i);
        assert_int_equal(json_unpack(track, "{s:{s:s}}", "args", "name", &name), 0);
        assert_string_equal(name, names[i]);
        assert_int_equal(number(track, "tid"), tracks[i]);
    }
    json_t *receive = named(document, "chan receive C1, 1 queued", 0);
    expect_slice(receive, 2, 4, 1);
    const char *function, *at;
    int step;
    assert_int_equal(json_unpack(receive, "{s:{s:s,s:s,s:i}}", "args", "function", &function, "at",
                                 &at, "step", &step),
                     0);
    assert_string_equal(function, "helper");
    assert_string_equal(at, "/usr/include/helper.h:7");
    assert_int_equal(step, 5);
    expect_slice(named(document, "timer fire", 0), 3, 6, 1);
    json_decref(document);
}

static void who_waits_is_blocked_until_it_goes_on_or_for_ever(void **state)
{
    (void)state;
    struct story story = test_story();
    json_t *document = test_print(story_print_perfetto, &story);
    expect_slice(named(document, "blocked [chan send] C1", 0), 1, 4, 1);
    json_t *lock = named(document, "blocked [sync.Mutex.Lock] M1", 0);
    expect_slice(lock, 1, 6, TEST_EVENTS + 1 - 6);
    const char *waiting;
    assert_int_equal(json_unpack(lock, "{s:{s:s}}", "args", "waiting", &waiting), 0);
    assert_string_equal(waiting, "waits for M1, which G2 holds");
    expect_slice(named(document, "blocked [chan receive] C1", 0), 2, TEST_EVENTS, 1);
    json_decref(document);
}

static void edges_are_flows_from_slice_to_slice(void **state)
{
    (void)state;
    struct story story = test_story();
    json_t *document = test_print(story_print_perfetto, &story);
    for (size_t i = 0; i < story.edge_count; i++) {
        json_t *from = find(document, "s", i), *to = find(document, "f", i);
        assert_int_equal((size_t)number(from, "ts"), test_edges[i].from);
        assert_int_equal((size_t)number(to, "ts"), test_edges[i].to);
    }
    assert_string_equal(text(find(document, "s", 0), "name"), "creates");
    assert_string_equal(text(find(document, "s", 1), "name"), "message");
    json_decref(document);
}

static void forced_turns_and_the_report_are_instants(void **state)
{
    (void)state;
    struct story story = test_story();
    json_t *document = test_print(story_print_perfetto, &story);
    json_t *turn = named(document, "G1 preempted before its chan send", 0);
    assert_string_equal(text(turn, "ph"), "i");
    assert_string_equal(text(turn, "s"), "t");
    assert_string_equal(text(turn, "cat"), "preemption");
    assert_int_equal(number(turn, "tid"), 2);
    assert_int_equal(number(turn, "ts"), 1);
    json_t *end = named(document, "goroutine-leak: G1 \"waits\" ? for ever", 0);
    assert_string_equal(text(end, "s"), "g");
    assert_int_equal(number(end, "ts"), TEST_EVENTS);
    json_decref(document);
}

static void what_the_log_has_lost_is_not_made_up(void **state)
{
    (void)state;
    struct story story = test_story();
    story.events_dropped = 3;
    json_t *document = test_print(story_print_perfetto, &story);
    int dropped;
    assert_int_equal(json_unpack(document, "{s:{s:i}}", "otherData", "events dropped", &dropped),
                     0);
    assert_int_equal(dropped, 3);
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(document, "traceEvents"), i, e)
        assert_string_not_equal(text(e, "name"), "blocked [sync.Mutex.Lock] M1");
    json_decref(document);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    test_full_disk(story_print_perfetto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_keeps_the_rules_of_its_format),
        cmocka_unit_test(a_fault_in_the_file_is_found),
        cmocka_unit_test(each_goroutine_is_a_track_and_each_event_a_slice),
        cmocka_unit_test(who_waits_is_blocked_until_it_goes_on_or_for_ever),
        cmocka_unit_test(edges_are_flows_from_slice_to_slice),
        cmocka_unit_test(forced_turns_and_the_report_are_instants),
        cmocka_unit_test(what_the_log_has_lost_is_not_made_up),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
