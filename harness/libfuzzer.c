// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The main of a libFuzzer target, as far as it is ours: link with -fsanitize=fuzzer.
 *
 * argv is left as it is: libFuzzer starts itself again with it (-fork, -jobs, -minimize_crash), and
 * ignores what begins with two dashes.
 */
#include <stddef.h>
#include <stdint.h>

#include "standalone.h"
#include "target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    standalone_start(*argc, *argv);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) { return target_run(bytes, size); }
