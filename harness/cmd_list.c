// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle list: the kernels and their facts, from the registry alone; no kernel runs. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char help[] =
    "usage: heddle list [--class CLASS] [--project PROJECT] [--json]\n\n"
    "  --class CLASS      only kernels of this class: chan chan-lock chan-context double-lock\n"
    "                     lock-order rwlock cond waitgroup close race order timer testing lib\n"
    "  --project PROJECT  only kernels from this project\n"
    "  --json             one object a line, with story, fix and all expected signatures\n";

static const struct option long_options[] = {
    {"class", required_argument, NULL, 'c'},
    {"project", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct list_options {
    enum kernel_class class;
    const char *project;
    bool json;
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
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:s?}", "kernel", k->name, "class",
                     kernel_class_name(k->class), "project", k->project, "source", k->source,
                     "title", k->title, "story", k->story, "fix", k->fix, "expect", expect,
                     "variants", variants, "miss", k->miss);
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

enum status cmd_list(int argc, char **argv)
{
    struct list_options options = {0};
    for (int o; (o = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            options.class = kernel_class_find(optarg);
            if (options.class != KERNEL_CLASS_NONE) break;
            return status_usage("--class %s: no such class; see heddle list --help", optarg);
        case 'p':
            options.project = optarg;
            break;
        case 'j':
            options.json = true;
            break;
        case 'h':
            return cli_help(help);
        default:
            return STATUS_USAGE;
        }
    }
    if (optind < argc) return status_usage("%s: heddle list takes no names", argv[optind]);
    for (const struct kernel *k = kernel_first(); k; k = k->next) {
        if (!is_listed(k, &options)) continue;
        if (options.json)
            print_json(k);
        else
            print_text(k);
    }
    return STATUS_OK;
}
