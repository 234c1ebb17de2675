// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A program under test with every kind of access that compilers announce: harness/abi compiles it
 * with each compiler and each set of flags and runs it. It ends with a line for each way of access
 * that was not seen, or was seen somewhere else than in its function.
 *
 * Two goroutines do the same without any order, on memory that nobody else has: a race in the
 * function that the case is named after. It is instrumented as a whole, so callbacks come outside
 * of executions as well.
 *
 * With an argument it does something wrong instead that ASan should report: overflow-stack,
 * overflow-global, overflow-copy or use-after-free, each in a function of that name. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heddle.h"
#include "policies.h"
#include "report/report.h"
#include "run.h"

/* Without a call of its own in the function that is to be reported. */
#define CASE_FUNCTION __attribute__((noinline)) static void

enum { BLOCK_BYTES = 40, SIGNATURE_BYTES = 512 };

struct block {
    unsigned char bytes[BLOCK_BYTES];
};
struct __attribute__((packed)) unaligned {
    char first;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    __extension__ unsigned __int128 sixteen;
    volatile uint16_t volatile_two;
    volatile uint32_t volatile_four;
    volatile uint64_t volatile_eight;
};

struct shared {
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    __extension__ unsigned __int128 sixteen;
    volatile uint8_t volatile_one;
    volatile uint16_t volatile_two;
    volatile uint32_t volatile_four;
    volatile uint64_t volatile_eight;
    unsigned low : 3, high : 5;
    double real;
    void *pointer;
    struct unaligned unaligned;
    struct block block;
    struct block other;
};

static struct shared global; /* reset before every execution */
static struct go_waitgroup done;
/* Not the program's: executions would begin with its first value. */
__attribute__((section("abi_state"))) static void (*touch)(struct shared *s) = NULL;
static size_t varying = 7;

CASE_FUNCTION write_1(struct shared *s) { s->one = 1; }
CASE_FUNCTION write_2(struct shared *s) { s->two = 1; }
CASE_FUNCTION write_4(struct shared *s) { s->four = 1; }
CASE_FUNCTION write_8(struct shared *s) { s->eight = 1; }
CASE_FUNCTION write_16(struct shared *s) { s->sixteen = 1; }
CASE_FUNCTION count_1(struct shared *s) { s->one++; }
CASE_FUNCTION count_2(struct shared *s) { s->two++; }
CASE_FUNCTION count_4(struct shared *s) { s->four++; }
CASE_FUNCTION count_8(struct shared *s) { s->eight++; }
CASE_FUNCTION count_16(struct shared *s) { s->sixteen++; }
CASE_FUNCTION volatile_1(struct shared *s) { s->volatile_one++; }
CASE_FUNCTION volatile_2(struct shared *s) { s->volatile_two++; }
CASE_FUNCTION volatile_4(struct shared *s) { s->volatile_four++; }
CASE_FUNCTION volatile_8(struct shared *s) { s->volatile_eight++; }
CASE_FUNCTION unaligned_2(struct shared *s) { s->unaligned.two++; }
CASE_FUNCTION unaligned_4(struct shared *s) { s->unaligned.four++; }
CASE_FUNCTION unaligned_8(struct shared *s) { s->unaligned.eight++; }
CASE_FUNCTION unaligned_16(struct shared *s) { s->unaligned.sixteen++; }
CASE_FUNCTION unaligned_volatile_2(struct shared *s) { s->unaligned.volatile_two++; }
CASE_FUNCTION unaligned_volatile_4(struct shared *s) { s->unaligned.volatile_four++; }
CASE_FUNCTION unaligned_volatile_8(struct shared *s) { s->unaligned.volatile_eight++; }
CASE_FUNCTION bit_field(struct shared *s) { s->high = 3; }
CASE_FUNCTION floating(struct shared *s) { s->real += 0.5; }
CASE_FUNCTION pointer(struct shared *s) { s->pointer = &s->pointer; }
CASE_FUNCTION array_element(struct shared *s) { s->block.bytes[varying] = 1; }
CASE_FUNCTION copy_struct(struct shared *s) { s->block = s->other; }
CASE_FUNCTION copy_packed(struct shared *s)
{
    struct unaligned mine = {.eight = varying};
    s->unaligned = mine;
}
CASE_FUNCTION copy_bytes(struct shared *s) { memcpy(&s->block, &s->other, varying); }
CASE_FUNCTION move_bytes(struct shared *s) { memmove(&s->block, &s->block.bytes[1], varying); }
CASE_FUNCTION set_bytes(struct shared *s) { memset(&s->block, 1, varying); }
CASE_FUNCTION from_array_on_the_stack(struct shared *s)
{
    uint32_t mine[varying];
    for (size_t i = 0; i < varying; i++) mine[i] = (uint32_t)i;
    s->four = mine[varying - 1];
}

/* A panic leaves instrumented frames by longjmp; what follows has the right stack. */
__attribute__((noinline)) static void close_twice(struct go_chan *c)
{
    go_chan_close(c);
    go_chan_close(c);
    global.eight = 2;
}
static void panics(void *unused)
{
    (void)unused;
    close_twice(go_chan_make(0, 0));
    global.eight = 1;
}
CASE_FUNCTION after_panic(struct shared *s)
{
    struct go_panic panic;
    for (size_t i = 0; i < varying; i++)
        if (!go_protect(panics, NULL, &panic)) return;
    s->four = 1;
}

/* What is inlined into two branches begins alike, and may not be made one access of neither. */
static inline uint64_t get_if_even(struct shared *s) { return s->eight; }
static inline uint64_t get_if_odd(struct shared *s) { return s->eight + 1; }
CASE_FUNCTION branches(struct shared *s)
{
    uint64_t got = s->one & 1 ? get_if_odd(s) : get_if_even(s);
    s->eight = got + 1;
}

static void run_touch(void *unused)
{
    (void)unused;
    touch(&global);
    go_waitgroup_done(&done);
}
static void root(void)
{
    go_waitgroup_add(&done, 2);
    go(run_touch, NULL);
    go(run_touch, NULL);
    go_waitgroup_wait(&done);
}

/* From the access in `function`, which may have been inlined into the case, to the goroutine. */
static bool has_stack(const struct trace *trace, const char *name, const char *function)
{
    size_t count = trace->count;
    bool is_inlined = strcmp(name, function) != 0;
    return count >= 2 && count <= (is_inlined ? 3 : 2) &&
           strcmp(symbolize_function(trace->pc[0]), function) == 0 &&
           strcmp(symbolize_function(trace->pc[count - 1]), "run_touch") == 0;
}

/* The case `name`: a race in the function `second`, with one of before in `first`. */
static size_t check(void (*function)(struct shared *s), const char *name, const char *first,
                    const char *second)
{
    char signature[SIGNATURE_BYTES] = "nothing", expected[SIGNATURE_BYTES];
    struct run_result result;
    struct policy *natural = policy_find("natural")->create(1);
    touch = function;
    run_execute(root, natural, NULL, &result, NULL);
    if (result.report) report_signature(result.report, signature, sizeof signature);
    const char *separator = strcmp(first, second) == 0 ? "" : "--";
    snprintf(expected, sizeof expected, "data-race--%s%s%s", first, separator,
             *separator ? second : "");
    bool right = strcmp(signature, expected) == 0 &&
                 has_stack(&result.report->previous_trace, name, first) &&
                 has_stack(&result.report->first, name, second);
    if (!right) printf("%s: reported: %s\n", name, signature);
    policy_destroy(natural);
    return !right;
}

/* ---- For ASan, in a goroutine of one execution -------------------------------------------- */

static uint32_t table[4] = {1};

CASE_FUNCTION overflow_stack(void)
{
    uint32_t mine[4] = {0};
    volatile size_t index = varying - 3;
    mine[index] = 1;
    go_observe(mine[0]);
}
CASE_FUNCTION overflow_global(void)
{
    volatile size_t index = varying - 3;
    table[index] = 1;
    go_observe(table[0]);
}
CASE_FUNCTION overflow_copy(void)
{
    char mine[4];
    volatile size_t bytes = varying;
    memcpy(mine, &global.block, bytes);
    go_observe((uint64_t)mine[0]);
}
CASE_FUNCTION use_after_free(void)
{
    char *volatile memory = malloc(varying);
    free(memory);
    go_observe((uint64_t)*memory);
}

static void do_wrong(void *function)
{
    void (*const *wrong)(void) = function;
    (*wrong)();
}

__attribute__((section("abi_state"))) static void (*wrong_function)(void) = NULL;

static void root_of_wrong(void)
{
    go(do_wrong, &wrong_function);
    go_gosched();
}

static int run_wrong(const char *name)
{
    struct run_result result;
    struct policy *natural = policy_find("natural")->create(1);
    wrong_function = strcmp(name, "overflow-stack") == 0    ? overflow_stack
                     : strcmp(name, "overflow-global") == 0 ? overflow_global
                     : strcmp(name, "overflow-copy") == 0   ? overflow_copy
                                                            : use_after_free;
    run_execute(root_of_wrong, natural, NULL, &result, NULL);
    policy_destroy(natural);
    printf("%s: not noticed\n", name);
    return EXIT_SUCCESS;
}

#define CASE(name) check(name, #name, #name, #name)

int main(int argc, char **argv)
{
    if (argc > 1) return run_wrong(argv[1]);
    size_t failures = CASE(write_1) + CASE(write_2) + CASE(write_4) + CASE(write_8) +
                      CASE(write_16) + CASE(count_1) + CASE(count_2) + CASE(count_4) +
                      CASE(count_8) + CASE(count_16) + CASE(volatile_1) + CASE(volatile_2) +
                      CASE(volatile_4) + CASE(volatile_8) + CASE(unaligned_2) + CASE(unaligned_4) +
                      CASE(unaligned_8) + CASE(unaligned_16) + CASE(unaligned_volatile_2) +
                      CASE(unaligned_volatile_4) + CASE(unaligned_volatile_8) + CASE(bit_field) +
                      CASE(floating) + CASE(pointer) + CASE(array_element) + CASE(copy_struct) +
                      CASE(copy_packed) + CASE(copy_bytes) + CASE(move_bytes) + CASE(set_bytes) +
                      CASE(from_array_on_the_stack) + CASE(after_panic) +
                      check(branches, "branches", "branches", "get_if_even");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
