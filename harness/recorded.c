// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* From an input file to its kernel. The order of places is in recorded.h. */
#include "recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool join(char out[ARTIFACT_PATH_BYTES], const char *a, size_t a_bytes, const char *b)
{
    int length = snprintf(out, ARTIFACT_PATH_BYTES, "%.*s%s", (int)a_bytes, a, b);
    return length >= 0 && length < ARTIFACT_PATH_BYTES;
}

/* The length of path's directory, with its last slash; 0 if there is none. */
static size_t directory_bytes(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') length--;
    return length;
}

/* Facts about file if it has a json; false if it has none. A bad one is one line and *status. */
static bool find_facts(const char *file, char path[ARTIFACT_PATH_BYTES],
                       struct artifact_facts *facts, enum status *status)
{
    char error[ARTIFACT_ERROR_BYTES];
    bool there = join(path, file, strlen(file), ".json") && access(path, F_OK) == 0;
    if (!there) {
        size_t directory = directory_bytes(file, strlen(file));
        there = join(path, file, directory, "trace.json") && access(path, F_OK) == 0;
    }
    if (!there) return false;
    if (artifact_read_facts(path, facts, error, sizeof error)) return true;
    *status = status_usage("%s", error);
    return false;
}

/* The folder above the one that file lies in, if a kernel has its name; else NULL. */
static const struct kernel *kernel_of_folder(const char *file, bool buggy)
{
    char name[sizeof((struct artifact_facts *)0)->target];
    char *real = realpath(file, NULL);
    if (!real) return NULL;
    size_t signature_end = directory_bytes(real, strlen(real));
    size_t kernel_end = directory_bytes(real, signature_end ? signature_end - 1 : 0);
    size_t kernel_start = directory_bytes(real, kernel_end ? kernel_end - 1 : 0);
    const struct kernel *k = NULL;
    if (kernel_end > kernel_start + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(kernel_end - 1 - kernel_start),
                 real + kernel_start);
        k = kernel_find(name, buggy);
    }
    free(real);
    return k;
}

enum status recorded_find(const char *file, const char *name, enum cli_variant variant,
                          struct recorded *out)
{
    enum status status = STATUS_OK;
    *out = (struct recorded){0};
    out->has_facts = find_facts(file, out->trace, &out->facts, &status);
    if (status != STATUS_OK) return status;
    if (name && strcmp(name, out->facts.target) != 0) out->has_facts = false;
    bool fixed_recorded = out->has_facts && strcmp(out->facts.variant, "fixed") == 0;
    bool buggy = variant ? variant == CLI_BUGGY : !fixed_recorded;
    if (!name && out->has_facts) name = out->facts.target;
    out->kernel = name ? kernel_find(name, buggy) : kernel_of_folder(file, buggy);
    out->same = out->has_facts && buggy == !fixed_recorded;
    if (out->kernel) return STATUS_OK;
    if (name) return status_usage("%s: no such kernel; `heddle list` names them", name);
    return status_usage("%s: which kernel? It has no .json and does not lie in "
                        "<kernel>/<signature>/: give NAME",
                        file);
}

void recorded_open(const struct recorded *r)
{
    struct target_options target = {0};
    if (r->has_facts) target.run = r->facts.options;
    cli_target_of(r->kernel, &target);
    target_open(&target);
}

bool recorded_is_name(const char *first, int argument_count)
{
    if (argument_count < 2) return false;
    if (kernel_find(first, true) || kernel_find(first, false)) return true;
    return !strchr(first, '/') && access(first, F_OK) != 0;
}
