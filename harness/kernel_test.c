// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The registry, and the house rules that can be read off each kernel's facts. */
#include "kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../fuzz/testkit.h"

static void nothing(void) {}

static void list_is_sorted_buggy_first(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct kernel *k = kernel_first(); k && k->next; k = k->next) {
        int order = strcmp(k->name, k->next->name);
        assert_true(order < 0 || (order == 0 && k->buggy && !k->next->buggy));
        count++;
    }
    assert_true(count > 0);
}

static void every_kernel_has_both_variants_with_the_same_facts(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        const struct kernel *other = kernel_find(k->name, !k->buggy);
        assert_non_null(other);
        assert_string_equal(k->title, other->title);
        assert_ptr_equal(kernel_find(k->name, k->buggy), k);
        assert_true(k->main != other->main);
    }
    assert_null(kernel_find("no_such_kernel", true));
}

static void facts_keep_the_rules_of_the_house(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        char file[128];
        snprintf(file, sizeof file, "/%s.c", k->name);
        assert_non_null(strstr(k->file, file));
        assert_int_equal(strncmp(k->source, "https://", 8), 0);
        assert_true(strlen(k->title) > 10 && strlen(k->title) <= 80);
        assert_true(strlen(k->story) > 20 && strlen(k->fix) > 5);
        assert_null(strchr(k->title, '\n'));
    }
}

/* ClusterFuzz takes frames of such functions out of a stack, and then the report has no state. */
static bool is_ignored_by_clusterfuzz(const char *function, size_t length)
{
    static const char *const prefixes[] = {
        "main",     "new",     "New",    "free",  "malloc", "calloc", "delete", "abort",
        "operator", "realloc", "_start", "scanf", "asan_",  "exit",   "raise",  "LLVMFuzz"};
    if (length < 3) return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

static void expected_signatures_name_functions_that_survive_clusterfuzz(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++) {
            const char *function = strstr(k->expect[i], "--");
            assert_non_null(function);
            while (function) {
                function += 2;
                const char *next = strstr(function, "--");
                size_t length = next ? (size_t)(next - function) : strlen(function);
                if (is_ignored_by_clusterfuzz(function, length))
                    fail_msg("%s: %s", k->name, k->expect[i]);
                function = next;
            }
        }
    }
}

static void expectation_is_the_buggy_variants_alone(void **state)
{
    (void)state;
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        assert_int_equal(kernel_expects(k, k->expect[0]), k->buggy);
        assert_false(kernel_expects(k, "deadlock--somebody_else"));
    }
}

static void classes_have_names_that_are_found_again(void **state)
{
    (void)state;
    for (int class = 1; class < KERNEL_CLASS_COUNT; class ++)
        assert_int_equal(kernel_class_find(kernel_class_name((enum kernel_class) class)), class);
    assert_int_equal(kernel_class_find("none"), KERNEL_CLASS_NONE);
    assert_int_equal(kernel_class_find("Chan"), KERNEL_CLASS_NONE);
}

static void source_root_is_what_lies_above_the_corpus(void **state)
{
    (void)state;
    char root[64];
    struct kernel k = {.file = "/some/where/corpus/kernels/x.c"};
    kernel_source_root(&k, root, sizeof root);
    assert_string_equal(root, "/some/where/");
    k.file = "/some/where/else.c";
    kernel_source_root(&k, root, sizeof root);
    assert_string_equal(root, "");
}

static struct kernel make_kernel(const char *name)
{
    return (struct kernel){.name = name,
                           .main = nothing,
                           .title = "t",
                           .class = KERNEL_CHAN,
                           .project = "",
                           .source = "s",
                           .story = "s",
                           .fix = "f",
                           .expect = {"e"}};
}

static void register_twice(void *arg)
{
    (void)arg;
    static struct kernel a, b;
    a = b = make_kernel("twice");
    b.buggy = true; /* Another variant is no duplicate. */
    kernel_register(&a);
    kernel_register(&b);
    b = make_kernel("twice");
    static struct kernel c;
    c = make_kernel("twice");
    kernel_register(&c);
}

static void register_without_facts(void *arg)
{
    (void)arg;
    static struct kernel k;
    k = make_kernel("bare");
    k.fix = NULL;
    kernel_register(&k);
}

static void register_without_class(void *arg)
{
    (void)arg;
    static struct kernel k;
    k = make_kernel("bare");
    k.class = KERNEL_CLASS_NONE;
    kernel_register(&k);
}

static void bad_registration_does_not_start(void **state)
{
    (void)state;
    static const struct {
        void (*act)(void *);
        const char *why;
    } cases[] = {{register_twice, "kernel twice (fixed): registered twice"},
                 {register_without_facts, "kernel bare (fixed): title, project, source"},
                 {register_without_class, "kernel bare (fixed): no class"}};
    static struct fork_end end;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fork_run(cases[i].act, NULL, &end);
        assert_int_equal(end.status, 128 + 6); /* SIGABRT */
        assert_non_null(strstr(end.errors, cases[i].why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_is_sorted_buggy_first),
        cmocka_unit_test(every_kernel_has_both_variants_with_the_same_facts),
        cmocka_unit_test(facts_keep_the_rules_of_the_house),
        cmocka_unit_test(expected_signatures_name_functions_that_survive_clusterfuzz),
        cmocka_unit_test(expectation_is_the_buggy_variants_alone),
        cmocka_unit_test(classes_have_names_that_are_found_again),
        cmocka_unit_test(source_root_is_what_lies_above_the_corpus),
        cmocka_unit_test(bad_registration_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
