// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of timers and of tickers say about their channels. Compiled into tests; no part of
 * the library. */
#ifndef HEDDLE_TIMER_TESTKIT_H
#define HEDDLE_TIMER_TESTKIT_H

#include "testkit.h"

static inline void say_ns(int64_t ns) { testkit_say("%lld", (long long)ns); }

/* Says the value that lies in c, or "-". */
static inline void say_poll(struct go_chan *c)
{
    int64_t ns;
    struct go_case one = GO_RECV(c, &ns);
    if (go_select_default(&one, 1) == 0)
        say_ns(ns);
    else
        testkit_say("-");
}

static inline void say_recv(struct go_chan *c)
{
    int64_t ns = -1;
    go_chan_recv(c, &ns);
    say_ns(ns);
}

#endif
