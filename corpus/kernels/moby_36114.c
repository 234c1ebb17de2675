// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_36114, .title = "Adding a disk fails, and undoing it locks what is locked",
       .class = KERNEL_DOUBLE_LOCK, .project = "moby",
       .source = "https://github.com/moby/moby/pull/36114",
       .story = "Adding a disk locks the service VM and, to undo what failed, calls the "
                "function that removes a disk. That one locks the VM again.",
       .fix = "The inner function relies on its caller's lock.",
       .expect = {"goroutine-leak--hot_remove_vhds"});

static void hot_remove_vhds(struct go_mutex *vm)
{
    if (!BUGGY) return;
    go_mutex_lock(vm);
    go_mutex_unlock(vm);
}

static void hot_add_vhds(void *arg)
{
    struct go_mutex *vm = arg;
    go_mutex_lock(vm);
    hot_remove_vhds(vm);
    go_mutex_unlock(vm);
}

static void kernel_main(void) { go(hot_add_vhds, go_new(sizeof(struct go_mutex))); }
