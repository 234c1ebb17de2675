// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Ways to die, one for each engine. Each was measured with ClusterFuzz's parser:
 *
 *   libFuzzer   exit(77): its hook writes the crash file and keeps our report's type; abort()
 *   would be
 *               reported over it as "Abrt", _exit() would lose the crash file.
 *   AFL++       a signal is a crash and an exit status is not: SIGTRAP, which no sanitizer hooks.
 *   Centipede   _exit(77).
 *   none        _exit(66).
 *
 * The AFL build also runs files from a shell; only under afl-fuzz and its tools, which say so in
 * the environment, does it die by a signal.
 */
#include "engine.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const char __libfuzzer_is_present __attribute__((weak));
extern const char CentipedeIsPresent __attribute__((weak));
extern uint8_t *__afl_area_ptr __attribute__((weak));

enum engine engine_present(void)
{
    if (&CentipedeIsPresent) return ENGINE_CENTIPEDE;
    if (&__libfuzzer_is_present) return ENGINE_LIBFUZZER;
    if (&__afl_area_ptr && getenv("__AFL_SHM_ID")) return ENGINE_AFL;
    return ENGINE_NONE;
}

_Noreturn void engine_die_finding(void)
{
    fflush(NULL);
    switch (engine_present()) {
    case ENGINE_LIBFUZZER:
        exit(ENGINE_STATUS_LIBFUZZER);
    case ENGINE_CENTIPEDE:
        _exit(ENGINE_STATUS_LIBFUZZER);
    case ENGINE_AFL:
        signal(SIGTRAP, SIG_DFL);
        raise(SIGTRAP);
        break;
    case ENGINE_NONE:
        break;
    }
    _exit(ENGINE_STATUS_FINDING);
}

_Noreturn void engine_die_internal(void)
{
    fflush(NULL);
    _exit(ENGINE_STATUS_INTERNAL);
}
