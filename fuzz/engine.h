// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Which fuzzing engine this process runs under, and how to die so that it takes notice.
 *
 * Detected by weak symbols at run time: one archive serves all engines.
 */
#ifndef HEDDLE_ENGINE_H
#define HEDDLE_ENGINE_H

enum engine { ENGINE_NONE, ENGINE_LIBFUZZER, ENGINE_AFL, ENGINE_CENTIPEDE };

enum engine engine_present(void);

enum {
    ENGINE_STATUS_FINDING = 66,   /* without an engine; as ThreadSanitizer */
    ENGINE_STATUS_LIBFUZZER = 77, /* libFuzzer's own for a crash */
    ENGINE_STATUS_INTERNAL = 4,   /* a fault of ours is never a finding */
};

/* End the process after a finding that has been written and printed. */
_Noreturn void engine_die_finding(void);

/* End the process after a fault of ours: no engine takes it for a finding. */
_Noreturn void engine_die_internal(void);

#endif
