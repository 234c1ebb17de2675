// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Does real Go do what this runtime allows? Draws programs, runs each under every schedule here
 * and many times there, and compares.
 *
 *   conform [--programs N] [--runs N] [--seed N] [--schedules N] [--again N] [--wrong] GO-PROGRAM
 *   conform --texts GO-PROGRAM     only what Go says when it ends a program, and what we report
 *
 * With --wrong the runtime is wrong on purpose: success is a difference, and the first one ends it;
 * an outcome that Go never shows counts, in tiny programs.
 *
 * 1. Inclusion: what Go shows is in our set. One outcome outside of it fails.
 * 2. Exactness, of small programs without timers: what we allow, Go shows, sooner or later. They
 *    are run `again` times more; what still is missing is printed, and is for people to explain:
 *    Go may need more luck than that.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "compare.h"

enum { BATCH = 25, AGAIN_ROUNDS = 5 };

static struct options {
    unsigned programs;
    unsigned runs;
    unsigned again;
    uint64_t seed;
    uint64_t schedules;
    bool wrong;
    bool texts;
    const char *go;
} options = {.programs = 100, .runs = 50, .again = 2000, .seed = 1, .schedules = 20000};

/* ---- The programs -------------------------------------------------------------------------- */

static struct entry *entries; /* of options.programs */
static unsigned rejected_schedules;
static unsigned rejected_misuse;
static unsigned outside_count;
static unsigned missing_count;

static void die(const char *what)
{
    fprintf(stderr, "conform: %s: %s\n", what, strerror(errno));
    exit(4);
}

/* Keep what was enumerated; the scratch set is as large as any can be. */
static void keep(struct entry *e, const struct program *p, const struct outcomes *set)
{
    e->program = *p;
    e->schedules = set->schedules;
    e->count = set->count;
    e->outcomes = calloc(set->count, sizeof e->outcomes[0]);
    if (!e->outcomes) die("memory");
    memcpy(e->outcomes, set->items, set->count * sizeof e->outcomes[0]);
}

static bool useful(const struct program *p, const struct outcomes *set)
{
    if (!set->rejected) return true;
    if (strcmp(set->rejected, "schedules") == 0 || strcmp(set->rejected, "outcomes") == 0) {
        rejected_schedules++;
    } else if (strcmp(set->rejected, "waitgroup-misuse") == 0) {
        rejected_misuse++;
    } else {
        fprintf(stderr, "conform: program %u: no use for %s\n", p->number, set->rejected);
        program_print(stderr, p, 0, 1);
        exit(1);
    }
    return false;
}

/* The next count programs, as entries from first on. */
static void draw(unsigned first, unsigned count)
{
    static struct outcomes set; /* safe: one thread; too large for a stack */
    static struct program p;
    static uint32_t number;
    for (unsigned n = first; n < first + count; number++) {
        program_draw(&p, options.seed, number);
        outcomes_enumerate(&set, &p, options.schedules);
        if (useful(&p, &set)) keep(&entries[n++], &p, &set);
    }
}

/* ---- Go ------------------------------------------------------------------------------------ */

/* Run those of the programs that are wanted, and count what Go shows. Returns the number of
 * outcomes outside our sets. */
static unsigned run_go(struct entry *some, unsigned count, unsigned first_run, unsigned runs,
                       bool (*wanted)(const struct entry *e))
{
    char name[] = "/tmp/conform-XXXXXX";
    int fd = mkstemp(name);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) die(name);
    for (unsigned i = 0; i < count; i++)
        if (wanted(&some[i])) program_print(file, &some[i].program, first_run, runs);
    if (fclose(file) != 0) die(name);
    char command[4096];
    (void)snprintf(command, sizeof command, "'%s' %s", options.go, name);
    FILE *go = popen(command, "r");
    if (!go) die(options.go);
    unsigned outside = compare_read(go, some, count, options.wrong);
    int status = pclose(go);
    (void)unlink(name);
    if (status != 0) {
        fprintf(stderr, "conform: %s: status %d\n", options.go, status);
        exit(4);
    }
    return outside;
}

static bool is_any(const struct entry *e)
{
    (void)e;
    return true;
}

/* Returns the number of differences. */
static unsigned compare_batch(struct entry *some, unsigned count)
{
    unsigned outside = run_go(some, count, 0, options.runs, is_any);
    /* Most that is missing comes soon: rounds, each with what is missing still. */
    unsigned round = options.again / AGAIN_ROUNDS;
    bool (*wanted)(const struct entry *e) = options.wrong ? compare_is_tiny : compare_is_small;
    for (unsigned i = 0; i < AGAIN_ROUNDS && round; i++)
        outside += run_go(some, count, options.runs + i * round, round, wanted);
    unsigned missing = round ? compare_missing(some, count, wanted, options.wrong) : 0;
    outside_count += outside;
    missing_count += missing;
    return outside + missing;
}

/* Returns the number of programs compared: with --wrong the first difference is enough. */
static unsigned compare_all(void)
{
    for (unsigned n = 0; n < options.programs; n += BATCH) {
        unsigned count = options.programs - n < BATCH ? options.programs - n : BATCH;
        draw(n, count);
        if (compare_batch(&entries[n], count) && options.wrong) return n + count;
    }
    return options.programs;
}

/* ---- The command --------------------------------------------------------------------------- */

static uint64_t number_of(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (*end || end == text) {
        fprintf(stderr, "conform: %s is no number\n", text);
        exit(2);
    }
    return n;
}

static void parse(int argc, char **argv)
{
    static const struct option known[] = {
        {"programs", required_argument, NULL, 'p'},  {"runs", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},      {"again", required_argument, NULL, 'a'},
        {"schedules", required_argument, NULL, 'm'}, {"wrong", no_argument, NULL, 'w'},
        {"texts", no_argument, NULL, 't'},           {0},
    };
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'p') options.programs = (unsigned)number_of(optarg);
        if (c == 'r') options.runs = (unsigned)number_of(optarg);
        if (c == 's') options.seed = number_of(optarg);
        if (c == 'a') options.again = (unsigned)number_of(optarg);
        if (c == 'm') options.schedules = number_of(optarg);
        if (c == 'w') options.wrong = true;
        if (c == 't') options.texts = true;
        if (c == '?') exit(2);
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "conform: which Go program? Built from harness/conform/go\n");
        exit(2);
    }
    options.go = argv[optind];
}

/* A wrong runtime is found out, or not. */
static int conclude_wrong(unsigned compared)
{
    unsigned found = outside_count + missing_count;
    if (found)
        printf("found out within %u programs: %u outcomes of Go outside, %u never shown\n",
               compared, outside_count, missing_count);
    else
        printf("not found out by %u programs\n", compared);
    return found == 0;
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (options.texts) return compare_texts(options.go) != 0;
    entries = calloc(options.programs, sizeof entries[0]);
    if (!entries) die("memory");
    unsigned compared = compare_all();
    if (options.wrong) return conclude_wrong(compared);
    compare_distribution(entries, compared);
    printf("drawn again: %u with too many schedules, %u that misuse a WaitGroup\n",
           rejected_schedules, rejected_misuse);
    printf("%u outcomes of Go outside our sets, %u of ours that Go never shows\n", outside_count,
           missing_count);
    return outside_count != 0;
}
