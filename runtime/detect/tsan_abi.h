// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The interface of -fsanitize=thread, as far as we implement it: compilers declare these
 * themselves, so this is for our own files only. Source: LLVM's ThreadSanitizer.cpp and gcc's
 * tsan.cc, which emit the calls.
 */
#ifndef HEDDLE_TSAN_ABI_H
#define HEDDLE_TSAN_ABI_H

#include "../access.h"

/* What the fast path of a covered access does not settle: point, check, memory of it. */
void tsan_abi_slow(uintptr_t address, size_t bytes, enum access_kind kind, const void *pc);

/* Any bytes anywhere, announced by a callback that goes on after it. */
void tsan_abi_range(const void *pointer, size_t bytes, enum access_kind kind,
                    struct call_site site);

#define TSAN_ABI_PLAIN(bytes)                                                                      \
    void __tsan_read##bytes(void *p);                                                              \
    void __tsan_write##bytes(void *p);                                                             \
    void __tsan_volatile_read##bytes(void *p);                                                     \
    void __tsan_volatile_write##bytes(void *p);                                                    \
    void __tsan_read_write##bytes(void *p);                                                        \
    void __tsan_unaligned_read##bytes(void *p);                                                    \
    void __tsan_unaligned_write##bytes(void *p);                                                   \
    void __tsan_unaligned_volatile_read##bytes(void *p);                                           \
    void __tsan_unaligned_volatile_write##bytes(void *p);                                          \
    void __tsan_unaligned_read_write##bytes(void *p);
TSAN_ABI_PLAIN(1)
TSAN_ABI_PLAIN(2)
TSAN_ABI_PLAIN(4)
TSAN_ABI_PLAIN(8)
TSAN_ABI_PLAIN(16)

void __tsan_read_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes);
void __tsan_vptr_read(void **p);
void __tsan_vptr_update(void **p, void *value);
void *__tsan_memcpy(void *to, const void *from, size_t bytes);
void *__tsan_memmove(void *to, const void *from, size_t bytes);
void *__tsan_memset(void *to, int value, size_t bytes);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_init(void);
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);

#endif
