// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Makes seeds: a fixed series of small deviations from the natural schedule runs, what passes is
 * written down as entries, and of these are kept, one after the other, those that add most to what
 * the ones before have shown. What an execution shows are pairs: which operation of which goroutine
 * came next after which at the same object. That is what schedules are made of, whereas edges of
 * the program would not tell two schedules apart. */
#include "seeds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "input.h"
#include "policy_bytes.h"
#include "record.h"
#include "rng.h"
#include "run.h"

enum {
    CANDIDATES = 1000,      /* of one kernel */
    DEVIATIONS_MAX = 6,     /* of one candidate */
    PAIR_BITS = 4096,       /* a pair is one bit, by its hash */
    OBJECTS_MAX = 256,      /* later ones share a slot with earlier ones */
    SEEDS_WANTED = 3,       /* also if the last of them show no new pair */
    SEED_OF_CANDIDATES = 1, /* of their random numbers */
};

struct pairs {
    uint64_t words[PAIR_BITS / 64];
};

struct candidate_seed {
    struct seed seed;
    struct pairs pairs;
};

static const struct run_options run_defaults;

/* ---- What an execution shows -------------------------------------------------------------- */

static void add_pair(struct pairs *pairs, uint64_t hash)
{
    pairs->words[hash / 64 % (PAIR_BITS / 64)] |= (uint64_t)1 << hash % 64;
}

/* Pairs of the latest execution. */
static void collect_pairs(struct pairs *pairs)
{
    uint64_t latest[OBJECTS_MAX] = {0};
    size_t count;
    const struct event *events = run_events(&count, NULL);
    *pairs = (struct pairs){0};
    for (size_t i = 0; i < count; i++) {
        const struct event *e = &events[i];
        uint64_t what = mix64(mix64(mix64(e->kind, e->phase), e->stable), e->object_stable);
        uint64_t *before = &latest[e->object % OBJECTS_MAX];
        add_pair(pairs, mix64(*before, what));
        *before = what;
    }
}

/* Pairs of a that b has not. */
static size_t count_new(const struct pairs *a, const struct pairs *b)
{
    size_t count = 0;
    for (size_t i = 0; i < PAIR_BITS / 64; i++)
        count += (size_t)__builtin_popcountll(a->words[i] & ~b->words[i]);
    return count;
}

static void join(struct pairs *sum, const struct pairs *pairs)
{
    for (size_t i = 0; i < PAIR_BITS / 64; i++) sum->words[i] |= pairs->words[i];
}

/* ---- Candidates --------------------------------------------------------------------------- */

/* Write candidate number `index`, for a kernel whose natural schedule has this many positions; 0 is
 * the natural schedule. Later ones deviate more often. */
static size_t draw(uint64_t index, uint64_t positions, uint8_t out[SEED_BYTES_MAX])
{
    struct rng rng = rng_of(SEED_OF_CANDIDATES, index);
    size_t count = index == 0 ? 0 : 1 + rng_below(&rng, 1 + index * DEVIATIONS_MAX / CANDIDATES);
    uint8_t data[4], entries[INPUT_ENTRY_BYTES_SYNC * DEVIATIONS_MAX];
    struct input in = {.data = data, .entries = entries};
    if (index % 2 == 1) in.data_bytes = 1 + rng_below(&rng, sizeof data);
    for (size_t i = 0; i < in.data_bytes; i++) data[i] = (uint8_t)rng_next(&rng);
    uint64_t position = 0;
    struct input_entry previous;
    for (; in.entry_count < count && position < positions; in.entry_count++) {
        position += 1 + rng_below(&rng, (size_t)(positions - position));
        struct input_entry entry = {.position = position, .choice = 1};
        entry.choice = (uint8_t)(entry.choice + rng_below(&rng, 3));
        previous = input_entry_write(GRAIN_SYNC, in.entry_count ? &previous : NULL, entry,
                                     entries + INPUT_ENTRY_BYTES_SYNC * in.entry_count);
    }
    return input_encode(&in, out, SEED_BYTES_MAX);
}

static bool passes(const struct kernel *k, const uint8_t *bytes, size_t size,
                   struct run_result *result)
{
    struct policy_bytes policy;
    policy_bytes_init(&policy);
    policy_bytes_play(&policy, bytes, size);
    run_execute(k->main, &policy.policy, &run_defaults, result, NULL);
    return result->verdict == VERDICT_PASS;
}

/* What the execution of these bytes did, as entries: nothing that had no effect. False if it does
 * not fit. */
static bool rewrite(const struct kernel *k, const uint8_t *bytes, size_t size, struct seed *out)
{
    struct policy_bytes policy;
    struct record record;
    struct run_result result;
    uint8_t *entries;
    policy_bytes_init(&policy);
    policy_bytes_play(&policy, bytes, size);
    record_init(&record, &policy.policy);
    run_execute(k->main, &record.policy, &run_defaults, &result, NULL);
    bool fits = record_encode(&record, &entries, &out->size) == RECORD_OK;
    record_free(&record);
    if (!fits) return false;
    fits = out->size <= sizeof out->bytes;
    if (fits) memcpy(out->bytes, entries, out->size);
    free(entries);
    if (out->size == 0) out->bytes[out->size++] = INPUT_VERSION;
    return fits;
}

/* Run candidate number `index`; false if it is no seed. */
static bool try_candidate(const struct kernel *buggy, const struct kernel *fixed, uint64_t index,
                          uint64_t positions, struct candidate_seed *out)
{
    uint8_t bytes[SEED_BYTES_MAX];
    struct run_result result;
    struct seed *seed = &out->seed;
    size_t size = draw(index, positions, bytes);
    if (!passes(buggy, bytes, size, &result)) return false;
    uint64_t digest = result.digest;
    collect_pairs(&out->pairs);
    if (!rewrite(buggy, bytes, size, seed)) return false;
    if (!passes(fixed, seed->bytes, seed->size, &result)) return false;
    seed->digest = digest;
    return passes(buggy, seed->bytes, seed->size, &result) && result.digest == digest;
}

/* ---- Choosing ----------------------------------------------------------------------------- */

static bool is_chosen(const struct seeds *seeds, const struct candidate_seed *candidate)
{
    for (size_t i = 0; i < seeds->count; i++)
        if (seeds->seeds[i].digest == candidate->seed.digest) return true;
    return false;
}

/* The candidate with most new pairs; of equal ones the shortest, then the first. NULL: none is left
 * that is another execution. */
static const struct candidate_seed *best(const struct candidate_seed *candidates, size_t count,
                                         const struct seeds *seeds, const struct pairs *shown)
{
    const struct candidate_seed *found = NULL;
    size_t found_new = 0;
    for (size_t i = 0; i < count; i++) {
        const struct candidate_seed *c = &candidates[i];
        size_t new_pairs = count_new(&c->pairs, shown);
        if (found && new_pairs < found_new) continue;
        if (found && new_pairs == found_new && c->seed.size >= found->seed.size) continue;
        if (is_chosen(seeds, c)) continue;
        found = c;
        found_new = new_pairs;
    }
    return found;
}

static void choose_seeds(const struct candidate_seed *candidates, size_t count, struct seeds *out)
{
    struct pairs shown = {0};
    const struct candidate_seed *next = &candidates[0]; /* the natural schedule */
    while (next && out->count < SEEDS_MAX) {
        if (count_new(&next->pairs, &shown) == 0 && out->count >= SEEDS_WANTED) return;
        join(&shown, &next->pairs);
        out->seeds[out->count++] = next->seed;
        next = best(candidates, count, out, &shown);
    }
}

void seeds_make(const char *kernel, struct seeds *out)
{
    const struct kernel *buggy = kernel_find(kernel, true);
    const struct kernel *fixed = kernel_find(kernel, false);
    struct run_result result;
    *out = (struct seeds){0};
    if (!passes(buggy, NULL, 0, &result)) return;
    uint64_t positions = result.positions;
    struct candidate_seed *candidates = calloc(CANDIDATES, sizeof candidates[0]);
    if (!candidates) fault_usage("out of memory for seeds");
    size_t count = 0;
    for (uint64_t i = 0; i < CANDIDATES; i++)
        count += try_candidate(buggy, fixed, i, positions, &candidates[count]);
    if (count > 0) choose_seeds(candidates, count, out);
    free(candidates);
}

void seeds_name(const struct seed *seed, char out[SEED_NAME_BYTES])
{
    uint64_t name = mix64(INPUT_VERSION, seed->size);
    for (size_t i = 0; i < seed->size; i++) name = mix64(name, seed->bytes[i]);
    snprintf(out, SEED_NAME_BYTES, "%016" PRIx64, name);
}

bool seeds_folder(const struct kernel *k, char out[SCRATCH_PATH_BYTES])
{
    char root[SCRATCH_PATH_BYTES];
    kernel_source_root(k, root, sizeof root);
    return scratch_path(out, "%scorpus/seeds/%s", root, k->name);
}
