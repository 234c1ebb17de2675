// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The main of a libFuzzer target, as far as it is ours: link with -fsanitize=fuzzer.
 *
 * argv is left as it is: libFuzzer starts itself again with it (-fork, -jobs, -minimize_crash), and
 * ignores what begins with two dashes.
 *
 * The engine asks us to mutate because these functions are there; unless --heddle-mutator=schedule
 * is given it gets its own mutators back.
 */
#include <stddef.h>
#include <stdint.h>

#include "form_mutate.h"
#include "standalone.h"
#include "target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t size_max, unsigned seed);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    standalone_start(*argc, *argv);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) { return target_run(bytes, size); }

/* Whether schedules are mutated by us in an input of this form. */
static bool is_ours(size_t size_max)
{
    return target_options()->mutates_schedules && size_max >= INPUT_HEADER_BYTES;
}

static enum grain grain_of(const uint8_t *bytes, size_t size)
{
    const struct target_options *options = target_options();
    return options->compares_forms ? options->form_grain : input_decode(bytes, size).grain;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed)
{
    if (!is_ours(size_max)) return LLVMFuzzerMutate(bytes, size, size_max);
    return form_mutate(target_options()->form, grain_of(bytes, size), bytes, size, size_max, seed);
}

/* 0: nothing made, and the engine takes another mutator. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t size_max, unsigned seed)
{
    if (!is_ours(size_max)) return 0;
    return form_splice(target_options()->form, grain_of(a, a_size), a, a_size, b, b_size, out,
                       size_max, seed);
}
