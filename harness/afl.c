// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The main of an AFL++ target: compile with afl-clang-fast.
 *
 *   heddle-afl [--heddle-OPTION...]            under afl-fuzz: persistent, shared memory; from a
 *                                              shell: one input from standard input
 *   heddle-afl [--heddle-OPTION...] FILE...    each file once; the first finding ends it
 *
 * The fork server starts after the options are read, so every child has them for free.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "standalone.h"
#include "target.h"

__AFL_FUZZ_INIT();

enum { EXECUTIONS_PER_PROCESS = 100000 };

static int run_file(const char *path)
{
    uint8_t *bytes;
    size_t size;
    char error[FILE_ERROR_BYTES];
    if (!file_read(path, &bytes, &size, error, sizeof error)) {
        fprintf(stderr, "heddle: %s\n", error);
        return 2;
    }
    target_run(bytes, size);
    free(bytes);
    return 0;
}

/* One turn of the persistent loop. A function of its own, because this file is instrumented too: in
 * a loop around __AFL_LOOP the first turn has other edges than the next ones, and to afl-fuzz the
 * same input would seem to behave in two ways. Here what differs comes before the first turn. */
__attribute__((noinline)) static void run_next(const unsigned char *bytes)
{
    if (!__AFL_LOOP(EXECUTIONS_PER_PROCESS)) exit(0);
    target_run(bytes, (size_t)__AFL_FUZZ_TESTCASE_LEN);
}

int main(int argc, char **argv)
{
    standalone_start(argc, argv);
    int status = 0;
    bool files = false;
    for (int i = 1; i < argc && status == 0; i++) {
        if (strncmp(argv[i], "--", 2) == 0) continue;
        files = true;
        status = run_file(argv[i]);
    }
    if (files) return status;
    __AFL_INIT();
    const unsigned char *bytes = __AFL_FUZZ_TESTCASE_BUF;
    for (;;) run_next(bytes);
}
