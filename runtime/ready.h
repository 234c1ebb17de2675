// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The set of enabled goroutines as bits by number: count, and the n-th in order of creation. Part
 * of sched.c, apart only so that it can be read and tested for itself.
 *
 * Invariant: enabled_count is the number of bits, enabled_in_block[b] of those in words
 * 64b..64b+63. Finding the n-th of 10,000 reads a handful of block counts and at most 64 words. */
#ifndef HEDDLE_READY_H
#define HEDDLE_READY_H

#include "sched.h"

static inline void ready_set(struct goroutine *g)
{
    uint32_t bit = g->number - 1;
    g->enabled = true;
    sched.enabled[bit / 64] |= (uint64_t)1 << (bit % 64);
    sched.enabled_in_block[bit / 4096]++;
    sched.enabled_count++;
}

static inline void ready_clear(struct goroutine *g)
{
    uint32_t bit = g->number - 1;
    g->enabled = false;
    sched.enabled[bit / 64] &= ~((uint64_t)1 << (bit % 64));
    sched.enabled_in_block[bit / 4096]--;
    sched.enabled_count--;
}

/* The next enabled number after number (0: the first), or 0. */
static inline uint32_t ready_next(uint32_t number)
{
    for (uint32_t word = number / 64; word <= (sched.goroutine_count - 1) / 64; word++) {
        uint64_t bits = sched.enabled[word];
        if (word == number / 64) bits &= ~(uint64_t)0 << (number % 64);
        if (bits) return word * 64 + (uint32_t)__builtin_ctzll(bits) + 1;
    }
    return 0;
}

/* The number of the n-th enabled goroutine (from 0) in order of creation, not counting `without`.
 */
static inline uint32_t ready_nth(size_t n, uint32_t without)
{
    uint32_t skip = without - 1;
    for (uint32_t block = 0; block < GOROUTINE_BLOCKS; block++) {
        size_t here = sched.enabled_in_block[block] - (size_t)(skip / 4096 == block);
        if (n >= here) {
            n -= here;
            continue;
        }
        for (uint32_t word = block * 64;; word++) {
            uint64_t bits = sched.enabled[word];
            if (skip / 64 == word) bits &= ~((uint64_t)1 << (skip % 64));
            size_t count = (size_t)__builtin_popcountll(bits);
            if (n >= count) {
                n -= count;
                continue;
            }
            while (n--) bits &= bits - 1;
            return word * 64 + (uint32_t)__builtin_ctzll(bits) + 1;
        }
    }
    fault_internal("the n-th enabled goroutine exists", __FILE__, __LINE__);
}

#endif
