// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* choose(): who is asked, what counts as a position, what an answer may be; and names. */
#include "testkit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event.h"
#include "fault.h"
#include "sched.h"

struct asked {
    struct policy policy;
    size_t count;
    enum choice_kind kind; /* of the latest question */
    const struct candidate *c;
    size_t n;
    size_t answer;
};

static size_t answer(struct policy *self, enum choice_kind kind, const struct candidate *c,
                     size_t n)
{
    struct asked *asked = (struct asked *)self;
    asked->count++;
    asked->kind = kind;
    asked->c = c;
    asked->n = n;
    return asked->answer;
}

static struct asked asked;

static int reset(void **unused)
{
    (void)unused;
    asked = (struct asked){.policy = {.name = "asked", .choose = answer}};
    heap_init();
    sched.policy = &asked.policy;
    event_reset();
    return 0;
}

static void a_question_with_one_answer_is_a_position_that_nobody_is_asked_at(void **unused)
{
    (void)unused;
    uint64_t digest = event_log.digest;
    assert_int_equal(choose(CHOICE_RUN, NULL, 1), 0);
    assert_int_equal(choose(CHOICE_SELECT, NULL, 1), 0);
    assert_int_equal(asked.count, 0);
    assert_int_equal(asked.policy.position, 2);
    assert_int_equal(event_log.digest, digest);
}

static void data_is_no_position(void **unused)
{
    (void)unused;
    asked.answer = 4;
    assert_int_equal(choose(CHOICE_DATA, NULL, 5), 4);
    assert_int_equal(choose(CHOICE_DATA, NULL, 1), 0);
    assert_int_equal(asked.count, 1);
    assert_int_equal(asked.policy.position, 0);
}

static void every_other_kind_is_a_position(void **unused)
{
    (void)unused;
    static const enum choice_kind kinds[] = {CHOICE_RUN, CHOICE_SELECT, CHOICE_TIMER,
                                             CHOICE_WAITER};
    const struct candidate candidates[3] = {{0}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        asked.answer = 2;
        assert_int_equal(choose(kinds[i], candidates, 3), 2);
        assert_int_equal(asked.kind, kinds[i]);
        assert_ptr_equal(asked.c, candidates);
        assert_int_equal(asked.n, 3);
        assert_int_equal(asked.policy.position, i + 1);
    }
}

static void before_quiet_until_the_answer_is_0_and_nobody_is_asked(void **unused)
{
    (void)unused;
    asked.policy.quiet_until = 3;
    asked.answer = 1;
    assert_int_equal(choose(CHOICE_RUN, NULL, 2), 0);
    assert_int_equal(choose(CHOICE_SELECT, NULL, 2), 0);
    assert_int_equal(asked.count, 0);
    assert_int_equal(choose(CHOICE_DATA, NULL, 2), 1); /* data is asked for all the same */
    assert_int_equal(choose(CHOICE_RUN, NULL, 2), 1);
    assert_int_equal(asked.policy.position, 3);
}

static uint64_t digest_of(enum choice_kind kind, size_t n, size_t given, uint64_t quiet_until)
{
    reset(NULL);
    asked.policy.quiet_until = quiet_until;
    asked.answer = given;
    choose(kind, NULL, n);
    return event_log.digest;
}

static void the_digest_tells_answers_and_not_who_gave_them(void **unused)
{
    (void)unused;
    uint64_t natural = digest_of(CHOICE_RUN, 1, 0, 0);
    assert_int_equal(digest_of(CHOICE_RUN, 3, 0, 0), natural);
    assert_int_equal(digest_of(CHOICE_RUN, 3, 2, UINT64_MAX), natural); /* quiet: it was 0 */
    uint64_t first = digest_of(CHOICE_RUN, 3, 1, 0);
    assert_true(first != natural);
    assert_int_equal(digest_of(CHOICE_RUN, 3, 1, 0), first);
    assert_true(digest_of(CHOICE_RUN, 3, 2, 0) != first);
    assert_true(digest_of(CHOICE_SELECT, 3, 1, 0) != first);
    assert_true(digest_of(CHOICE_DATA, 3, 1, 0) != first);
}

/* The status of a process that asks n and gets this answer. */
static int status_of_choice(size_t n, size_t given)
{
    pid_t child = fork();
    if (!child) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        asked.answer = given;
        (void)choose(CHOICE_RUN, NULL, n);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_answer_that_is_no_candidate_is_a_fault_of_ours(void **unused)
{
    (void)unused;
    assert_int_equal(status_of_choice(2, 1), 0);
    assert_int_equal(status_of_choice(2, 2), FAULT_STATUS_INTERNAL);
    assert_int_equal(status_of_choice(0, 0), FAULT_STATUS_INTERNAL);
}

static void every_operation_and_kind_has_a_name_of_its_own(void **unused)
{
    (void)unused;
    for (enum op_kind kind = 0; kind < OP_KIND_COUNT; kind++) {
        assert_non_null(op_kind_name(kind));
        for (enum op_kind other = 0; other < kind; other++)
            assert_string_not_equal(op_kind_name(kind), op_kind_name(other));
    }
    for (enum choice_kind kind = 0; kind < CHOICE_KIND_COUNT; kind++)
        assert_non_null(choice_kind_name(kind));
}

/* ---- The enumeration that the other tests trust ---------------------------------------------- */

static void choose_two_of_three(void)
{
    size_t first = go_choose(3);
    size_t second = first == 1 ? 0 : go_choose(2);
    testkit_say("%zu%zu", first, second);
}

static void an_enumeration_visits_every_sequence_of_answers_once(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    static const char *const expected[] = {"00 pass", "01 pass", "10 pass",
                                           "20 pass", "21 pass", NULL};
    testkit_all(choose_two_of_three, NULL, &seen);
    assert_int_equal(seen.executions, 5);
    assert_true(testkit_equal(&seen, expected));
    for (size_t i = 0; i < seen.count; i++) assert_int_equal(seen.items[i].count, 1);
}

static void choose_much(void)
{
    for (int i = 0; i < TESTKIT_DEPTH_MAX + 1; i++) go_choose(2);
}

static void an_enumeration_that_is_cut_is_not_complete(void **unused)
{
    (void)unused;
    static struct testkit_outcomes seen;
    static const char *const expected[] = {"pass", NULL};
    testkit_all(choose_much, NULL, &seen);
    assert_string_equal(seen.incomplete, "TESTKIT_DEPTH_MAX");
    assert_int_equal(seen.count, 1);
    assert_false(testkit_equal(&seen, expected));
}

static void a_script_answers_in_order_and_0_after_its_end(void **unused)
{
    (void)unused;
    struct run_result result;
    static const size_t answers[] = {2, 9};
    testkit_scripted(choose_two_of_three, NULL, answers, 2, &result);
    assert_string_equal(testkit_said(), "21"); /* 9 is too large: the last candidate */
    testkit_scripted(choose_two_of_three, NULL, answers, 1, &result);
    assert_string_equal(testkit_said(), "20");
    testkit_natural(choose_two_of_three, NULL, &result);
    assert_string_equal(testkit_said(), "00");
}

#define choose_test(claim) cmocka_unit_test_setup(claim, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        choose_test(a_question_with_one_answer_is_a_position_that_nobody_is_asked_at),
        choose_test(data_is_no_position),
        choose_test(every_other_kind_is_a_position),
        choose_test(before_quiet_until_the_answer_is_0_and_nobody_is_asked),
        choose_test(the_digest_tells_answers_and_not_who_gave_them),
        choose_test(an_answer_that_is_no_candidate_is_a_fault_of_ours),
        cmocka_unit_test(every_operation_and_kind_has_a_name_of_its_own),
        cmocka_unit_test(an_enumeration_visits_every_sequence_of_answers_once),
        cmocka_unit_test(an_enumeration_that_is_cut_is_not_complete),
        cmocka_unit_test(a_script_answers_in_order_and_0_after_its_end),
    };
    return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
