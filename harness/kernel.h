// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A bug kernel: a small program with one real bug, and the same without it. This is the only header
 * that a kernel includes.
 *
 *   KERNEL(origin_number,
 *          .title = "...", .class = KERNEL_CHAN, .project = "...", .source = "https://...",
 *          .story = "...", .fix = "...", .expect = {"deadlock--function"});
 *   static void kernel_main(void) { ... if (BUGGY) ...; }
 *
 * Each file is compiled twice, with -DBUGGY=1 and -DBUGGY=0, and everything in it is static, so
 * that all of them link into one program. The id is the file's name. (The facts have a section of
 * their own: they are ours, and no globals of the program under test. They alone have a name for
 * the linker, heddle_kernel_ID_BUGGY: asking for it takes this kernel from its archive, for a
 * program that has no other.)
 */
#ifndef HEDDLE_KERNEL_H
#define HEDDLE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "heddle.h"

enum kernel_class {
    KERNEL_CLASS_NONE,
    KERNEL_CHAN,
    KERNEL_CHAN_LOCK,
    KERNEL_CHAN_CONTEXT,
    KERNEL_DOUBLE_LOCK,
    KERNEL_LOCK_ORDER,
    KERNEL_RWLOCK,
    KERNEL_COND,
    KERNEL_WAITGROUP,
    KERNEL_CLOSE,
    KERNEL_RACE,
    KERNEL_ORDER,
    KERNEL_TIMER,
    KERNEL_TESTING,
    KERNEL_LIB,
    KERNEL_CLASS_COUNT
};

enum { KERNEL_EXPECT_MAX = 8 };

struct kernel {
    const char *name; /* set by KERNEL, like the next three */
    const char *file; /* path that it was compiled from */
    void (*main)(void);
    bool buggy;
    const char *title; /* what is wrong, in one line */
    enum kernel_class class;
    const char *project;                   /* where the bug was found, "" for our own */
    const char *source;                    /* URL of the report or of the fix */
    const char *story;                     /* how it comes about */
    const char *fix;                       /* what the fixed variant does instead */
    const char *expect[KERNEL_EXPECT_MAX]; /* signatures of the buggy variant; the first is usual */
    const char *miss;    /* why it cannot be found yet, or NULL; finding it is then an error */
    struct kernel *next; /* by the registry */
};

/* Add k, in order of name, the buggy variant first. A second one of the same name and variant ends
 * the process: link order must not decide which one runs. */
void kernel_register(struct kernel *k);

/* The kernel, or NULL. */
const struct kernel *kernel_find(const char *name, bool buggy);

/* The kernel of a program that has just one: its buggy variant, or the fixed one if there is no
 * other. NULL if the program has several kernels, or none. */
const struct kernel *kernel_alone(void);

/* All of both variants, in order; follow .next. */
const struct kernel *kernel_first(void);

const char *kernel_class_name(enum kernel_class class);
/* KERNEL_CLASS_NONE if there is no class of that name. */
enum kernel_class kernel_class_find(const char *name);

/* Whether the buggy variant may end with this signature. */
bool kernel_expects(const struct kernel *k, const char *signature);

/* The directory that k's file lies in, without corpus/kernels/: what the stable form cuts from
 * paths. "" if the file lies elsewhere. */
void kernel_source_root(const struct kernel *k, char *out, size_t out_bytes);

#ifdef BUGGY
#define KERNEL_FACTS_(id, buggy) heddle_kernel_##id##_##buggy
#define KERNEL_FACTS(id, buggy) KERNEL_FACTS_(id, buggy) /* BUGGY is its value by now */
#define KERNEL(id, ...)                                                                            \
    static void kernel_main(void);                                                                 \
    extern struct kernel KERNEL_FACTS(id, BUGGY);                                                  \
    __attribute__((constructor)) static void kernel_enroll(void)                                   \
    {                                                                                              \
        kernel_register(&KERNEL_FACTS(id, BUGGY));                                                 \
    }                                                                                              \
    __attribute__((section("heddle_facts"))) struct kernel KERNEL_FACTS(id, BUGGY) = {             \
        .name = #id, .file = __FILE__, .main = kernel_main, .buggy = BUGGY, __VA_ARGS__}
#endif

#endif
