// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The registry of kernels.
 *
 * Invariants
 * - The list is sorted by name, buggy before fixed, whatever the link order was.
 * - Constructors fill it before main and nothing changes it after; it needs no memory of its own.
 * - A kernel without its compulsory facts, or a second one of the same name, does not start.
 */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct registry {
    struct kernel *first;
} registry;

static const char *const class_names[KERNEL_CLASS_COUNT] = {
    [KERNEL_CLASS_NONE] = "none",
    [KERNEL_CHAN] = "chan",
    [KERNEL_CHAN_LOCK] = "chan-lock",
    [KERNEL_CHAN_CONTEXT] = "chan-context",
    [KERNEL_DOUBLE_LOCK] = "double-lock",
    [KERNEL_LOCK_ORDER] = "lock-order",
    [KERNEL_RWLOCK] = "rwlock",
    [KERNEL_COND] = "cond",
    [KERNEL_WAITGROUP] = "waitgroup",
    [KERNEL_CLOSE] = "close",
    [KERNEL_RACE] = "race",
    [KERNEL_ORDER] = "order",
    [KERNEL_TIMER] = "timer",
    [KERNEL_TESTING] = "testing",
    [KERNEL_LIB] = "lib",
};

static void refuse(const struct kernel *k, const char *why)
{
    fprintf(stderr, "heddle: kernel %s (%s): %s\n", k->name, k->buggy ? "buggy" : "fixed", why);
    abort();
}

/* Below zero if a comes before b. */
static int compare(const struct kernel *a, const struct kernel *b)
{
    int by_name = strcmp(a->name, b->name);
    return by_name != 0 ? by_name : (int)b->buggy - (int)a->buggy;
}

void kernel_register(struct kernel *k)
{
    if (!k->title || !k->project || !k->source || !k->story || !k->fix || !k->expect[0])
        refuse(k, "title, project, source, story, fix and expect are compulsory");
    if (k->class <= KERNEL_CLASS_NONE || k->class >= KERNEL_CLASS_COUNT) refuse(k, "no class");
    struct kernel **at = &registry.first;
    while (*at && compare(*at, k) < 0) at = &(*at)->next;
    if (*at && compare(*at, k) == 0) refuse(k, "registered twice");
    k->next = *at;
    *at = k;
}

const struct kernel *kernel_find(const char *name, bool buggy)
{
    for (const struct kernel *k = registry.first; k; k = k->next)
        if (k->buggy == buggy && strcmp(k->name, name) == 0) return k;
    return NULL;
}

const struct kernel *kernel_alone(void)
{
    const struct kernel *first = registry.first;
    if (!first) return NULL;
    for (const struct kernel *k = first->next; k; k = k->next)
        if (strcmp(k->name, first->name) != 0) return NULL;
    const struct kernel *buggy = kernel_find(first->name, true);
    return buggy ? buggy : first;
}

const struct kernel *kernel_first(void) { return registry.first; }

const char *kernel_class_name(enum kernel_class class) { return class_names[class]; }

enum kernel_class kernel_class_find(const char *name)
{
    for (int i = 1; i < KERNEL_CLASS_COUNT; i++)
        if (strcmp(class_names[i], name) == 0) return (enum kernel_class)i;
    return KERNEL_CLASS_NONE;
}

bool kernel_expects(const struct kernel *k, const char *signature)
{
    for (size_t i = 0; i < KERNEL_EXPECT_MAX && k->expect[i]; i++)
        if (strcmp(k->expect[i], signature) == 0) return k->buggy;
    return false;
}

void kernel_source_root(const struct kernel *k, char *out, size_t out_bytes)
{
    const char *folder = strstr(k->file, "corpus/kernels/");
    size_t length = folder ? (size_t)(folder - k->file) : 0;
    if (length >= out_bytes) length = 0;
    memcpy(out, k->file, length);
    out[length] = '\0';
}
