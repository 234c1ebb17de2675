// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Who holds an RWMutex for reading: what cycles and explanations need. */
#ifndef HEDDLE_RWMUTEX_H
#define HEDDLE_RWMUTEX_H

#include "sched.h"

/* One read lock held; in go_rwmutex._holds, in order of acquisition. */
struct rwmutex_hold {
    struct go_list link;
    struct goroutine *holder;
    const void *locked_at; /* return address of the RLock */
};

#endif
