// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the gates share. Costs are measured once for each kernel: a few executions of both variants
 * under policy random, of which the mean counts. */
#include "gates_testkit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "policies.h"
#include "run.h"
#include "subject.h"

enum { PROBES = 4 };

static struct gate {
    uint64_t part; /* from 1 */
    uint64_t parts;
    uint64_t share;
    uint64_t cuts[GATE_KERNELS_MAX];          /* by ordinal; 0: not measured yet */
} gate = {.part = 1, .parts = 1, .share = 1}; /* safe: set before the tests, which run in turn */

static bool read_number(const char *text, char end, const char **rest, uint64_t *number)
{
    char *stop;
    if (text[0] < '0' || text[0] > '9') return false;
    *number = strtoull(text, &stop, 10);
    *rest = stop + (*stop != '\0');
    return *stop == end && *number > 0;
}

bool gate_option(const char *argument)
{
    static const char part[] = "--part=", share[] = "--share=";
    const char *rest;
    if (strncmp(argument, share, strlen(share)) == 0)
        return read_number(argument + strlen(share), '\0', &rest, &gate.share);
    if (strncmp(argument, part, strlen(part)) != 0) return false;
    return read_number(argument + strlen(part), '/', &rest, &gate.part) &&
           read_number(rest, '\0', &rest, &gate.parts) && gate.part <= gate.parts;
}

void gate_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (gate_option(argv[i])) continue;
        fprintf(stderr, "%s: %s: expected --part=I/N or --share=N\n", argv[0], argv[i]);
        exit(EXIT_FAILURE);
    }
}

/* The place of its name among all names, from 0. */
static size_t ordinal(const struct kernel *k)
{
    size_t at = 0;
    for (const struct kernel *other = kernel_first(); strcmp(other->name, k->name) != 0;
         other = other->next)
        at += !other->next || strcmp(other->name, other->next->name) != 0;
    return at;
}

/* Does the file that k was compiled from have the word in it? */
static bool source_has(const struct kernel *k, const char *word)
{
    char line[512];
    bool found = false;
    FILE *in = fopen(k->file, "r");
    if (!in) {
        fprintf(stderr, "%s cannot be read\n", k->file);
        exit(EXIT_FAILURE);
    }
    while (!found && fgets(line, sizeof line, in)) found = strstr(line, word) != NULL;
    fclose(in);
    return found;
}

bool gate_promises(const struct kernel *k)
{
    return !HEDDLE_ASAN || !(source_has(k, "__atomic_") || source_has(k, "stdatomic.h"));
}

bool gate_has(const struct kernel *k)
{
    return gate_promises(k) && ordinal(k) % gate.parts == gate.part - 1;
}

bool gate_is_first(void) { return gate.part == 1; }

size_t gate_kernel_count(void)
{
    size_t count = 0;
    for (const struct kernel *k = kernel_first(); k; k = k->next) count += gate_has(k);
    return count;
}

bool gate_is_shared(void) { return gate.share > 1; }

uint64_t gate_share(uint64_t budget) { return budget > gate.share ? budget / gate.share : 1; }

static uint64_t events_of(const struct kernel *k)
{
    uint64_t events = 0;
    if (!k) return 0;
    struct policy *p = policy_find("random")->create(1);
    for (int i = 0; i < PROBES; i++) {
        struct run_result result;
        run_execute(k->main, p, NULL, &result, NULL);
        events += result.events;
    }
    policy_destroy(p);
    return events / PROBES;
}

uint64_t gate_cut(const struct kernel *k)
{
    size_t at = ordinal(k);
    if (at < GATE_KERNELS_MAX && gate.cuts[at]) return gate.cuts[at];
    uint64_t buggy = events_of(kernel_find(k->name, true));
    uint64_t fixed = events_of(kernel_find(k->name, false));
    uint64_t events = buggy > fixed ? buggy : fixed, cut = 1;
    while (cut < GATE_CUT_MAX && events > cut * GATE_EVENTS) cut *= 2;
    if (at < GATE_KERNELS_MAX) gate.cuts[at] = cut;
    return cut;
}

uint64_t gate_runs(const struct kernel *k, uint64_t runs)
{
    uint64_t afforded = gate_share(runs) / gate_cut(k);
    return afforded ? afforded : 1;
}

void gate_begin(void) { subject_install(); }
