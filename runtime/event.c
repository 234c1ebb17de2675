// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The one event log. Everything else about it is inline in event.h. */
#include "event.h"

struct event_log event_log;

_Static_assert(sizeof(struct event_record) * (EVENTS_MAX + 1) <= (size_t)64 << 20,
               "the log and its spare slot fit into their region");
_Static_assert(sizeof(struct event) * EVENTS_MAX <= (size_t)64 << 20, "so do all events, shown");
