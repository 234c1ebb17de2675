// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From a file with a finding to the file with the smallest one. */
#include "minimized.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "target.h"

void minimized_print(const struct minimized *result, size_t size_before)
{
    printf("%zu deviations -> %zu, %" PRIu64 " preemptions -> %" PRIu64 ", %" PRIu64
           " switches -> %" PRIu64 ", %" PRIu64 " events -> %" PRIu64 ", %zu bytes -> %zu; %" PRIu64
           " executions",
           result->deviations_before, result->deviations, result->preemptions_before,
           result->preemptions, result->switches_before, result->switches, result->events_before,
           result->events, size_before, result->size, result->executions);
}

static void print_proof(const struct minimized *result)
{
    if (result->deviations == 0)
        printf("the natural schedule shows it\n");
    else if (result->proved)
        printf("1-minimal: without any one of its deviations the bug does not happen\n");
    else
        printf("not proved to be 1-minimal: the limit of executions came before\n");
    if (result->complete && result->deviations > 0)
        printf("smallest: of all schedules with fewer preemptions, or as many and fewer "
               "deviations,\nnone shows it\n");
}

enum status minimized_file(const char *path, const char *output)
{
    char own[ARTIFACT_PATH_BYTES], error[FILE_ERROR_BYTES];
    uint8_t *bytes;
    size_t size;
    struct minimized result;
    int length = snprintf(own, sizeof own, "%s" MINIMIZED_SUFFIX, path);
    if (length < 0 || (size_t)length >= sizeof own) return status_usage("%s: path too long", path);
    if (!output) output = own;
    if (!file_read(path, &bytes, &size, error, sizeof error)) return status_usage("%s", error);
    bool ok = minimize(bytes, size, NULL, &result, error, sizeof error);
    free(bytes);
    if (!ok) return status_usage("%s: not minimized: %s", path, error);
    bool written = file_write(output, result.bytes, result.size, error, sizeof error);
    free(result.bytes);
    if (!written) return status_usage("%s", error);
    printf("%s: %s\n", path, result.signature);
    minimized_print(&result, size);
    putchar('\n');
    print_proof(&result);
    printf("written to %s\n", output);
    return STATUS_OK;
}
