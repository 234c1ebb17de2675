// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle list: the kernels and their facts. The table comes from the registry alone; --json runs
 * each kernel once, --markdown as often as its figures need. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "cli.h"

static const char help[] =
    "usage: heddle list [--class CLASS] [--project PROJECT] [--json|--markdown]\n\n"
    "  --class CLASS      only kernels of this class: chan chan-lock chan-context double-lock\n"
    "                     lock-order rwlock cond waitgroup close race order timer testing lib\n"
    "  --project PROJECT  only kernels from this project\n"
    "  --json             one object a line, with story, fix, all expected signatures, and\n"
    "                     whether the natural schedule (the empty input) fails\n"
    "  --markdown         corpus/README.md: with executions to first bug under each of random, "
    "pct\n"
    "                     and targets, and what Go's own tools find; this takes some seconds\n";

static const struct option long_options[] = {
    {"class", required_argument, NULL, 'c'}, {"project", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},        {"markdown", no_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},        {0},
};

struct list_options {
    enum kernel_class class;
    const char *project;
    bool json;
    bool markdown;
};

/* One kernel is one line: its buggy variant stands for both. */
static bool is_listed(const struct kernel *k, const struct list_options *options)
{
    if (!k->buggy && kernel_find(k->name, true)) return false;
    if (options->class != KERNEL_CLASS_NONE && k->class != options->class) return false;
    return !options->project || strcmp(options->project, k->project) == 0;
}

static json_t *kernel_json(const struct kernel *k)
{
    json_t *expect = json_array();
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++)
        json_array_append_new(expect, json_string(k->expect[i]));
    json_t *variants = json_array();
    if (kernel_find(k->name, true)) json_array_append_new(variants, json_string("buggy"));
    if (kernel_find(k->name, false)) json_array_append_new(variants, json_string("fixed"));
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:s?,s:b}", "kernel", k->name, "class",
                     kernel_class_name(k->class), "project", k->project, "source", k->source,
                     "title", k->title, "story", k->story, "fix", k->fix, "expect", expect,
                     "variants", variants, "miss", k->miss, "natural_fails",
                     (int)catalogue_natural_fails(k));
}

static void print_json(const struct kernel *k)
{
    json_t *object = kernel_json(k);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static void print_text(const struct kernel *k)
{
    printf("%-26s %-12s %s\n", k->name, kernel_class_name(k->class), k->title);
    printf("%-26s %-12s %s\n", "", k->project, k->source);
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++)
        printf("%-26s %-12s %s\n", "", i == 0 ? "expect" : "or", k->expect[i]);
    if (k->miss) printf("%-26s %-12s %s\n", "", "not found", k->miss);
}

/* The listed kernels, malloc'ed. */
static const struct kernel **collect(const struct list_options *options, size_t *count)
{
    size_t registered = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) registered++;
    const struct kernel **kernels = calloc(registered + 1, sizeof kernels[0]);
    *count = 0;
    for (const struct kernel *k = kernel_first(); k && kernels; k = k->next)
        if (is_listed(k, options)) kernels[(*count)++] = k;
    return kernels;
}

static enum status print_markdown(const struct kernel *const *kernels, size_t count)
{
    struct catalogue catalogue;
    enum status status = catalogue_make(&catalogue, kernels, count);
    if (status != STATUS_OK) return status;
    catalogue_print(&catalogue);
    catalogue_free(&catalogue);
    return STATUS_OK;
}

/* One option; false with one line if it is wrong. */
static bool read_option(int o, struct list_options *options)
{
    switch (o) {
    case 'c':
        options->class = kernel_class_find(optarg);
        if (options->class != KERNEL_CLASS_NONE) return true;
        status_usage("--class %s: no such class; see heddle list --help", optarg);
        return false;
    case 'p':
        options->project = optarg;
        return true;
    case 'j':
        return options->json = true;
    case 'm':
        return options->markdown = true;
    default:
        return false;
    }
}

enum status cmd_list(int argc, char **argv)
{
    struct list_options options = {0};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (o == 'h') return cli_help(help);
        if (!read_option(o, &options)) return STATUS_USAGE;
    }
    if (optind < argc) return status_usage("%s: heddle list takes no names", argv[optind]);
    if (options.json && options.markdown) return status_usage("--json and --markdown: which one?");
    size_t count;
    const struct kernel **kernels = collect(&options, &count);
    if (!kernels) return status_usage("out of memory");
    enum status status = STATUS_OK;
    if (options.markdown) status = print_markdown(kernels, count);
    for (size_t i = 0; i < count && !options.markdown; i++)
        options.json ? print_json(kernels[i]) : print_text(kernels[i]);
    free(kernels);
    return status;
}
