// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Filing a finding as its smallest form, in this process: the engine's has died of it.
 *
 * Invariant: what the engine saved stays until something smaller with the same signature is on disk
 * as a whole (artifact.h); so nothing is lost when this is killed or fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "minimized.h"
#include "session.h"

/* Has an earlier session done it? */
static bool is_minimal(const char *input)
{
    static const char name[] = "trace.json";
    char path[ARTIFACT_PATH_BYTES], error[ARTIFACT_ERROR_BYTES];
    struct artifact_facts facts;
    const char *slash = strrchr(input, '/');
    int folder_bytes = slash ? (int)(slash - input) + 1 : 0;
    int length = snprintf(path, sizeof path, "%.*s%s", folder_bytes, input, name);
    return length > 0 && (size_t)length < sizeof path &&
           artifact_read_facts(path, &facts, error, sizeof error) && facts.minimal;
}

static void save(const struct session *session, const struct minimized *result, size_t size_before)
{
    struct artifact_place place;
    if (!target_save_described(result->bytes, result->size, result->proved, &place)) {
        printf("%s: not minimized: %s\n", session->kernel->name, place.error);
        return;
    }
    printf("%s: minimized: ", session->kernel->name);
    minimized_print(result, size_before);
    putchar('\n');
}

void session_minimize(const struct session *session, const char *signature, const char *input)
{
    char error[FILE_ERROR_BYTES];
    uint8_t *bytes;
    size_t size;
    struct minimized result = {0};
    if (input[0] != '/' && !strchr(input, '/')) return; /* saved nowhere */
    if (is_minimal(input)) return;
    struct target_options target = {.artifacts = session->options->artifacts};
    cli_target_of(session->kernel, &target);
    target_open(&target);
    bool ok = file_read(input, &bytes, &size, error, sizeof error);
    if (ok) {
        ok = minimize(bytes, size, NULL, &result, error, sizeof error);
        free(bytes);
    }
    if (ok && strcmp(result.signature, signature) != 0) {
        snprintf(error, sizeof error, "in this program it ends as %s", result.signature);
        ok = false;
    }
    if (ok)
        save(session, &result, size);
    else
        printf("%s: not minimized: %s\n", session->kernel->name, error);
    fflush(stdout);
    free(result.bytes);
}
