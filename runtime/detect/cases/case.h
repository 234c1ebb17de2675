// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* One situation for the race detector: a small program, and what must be said of it.
 *
 *   ACTOR(writes_then_sends) { x = 1; go_chan_send(ch, NULL); }
 *   NEVER(a_send_is_before_its_receive)
 *   {
 *       ch = go_chan_make(0, 0);
 *       go(writes_then_sends, NULL);
 *       go_chan_recv(ch, NULL);
 *       use(x);
 *   }
 *
 * NEVER: whatever the schedule and the grain, there is nothing to report. EXPECT: every execution
 * reports one of `expect`; where the facts say so, some schedules are rightly silent, but none
 * reports anything else. MISS: a race that is not found, and why; finding it is an error. The name
 * is the claim. race_cases_test.c runs them all.
 *
 * What a case shares between goroutines are the variables below. They are no static ones of its
 * file: of those the compiler knows all uses, and leaves out accesses that nobody could see. (It
 * may also add some: of `c ? x : y` clang reads both if both can be read without harm, though only
 * one is evaluated. Cases write that as two statements.)
 */
#ifndef HEDDLE_CASE_H
#define HEDDLE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heddle.h"

enum { CASE_EXPECT_MAX = 3 };

/* An access as the report has it. */
struct case_access {
    char kind; /* 'R', 'W'; 0: any access */
    size_t bytes;
};

struct race_case {
    const char *name;
    const char *file;
    void (*root)(void);
    const char *expect[CASE_EXPECT_MAX]; /* signatures; none: nothing may be reported */
    struct case_access pair[2];          /* EXPECT: the two accesses, in either order */
    bool not_always;                     /* EXPECT: silence is right in some schedules, ... */
    bool natural_is_silent;              /* ... and in the natural one */
    const char *miss;                    /* MISS: why it is not found */
    bool go123_timers;
};

void case_register(const struct race_case *c);

#define CASE_FACTS(id, ...)                                                                        \
    static void id(void);                                                                          \
    __attribute__((section("heddle_facts"))) static struct race_case id##_case = {                 \
        .name = #id, .file = __FILE__, .root = id, __VA_ARGS__};                                   \
    __attribute__((constructor)) static void id##_enroll(void) { case_register(&id##_case); }      \
    static void id(void)

#define NEVER(id) CASE_FACTS(id, .miss = NULL)
#define EXPECT(id, ...) CASE_FACTS(id, __VA_ARGS__)
#define MISS(id, reason) CASE_FACTS(id, .miss = reason)

#define READ(size)                                                                                 \
    {                                                                                              \
        'R', size                                                                                  \
    }
#define WRITE(size)                                                                                \
    {                                                                                              \
        'W', size                                                                                  \
    }

/* The function of a goroutine. */
#define ACTOR(id) static void id(void *arg __attribute__((unused)))

/* Its argument is read. */
static inline void use(uint64_t value) { __asm__ volatile("" : : "r"(value)); }

/* ---- What cases share (shared.c): zero when an execution begins ----------------------------- */

extern int x, y;
extern struct go_chan *ch, *ch2;
extern struct go_mutex mutex, mutex2;
extern struct go_rwmutex rwmutex;
extern struct go_waitgroup waitgroup, waitgroup2;
extern struct go_once once;
extern struct go_cond cond;
extern struct go_timer *timer;
extern struct go_context *ctx, *ctx2;
extern struct go_map *map;
extern bool there;
extern union case_bytes {
    uint8_t byte[64];
    uint16_t half[32];
    uint32_t word[16];
    uint64_t wide[8];
} bytes;

#endif
