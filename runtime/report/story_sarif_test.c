// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Members of the SARIF file that readers act on. Whether the whole is valid is said by the schema
 * of SARIF, in harness/formats. */
#include "story_testkit.h"

static json_t *run_of(json_t *document)
{
    json_t *run = json_array_get(json_object_get(document, "runs"), 0);
    assert_non_null(run);
    return run;
}

static json_t *result_of(json_t *document)
{
    json_t *results = json_object_get(run_of(document), "results");
    assert_int_equal(json_array_size(results), 1);
    return json_array_get(results, 0);
}

static json_t *print_test_story(void)
{
    struct story story = test_story();
    return test_print(story_print_sarif, &story);
}

static json_t *rules_of(json_t *document)
{
    json_t *rules;
    assert_int_equal(
        json_unpack(run_of(document), "{s:{s:{s:o}}}", "tool", "driver", "rules", &rules), 0);
    return rules;
}

static void every_type_of_report_is_a_rule(void **state)
{
    (void)state;
    json_t *document = print_test_story();
    json_t *rules = rules_of(document);
    assert_int_equal(json_array_size(rules), REPORT_TYPE_COUNT - 1);
    for (int type = REPORT_NONE + 1; type < REPORT_TYPE_COUNT; type++) {
        const char *text = report_type_info((enum report_type)type)->text;
        size_t found = 0;
        for (size_t i = 0; i < json_array_size(rules); i++) {
            const char *id, *description;
            json_t *tags;
            assert_int_equal(json_unpack(json_array_get(rules, i), "{s:s,s:{s:s},s:{s:o}}", "id",
                                         &id, "shortDescription", "text", &description,
                                         "properties", "tags", &tags),
                             0);
            assert_null(strchr(id, ' '));
            assert_true(json_array_size(tags) > 0);
            size_t same = 0;
            while (id[same] && (id[same] == text[same] || text[same] == ' ')) same++;
            found += !id[same] && !text[same];
        }
        if (found != 1) fail_msg("%zu rules for %s", found, text);
    }
    json_decref(document);
}

static void a_result_is_told_by_its_rule_and_signature(void **state)
{
    (void)state;
    json_t *document = print_test_story();
    const char *version, *rule, *level, *message, *token;
    int index;
    assert_int_equal(json_unpack(document, "{s:s}", "version", &version), 0);
    assert_string_equal(version, "2.1.0");
    assert_int_equal(json_unpack(result_of(document), "{s:s,s:i,s:s,s:{s:s},s:{s:s}}", "ruleId",
                                 &rule, "ruleIndex", &index, "level", &level, "message", "text",
                                 &message, "partialFingerprints", "dedupToken/v1", &token),
                     0);
    assert_string_equal(rule, "goroutine-leak");
    assert_string_equal(level, "error");
    assert_string_equal(message, "goroutine-leak: G1 \"waits\" ? for ever");
    assert_string_equal(token, "goroutine-leak--kernel_main--worker");
    const char *id;
    json_t *tags;
    assert_int_equal(json_unpack(json_array_get(rules_of(document), (size_t)index), "{s:s,s:{s:o}}",
                                 "id", &id, "properties", "tags", &tags),
                     0);
    assert_string_equal(id, rule);
    assert_string_equal(json_string_value(json_array_get(tags, 1)), "external/cwe/cwe-772");
    json_decref(document);
}

static void a_type_of_two_words_is_one_word_as_a_rule(void **state)
{
    (void)state;
    struct story story = test_story();
    story.type = "data race";
    json_t *document = test_print(story_print_sarif, &story);
    const char *rule;
    int index;
    assert_int_equal(
        json_unpack(result_of(document), "{s:s,s:i}", "ruleId", &rule, "ruleIndex", &index), 0);
    assert_string_equal(rule, "data-race");
    const char *id;
    assert_int_equal(
        json_unpack(json_array_get(rules_of(document), (size_t)index), "{s:s}", "id", &id), 0);
    assert_string_equal(id, rule);
    json_decref(document);
}

/* line 0: has none */
static void expect_place(json_t *location, const char *uri, bool below, int line)
{
    json_t *physical = json_object_get(location, "physicalLocation");
    json_t *artifact = json_object_get(physical, "artifactLocation");
    assert_string_equal(json_string_value(json_object_get(artifact, "uri")), uri);
    const char *base = json_string_value(json_object_get(artifact, "uriBaseId"));
    assert_true(below ? base && strcmp(base, "%SRCROOT%") == 0 : !base);
    json_t *start = json_object_get(json_object_get(physical, "region"), "startLine");
    assert_int_equal(json_integer_value(start), line);
    assert_true(line > 0 || !start);
}

static void a_result_lies_in_the_innermost_frame_that_has_a_file(void **state)
{
    (void)state;
    json_t *document = print_test_story();
    json_t *locations = json_object_get(result_of(document), "locations");
    assert_int_equal(json_array_size(locations), 1);
    expect_place(json_array_get(locations, 0), "a%20b/worker%25.c", true, 42);
    json_decref(document);
}

static void related_places_have_labels_and_ids_of_their_own(void **state)
{
    (void)state;
    json_t *document = print_test_story();
    json_t *related = json_object_get(result_of(document), "relatedLocations");
    assert_int_equal(json_array_size(related), 3);
    expect_place(json_array_get(related, 0), "pool.c", true, 30);
    expect_place(json_array_get(related, 1), "file:///usr/include/helper.h", false, 7);
    expect_place(json_array_get(related, 2), "file:///src/proj2/gone.c", false, 0);
    for (size_t i = 0; i < 3; i++) {
        int id;
        const char *text;
        assert_int_equal(json_unpack(json_array_get(related, i), "{s:i,s:{s:s}}", "id", &id,
                                     "message", "text", &text),
                         0);
        assert_int_equal(id, i + 1);
        assert_string_equal(text, test_related[i].label);
    }
    json_decref(document);
}

static void each_goroutine_has_a_flow_and_each_step_is_in_one(void **state)
{
    (void)state;
    static const char *const names[] = {"clock", "G1 main", "G2 worker"};
    json_t *document = print_test_story();
    json_t *flows = json_object_get(
        json_array_get(json_object_get(result_of(document), "codeFlows"), 0), "threadFlows");
    assert_int_equal(json_array_size(flows), 3);
    bool seen[TEST_EVENTS] = {0};
    for (size_t i = 0; i < 3; i++) {
        const char *name;
        json_t *steps;
        assert_int_equal(json_unpack(json_array_get(flows, i), "{s:{s:s},s:o}", "message", "text",
                                     &name, "locations", &steps),
                         0);
        assert_string_equal(name, names[i]);
        int before = 0;
        for (size_t j = 0; j < json_array_size(steps); j++) {
            int order;
            assert_int_equal(
                json_unpack(json_array_get(steps, j), "{s:i}", "executionOrder", &order), 0);
            assert_in_range(order, before + 1, TEST_EVENTS);
            assert_int_equal(test_events[order - 1].goroutine, i);
            assert_false(seen[order - 1]);
            seen[order - 1] = true;
            before = order;
        }
    }
    for (size_t i = 0; i < TEST_EVENTS; i++) assert_true(seen[i]);
    json_decref(document);
}

static void a_forced_step_is_essential_and_says_why(void **state)
{
    (void)state;
    json_t *document = print_test_story();
    json_t *flows = json_object_get(
        json_array_get(json_object_get(result_of(document), "codeFlows"), 0), "threadFlows");
    json_t *steps = json_object_get(json_array_get(flows, 2), "locations");
    const char *importance, *text;
    assert_int_equal(json_unpack(json_array_get(steps, 0), "{s:s,s:{s:{s:s}}}", "importance",
                                 &importance, "location", "message", "text", &text),
                     0);
    assert_string_equal(importance, "essential");
    assert_string_equal(text, "start (G1 preempted before its chan send)");
    assert_int_equal(json_unpack(json_array_get(steps, 2), "{s:s,s:{s:{s:s}}}", "importance",
                                 &importance, "location", "message", "text", &text),
                     0);
    assert_string_equal(importance, "important");
    assert_string_equal(text, "chan receive C1, 1 queued");
    json_decref(document);
}

static void an_execution_that_passes_has_no_result(void **state)
{
    (void)state;
    struct story story = test_story_that_passes();
    json_t *document = test_print(story_print_sarif, &story);
    assert_int_equal(json_array_size(json_object_get(run_of(document), "results")), 0);
    json_decref(document);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    test_full_disk(story_print_sarif);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_report_is_a_rule),
        cmocka_unit_test(a_result_is_told_by_its_rule_and_signature),
        cmocka_unit_test(a_type_of_two_words_is_one_word_as_a_rule),
        cmocka_unit_test(a_result_lies_in_the_innermost_frame_that_has_a_file),
        cmocka_unit_test(related_places_have_labels_and_ids_of_their_own),
        cmocka_unit_test(each_goroutine_has_a_flow_and_each_step_is_in_one),
        cmocka_unit_test(a_forced_step_is_essential_and_says_why),
        cmocka_unit_test(an_execution_that_passes_has_no_result),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
