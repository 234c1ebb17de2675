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
    while (__AFL_LOOP(EXECUTIONS_PER_PROCESS)) target_run(bytes, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    return 0;
}
