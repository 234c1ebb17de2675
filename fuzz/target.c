// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Runs inputs for an engine and acts on the outcome: count, ignore, or save, print and die.
 *
 * All state is in one struct. The counters can be moved into a mapped file, so that `heddle fuzz`
 * shows progress between the lines that an engine prints; counting costs the same there. What a
 * finding is and how it looks is not decided here (detectors, printers); neither is what to do
 * after a death (harness).
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base.h"
#include "deviation.h"
#include "engine.h"
#include "fault.h"
#include "input.h"
#include "policy_bytes.h"
#include "report/report.h"

static struct target {
    struct target_options options;
    struct policy_bytes policy;
    struct form_player player; /* only if forms are compared */
    struct target_counts own_counts;
    struct target_counts *counts;
    const uint8_t *bytes; /* of the execution that runs or ran last */
    size_t size;
} target;

/* A fault of ours while an engine runs: keep the input under a name that no engine takes for a
 * finding, and leave. */
static void keep_input(const char *what)
{
    (void)what;
    uint64_t name = mix64(INPUT_VERSION, target.size);
    for (size_t i = 0; i < target.size; i++) name = mix64(name, target.bytes[i]);
    char path[ARTIFACT_PATH_BYTES];
    const char *directory = target.options.artifacts ? target.options.artifacts : ".";
    snprintf(path, sizeof path, "%s/internal-%016" PRIx64, directory, name);
    FILE *out = fopen(path, "wb");
    bool kept = out && fwrite(target.bytes, 1, target.size, out) == target.size;
    if (out && fclose(out) != 0) kept = false;
    fprintf(stderr, "heddle: the input of this fault %s %s\n",
            kept ? "is" : "could not be written:", path);
    engine_die_internal();
}

void target_try(const uint8_t *bytes, size_t size, struct run_result *result)
{
    target.bytes = bytes;
    target.size = size;
    struct policy *policy = &target.policy.policy;
    if (target.options.compares_forms)
        policy = form_play(&target.player, bytes, size);
    else
        policy_bytes_play(&target.policy, bytes, size);
    run_execute(target.options.root, policy, &target.options.run, result, NULL);
}

/* What grain shared is learned from is an execution of its own. Without this it would come with the
 * first input of that grain, and to an engine that input would seem to behave in two ways. */
static void learn_before_engine(void)
{
    const uint8_t natural[] = {INPUT_VERSION, GRAIN_SHARED};
    struct run_result result;
    if (engine_present() == ENGINE_NONE || target.options.engine_only) return;
    target_try(natural, sizeof natural, &result);
}

void target_open(const struct target_options *options)
{
    rt_assert(options->root != NULL);
    rt_assert(options->ignored_count <= TARGET_IGNORED_MAX);
    target.options = *options;
    target.own_counts = (struct target_counts){0};
    if (!target.counts) target.counts = &target.own_counts;
    policy_bytes_init(&target.policy);
    form_player_init(&target.player, options->form, options->form_grain);
    if (engine_present() != ENGINE_NONE) fault_set_handler(keep_input);
    learn_before_engine();
}

static bool is_ignored(const struct report *report)
{
    if (target.options.ignored_count == 0) return false;
    char signature[TARGET_SIGNATURE_BYTES];
    report_signature(report, signature, sizeof signature);
    for (size_t i = 0; i < target.options.ignored_count; i++)
        if (strcmp(target.options.ignored[i], signature) == 0) return true;
    return false;
}

/* A command without the folder of its program: where that is differs from build to build. */
static const char *without_folder(const char *command)
{
    const char *name = command;
    for (const char *c = command; *c && *c != ' '; c++)
        if (*c == '/') name = c + 1;
    return name;
}

void target_print(FILE *out, const struct run_result *result, bool stable, const char *input)
{
    char replay[2 * ARTIFACT_PATH_BYTES];
    const char *program = target.options.program;
    snprintf(replay, sizeof replay, "%s %s", stable ? without_folder(program) : program,
             input ? input : "");
    struct report_style style = {
        .stable = stable,
        .input = input,
        .replay = input ? replay : NULL,
        .root = target.options.source_root,
    };
    report_print_text(out, result->report, &style);
}

/* The report in the stable form, malloc'ed; NULL when there is no memory for it. */
static char *stable_report(const struct run_result *result)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    target_print(out, result, true, "input");
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

static bool save(const uint8_t *bytes, size_t size, const struct run_result *result,
                 const struct deviations *deviations, bool minimal, struct artifact_place *place)
{
    char signature[TARGET_SIGNATURE_BYTES];
    report_signature(result->report, signature, sizeof signature);
    char *report = stable_report(result);
    struct artifact artifact = {
        .directory = target.options.artifacts,
        .target = target.options.name,
        .variant = target.options.variant,
        .options = &target.options.run,
        .input = bytes,
        .input_bytes = size,
        .result = result,
        .signature = signature,
        .report = report ? report : "",
        .deviations = deviations,
        .minimal = minimal,
    };
    bool written = artifact_write(&artifact, place);
    free(report);
    return written;
}

bool target_save(const uint8_t *bytes, size_t size, const struct run_result *result,
                 struct artifact_place *place)
{
    return save(bytes, size, result, NULL, false, place);
}

bool target_save_described(const uint8_t *bytes, size_t size, bool minimal,
                           struct artifact_place *place)
{
    struct deviations deviations;
    struct run_result result;
    *place = (struct artifact_place){.error = "artifact not written: the input shows no bug"};
    deviations_of(bytes, size, &deviations);
    target_try(bytes, size, &result);
    bool written =
        result.verdict == VERDICT_BUG && save(bytes, size, &result, &deviations, minimal, place);
    deviations_free(&deviations);
    return written;
}

/* afl-fuzz runs its targets with stderr on the null device; finding names and lines of a report
 * that nobody reads would take longer than all else that a crash costs. */
static bool is_null_device(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

void target_print_unsaved(FILE *out, const struct artifact_place *place, const uint8_t *bytes,
                          size_t size)
{
    fprintf(out, "heddle: %s; the input in hexadecimal: ", place->error);
    for (size_t i = 0; i < size; i++) fprintf(out, "%02x", bytes[i]);
    fputs(size ? "\n" : "(none)\n", out);
}

/* The last acts of this process. */
_Noreturn static void act_on_finding(const uint8_t *bytes, size_t size,
                                     const struct run_result *result)
{
    struct artifact_place place = {0};
    if (target.options.artifacts && !target_save(bytes, size, result, &place))
        target_print_unsaved(stderr, &place, bytes, size);
    if (!is_null_device(STDERR_FILENO))
        target_print(stderr, result, false, place.input[0] ? place.input : NULL);
    /* What is on disk and told is safe; now it may take more executions to say more of it. */
    if (place.input[0] && !place.kept && !target.options.compares_forms)
        (void)target_save_described(bytes, size, false, &place);
    engine_die_finding();
}

/* What is measured are sparse deviations from the natural schedule, whatever an engine mutates. */
static void try_entries(const uint8_t *entries, size_t size, struct run_result *result)
{
    uint8_t bytes[INPUT_HEADER_BYTES + 64] = {INPUT_VERSION};
    if (size > sizeof bytes - INPUT_HEADER_BYTES) size = sizeof bytes - INPUT_HEADER_BYTES;
    memcpy(bytes + INPUT_HEADER_BYTES, entries, size);
    target_try(bytes, INPUT_HEADER_BYTES + size, result);
}

int target_run(const uint8_t *bytes, size_t size)
{
    target.counts->executions++;
    if (target.options.engine_only) {
        target.options.root();
        return 0;
    }
    struct run_result result;
    if (target.options.entries_only)
        try_entries(bytes, size, &result);
    else
        target_try(bytes, size, &result);
    switch (result.verdict) {
    case VERDICT_PASS:
        target.counts->passes++;
        return 0;
    case VERDICT_INCONCLUSIVE:
        target.counts->inconclusive++;
        return 0;
    case VERDICT_BUG:
        break;
    }
    if (!is_ignored(result.report)) act_on_finding(bytes, size, &result);
    target.counts->ignored++;
    return 0;
}

const struct target_counts *target_counts(void)
{
    return target.counts ? target.counts : &target.own_counts;
}

const struct target_options *target_options(void) { return &target.options; }

bool target_share(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return false;
    void *memory = MAP_FAILED;
    /* Its memory is there from now on: a disk that is full later is no SIGBUS. */
    if ((errno = posix_fallocate(file, 0, sizeof(struct target_counts))) == 0)
        memory =
            mmap(NULL, sizeof(struct target_counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return false;
    target.counts = memory;
    return true;
}

bool target_digest(enum grain grain, uint64_t seed, uint64_t count, uint64_t *digest,
                   uint64_t *culprit)
{
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX];
    struct run_result first, second;
    *digest = 0;
    for (uint64_t i = 0; i < count; i++) {
        size_t size = input_random_in(grain, seed, i, bytes);
        target_try(bytes, size, &first);
        target_try(bytes, size, &second);
        *culprit = i;
        if (first.digest != second.digest) return false;
        *digest = mix64(*digest, first.digest);
    }
    return true;
}
