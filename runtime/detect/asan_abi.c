// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The ASan mode: -fsanitize=thread and -fsanitize=address do not go together, but the outlined
 * callbacks of ASan can be renamed. So code compiled with
 *
 *   -fsanitize=address -mllvm -asan-instrumentation-with-call-threshold=0
 *   -mllvm -asan-memory-access-callback-prefix=__heddle_
 *
 * calls these before each access: filter, yield and race check as in tsan_abi.c, and then on to the
 * function of ASan that would have been called (weak: where no ASan is linked, nothing is checked).
 * It is called last and jumped to, see CMakeLists.txt: ASan's report begins at the program, as if
 * we were not there.
 *
 * What this mode does not see: atomics are accesses without an order (-asan-instrument-atomics=0
 * leaves them out), and clang drops accesses that it knows to be within bounds, unless told
 * -mllvm -asan-opt=0. */
#include "asan_abi.h"

#include "tsan_abi.h"

/* ASan's module constructors do not announce themselves to us. This one is linked in if a callback
 * is. */
__attribute__((constructor)) static void announce(void) { access_state.instrumented = true; }

#define PLAIN_ONE(name, bytes, kind)                                                               \
    __attribute__((weak)) void __asan_##name(void *p);                                             \
    void __heddle_##name(void *p)                                                                  \
    {                                                                                              \
        tsan_abi_range(p, bytes, kind, CALL_SITE());                                               \
        if (__asan_##name) __asan_##name(p);                                                       \
    }
#define PLAIN(bytes)                                                                               \
    PLAIN_ONE(load##bytes, bytes, ACCESS_READ)                                                     \
    PLAIN_ONE(store##bytes, bytes, ACCESS_WRITE)                                                   \
    PLAIN_ONE(load##bytes##_noabort, bytes, ACCESS_READ)                                           \
    PLAIN_ONE(store##bytes##_noabort, bytes, ACCESS_WRITE)

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

/* Other sizes, and addresses that may not be aligned. */
#define RANGE(name, kind)                                                                          \
    __attribute__((weak)) void __asan_##name(void *p, size_t bytes);                               \
    void __heddle_##name(void *p, size_t bytes)                                                    \
    {                                                                                              \
        tsan_abi_range(p, bytes, kind, CALL_SITE());                                               \
        if (__asan_##name) __asan_##name(p, bytes);                                                \
    }

RANGE(loadN, ACCESS_READ)
RANGE(storeN, ACCESS_WRITE)
RANGE(loadN_noabort, ACCESS_READ)
RANGE(storeN_noabort, ACCESS_WRITE)

__attribute__((weak)) void *__asan_memcpy(void *to, const void *from, size_t bytes);
__attribute__((weak)) void *__asan_memmove(void *to, const void *from, size_t bytes);
__attribute__((weak)) void *__asan_memset(void *to, int value, size_t bytes);

void *__heddle_memcpy(void *to, const void *from, size_t bytes)
{
    struct call_site site = CALL_SITE();
    tsan_abi_range(from, bytes, ACCESS_READ, site);
    tsan_abi_range(to, bytes, ACCESS_WRITE, site);
    if (__asan_memcpy) return __asan_memcpy(to, from, bytes);
    return memcpy(to, from, bytes);
}
void *__heddle_memmove(void *to, const void *from, size_t bytes)
{
    struct call_site site = CALL_SITE();
    tsan_abi_range(from, bytes, ACCESS_READ, site);
    tsan_abi_range(to, bytes, ACCESS_WRITE, site);
    if (__asan_memmove) return __asan_memmove(to, from, bytes);
    return memmove(to, from, bytes);
}
void *__heddle_memset(void *to, int value, size_t bytes)
{
    tsan_abi_range(to, bytes, ACCESS_WRITE, CALL_SITE());
    if (__asan_memset) return __asan_memset(to, value, bytes);
    return memset(to, value, bytes);
}
