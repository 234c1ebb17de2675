// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A program that was linked with -fsanitize=thread by mistake has libtsan's callbacks instead of
 * ours: accesses would go to a detector that knows nothing of goroutines, and its mmap refuses our
 * regions with a line that helps nobody. It says so before main and ends.
 *
 * Told by a function that every libtsan has (clang's, linked in as a whole; gcc's, shared or not)
 * and that no program defines. Symbols that compilers call are no sign: those are ours in a right
 * link. */
#include "libtsan.h"

#include "../base.h"

/* Of libtsan's interface for debuggers (sanitizer/tsan_interface.h, since LLVM 3.9 and gcc 7). */
__attribute__((weak)) int __tsan_get_report_data(void *report, const char **description, int *count,
                                                 int *stack_count, int *mop_count, int *loc_count,
                                                 int *mutex_count, int *thread_count,
                                                 int *unique_tid_count, void **sleep_trace,
                                                 unsigned long trace_size);

__attribute__((constructor)) void libtsan_refuse(void)
{
    if (__tsan_get_report_data)
        fault_usage("linked with -fsanitize=thread, so libtsan is in the place of Heddle's race "
                    "detector; compile the program under test with -fsanitize=thread, but link "
                    "without it");
}
