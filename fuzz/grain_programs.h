// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Programs under test for grain_bytes_test.c: compiled as kernels are, so that their accesses to
 * memory are seen. */
#ifndef HEDDLE_GRAIN_PROGRAMS_H
#define HEDDLE_GRAIN_PROGRAMS_H

/* Two goroutines, one x++ each, nothing else. */
void program_two_increments(void);

/* The same, and when both are done x is observed. */
void program_two_increments_observed(void);

/* Two goroutines, twenty increments each; x is observed. */
void program_many_increments_observed(void);

#endif
