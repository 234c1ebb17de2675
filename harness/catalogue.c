// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Measures the kernels for the catalogue. A seed is left at its first bug, so that all of it takes
 * seconds: nearly all executions are those of the few kernels that a policy seldom finds. */
#include "catalogue.h"

#include <stdlib.h>

#include "policies.h"
#include "run.h"
#include "scratch.h"
#include "tally.h"

const char *const catalogue_policies[CATALOGUE_POLICIES] = {"random", "pct", "targets"};

static const struct run_options run_defaults;

/* Number of the first execution with a bug, 0 if there is none. */
static uint64_t first_bug(const struct kernel *k, const char *policy, uint64_t seed, uint64_t runs)
{
    struct tally tally;
    tally_run_to_first(&tally, k, policy_find(policy), GRAIN_SYNC, seed, runs, &run_defaults);
    tally_free(&tally);
    return tally.first;
}

bool catalogue_natural_fails(const struct kernel *k) { return first_bug(k, "natural", 1, 1) != 0; }

static struct catalogue_firsts measure(const struct kernel *k, const char *policy)
{
    uint64_t sorted[CATALOGUE_SEEDS];
    size_t found = 0;
    for (uint64_t seed = 1; seed <= CATALOGUE_SEEDS; seed++) {
        uint64_t first = first_bug(k, policy, seed, CATALOGUE_RUNS);
        if (first == 0) continue;
        size_t at = found++;
        for (; at > 0 && sorted[at - 1] > first; at--) sorted[at] = sorted[at - 1];
        sorted[at] = first;
    }
    if (found == 0) return (struct catalogue_firsts){0};
    return (struct catalogue_firsts){
        .found = found, .median = sorted[found / 2], .worst = sorted[found - 1]};
}

enum status catalogue_make(struct catalogue *out, const struct kernel *const *kernels, size_t count)
{
    char root[SCRATCH_PATH_BYTES], path[SCRATCH_PATH_BYTES], error[GO_BASELINE_ERROR_BYTES];
    *out = (struct catalogue){0};
    kernel_source_root(kernel_first(), root, sizeof root);
    if (!scratch_path(path, "%scorpus/go-baseline.json", root))
        return status_usage("%s: the path is too long", root);
    if (!go_baseline_read(path, &out->baseline, error)) return status_usage("%s", error);
    out->entries = calloc(count + 1, sizeof out->entries[0]);
    if (!out->entries) {
        go_baseline_free(&out->baseline);
        return status_usage("out of memory");
    }
    for (; out->count < count; out->count++) {
        const struct kernel *k = kernels[out->count];
        struct catalogue_entry *entry = &out->entries[out->count];
        entry->kernel = k;
        entry->natural_fails = catalogue_natural_fails(k);
        entry->go = go_baseline_find(&out->baseline, k->name);
        for (size_t p = 0; p < CATALOGUE_POLICIES; p++)
            entry->firsts[p] = measure(k, catalogue_policies[p]);
    }
    return STATUS_OK;
}

void catalogue_free(struct catalogue *catalogue)
{
    free(catalogue->entries);
    go_baseline_free(&catalogue->baseline);
    *catalogue = (struct catalogue){0};
}
