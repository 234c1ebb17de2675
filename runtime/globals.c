// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Remembering and resetting the program's globals. Invariant in globals.h. */
#include "globals.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Bounds that the linker makes from the sections' names. */
extern char __start_heddle_data[] __attribute__((weak));
extern char __stop_heddle_data[] __attribute__((weak));
extern char __start_heddle_bss[] __attribute__((weak));
extern char __stop_heddle_bss[] __attribute__((weak));

static struct {
    bool remembered;
    size_t bytes[GLOBALS_COUNT];
    unsigned char *copy[GLOBALS_COUNT];
} globals;

struct globals_range globals_range(int section)
{
    return section == GLOBALS_DATA ? (struct globals_range){(uintptr_t)__start_heddle_data,
                                                            (uintptr_t)__stop_heddle_data}
                                   : (struct globals_range){(uintptr_t)__start_heddle_bss,
                                                            (uintptr_t)__stop_heddle_bss};
}

/* ASan puts red zones between globals; they are copied and put back like the rest. */
__attribute__((no_sanitize("address"))) static void copy(unsigned char *to,
                                                         const unsigned char *from, size_t bytes)
{
#if HEDDLE_ASAN
    for (size_t i = 0; i < bytes; i++) to[i] = from[i];
#else
    memcpy(to, from, bytes);
#endif
}

static void remember(void)
{
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        struct globals_range range = globals_range(i);
        globals.bytes[i] = range.high - range.low;
        if (!globals.bytes[i]) continue;
        globals.copy[i] = mmap(NULL, globals.bytes[i], PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (globals.copy[i] == MAP_FAILED)
            fault_usage("cannot remember %zu bytes of globals: %s", globals.bytes[i],
                        strerror(errno));
        copy(globals.copy[i], (const unsigned char *)range.low, /* NOLINT */
             globals.bytes[i]);
    }
    globals.remembered = true;
}

void globals_reset(void)
{
    if (unlikely(!globals.remembered)) {
        remember();
        return;
    }
    for (int i = 0; i < GLOBALS_COUNT; i++)
        if (globals.bytes[i])
            copy((unsigned char *)globals_range(i).low, globals.copy[i], /* NOLINT */
                 globals.bytes[i]);
}
