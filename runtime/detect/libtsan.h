// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Is libtsan in this program? It must not be: see libtsan.c. */
#ifndef HEDDLE_LIBTSAN_H
#define HEDDLE_LIBTSAN_H

/* A usage error (one line, status 2) if it is. Runs by itself before main; who refers to it sees to
 * it that the linker takes it out of the archive. */
void libtsan_refuse(void);

#endif
