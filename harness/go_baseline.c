// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Reads corpus/go-baseline.json. Members that are not needed here (the counts of each kind of run)
 * are there for people. */
#include "go_baseline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key; /* in the file */
    const char *name;
} means_table[GO_MEANS_COUNT] = {
    [GO_DEADLOCK] = {"deadlock", "deadlock detector"},
    [GO_LEAK] = {"leak", "leak check"},
    [GO_RACE] = {"race", "-race"},
    [GO_PANIC] = {"panic", "panic"},
    [GO_HANG] = {"hang", "hang"},
};

const char *go_means_name(enum go_means means) { return means_table[means].name; }

/* Where the reader is, and what is wrong. */
struct reading {
    struct go_baseline *out;
    const char *path;
    char *error;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reading *r, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(r->error, GO_BASELINE_ERROR_BYTES, "%s: ", r->path);
    if (length < 0 || length >= GO_BASELINE_ERROR_BYTES) return false;
    va_start(arguments, format);
    vsnprintf(r->error + length, (size_t)(GO_BASELINE_ERROR_BYTES - length), format, arguments);
    va_end(arguments);
    return false;
}

static bool read_tools(struct reading *r, json_t *tools)
{
    if (!json_is_array(tools)) return refuse(r, "tools: expected an array");
    if (json_array_size(tools) > GO_TOOLS_MAX) return refuse(r, "more than %d tools", GO_TOOLS_MAX);
    size_t i;
    json_t *one;
    json_error_t why;
    json_array_foreach(tools, i, one)
    {
        struct go_tool *tool = &r->out->tools[r->out->tool_count++];
        if (json_unpack_ex(one, &why, 0, "{s:s,s:s,s:s,s:i}", "id", &tool->id, "name", &tool->name,
                           "source", &tool->source, "executions", &tool->executions) != 0)
            return refuse(r, "tool %zu: %s", i, why.text);
    }
    return true;
}

static bool read_means(struct reading *r, struct go_row *row, json_t *by)
{
    size_t i;
    json_t *one;
    json_array_foreach(by, i, one)
    {
        const char *key = json_string_value(one);
        int means = 0;
        while (means < GO_MEANS_COUNT && key && strcmp(means_table[means].key, key) != 0) means++;
        if (!key || means == GO_MEANS_COUNT) return refuse(r, "%s: by: no such means", row->kernel);
        row->means[means] = true;
    }
    return true;
}

/* true and false, or the number of an execution, 0 for none. */
static bool read_published(struct reading *r, struct go_row *row, json_t *published)
{
    if (!published) return true;
    row->published = true;
    for (size_t i = 0; i < r->out->tool_count; i++) {
        const json_t *one = json_object_get(published, r->out->tools[i].id);
        if (!json_is_boolean(one) && !json_is_integer(one))
            return refuse(r, "%s: nothing about %s", row->kernel, r->out->tools[i].id);
        row->execution[i] = (int)json_integer_value(one); /* 0 for a boolean */
        row->by_tool[i] = json_is_true(one) || row->execution[i] > 0;
    }
    return true;
}

static bool read_row(struct reading *r, json_t *one)
{
    struct go_row *row = &r->out->rows[r->out->row_count];
    json_t *by = NULL, *published = NULL;
    json_error_t why;
    if (json_unpack_ex(one, &why, 0, "{s:s,s:i,s:i,s:o,s?{s:i,s:i},s?o,s?s}", "kernel",
                       &row->kernel, "found", &row->found, "runs", &row->runs, "by", &by, "longer",
                       "runs", &row->longer_runs, "found", &row->longer_found, "published",
                       &published, "note", &row->note) != 0)
        return refuse(r, "row %zu: %s", r->out->row_count + 1, why.text);
    if (r->out->row_count > 0 && strcmp(row[-1].kernel, row->kernel) >= 0)
        return refuse(r, "%s: not in order, or there twice", row->kernel);
    if (row->found < 0 || row->found > row->runs || row->longer_found < 0 ||
        row->longer_found > row->longer_runs)
        return refuse(r, "%s: more found than run", row->kernel);
    if (!json_is_array(by) || (row->found > 0) != (json_array_size(by) > 0))
        return refuse(r, "%s: by: expected the means that found it", row->kernel);
    r->out->row_count++;
    return read_means(r, row, by) && read_published(r, row, published);
}

static bool read_all(struct reading *r)
{
    json_error_t why;
    r->out->root = json_load_file(r->path, JSON_REJECT_DUPLICATES, &why);
    if (!r->out->root) return refuse(r, "%s", why.text);
    json_t *kernels = json_object_get(r->out->root, "kernels");
    if (!json_is_array(kernels)) return refuse(r, "kernels: expected an array");
    if (!read_tools(r, json_object_get(r->out->root, "tools"))) return false;
    r->out->rows = calloc(json_array_size(kernels) + 1, sizeof r->out->rows[0]);
    if (!r->out->rows) return refuse(r, "out of memory");
    size_t i;
    json_t *one;
    json_array_foreach(kernels, i, one) if (!read_row(r, one)) return false;
    return true;
}

bool go_baseline_read(const char *path, struct go_baseline *out,
                      char error[GO_BASELINE_ERROR_BYTES])
{
    *out = (struct go_baseline){0};
    struct reading r = {.out = out, .path = path, .error = error};
    if (read_all(&r)) return true;
    go_baseline_free(out);
    return false;
}

void go_baseline_free(struct go_baseline *baseline)
{
    free(baseline->rows);
    json_decref(baseline->root);
    *baseline = (struct go_baseline){0};
}

const struct go_row *go_baseline_find(const struct go_baseline *baseline, const char *kernel)
{
    for (size_t i = 0; i < baseline->row_count; i++)
        if (strcmp(baseline->rows[i].kernel, kernel) == 0) return &baseline->rows[i];
    return NULL;
}
