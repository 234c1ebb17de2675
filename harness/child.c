// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Children by fork and exec, read through a pipe.
 *
 * Only a process started here is ever signalled, by its id, and not after it was waited for. It is
 * in a group of its own: an interrupt from the terminal is ours, and we pass it on.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child: never returns. What fails is told through `report`. */
_Noreturn static void become(char *const argv[], const char *const settings[], int output,
                             int report)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int input = open("/dev/null", O_RDONLY);
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(output, STDERR_FILENO) >= 0) {
        for (size_t i = 0; settings && settings[i]; i++) putenv((char *)(uintptr_t)settings[i]);
        execvp(argv[0], argv);
    }
    int error = errno;
    ssize_t written = write(report, &error, sizeof error);
    _exit(written == sizeof error ? 127 : 126);
}

bool child_start(struct child *child, char *const argv[], const char *const settings[])
{
    int output[2], report[2];
    *child = (struct child){.output = -1};
    if (pipe2(output, O_CLOEXEC) != 0) return false;
    if (pipe2(report, O_CLOEXEC) != 0) {
        close(output[0]);
        close(output[1]);
        return false;
    }
    child->pid = fork();
    if (child->pid == 0) become(argv, settings, output[1], report[1]);
    int error = errno;
    close(output[1]);
    close(report[1]);
    bool started = child->pid > 0;
    if (started && read(report[0], &error, sizeof error) == sizeof error) {
        waitpid(child->pid, NULL, 0);
        started = false;
    }
    close(report[0]);
    if (started) {
        child->output = output[0];
    } else {
        close(output[0]);
        errno = error;
    }
    return started;
}

/* The next whole line of the buffer, or all of it if it is full or `rest`; NULL if there is none.
 */
static char *take_line(struct child *child, bool rest)
{
    memmove(child->buffer, child->buffer + child->taken, child->filled - child->taken);
    child->filled -= child->taken;
    child->taken = 0;
    char *end = memchr(child->buffer, '\n', child->filled);
    if (!end) {
        if (child->filled == 0 || (!rest && child->filled < CHILD_LINE_BYTES - 1)) return NULL;
        end = child->buffer + child->filled;
        child->taken = child->filled;
    } else {
        child->taken = (size_t)(end - child->buffer) + 1;
    }
    *end = '\0';
    return child->buffer;
}

enum child_news child_read(struct child *child, int timeout_ms, char **line)
{
    while (child->output >= 0) {
        *line = take_line(child, false);
        if (*line) return CHILD_LINE;
        struct pollfd ready = {.fd = child->output, .events = POLLIN};
        if (poll(&ready, 1, timeout_ms) <= 0) return CHILD_QUIET;
        ssize_t n = read(child->output, child->buffer + child->filled,
                         CHILD_LINE_BYTES - 1 - child->filled);
        if (n < 0 && errno == EINTR) return CHILD_QUIET;
        if (n > 0) {
            child->filled += (size_t)n;
            continue;
        }
        close(child->output);
        child->output = -1;
        *line = take_line(child, true);
        if (*line) return CHILD_LINE;
    }
    return CHILD_END;
}

void child_signal(const struct child *child, int signal_number)
{
    if (child->pid > 0) kill(child->pid, signal_number);
}

int child_wait(struct child *child)
{
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR) {}
    child->pid = 0;
    if (child->output >= 0) close(child->output);
    child->output = -1;
    return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status) : WEXITSTATUS(child->status);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int child_stop(struct child *child, int patience_ms)
{
    char *line;
    int64_t end_ms = now_ms() + patience_ms;
    child_signal(child, SIGINT);
    for (;;) {
        int64_t left_ms = end_ms - now_ms();
        if (left_ms <= 0) {
            child_signal(child, SIGKILL);
            break;
        }
        if (child_read(child, (int)left_ms, &line) == CHILD_END) break;
    }
    return child_wait(child);
}
