// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench engines: the kernel of 35 positions under libFuzzer, less the same engine with no
 * kernel; round trips of a real afl-fuzz. An engine that was not built is said, and is no failure.
 */
#include "bench_engines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench_measure.h"
#include "scratch.h"
#include "session.h"

enum { ENGINE_RUNS = 1000000 };

/* Processor seconds of libFuzzer on a bench program; negative if it failed. */
static double libfuzzer_seconds(char *program, const char *name)
{
    char bench[64];
    char count[32];
    snprintf(bench, sizeof bench, "--heddle-bench=%s", name);
    snprintf(count, sizeof count, "-runs=%u", ENGINE_RUNS);
    char seed[] = "-seed=1";
    char length[] = "-max_len=16";
    char control[] = "-len_control=0";
    char *argv[] = {program, bench, count, seed, length, control, NULL};
    double cpu;
    int status;
    if (!measure_child(argv, NULL, &cpu, &status) || status != 0) return -1;
    return cpu;
}

static enum status bench_libfuzzer(void)
{
    static const char *const places[] = {"heddle-libfuzzer", NULL};
    char program[SCRATCH_PATH_BYTES];
    if (!scratch_find_program(places, program)) {
        printf("%-58s %10s\n", "under libFuzzer", "heddle-libfuzzer was not built");
        return STATUS_OK;
    }
    double kernel[MEASURE_PAIRS];
    double none[MEASURE_PAIRS];
    double net[MEASURE_PAIRS];
    for (size_t i = 0; i < MEASURE_PAIRS; i++) {
        kernel[i] = libfuzzer_seconds(program, "kernel35") * 1e9 / (double)ENGINE_RUNS;
        none[i] = libfuzzer_seconds(program, "none") * 1e9 / (double)ENGINE_RUNS;
        if (kernel[i] < 0 || none[i] < 0) return status_usage("%s did not run to its end", program);
        net[i] = kernel[i] - none[i];
    }
    struct measure m = measure_of(kernel, MEASURE_PAIRS);
    measure_print("that kernel under libFuzzer, races seen, to 8 deviations", m, 1, "ns");
    printf("%-58s %10.0f /s\n", "executions per second under libFuzzer", 1e9 / m.median);
    measure_print("the same engine and edges, no kernel, no races", measure_of(none, MEASURE_PAIRS),
                  1, "ns");
    measure_print("what the kernel costs there: difference in pairs",
                  measure_of(net, MEASURE_PAIRS), 1, "ns");
    return STATUS_OK;
}

/* A number of AFL++'s fuzzer_stats; negative if it is not there. */
static double afl_stat(const char *out, const char *name)
{
    char path[SCRATCH_PATH_BYTES];
    if (!scratch_path(path, "%s/default/fuzzer_stats", out)) return -1;
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    char line[256];
    double value = -1;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 && strchr(line, ':'))
            value = strtod(strchr(line, ':') + 1, NULL);
    fclose(file);
    return value;
}

/* Round trips per second of a short real run; negative if there was none. */
static double afl_round_trips(char *program, const char *root)
{
    static const uint8_t seed[] = {1};
    char seeds[SCRATCH_PATH_BYTES];
    char file[SCRATCH_PATH_BYTES];
    char out[SCRATCH_PATH_BYTES];
    if (!scratch_path(seeds, "%s/seeds", root) || !scratch_path(file, "%s/natural", seeds) ||
        !scratch_path(out, "%s/out", root))
        return -1;
    if (mkdir(seeds, 0700) || !scratch_write(file, seed, sizeof seed)) return -1;
    char bench[] = "--heddle-bench=kernel35";
    char tool[] = "afl-fuzz";
    char in_option[] = "-i";
    char out_option[] = "-o";
    char time_option[] = "-V";
    char seconds[] = "5";
    char dashes[] = "--";
    char *argv[] = {tool,    in_option, seeds,   out_option, out, time_option,
                    seconds, dashes,    program, bench,      NULL};
    double cpu;
    int status;
    if (!measure_child(argv, session_afl_settings, &cpu, &status)) return -1;
    return afl_stat(out, "execs_per_sec");
}

static enum status bench_afl(void)
{
    static const char *const places[] = {"heddle-afl", "../afl/heddle-afl", NULL};
    char program[SCRATCH_PATH_BYTES];
    if (!scratch_find_program(places, program)) {
        printf("%-58s %10s\n", "AFL++ round trips", "heddle-afl was not built");
        return STATUS_OK;
    }
    char root[SCRATCH_PATH_BYTES];
    if (!scratch_make(root)) return STATUS_USAGE;
    double trips = afl_round_trips(program, root);
    scratch_remove(root);
    if (trips < 0) return status_usage("afl-fuzz did not run");
    printf("%-58s %10.0f /s\n", "AFL++ round trips, that kernel", trips);
    return STATUS_OK;
}

enum status bench_engines(void) { return status_join(bench_libfuzzer(), bench_afl()); }
