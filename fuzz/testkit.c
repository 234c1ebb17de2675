// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of fuzz/ share.
 *
 * The fake driver asks a policy what choose() and the scheduler would ask, without a runtime. It
 * keeps the contract of choice.h: positions count from 1 and not for CHOICE_DATA, accesses from 1
 * after each position that is not quiet, one candidate is not asked about, quiet points answer 0, a
 * blind policy gets no candidates.
 */
#include "testkit.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void driver_begin(struct policy *policy, struct driver_run *run)
{
    memset(run, 0, sizeof *run);
    policy->position = 0;
    policy->access = 0;
    policy->quiet_until = 0;
    policy->quiet_accesses = 0;
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

/* True if it is a quiet point. */
static bool count_point(struct policy *policy, bool is_access)
{
    if (!is_access) {
        policy->position++;
        policy->access = 0;
        return policy->position < policy->quiet_until;
    }
    if (policy->grain == GRAIN_SYNC || policy->position < policy->quiet_until) return true;
    return ++policy->access < policy->quiet_accesses;
}

size_t driver_ask(struct policy *policy, struct driver_run *run, struct driver_question question)
{
    assert_true(run->count < DRIVER_ANSWERS_MAX);
    bool quiet = question.kind != CHOICE_DATA && count_point(policy, question.is_access);
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

void fork_run(void (*fn)(void *), void *arg, struct fork_end *end)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pipes[0]);
        if (dup2(pipes[1], STDERR_FILENO) < 0) _exit(99);
        fn(arg);
        _exit(0);
    }
    close(pipes[1]);
    size_t size = 0;
    char rest[512];
    for (;;) {
        bool room = size < sizeof end->errors - 1;
        ssize_t n = room ? read(pipes[0], end->errors + size, sizeof end->errors - 1 - size)
                         : read(pipes[0], rest, sizeof rest);
        if (n <= 0) break;
        if (room) size += (size_t)n;
    }
    end->errors[size] = '\0';
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    end->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void fork_make_folder(char path[FORK_PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, FORK_PATH_BYTES, "%s/heddle-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

void fork_remove_folder(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int fork_count_entries(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return -1;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}
