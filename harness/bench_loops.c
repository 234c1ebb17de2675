// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The loops. BENCH_LOOPS is the name of the table in this build; with BENCH_GLOBALS there is the
 * global array too. Locals stay in registers, as they do at -O1. */
#include "bench_loops.h"

#ifdef BENCH_GLOBALS
#ifdef __clang__
#pragma clang section bss = "heddle_bss"
#endif
struct bench_item bench_items_heddle[BENCH_GLOBAL_ITEMS];
#ifdef __clang__
#pragma clang section bss = ""
#endif
#endif

static uint64_t read8(struct bench_item *memory, uint32_t items, uint32_t rounds)
{
    const uint64_t *words = (const uint64_t *)memory;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < items; i++) sum += words[i];
    return sum;
}

static uint64_t increment4(struct bench_item *memory, uint32_t items, uint32_t rounds)
{
    uint32_t *ints = (uint32_t *)memory;
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < items; i++) ints[i]++;
    return 0;
}

static uint64_t walk(struct bench_item *memory, uint32_t items, uint32_t rounds)
{
    uint64_t steps = 0;
    (void)items;
    for (uint32_t round = 0; round < rounds; round++)
        for (const struct bench_item *at = memory; at; at = at->next) steps++;
    return steps;
}

/* The empty asm keeps the compiler from knowing what it returns. */
static __attribute__((noinline)) uint64_t callee(uint64_t x)
{
    __asm__("" : "+r"(x));
    return x + 1;
}

static uint64_t call(struct bench_item *memory, uint32_t items, uint32_t rounds)
{
    uint64_t x = 0;
    (void)memory;
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < items; i++) x = callee(x);
    return x;
}

const struct bench_loop BENCH_LOOPS[BENCH_LOOP_COUNT] = {
    [BENCH_LOOP_READ] = {"read of 8 bytes", 1, read8},
    [BENCH_LOOP_INCREMENT] = {"read and write of 4 bytes", 2, increment4},
    [BENCH_LOOP_WALK] = {"walk along a list", 1, walk},
    [BENCH_LOOP_CALL] = {"function entry and exit", 1, call},
};
