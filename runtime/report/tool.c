// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Helper programs: started once, asked many times.
 *
 * Invariants
 * - Nothing here waits without a bound, and no signal (SIGPIPE, an engine's SIGALRM) disturbs it.
 * - Our end of the socket is close-on-exec and never one of descriptors 0 to 2, even when those are
 *   closed; the helper inherits nothing else of ours, so it cannot keep a pipe of ours open.
 * - When we die the helper sees the end of its input and leaves by itself.
 *
 * Does not restart anything and does not read the clock: both are the caller's.
 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    /* Out of the way of programs that count on low numbers, and of AFL's 198 and 199. */
    DESCRIPTOR_WANTED = 300,
    DESCRIPTOR_LEAST = 3,
    /* Together with patience_ms this bounds a helper that dribbles. */
    ANSWER_PIECES_MAX = 512,
    /* How long a killed helper may take to become reapable. */
    REAP_TRIES_MAX = 100,
};

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static bool join(const char *directory, size_t length, const char *name, char *path, size_t bytes)
{
    int written = snprintf(path, bytes, "%.*s/%s", (int)length, directory, name);
    return written > 0 && (size_t)written < bytes && is_program(path);
}

bool tool_find(const char *name, const char *directory, char *path, size_t path_bytes)
{
    if (directory && join(directory, strlen(directory), name, path, path_bytes)) return true;
    const char *list = getenv("PATH");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        if (length > 0 && length < path_bytes && join(list, length, name, path, path_bytes))
            return true;
        list += length;
        if (*list) list++;
    }
    if (path_bytes > 0) path[0] = '\0';
    return false;
}

/* The same descriptor, elsewhere; closes the old one. -1 on failure. */
static int move_up(int fd)
{
    if (fd < 0) return -1;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR_WANTED);
    if (moved < 0) moved = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR_LEAST);
    close(fd);
    return moved;
}

/* NAME=value as it stands in our environment, or NULL. */
static char *environment_entry(const char *name)
{
    size_t length = strlen(name);
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry;
    return NULL;
}

/* The helper gets what it needs to start and nothing that changes its answers or makes it talk to
 * the network (DEBUGINFOD_URLS, LLVM_SYMBOLIZER_OPTS, LD_PRELOAD of an engine). */
static int spawn(pid_t *pid, int fd, char *const argv[], const posix_spawnattr_t *attributes,
                 posix_spawn_file_actions_t *actions)
{
    static const char *const kept[] = {"PATH", "LD_LIBRARY_PATH"};
    char locale[] = "LC_ALL=C";
    char *environment[4] = {locale};
    size_t count = 1;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        environment[count] = environment_entry(kept[i]);
        if (environment[count]) count++;
    }

    int error = posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, fd, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
#endif
    if (!error) error = posix_spawn(pid, argv[0], actions, attributes, argv, environment);
    return error;
}

/* Default signals, none blocked, and a process group of its own: ^C at a terminal is for us. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

bool tool_start(struct tool *tool, char *const argv[])
{
    *tool = (struct tool){0};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
    int ours = move_up(pair[0]);
    int theirs = move_up(pair[1]);
    bool started = false;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    if (ours < 0 || theirs < 0) goto close_both;
    if (posix_spawnattr_init(&attributes) != 0) goto close_both;
    if (posix_spawn_file_actions_init(&actions) != 0) goto destroy_attributes;

    started = set_attributes(&attributes) == 0 &&
              spawn(&tool->pid, theirs, argv, &attributes, &actions) == 0;
    posix_spawn_file_actions_destroy(&actions);
destroy_attributes:
    posix_spawnattr_destroy(&attributes);
close_both:
    if (theirs >= 0) close(theirs);
    if (!started) {
        if (ours >= 0) close(ours);
        return false;
    }
    tool->running = true;
    tool->socket = ours;
    tool->owner = getpid();
    return true;
}

bool tool_is_mine(struct tool *tool)
{
    if (!tool->running) return false;
    if (tool->owner == getpid()) return true;
    close(tool->socket);
    *tool = (struct tool){0};
    return false;
}

void tool_stop(struct tool *tool)
{
    if (!tool_is_mine(tool)) return;
    close(tool->socket);
    /* Somebody's wait() may have reaped it: its number may be another's by now. */
    if (waitpid(tool->pid, NULL, WNOHANG) == 0) {
        kill(tool->pid, SIGKILL);
        for (int i = 0; i < REAP_TRIES_MAX && waitpid(tool->pid, NULL, WNOHANG) == 0; i++)
            poll(NULL, 0, 1);
    }
    *tool = (struct tool){0};
}

static bool send_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t sent = send(fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false; /* a question fits into the socket's buffer, or it is stuck */
        text += sent;
        left -= (size_t)sent;
    }
    return true;
}

static bool wait_readable(int fd, int patience_ms)
{
    sigset_t all;
    sigfillset(&all);
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    struct timespec patience = {.tv_sec = patience_ms / 1000,
                                .tv_nsec = (patience_ms % 1000) * 1000000L};
    return ppoll(&wanted, 1, &patience, &all) == 1;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length >= end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

static bool receive(int fd, const char *end, char *answer, size_t answer_bytes, int patience_ms)
{
    size_t length = 0;
    for (int i = 0; i < ANSWER_PIECES_MAX; i++) {
        if (length + 1 >= answer_bytes) return false;
        if (!wait_readable(fd, patience_ms)) return false;
        ssize_t got = recv(fd, answer + length, answer_bytes - 1 - length, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0 || (got == 0 && end)) return false;
        length += (size_t)got;
        answer[length] = '\0';
        if (end ? ends_with(answer, length, end) : got == 0) return true;
    }
    return false;
}

bool tool_ask(struct tool *tool, const char *question, const char *end, char *answer,
              size_t answer_bytes, int patience_ms)
{
    if (!tool_is_mine(tool)) return false;
    bool answered = send_all(tool->socket, question) &&
                    receive(tool->socket, end, answer, answer_bytes, patience_ms);
    if (!answered || !end) tool_stop(tool);
    return answered;
}
