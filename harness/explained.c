// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From a file to the story of its execution, in the forms that were asked for. */
#include "explained.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "artifact.h"
#include "explain.h"
#include "file.h"

static bool print(FILE *out, const struct story *story, const struct explained_options *options)
{
    struct story_style style = {.width = options->width};
    if (options->json) return story_print_json(out, story);
    return story_print_text(out, story, &style);
}

static bool print_html(FILE *out, const struct story *story,
                       const struct explained_options *options)
{
    (void)options;
    return story_print_html(out, story);
}

static bool print_sarif(FILE *out, const struct story *story,
                        const struct explained_options *options)
{
    (void)options;
    return story_print_sarif(out, story);
}

static bool print_perfetto(FILE *out, const struct story *story,
                           const struct explained_options *options)
{
    (void)options;
    return story_print_perfetto(out, story);
}

/* path NULL: nowhere. */
static enum status print_to(const char *path,
                            bool (*printer)(FILE *, const struct story *,
                                            const struct explained_options *),
                            const struct story *story, const struct explained_options *options)
{
    if (!path) return STATUS_OK;
    errno = 0;
    FILE *out = fopen(path, "wb");
    if (!out) return status_usage("%s: %s", path, strerror(errno));
    bool ok = printer(out, story, options);
    int error = errno;
    if (fclose(out) != 0) {
        if (ok) error = errno;
        ok = false;
    }
    return ok ? STATUS_OK : status_usage("%s: %s", path, strerror(error));
}

static enum status status_of_story(const struct story *story)
{
    if (strcmp(story->verdict, "bug") == 0) return STATUS_FOUND;
    return strcmp(story->verdict, "pass") == 0 ? STATUS_OK : STATUS_INCONCLUSIVE;
}

enum status explained_file(const char *path, const struct explained_options *options)
{
    uint8_t *bytes;
    size_t size;
    char error[FILE_ERROR_BYTES];
    if (!file_read(path, &bytes, &size, error, sizeof error)) return status_usage("%s", error);
    struct story story;
    char input[ARTIFACT_PATH_BYTES];
    snprintf(input, sizeof input, "%s%s%s", options->name ? options->name : "",
             options->name ? " " : "", path);
    explain(bytes, size, &(struct explain_options){.contrast = true, .input = input}, &story);
    free(bytes);
    enum status status = print_to(options->html, print_html, &story, options);
    status = status_join(status, print_to(options->sarif, print_sarif, &story, options));
    status = status_join(status, print_to(options->perfetto, print_perfetto, &story, options));
    if (options->out)
        status = status_join(status, print_to(options->out, print, &story, options));
    else
        print(stdout, &story, options);
    if (status == STATUS_OK) status = status_of_story(&story);
    story_free(&story);
    return status;
}
