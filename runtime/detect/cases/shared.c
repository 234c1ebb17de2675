// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The variables that cases share: defined where no case is, see case.h. */
#include "case.h"

int x, y;
struct go_chan *ch, *ch2;
struct go_mutex mutex, mutex2;
struct go_rwmutex rwmutex;
struct go_waitgroup waitgroup, waitgroup2;
struct go_once once;
struct go_cond cond;
struct go_timer *timer;
struct go_context *ctx, *ctx2;
struct go_map *map;
bool there;
_Alignas(16) union case_bytes bytes;
