// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Replay: one file, one execution, one report. Nothing is written and nothing dies. */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "target.h"

static void print_result(const struct run_result *result, bool stable, const char *name)
{
    switch (result->verdict) {
    case VERDICT_PASS:
        printf("%s: pass: %" PRIu64 " events, digest %016" PRIx64 "\n", name, result->events,
               result->digest);
        break;
    case VERDICT_INCONCLUSIVE:
        printf("%s: inconclusive: %s: %" PRIu64 " events, digest %016" PRIx64 "\n", name,
               result->limit, result->events, result->digest);
        break;
    case VERDICT_BUG:
        target_print(stdout, result, stable, name);
        break;
    }
}

enum status replay_file(const char *path, bool stable, struct run_result *result)
{
    uint8_t *bytes;
    size_t size;
    char error[FILE_ERROR_BYTES];
    if (!file_read(path, &bytes, &size, error, sizeof error)) return status_usage("%s", error);
    struct run_result own_result;
    if (!result) result = &own_result;
    target_try(bytes, size, result);
    print_result(result, stable, stable ? "input" : path);
    free(bytes);
    return status_of(result->verdict);
}
