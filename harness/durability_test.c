// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What was announced as found is never lost: the programs are killed, and their disk is full or
 * broken, at every moment at which it could matter, one after the other (durability_shim.c counts
 * the operations on files; no clock is involved).
 *
 * A finding is announced by the line of its report that names its file, and by "saved in". What
 * must hold at any moment: every folder under its final name is whole and shows its bug, every
 * announced one is there, and who comes next clears away what was left. Where nothing was saved,
 * one line says so and has the bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "cli.h"
#include "engine.h"
#include "gates_testkit.h"
#include "report/report.h"
#include "status.h"
#include "testkit.h"

enum { TEXT_BYTES = 1 << 18, OPERATIONS_MAX = 200, NEVER = 100000, LINE_MS = 60000 };

static const char shim[] = HEDDLE_BUILD_DIR "/libdurability-shim.so";
static const char engine[] = HEDDLE_BUILD_DIR "/heddle-libfuzzer";

/* One scene: a kernel, its stored finding, and folders for this run alone. */
struct scene {
    const char *kernel;
    char folder[PROGRAM_PATH_BYTES];   /* of the test */
    char findings[PROGRAM_PATH_BYTES]; /* given to the program */
    char log[PROGRAM_PATH_BYTES];      /* operations of the shim */
    char input[PROGRAM_PATH_BYTES];    /* a file that shows the bug */
    char longer[PROGRAM_PATH_BYTES];   /* as well, with more bytes */
    uint8_t bytes[256];
    size_t size;
    char text[TEXT_BYTES]; /* what the latest program said */
    int status;
};
static struct scene scene; /* safe: tests run one after the other */

/* ---- Programs -------------------------------------------------------------------------------- */

static void collect(struct child *child, struct scene *s)
{
    char *line;
    size_t used = 0;
    s->text[0] = '\0';
    for (;;) {
        enum child_news news = child_read(child, LINE_MS, &line);
        if (news == CHILD_END) break;
        if (news != CHILD_LINE) continue;
        used += (size_t)snprintf(s->text + used, sizeof s->text - used, "%s\n", line);
        assert_true(used < sizeof s->text);
    }
    s->status = child_wait(child);
}

/* The engine on one file, with the n-th operation going wrong in this way. */
static void run_engine(struct scene *s, const char *input, size_t at, const char *how, bool plain)
{
    static char texts[8][2 * PROGRAM_PATH_BYTES]; /* safe: given to putenv in the child only */
    path_of(texts[0], "--heddle-kernel=%s", s->kernel);
    path_of(texts[1], "--heddle-artifacts=%s", s->findings);
    path_of(texts[2], "-artifact_prefix=%s/", s->folder);
    path_of(texts[3], "LD_PRELOAD=%s", shim);
    path_of(texts[4], "HEDDLE_SHIM_UNDER=%s", s->findings);
    path_of(texts[5], "HEDDLE_SHIM_AT=%zu", at);
    path_of(texts[6], "HEDDLE_SHIM_DO=%s", how);
    path_of(texts[7], "HEDDLE_SHIM_LOG=%s", s->log);
    static char plain_setting[] = "HEDDLE_SHIM_PLAIN=1";
    const char *settings[] = {
        texts[3], texts[4], texts[5], texts[6], texts[7], plain ? plain_setting : NULL, NULL};
    const char *arguments[] = {engine, texts[0], texts[1], texts[2], input, NULL};
    struct child child;
    remove(s->log);
    assert_true(child_start(&child, (char *const *)(uintptr_t)arguments, settings));
    collect(&child, s);
}

static size_t operations_of(const struct scene *s)
{
    char text[TEXT_BYTES];
    size_t size;
    file_get(s->log, text, sizeof text, &size);
    size_t count = text_count(text, "\n");
    assert_in_range(count, 5, OPERATIONS_MAX);
    return count;
}

/* ---- Folders --------------------------------------------------------------------------------- */

static void open_scene(struct scene *s, const char *kernel)
{
    char found[PROGRAM_PATH_BYTES], path[PROGRAM_PATH_BYTES];
    memset(s, 0, sizeof *s);
    s->kernel = kernel;
    folder_make(s->folder);
    path_of(s->findings, "%s/findings", s->folder);
    path_of(s->log, "%s/operations", s->folder);
    path_of(s->input, "%s/input", s->folder);
    path_of(s->longer, "%s/longer", s->folder);
    path_of(found, HEDDLE_SOURCE_DIR "/crashes/%s", kernel);
    DIR *signatures = opendir(found);
    assert_non_null(signatures);
    for (struct dirent *entry; (entry = readdir(signatures));)
        if (entry->d_name[0] != '.') path_of(path, "%s/%s/input", found, entry->d_name);
    closedir(signatures);
    file_get(path, (char *)s->bytes, sizeof s->bytes - 32, &s->size);
    file_put(s->input, s->bytes, s->size);
    /* Header bytes are defaults, and candidate 0 is what the natural schedule does. */
    size_t size = s->size < 8 ? 8 : s->size;
    uint8_t longer[sizeof s->bytes] = {2};
    memcpy(longer, s->bytes, s->size);
    longer[size] = 0xef;
    file_put(s->longer, longer, size + 2);
}

static void close_scene(struct scene *s) { folder_remove(s->folder); }

/* Folders in findings/KERNEL: those with a final name (the last one's path), and hidden ones. */
static size_t count_folders(const struct scene *s, size_t *hidden, char path[PROGRAM_PATH_BYTES])
{
    char parent[PROGRAM_PATH_BYTES];
    size_t count = 0;
    *hidden = 0;
    path_of(parent, "%s/%s", s->findings, s->kernel);
    DIR *folder = opendir(parent);
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (entry->d_name[0] == '.') {
            ++*hidden;
            continue;
        }
        path_of(path, "%s/%s", parent, entry->d_name);
        count++;
    }
    closedir(folder);
    return count;
}

/* Three whole files, and the input shows what the folder is named after. `mixed`: the trace may be
 * that of another input for the same bug. */
static void check_folder(const struct scene *s, const char *folder, bool mixed, const char *when)
{
    char path[PROGRAM_PATH_BYTES], text[TEXT_BYTES], signature[TARGET_SIGNATURE_BYTES];
    char error[ARTIFACT_ERROR_BYTES];
    uint8_t bytes[512];
    size_t size;
    struct artifact_facts facts;
    struct run_result result;
    path_of(path, "%s/report.txt", folder);
    file_get(path, text, sizeof text, &size);
    if (!strstr(text, "==1==ABORTING\n")) fail_msg("%s: half a report", when);
    path_of(path, "%s/trace.json", folder);
    if (!artifact_read_facts(path, &facts, error, sizeof error)) fail_msg("%s: %s", when, error);
    path_of(path, "%s/input", folder);
    file_get(path, (char *)bytes, sizeof bytes, &size);
    struct target_options options = {.run = facts.options};
    cli_target_of(kernel_find(s->kernel, true), &options);
    target_open(&options);
    gate_begin();
    target_try(bytes, size, &result);
    if (result.verdict != VERDICT_BUG) fail_msg("%s: the saved input shows no bug", when);
    report_signature(result.report, signature, sizeof signature);
    if (strcmp(signature, strrchr(folder, '/') + 1) != 0)
        fail_msg("%s: %s shows %s", when, folder, signature);
    if (!mixed && result.digest != facts.digest) fail_msg("%s: not what was saved", when);
}

/* What must hold at any moment. */
static void check_findings(const struct scene *s, bool had_one, bool mixed, const char *when)
{
    char folder[PROGRAM_PATH_BYTES], announced[PROGRAM_PATH_BYTES];
    size_t hidden;
    size_t count = count_folders(s, &hidden, folder);
    if (count > 1) fail_msg("%s: %zu folders", when, count);
    if (count == 1) check_folder(s, folder, mixed, when);
    path_of(announced, " input=%s/", s->findings);
    if (count == 0 && had_one) fail_msg("%s: the finding that was there is gone", when);
    if (count == 0 && strstr(s->text, announced)) fail_msg("%s: announced, but not there", when);
}

/* After an error: saved and announced, or neither, with a line that has the bytes. */
static void check_told(const struct scene *s, const char *when)
{
    char announced[PROGRAM_PATH_BYTES], hex[2 * sizeof s->bytes + 64];
    path_of(announced, " input=%s/", s->findings);
    if (s->status != ENGINE_STATUS_LIBFUZZER) fail_msg("%s: status %d", when, s->status);
    size_t used = (size_t)snprintf(hex, sizeof hex, "; the input in hexadecimal: ");
    for (size_t i = 0; i < s->size; i++)
        used += (size_t)snprintf(hex + used, sizeof hex - used, "%02x", s->bytes[i]);
    snprintf(hex + used, sizeof hex - used, s->size ? "\n" : "(none)\n");
    size_t lines = text_count(s->text, "heddle: artifact not ");
    size_t saved = text_count(s->text, announced);
    if (lines + saved != 1) fail_msg("%s: %zu lines, announced %zu times", when, lines, saved);
    if (lines == 1 && !strstr(s->text, hex)) fail_msg("%s: its bytes are not told", when);
    if (!strstr(s->text, "DEDUP_TOKEN: ")) fail_msg("%s: no report", when);
}

/* Who comes next saves it, and nothing hidden is left. */
static void check_next(struct scene *s, const char *when)
{
    char folder[PROGRAM_PATH_BYTES];
    size_t hidden;
    struct stat status;
    run_engine(s, s->input, NEVER, "kill", false);
    check_findings(s, true, false, when);
    if (count_folders(s, &hidden, folder) != 1) fail_msg("%s: not saved the next time", when);
    if (hidden != 0) fail_msg("%s: %zu folders are left over", when, hidden);
    char path[PROGRAM_PATH_BYTES];
    path_of(path, "%s/input", folder);
    assert_int_equal(stat(path, &status), 0);
    if ((size_t)status.st_size != s->size) fail_msg("%s: the longer input stayed", when);
}

/* ---- Every moment ---------------------------------------------------------------------------- */

struct variant {
    bool replaces; /* a finding with a longer input is there */
    bool plain;    /* on a file system that cannot exchange folders */
};

static void prepare(struct scene *s, const struct variant *v)
{
    char path[PROGRAM_PATH_BYTES];
    if (access(s->findings, F_OK) == 0) folder_remove(s->findings);
    if (!v->replaces) return;
    run_engine(s, s->longer, NEVER, "kill", false);
    path_of(path, "%s:", s->kernel);
    check_findings(s, true, false, path);
}

/* Operations of a run in which nothing goes wrong. */
static size_t count_operations(struct scene *s, const struct variant *v)
{
    prepare(s, v);
    run_engine(s, s->input, NEVER, "kill", v->plain);
    size_t count = operations_of(s);
    check_told(s, "nothing goes wrong");
    check_next(s, "nothing goes wrong");
    return count;
}

static void try_each_moment(const char *kernel, const struct variant *v, const char *how)
{
    open_scene(&scene, kernel);
    size_t count = count_operations(&scene, v);
    for (size_t at = 1; at <= count; at++) {
        char when[PROGRAM_PATH_BYTES];
        path_of(when, "%s%s%s, %s at operation %zu of %zu", kernel, v->replaces ? ", replaced" : "",
                v->plain ? " by files" : "", how, at, count);
        prepare(&scene, v);
        run_engine(&scene, scene.input, at, how, v->plain);
        bool killed = strcmp(how, "kill") == 0;
        if (killed && scene.status != 128 + SIGKILL) fail_msg("%s: not killed", when);
        check_findings(&scene, v->replaces, v->plain, when);
        if (!killed) check_told(&scene, when);
        if (killed || at == count) check_next(&scene, when);
    }
    print_message("durability: %s%s%s: %s at each of %zu operations\n", kernel,
                  v->replaces ? ", replaced" : "", v->plain ? " by files" : "", how, count);
    close_scene(&scene);
}

static const struct variant fresh = {false, false}, replaced = {true, false},
                            replaced_by_files = {true, true};

static void killed_at_any_operation_it_keeps_what_it_announced(void **state)
{
    (void)state;
    program_need(engine);
    try_each_moment("litmus_canary", &fresh, "kill");
    try_each_moment("moby_24007", &replaced, "kill");
    try_each_moment("slide_send_under_lock", &replaced_by_files, "kill");
}

static void full_at_any_operation_it_says_so_and_has_the_bytes(void **state)
{
    char how[16];
    (void)state;
    program_need(engine);
    snprintf(how, sizeof how, "%d", ENOSPC);
    try_each_moment("moby_24007", &fresh, how);
    try_each_moment("slide_send_under_lock", &replaced, how);
    try_each_moment("litmus_canary", &replaced_by_files, how);
}

static void broken_at_any_operation_it_says_so_and_has_the_bytes(void **state)
{
    char how[16];
    (void)state;
    program_need(engine);
    snprintf(how, sizeof how, "%d", EIO);
    try_each_moment("litmus_canary", &replaced, how);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

/* Until nobody holds the other end of the pipe any more: all that a session started has ended. */
static void wait_for_all(int pipe_end)
{
    char byte;
    while (read(pipe_end, &byte, 1) < 0 && errno == EINTR) {}
    close(pipe_end);
}

/* heddle fuzz, killed after its n-th line. Returns the lines that it had printed. */
static size_t run_session(struct scene *s, size_t at)
{
    char artifacts[PROGRAM_PATH_BYTES], temporary[PROGRAM_PATH_BYTES];
    path_of(artifacts, "--artifacts=%s", s->findings);
    path_of(temporary, "TMPDIR=%s", s->folder);
    const char *arguments[] = {HEDDLE_BUILD_DIR "/heddle",
                               "fuzz",
                               s->kernel,
                               "--runs",
                               "3000",
                               "--seed=1",
                               artifacts,
                               NULL};
    const char *settings[] = {temporary, NULL};
    struct child child;
    size_t count = 0, used = 0;
    char *line;
    s->text[0] = '\0';
    int held[2];
    assert_int_equal(pipe(held), 0);
    assert_int_equal(fcntl(held[0], F_SETFD, FD_CLOEXEC), 0);
    assert_true(child_start(&child, (char *const *)(uintptr_t)arguments, settings));
    close(held[1]);
    for (enum child_news news; (news = child_read(&child, LINE_MS, &line)) != CHILD_END;) {
        if (news != CHILD_LINE) continue;
        used += (size_t)snprintf(s->text + used, sizeof s->text - used, "%s\n", line);
        assert_true(used < sizeof s->text);
        if (++count == at) kill(child.pid, SIGKILL);
    }
    s->status = child_wait(&child);
    wait_for_all(held[0]);
    return count;
}

/* Every "saved in FOLDER". */
static size_t check_saved(const struct scene *s, const char *when)
{
    static const char saved[] = "executions, ";
    size_t count = 0;
    for (const char *at = s->text; (at = strstr(at, saved)); at += strlen(saved)) {
        char folder[PROGRAM_PATH_BYTES];
        const char *path = strstr(at, "; saved in ");
        const char *end = strchr(at, '\n');
        if (!path || path > end) continue;
        path_of(folder, "%.*s", (int)(end - path - 11), path + 11);
        if (folder[0] != '/' || strlen(folder) <= strlen(s->findings)) continue; /* the last line */
        check_folder(s, folder, false, when);
        count++;
    }
    return count;
}

static void a_session_killed_after_any_line_has_saved_what_it_announced(void **state)
{
    (void)state;
    program_need(engine);
    open_scene(&scene, "moby_24007");
    size_t count = run_session(&scene, NEVER);
    assert_int_equal(scene.status, STATUS_FOUND);
    assert_int_equal(check_saved(&scene, "whole session"), 1);
    for (size_t at = 1; at < count; at++) {
        char when[PROGRAM_PATH_BYTES];
        path_of(when, "killed after line %zu of %zu", at, count);
        folder_remove(scene.findings);
        run_session(&scene, at);
        check_saved(&scene, when);
        check_findings(&scene, false, false, when);
    }
    folder_remove(scene.findings);
    run_session(&scene, NEVER);
    assert_int_equal(check_saved(&scene, "the session after all"), 1);
    print_message("durability: a session killed after each of %zu lines\n", count);
    close_scene(&scene);
}

static void a_session_that_cannot_print_has_saved_and_fails(void **state)
{
    static struct program_end end; /* safe: large, and of this test alone */
    char artifacts[PROGRAM_PATH_BYTES];
    (void)state;
    program_need(engine);
    open_scene(&scene, "moby_24007");
    path_of(artifacts, "--artifacts=%s", scene.findings);
    heddle_run_into(&end, "/dev/full", "fuzz", scene.kernel, "--runs", "3000", "--seed=1",
                    artifacts);
    assert_int_not_equal(end.status, 0);
    assert_true(text_is_one_line(end.errors));
    assert_non_null(strstr(end.errors, "standard output: No space left on device"));
    check_findings(&scene, true, false, "no room for output");
    close_scene(&scene);
}

/* A session that saves nothing does not say that it did. */
static void a_session_without_a_disk_says_that_nothing_is_saved(void **state)
{
    static struct program_end end; /* safe: large, and of this test alone */
    (void)state;
    program_need(engine);
    heddle_run(&end, "fuzz", "moby_24007", "--runs", "3000", "--seed=1", "--first",
               "--artifacts=/dev/null/nowhere");
    assert_int_equal(end.status, STATUS_FOUND);
    assert_int_equal(text_count(end.output, "saved in"), 0);
    assert_int_equal(text_count(end.output, "heddle: artifact not written: /dev/null/nowhere"), 1);
    assert_int_equal(text_count(end.output, "; the input in hexadecimal: "), 1);
    assert_non_null(strstr(end.output, "; NOT saved\n"));
    assert_non_null(strstr(end.output, "1 NOT saved\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_operation_it_keeps_what_it_announced),
        cmocka_unit_test(full_at_any_operation_it_says_so_and_has_the_bytes),
        cmocka_unit_test(broken_at_any_operation_it_says_so_and_has_the_bytes),
        cmocka_unit_test(a_session_killed_after_any_line_has_saved_what_it_announced),
        cmocka_unit_test(a_session_that_cannot_print_has_saved_and_fails),
        cmocka_unit_test(a_session_without_a_disk_says_that_nothing_is_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
