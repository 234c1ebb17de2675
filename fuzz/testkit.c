// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A fake driver: asks a policy what choose() and the scheduler would ask, without a runtime.
 *
 * It keeps the contract of choice.h: positions count from 1 and not for CHOICE_DATA, one candidate
 * is not asked about, quiet positions answer 0, a blind policy gets no candidates.
 */
#include "testkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void driver_begin(struct policy *policy, struct driver_run *run)
{
    memset(run, 0, sizeof *run);
    policy->position = 0;
    policy->quiet_until = 0;
    if (policy->begin) policy->begin(policy);
}

static size_t ask(struct policy *policy, const struct driver_question *question)
{
    struct candidate candidates[DRIVER_CANDIDATES_MAX] = {0};
    const struct candidate *c = question->candidates;
    if (!c && question->kind != CHOICE_DATA && !policy->blind) {
        assert_true(question->n <= DRIVER_CANDIDATES_MAX);
        for (uint32_t i = 0; i < question->n; i++)
            candidates[i] = (struct candidate){.stable = 101 + i, .id = 1 + i};
        c = candidates;
    }
    if (policy->blind || question->kind == CHOICE_DATA) c = NULL;
    size_t answer = policy->choose(policy, question->kind, c, question->n);
    assert_true(answer < question->n);
    return answer;
}

size_t driver_ask(struct policy *policy, struct driver_run *run, struct driver_question question)
{
    assert_true(run->count < DRIVER_ANSWERS_MAX);
    bool quiet = false;
    if (question.kind != CHOICE_DATA) {
        policy->position++;
        quiet = policy->position < policy->quiet_until;
    }
    size_t answer = 0;
    if (question.n > 1 && !quiet) {
        answer = ask(policy, &question);
        run->asked++;
    }
    run->answers[run->count++] = answer;
    return answer;
}

void driver_end(struct policy *policy, struct driver_run *run)
{
    run->more = policy->end ? policy->end(policy) : true;
}

void driver_run(struct policy *policy, const struct driver_question *questions, size_t count,
                struct driver_run *run)
{
    driver_begin(policy, run);
    for (size_t i = 0; i < count; i++) driver_ask(policy, run, questions[i]);
    driver_end(policy, run);
}
