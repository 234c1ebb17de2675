// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The JSON form: every member is there and says what the story says, docs/story.schema.json names
 * the same members, and what cannot be written is said. */
#include "story_testkit.h"

static const char schema_path[] = HEDDLE_SOURCE_DIR "/docs/story.schema.json";

static json_t *print_story(void)
{
    struct story story = test_story();
    return test_print(story_print_json, &story);
}

/* ---- The schema ------------------------------------------------------------------------------ */

static void check(const json_t *schema, const json_t *value, const char *where);

static bool is_type(const char *type, const json_t *value)
{
    return (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value));
}

static void check_type(const json_t *types, const json_t *value, const char *where)
{
    bool ok = json_is_string(types) && is_type(json_string_value(types), value);
    for (size_t i = 0; i < json_array_size(types); i++)
        ok |= is_type(json_string_value(json_array_get(types, i)), value);
    if (!ok) fail_msg("%s: not of its type", where);
}

static void check_members(const json_t *schema, const json_t *value)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *member;
    assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    assert_int_equal(json_object_size(properties), json_object_size(value));
    assert_int_equal(json_array_size(json_object_get(schema, "required")),
                     json_object_size(properties));
    json_object_foreach((json_t *)properties, key, member)
    {
        if (!json_object_get(value, key)) fail_msg("%s is missing", key);
        check(member, json_object_get(value, key), key);
    }
}

static void check(const json_t *schema, const json_t *value, const char *where)
{
    const json_t *constant = json_object_get(schema, "const");
    const json_t *choices = json_object_get(schema, "enum");
    const json_t *minimum = json_object_get(schema, "minimum");
    bool named = json_array_size(choices) == 0;
    if (!json_is_string(json_object_get(schema, "description")))
        fail_msg("%s is not described", where);
    if (constant) assert_true(json_equal(constant, value));
    if (!constant) check_type(json_object_get(schema, "type"), value, where);
    for (size_t i = 0; i < json_array_size(choices); i++)
        named |= json_equal(json_array_get(choices, i), value);
    if (!named) fail_msg("%s: not one of its values", where);
    if (minimum && json_is_integer(value))
        assert_true(json_integer_value(value) >= json_integer_value(minimum));
    if (json_is_object(value)) check_members(schema, value);
    for (size_t i = 0; i < json_array_size(value); i++)
        check(json_object_get(schema, "items"), json_array_get(value, i), where);
}

static void the_schema_describes_every_member(void **state)
{
    (void)state;
    json_error_t error;
    json_t *schema = json_load_file(schema_path, 0, &error);
    if (!schema) fail_msg("%s", error.text);
    json_t *document = print_story();
    check(schema, document, "story");
    json_decref(document);
    struct story passes = test_story_that_passes();
    document = test_print(story_print_json, &passes);
    check(schema, document, "story");
    json_decref(document);
    json_decref(schema);
}

/* ---- Members --------------------------------------------------------------------------------- */

static void check_index(const json_t *value, size_t index)
{
    if (index == STORY_NONE)
        assert_true(json_is_null(value));
    else
        assert_int_equal(json_integer_value(value), index);
}

static const json_t *item(const json_t *document, const char *list, size_t i)
{
    const json_t *value = json_array_get(json_object_get(document, list), i);
    assert_non_null(value);
    return value;
}

static void check_text(const json_t *object, const char *key, const char *text)
{
    assert_string_equal(json_string_value(json_object_get(object, key)), text);
}

static void check_event(const json_t *e, const struct story_event *event)
{
    static const char *const turns[] = {"stayed", "switched", "forced"};
    check_index(json_object_get(e, "goroutine"), event->goroutine);
    check_text(e, "operation", event->operation);
    check_text(e, "phase", event->phase);
    check_text(e, "detail", event->detail);
    check_index(json_object_get(e, "object"), event->object);
    check_index(json_object_get(e, "place"), event->place);
    check_index(json_object_get(e, "ordinal"), event->ordinal);
    check_text(e, "turn", turns[event->turn]);
    assert_int_equal(json_is_true(json_object_get(e, "preempts")), event->preempts);
    assert_int_equal(json_is_true(json_object_get(e, "needed")), event->needed);
    check_text(e, "reason", event->reason);
}

static void lists_are_the_story_s(void **state)
{
    (void)state;
    struct story s = test_story();
    json_t *document = print_story();
    for (size_t i = 0; i < s.event_count; i++)
        check_event(item(document, "events", i), &s.events[i]);
    for (size_t i = 0; i < s.edge_count; i++) {
        static const char *const kinds[] = {"create", "message", "lock", "sync"};
        check_text(item(document, "edges", i), "kind", kinds[s.edges[i].kind]);
        check_index(json_object_get(item(document, "edges", i), "from"), s.edges[i].from);
        check_index(json_object_get(item(document, "edges", i), "to"), s.edges[i].to);
    }
    for (size_t i = 0; i < s.wait_count; i++) {
        check_index(json_object_get(item(document, "waits", i), "goroutine"), s.waits[i].goroutine);
        check_index(json_object_get(item(document, "waits", i), "object"), s.waits[i].object);
        check_index(json_object_get(item(document, "waits", i), "holder"), s.waits[i].holder);
    }
    for (size_t i = 0; i < s.goroutine_count; i++) {
        static const char *const ends[] = {"ended", "blocked", "running"};
        const json_t *g = item(document, "goroutines", i);
        check_index(json_object_get(g, "number"), s.goroutines[i].number);
        check_text(g, "stable", s.goroutines[i].stable);
        check_text(g, "end", ends[s.goroutines[i].end]);
        check_index(json_object_get(g, "created_at"), s.goroutines[i].created_at);
        check_index(json_object_get(g, "waits_for"), s.goroutines[i].waits_for);
        check_index(json_object_get(g, "stuck_at"), s.goroutines[i].stuck_at);
        assert_int_equal(json_is_true(json_object_get(g, "culprit")), s.goroutines[i].culprit);
    }
    for (size_t i = 0; i < s.stack_count; i++) check_index(item(document, "stack", i), s.stack[i]);
    for (size_t i = 0; i < s.related_count; i++)
        check_index(json_object_get(item(document, "related", i), "place"), s.related[i].place);
    json_decref(document);
}

static void bytes_that_are_no_text_do_not_spoil_it(void **state)
{
    (void)state;
    json_t *document = print_story();
    check_text(document, "message", "G1 \"waits\" ? for ever");
    json_decref(document);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    test_full_disk(story_print_json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_describes_every_member),
        cmocka_unit_test(lists_are_the_story_s),
        cmocka_unit_test(bytes_that_are_no_text_do_not_spoil_it),
        cmocka_unit_test(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
