// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Prints the catalogue as a page of Markdown: a summary, then one table for each class. It decides
 * nothing; figures come from catalogue.c and go_baseline.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "catalogue.h"

enum { PUBLISHED_EXECUTIONS = 1000 }; /* what most of the published figures are limited to */

/* Text in a cell of a table, where Markdown and HTML mean nothing. */
static void print_text(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '<') {
            fputs("&lt;", stdout);
            continue;
        }
        if (strchr("\\|*_`[]~", *c)) putchar('\\');
        putchar(*c);
    }
}

static const char *project_of(const struct kernel *k)
{
    return k->project[0] ? k->project : "(none)";
}

/* ---- Summary ------------------------------------------------------------------------------ */

/* Columns of the first table; there are far fewer projects than kernels. */
struct projects {
    const char *names[64];
    size_t count;
};

static void collect_projects(const struct catalogue *c, struct projects *projects)
{
    enum { ROOM = sizeof projects->names / sizeof projects->names[0] };
    for (size_t i = 0; i < c->count; i++) {
        const char *name = project_of(c->entries[i].kernel);
        size_t at = 0;
        while (at < projects->count && strcmp(projects->names[at], name) < 0) at++;
        if (at < projects->count && strcmp(projects->names[at], name) == 0) continue;
        if (projects->count == ROOM) continue;
        memmove(&projects->names[at + 1], &projects->names[at],
                (projects->count - at) * sizeof projects->names[0]);
        projects->names[at] = name;
        projects->count++;
    }
}

/* Kernels of this class and project; KERNEL_CLASS_NONE and NULL: of any. */
static size_t count_of(const struct catalogue *c, enum kernel_class class, const char *project)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct kernel *k = c->entries[i].kernel;
        bool right_class = class == KERNEL_CLASS_NONE || class == k->class;
        count += right_class && (!project || strcmp(project, project_of(k)) == 0);
    }
    return count;
}

static void print_count_row(const struct catalogue *c, const struct projects *projects,
                            const char *name, enum kernel_class class)
{
    printf("| %s |", name);
    for (size_t p = 0; p < projects->count; p++) {
        size_t count = count_of(c, class, projects->names[p]);
        if (count > 0)
            printf(" %zu |", count);
        else
            printf(" |");
    }
    printf(" %zu |\n", count_of(c, class, NULL));
}

static void print_counts(const struct catalogue *c)
{
    struct projects projects = {0};
    collect_projects(c, &projects);
    printf("| class |");
    for (size_t p = 0; p < projects.count; p++) printf(" %s |", projects.names[p]);
    printf(" all |\n|---|");
    for (size_t p = 0; p < projects.count; p++) printf("---:|");
    printf("---:|\n");
    for (int class = 1; class < KERNEL_CLASS_COUNT; class ++)
        if (count_of(c, (enum kernel_class) class, NULL) > 0)
            print_count_row(c, &projects, kernel_class_name((enum kernel_class) class),
                            (enum kernel_class) class);
    print_count_row(c, &projects, "all", KERNEL_CLASS_NONE);
}

/* One line for each policy: how many kernels every seed finds, how many some, and which not. */
static void print_policy_row(const struct catalogue *c, size_t policy)
{
    size_t all = 0, some = 0, none = 0;
    for (size_t i = 0; i < c->count; i++) {
        size_t found = c->entries[i].firsts[policy].found;
        if (found == CATALOGUE_SEEDS)
            all++;
        else if (found > 0)
            some++;
        else
            none++;
    }
    bool is_of_compiler = strcmp(catalogue_policies[policy], "targets") == 0;
    printf("| %s%s | %zu | %zu | %zu |", catalogue_policies[policy],
           is_of_compiler ? ", " HEDDLE_KERNELS_TAG : "", all, some, none);
    const char *separator = " ";
    for (size_t i = 0; i < c->count; i++) {
        size_t found = c->entries[i].firsts[policy].found;
        if (found == CATALOGUE_SEEDS) continue;
        printf("%s%s (%zu seeds)", separator, c->entries[i].kernel->name, found);
        separator = ", ";
    }
    printf(" |\n");
}

static void print_policies(const struct catalogue *c)
{
    size_t natural = 0;
    for (size_t i = 0; i < c->count; i++) natural += c->entries[i].natural_fails;
    printf("\nThe natural schedule (the empty input) already shows %zu of the %zu bugs; the other "
           "%zu kernels\nhave inputs that pass in [`seeds/`](seeds). Policies, each with %d seeds "
           "and %d executions a seed:\n\n",
           natural, c->count, c->count - natural, CATALOGUE_SEEDS, CATALOGUE_RUNS);
    printf("| policy | every seed finds | some seeds find | no seed finds | not by every seed |\n"
           "|---|---:|---:|---:|---|\n");
    for (size_t p = 0; p < CATALOGUE_POLICIES; p++) print_policy_row(c, p);
    printf("\nThe policy targets watches accesses to memory, which compilers make differently: its "
           "figures are of\nthe compiler that is named.\n");
}

/* ---- Go ----------------------------------------------------------------------------------- */

static void print_go_row(const struct catalogue *c, enum go_means means)
{
    size_t count = 0, only = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct go_row *row = c->entries[i].go;
        if (!row || !row->means[means]) continue;
        size_t ways = 0;
        for (size_t m = 0; m < GO_MEANS_COUNT; m++) ways += row->means[m];
        count++;
        only += ways == 1;
    }
    printf("| %s | %zu | %zu |\n", go_means_name(means), count, only);
}

static void print_go(const struct catalogue *c)
{
    size_t rows = 0, found = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct go_row *row = c->entries[i].go;
        rows += row != NULL;
        found += row && row->found > 0;
    }
    printf("\n## Go's own tools\n\n"
           "Of %zu of these bugs the Go program (GoBench's GoKer) was run with Go 1.19, 100 times "
           "with few\nexceptions ([`go-baseline.json`](go-baseline.json) has the figures and where "
           "they are from).\nIts tools show %zu of them:\n\n"
           "| shown by | bugs | by nothing else |\n|---|---:|---:|\n",
           rows, found);
    for (int means = 0; means < GO_MEANS_COUNT; means++) print_go_row(c, (enum go_means)means);
    printf("\nNot shown in 100 runs:");
    const char *separator = " ";
    for (size_t i = 0; i < c->count; i++) {
        const struct go_row *row = c->entries[i].go;
        if (!row || row->found > 0) continue;
        printf("%s%s", separator, c->entries[i].kernel->name);
        if (row->longer_runs > 0) printf(" (%d of %d later)", row->longer_found, row->longer_runs);
        separator = ", ";
    }
    printf("%s.\n", *separator == ' ' ? " none" : "");
}

static void print_tool_row(const struct catalogue *c, size_t tool)
{
    const struct go_tool *t = &c->baseline.tools[tool];
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct go_row *row = c->entries[i].go;
        count += row && row->published && row->by_tool[tool];
    }
    printf("| %s | %zu |", t->name, count);
    if (t->executions > 0) printf(" %d", t->executions);
    printf(" | %s |\n", t->source);
}

/* The same bugs by a policy of ours; a bug counts if the worst seed finds it. */
static void print_own_row(const struct catalogue *c, size_t policy)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct catalogue_entry *entry = &c->entries[i];
        const struct catalogue_firsts *firsts = &entry->firsts[policy];
        bool all = firsts->found == CATALOGUE_SEEDS && firsts->worst <= PUBLISHED_EXECUTIONS;
        count += entry->go && entry->go->published && all;
    }
    printf("| %s, here | %zu | %d | each of the %d seeds |\n", catalogue_policies[policy], count,
           PUBLISHED_EXECUTIONS, CATALOGUE_SEEDS);
}

static void print_published(const struct catalogue *c)
{
    size_t rows = 0;
    for (size_t i = 0; i < c->count; i++) rows += c->entries[i].go && c->entries[i].go->published;
    printf("\n## Other tools, as published\n\n"
           "For %zu blocking bugs. A tool's executions are of the Go program; a policy's are of "
           "the kernel.\n\n"
           "| tool | finds | executions at most | source |\n|---|---:|---:|---|\n",
           rows);
    for (size_t t = 0; t < c->baseline.tool_count; t++) print_tool_row(c, t);
    for (size_t p = 0; p < CATALOGUE_POLICIES; p++) print_own_row(c, p);
}

/* ---- Kernels ------------------------------------------------------------------------------ */

static void print_expected(const struct kernel *k)
{
    if (k->miss) {
        printf(" not found yet: ");
        print_text(k->miss);
        printf(" |");
        return;
    }
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++)
        printf("%s`%s`", i ? "<br>" : " ", k->expect[i]);
    printf(" |");
}

static void print_firsts(const struct catalogue_firsts *firsts)
{
    if (firsts->found == 0) {
        printf(" none |");
        return;
    }
    printf(" %" PRIu64 " (%" PRIu64 ")", firsts->median, firsts->worst);
    if (firsts->found < CATALOGUE_SEEDS) printf(" by %zu", firsts->found);
    printf(" |");
}

static void print_go_cell(const struct go_row *row)
{
    if (!row) {
        printf(" |");
        return;
    }
    const char *separator = " ";
    for (int means = 0; means < GO_MEANS_COUNT; means++) {
        if (!row->means[means]) continue;
        printf("%s%s", separator, go_means_name((enum go_means)means));
        separator = ", ";
    }
    printf(" %d/%d", row->found, row->runs);
    if (row->longer_runs > 0) printf(", later %d/%d", row->longer_found, row->longer_runs);
    if (row->note) printf(" (%s)", row->note);
    printf(" |");
}

static void print_tools_cell(const struct go_baseline *baseline, const struct go_row *row)
{
    const char *separator = " ";
    for (size_t t = 0; row && t < baseline->tool_count; t++) {
        if (!row->by_tool[t]) continue;
        printf("%s%s", separator, baseline->tools[t].id);
        if (row->execution[t] > 0) printf(" %d", row->execution[t]);
        separator = ", ";
    }
    printf(" |\n");
}

static void print_kernel(const struct catalogue *c, const struct catalogue_entry *entry)
{
    const struct kernel *k = entry->kernel;
    printf("| [%s](kernels/%s.c) | ", k->name, k->name);
    print_text(k->title);
    printf(" ([source](%s)) |", k->source);
    print_expected(k);
    printf(" %s |", entry->natural_fails ? "fails" : "passes");
    for (size_t p = 0; p < CATALOGUE_POLICIES; p++) print_firsts(&entry->firsts[p]);
    print_go_cell(entry->go);
    print_tools_cell(&c->baseline, entry->go);
}

static void print_class(const struct catalogue *c, enum kernel_class class)
{
    size_t count = count_of(c, class, NULL);
    if (count == 0) return;
    printf("\n## %s: %zu\n\n"
           "| kernel | what is wrong | reported as | natural | random | pct | targets | Go 1.19 | "
           "published |\n|---|---|---|---|---|---|---|---|---|\n",
           kernel_class_name(class), count);
    for (size_t i = 0; i < c->count; i++)
        if (c->entries[i].kernel->class == class) print_kernel(c, &c->entries[i]);
}

void catalogue_print(const struct catalogue *catalogue)
{
    printf("# The corpus\n\n"
           "%zu bugs, one file each in [`kernels/`](kernels), with the bug and with its fix. This "
           "page is what\n`heddle list --markdown` prints; a test compares the two.\n\n",
           catalogue->count);
    print_counts(catalogue);
    print_policies(catalogue);
    print_go(catalogue);
    print_published(catalogue);
    printf("\n# The kernels\n\n"
           "By class, then by project. *natural*: whether the natural schedule shows the bug. "
           "*random*, *pct*,\n*targets*: the execution that first shows it, median and (worst) of "
           "%d seeds.\n*Go 1.19*: what shows it, in how many runs. *published*: the tools that "
           "show it, and in which\nexecution.\n",
           CATALOGUE_SEEDS);
    for (int class = 1; class < KERNEL_CLASS_COUNT; class ++)
        print_class(catalogue, (enum kernel_class) class);
}
