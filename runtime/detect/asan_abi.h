// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The callbacks of ASan under our names (asan_abi.c). Compilers declare these themselves, so this
 * is for our own files only. Source: LLVM's AddressSanitizer.cpp, which emits the calls.
 */
#ifndef HEDDLE_ASAN_ABI_H
#define HEDDLE_ASAN_ABI_H

#include <stddef.h>

#define ASAN_ABI_PLAIN(bytes)                                                                      \
    void __heddle_load##bytes(void *p);                                                            \
    void __heddle_store##bytes(void *p);                                                           \
    void __heddle_load##bytes##_noabort(void *p);                                                  \
    void __heddle_store##bytes##_noabort(void *p);
ASAN_ABI_PLAIN(1)
ASAN_ABI_PLAIN(2)
ASAN_ABI_PLAIN(4)
ASAN_ABI_PLAIN(8)
ASAN_ABI_PLAIN(16)

void __heddle_loadN(void *p, size_t bytes);
void __heddle_storeN(void *p, size_t bytes);
void __heddle_loadN_noabort(void *p, size_t bytes);
void __heddle_storeN_noabort(void *p, size_t bytes);

void *__heddle_memcpy(void *to, const void *from, size_t bytes);
void *__heddle_memmove(void *to, const void *from, size_t bytes);
void *__heddle_memset(void *to, int value, size_t bytes);

#endif
