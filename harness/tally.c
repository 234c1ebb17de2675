// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Runs a kernel many times under one policy object and counts what comes out.
 *
 * Digests seen are kept in an open-addressing set, so that `distinct` is exact. Wall-clock time is
 * measured around the executions and has no influence on them.
 */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base.h"
#include "report/report.h"

/* A set of digests; 0 is kept apart as it marks a free slot. */
struct digest_set {
    uint64_t *slots;
    size_t capacity; /* a power of two */
    size_t count;
    bool has_zero;
};

static void *checked(void *memory)
{
    if (!memory) fault_usage("out of memory for counting executions");
    return memory;
}

static size_t slot_of(const struct digest_set *set, uint64_t digest)
{
    size_t slot = (size_t)mix64(0, digest) & (set->capacity - 1);
    while (set->slots[slot] != 0 && set->slots[slot] != digest)
        slot = (slot + 1) & (set->capacity - 1);
    return slot;
}

static void grow(struct digest_set *set)
{
    struct digest_set old = *set;
    set->capacity = old.capacity ? 2 * old.capacity : 1024;
    set->slots = checked(calloc(set->capacity, sizeof set->slots[0]));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i] != 0) set->slots[slot_of(set, old.slots[i])] = old.slots[i];
    free(old.slots);
}

static void insert(struct digest_set *set, uint64_t digest)
{
    if (2 * set->count >= set->capacity) grow(set);
    if (digest == 0) {
        set->count += !set->has_zero;
        set->has_zero = true;
        return;
    }
    size_t slot = slot_of(set, digest);
    if (set->slots[slot] == digest) return;
    set->slots[slot] = digest;
    set->count++;
}

void tally_count(struct tally_names *names, const char *name, uint64_t count)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->entries[i].name, name) != 0) continue;
        names->entries[i].count += count;
        return;
    }
    if (names->count == TALLY_NAMES_MAX) {
        names->others += count;
        return;
    }
    names->entries[names->count++] =
        (struct tally_name){.name = checked(strdup(name)), .count = count};
}

static void count_result(struct tally *tally, const struct kernel *k,
                         const struct run_result *result)
{
    char signature[TALLY_NAME_BYTES];
    switch (result->verdict) {
    case VERDICT_PASS:
        return;
    case VERDICT_INCONCLUSIVE:
        tally_count(&tally->inconclusive, result->limit, 1);
        return;
    case VERDICT_BUG:
        break;
    }
    report_signature(result->report, signature, sizeof signature);
    tally_count(&tally->signatures, signature, 1);
    tally->found++;
    if (tally->first == 0) tally->first = tally->runs;
    if (!kernel_expects(k, signature)) tally->unexpected++;
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run(struct tally *tally, const struct kernel *k, const struct policy_info *policy,
                enum grain grain, uint64_t seed, uint64_t runs, const struct run_options *options,
                bool to_first)
{
    struct policy *p = policy->create(seed);
    p->grain = grain;
    struct digest_set digests = {0};
    *tally = (struct tally){0};
    double start = now_seconds();
    bool more = true;
    while (more && tally->runs < runs && !(to_first && tally->found > 0)) {
        struct run_result result;
        run_execute(k->main, p, options, &result, &more);
        tally->runs++;
        tally->digest = mix64(tally->digest, result.digest);
        insert(&digests, result.digest);
        count_result(tally, k, &result);
    }
    tally->seconds = now_seconds() - start;
    tally->complete = !more;
    tally->distinct = digests.count;
    free(digests.slots);
    policy_destroy(p);
}

void tally_run(struct tally *tally, const struct kernel *k, const struct policy_info *policy,
               enum grain grain, uint64_t seed, uint64_t runs, const struct run_options *options)
{
    run(tally, k, policy, grain, seed, runs, options, false);
}

void tally_run_to_first(struct tally *tally, const struct kernel *k,
                        const struct policy_info *policy, enum grain grain, uint64_t seed,
                        uint64_t runs, const struct run_options *options)
{
    run(tally, k, policy, grain, seed, runs, options, true);
}

static void free_names(struct tally_names *names)
{
    for (size_t i = 0; i < names->count; i++) free(names->entries[i].name);
    names->count = 0;
}

void tally_free(struct tally *tally)
{
    free_names(&tally->signatures);
    free_names(&tally->inconclusive);
}
