// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of harness/ share. Programs write into files of a scratch folder, so that one that
 * says much never waits for us. */
#include "testkit.h"

#include <fcntl.h>
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

void path_of(char out[PROGRAM_PATH_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, PROGRAM_PATH_BYTES, format, arguments);
    va_end(arguments);
    assert_in_range(length, 1, PROGRAM_PATH_BYTES - 1);
}

void folder_make(char path[PROGRAM_PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    path_of(path, "%s/heddle-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

void folder_remove(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void file_put(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* At most text_bytes - 1 bytes of the file. */
static void read_some(const char *path, char *text, size_t text_bytes, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in) fail_msg("%s cannot be read", path);
    *size = fread(text, 1, text_bytes - 1, in);
    text[*size] = '\0';
    fclose(in);
}

void file_get(const char *path, char *text, size_t text_bytes, size_t *size)
{
    read_some(path, text, text_bytes, size);
    assert_true(*size < text_bytes - 1);
}

static int open_for(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

void program_run(struct program_end *end, const char *output_path, const char *const arguments[])
{
    char folder[PROGRAM_PATH_BYTES], output[PROGRAM_PATH_BYTES], errors[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(output, "%s/output", folder);
    path_of(errors, "%s/errors", folder);
    file_put(output, "", 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int in = open("/dev/null", O_RDONLY);
        int out = open_for(output_path ? output_path : output);
        int err = open_for(errors);
        if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
            dup2(err, STDERR_FILENO) < 0)
            _exit(126);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    end->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    size_t size;
    read_some(output, end->output, sizeof end->output, &size);
    read_some(errors, end->errors, sizeof end->errors, &size);
    folder_remove(folder);
}

void program_run_with(struct program_end *end, const char *output_path, const char *program,
                      const char *const arguments[])
{
    const char *all[PROGRAM_ARGUMENTS_MAX] = {program};
    for (size_t i = 0; arguments[i]; i++) {
        assert_true(i + 2 < PROGRAM_ARGUMENTS_MAX);
        all[i + 1] = arguments[i];
    }
    program_run(end, output_path, all);
}

bool program_is_built(const char *program) { return access(program, X_OK) == 0; }

void program_need(const char *program)
{
    if (program_is_built(program)) return;
    print_message("skipped: %s is not built\n", program);
    skip();
}

bool text_is_one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end != NULL && end > text && end[1] == '\0';
}

bool text_says_reproduced(const char *text)
{
    static const char reproduced[] = ": reproduced\n";
    size_t length = strlen(text), tail = sizeof reproduced - 1;
    return text_is_one_line(text) && length > tail && strcmp(text + length - tail, reproduced) == 0;
}

size_t text_count(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}
