// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TINY_SCHEDULES = 40, SMALL_SCHEDULES = 2000, SMALL_OUTCOMES = 12 };

static struct entry *find(struct entry *entries, unsigned count, unsigned number)
{
    for (unsigned i = 0; i < count; i++)
        if (entries[i].program.number == number) return &entries[i];
    fprintf(stderr, "conform: Go tells of program %u\n", number);
    exit(4);
}

static bool count_go(struct entry *e, const char *text, uint64_t times)
{
    for (size_t i = 0; i < e->count; i++) {
        char ours[OUTCOME_TEXT_BYTES];
        outcome_text(&e->outcomes[i], &e->program, ours);
        if (strcmp(ours, text) != 0) continue;
        e->outcomes[i].go_count += times;
        return true;
    }
    return false;
}

static void print_outside(const struct entry *e, const char *text, uint64_t times)
{
    printf("outside: program %u, %" PRIu64 " times: %s\n", e->program.number, times, text);
    program_print(stdout, &e->program, 0, 50);
    for (size_t i = 0; i < e->count && i < 40; i++) {
        char ours[OUTCOME_TEXT_BYTES];
        outcome_text(&e->outcomes[i], &e->program, ours);
        printf("  ours: %s\n", ours);
    }
}

unsigned compare_read(FILE *go, struct entry *entries, unsigned count, bool quiet)
{
    static char line[OUTCOME_TEXT_BYTES + 32]; /* safe: one thread */
    struct entry *e = NULL;
    unsigned outside = 0;
    while (fgets(line, sizeof line, go)) {
        line[strcspn(line, "\n")] = '\0';
        unsigned number;
        if (sscanf(line, "program %u", &number) == 1) {
            e = find(entries, count, number);
            continue;
        }
        char *text;
        uint64_t times = strtoull(line, &text, 10);
        if (!e || *text != ' ') {
            fprintf(stderr, "conform: Go says: %s\n", line);
            exit(4);
        }
        if (count_go(e, text + 1, times)) continue;
        if (!quiet) print_outside(e, text + 1, times);
        outside++;
    }
    return outside;
}

static size_t unseen(const struct entry *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->count; i++) n += e->outcomes[i].go_count == 0;
    return n;
}

static bool is_small(const struct entry *e)
{
    return e->schedules <= SMALL_SCHEDULES && e->count <= SMALL_OUTCOMES &&
           e->program.timers == TIMERS_NONE;
}

bool compare_is_small(const struct entry *e) { return is_small(e) && unseen(e); }

bool compare_is_tiny(const struct entry *e)
{
    return compare_is_small(e) && e->schedules <= TINY_SCHEDULES;
}

static void print_missing(const struct entry *e)
{
    printf("never shown: program %u, %" PRIu64 " schedules\n", e->program.number, e->schedules);
    program_print(stdout, &e->program, 0, 2000);
    for (size_t i = 0; i < e->count; i++) {
        char ours[OUTCOME_TEXT_BYTES];
        outcome_text(&e->outcomes[i], &e->program, ours);
        printf("  %s %" PRIu64 " schedules, %" PRIu64 " runs of Go: %s\n",
               e->outcomes[i].go_count ? "     " : "never", e->outcomes[i].count,
               e->outcomes[i].go_count, ours);
    }
}

unsigned compare_missing(const struct entry *entries, unsigned count,
                         bool (*wanted)(const struct entry *e), bool quiet)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!wanted(&entries[i])) continue;
        missing += (unsigned)unseen(&entries[i]);
        if (!quiet) print_missing(&entries[i]);
    }
    return missing;
}

static bool uses(const struct program *p, enum code first, enum code last)
{
    for (int b = 0; b < p->block_count; b++)
        for (int i = 0; i < p->blocks[b].count; i++)
            if (p->blocks[b].ops[i].code >= first && p->blocks[b].ops[i].code <= last) return true;
    return false;
}

static void print_primitives(const struct entry *entries, unsigned count)
{
    printf("programs that use");
    for (int c = 0; c < CODE_COUNT; c++) {
        unsigned n = 0;
        for (unsigned i = 0; i < count; i++)
            n += uses(&entries[i].program, (enum code)c, (enum code)c);
        printf(" %s %u%s", code_name((enum code)c), n, c + 1 < CODE_COUNT ? "," : "\n");
    }
}

void compare_distribution(const struct entry *entries, unsigned count)
{
    unsigned deadlock = 0;
    unsigned leak = 0;
    unsigned panic = 0;
    unsigned small = 0;
    uint64_t schedules = 0;
    uint64_t outcomes = 0;
    uint64_t shown = 0;
    unsigned by_size[8] = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct entry *e = &entries[i];
        bool has[3] = {0};
        for (size_t o = 0; o < e->count; o++) {
            has[0] |= e->outcomes[o].deadlock;
            has[1] |= e->outcomes[o].leak && !e->outcomes[o].deadlock;
            has[2] |= e->outcomes[o].kind != OUTCOME_END;
            shown += e->outcomes[o].go_count != 0;
        }
        deadlock += has[0];
        leak += has[1];
        panic += has[2];
        small += is_small(e);
        schedules += e->schedules;
        outcomes += e->count;
        size_t size = 0;
        for (uint64_t n = e->schedules; n >= 10; n /= 10) size++;
        by_size[size < 7 ? size : 7]++;
    }
    print_primitives(entries, count);
    printf("programs by schedules: below 10: %u, 100: %u, 1000: %u, 10,000: %u, 100,000: %u, "
           "1,000,000: %u, more: %u\n",
           by_size[0], by_size[1], by_size[2], by_size[3], by_size[4], by_size[5],
           by_size[6] + by_size[7]);
    printf("%u of %u programs are small: Go must show all their outcomes\n", small, count);
    printf("%u programs: %u may deadlock, %u may leak, %u may panic; %" PRIu64
           " schedules, %" PRIu64 " outcomes, of which Go showed %" PRIu64 "\n",
           count, deadlock, leak, panic, schedules, outcomes, shown);
}
