// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Programs under test for explain_test.c: each orders its goroutines by one thing, so that what
 * happens before what is known. */
#ifndef HEDDLE_EXPLAIN_PROGRAMS_H
#define HEDDLE_EXPLAIN_PROGRAMS_H

void program_unbuffered(void);
void program_buffered(void);
void program_close(void);
void program_mutex(void);
void program_waitgroup(void);
void program_once(void);
void program_cond(void);
void program_context(void);
void program_timer(void);
void program_select(void);

/* Two lockers in opposite orders: the natural schedule passes, one preemption deadlocks. */
void program_lock_order(void);

/* Two goroutines close one channel if nobody was quicker. */
void program_double_close(void);

/* 50 goroutines, more than 5,000 events; one of them is left behind. */
void program_big(void);

#endif
