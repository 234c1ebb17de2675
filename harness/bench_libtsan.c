// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* bench-libtsan: the loops of `heddle bench access` under the real libtsan. Prints one number a
 * line, ns for each unit of a loop, in the order of the table. */
#include <stdio.h>
#include <stdlib.h>

#include "bench_loops.h"

int main(void)
{
    struct bench_item *memory = calloc(BENCH_ITEMS, sizeof *memory);
    if (!memory) return EXIT_FAILURE;
    for (size_t i = 0; i < BENCH_LOOP_COUNT; i++)
        printf("%.4f\n", bench_loop_time(&bench_loops_libtsan[i], memory, BENCH_ITEMS, NULL));
    free(memory);
    return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
