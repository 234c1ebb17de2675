// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Replay: one file, one execution, one report. Nothing is written and nothing dies. */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "robust.h"
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

static void print_outcome(const char *path, const struct robust *r)
{
    const char *event = r->event ? ", " : "";
    char where[2 * ROBUST_TEXT_BYTES + 64] = "";
    if (r->event)
        snprintf(where, sizeof where, "diverged at event %zu: expected %s, found %s", r->event,
                 r->expected, r->found);
    switch (r->outcome) {
    case ROBUST_REPRODUCED:
        fprintf(stderr, "heddle: %s: reproduced\n", path);
        break;
    case ROBUST_DIVERGED:
        fprintf(stderr, "heddle: %s: reproduced%s%s%s\n", path,
                r->by_bytes ? "" : " by its deviations", event, where);
        break;
    case ROBUST_GONE:
        fprintf(stderr, "heddle: %s: gone: every deviation applies, and there is no such bug%s%s\n",
                path, event, where);
        break;
    case ROBUST_LOST:
        fprintf(stderr, "heddle: %s: %s\n", path, where[0] ? where : "not the recorded execution");
        break;
    }
}

enum status replay_recorded(const char *path, const char *trace, const struct artifact_facts *facts,
                            bool stable)
{
    uint8_t *bytes;
    size_t size;
    char error[ARTIFACT_ERROR_BYTES];
    struct trace_events recorded;
    struct robust robust;
    if (!file_read(path, &bytes, &size, error, sizeof error)) return status_usage("%s", error);
    if (!trace_events_read(trace, &recorded, error, sizeof error)) {
        free(bytes);
        return status_usage("%s", error);
    }
    robust_replay(&recorded, facts->signature, facts->digest, bytes, size, &robust);
    print_result(&robust.result, stable, stable ? "input" : path);
    print_outcome(path, &robust);
    free(bytes);
    trace_events_free(&recorded);
    enum status status = status_of(robust.result.verdict);
    bool lost = robust.outcome == ROBUST_LOST && facts->signature[0];
    return status == STATUS_OK && lost ? STATUS_INCONCLUSIVE : status;
}
