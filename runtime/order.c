// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The one table of segments. Everything else about it is inline in order.h. */
#include "order.h"

#include "sched.h"

struct order_state order_state;

_Static_assert(sizeof(struct segment) * SEGMENTS_MAX <= (size_t)64 << 20, "the table fits");

void order_reset(bool on)
{
    order_state.on = on;
    order_state.count = 0;
    access_state.segment_word = ACCESS_WHOLE_MASK;
}

_Noreturn void order_full(void) { sched_stop_limit("max_segments"); }
