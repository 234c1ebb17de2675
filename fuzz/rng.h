// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The one source of pseudo-random numbers of policies and generated inputs: splitmix64 (Steele,
 * Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Equal on every
 * machine.
 */
#ifndef HEDDLE_RNG_H
#define HEDDLE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_scramble(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t rng_next(struct rng *r)
{
    r->state += 0x9e3779b97f4a7c15u;
    return rng_scramble(r->state);
}

/* The stream of run `index` of `seed`: a function of the two alone. */
static inline struct rng rng_of(uint64_t seed, uint64_t index)
{
    struct rng r = {rng_scramble(seed + 0x9e3779b97f4a7c15u)};
    r.state ^= rng_scramble(index + 0xd1b54a32d192ed03u);
    return r;
}

/* One number from a key and a counter, without a stream: what is drawn at one place does not move
 * what is drawn at another. */
static inline uint64_t rng_at(uint64_t key, uint64_t counter)
{
    return rng_scramble(rng_scramble(key + 0x9e3779b97f4a7c15u) + counter * 0x9e3779b97f4a7c15u);
}

/* x mapped to [0, n); n at least 1. The bias of n / 2^32 is far below what a schedule can show. */
static inline size_t rng_scale(uint64_t x, size_t n)
{
    if (n > UINT32_MAX) return (size_t)(x % n);
    return (size_t)(((x >> 32) * (uint64_t)n) >> 32);
}

static inline size_t rng_below(struct rng *r, size_t n) { return rng_scale(rng_next(r), n); }

#endif
