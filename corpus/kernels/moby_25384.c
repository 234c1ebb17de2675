// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(moby_25384, .title = "The plugin manager waits for all plugins after starting the first one",
       .class = KERNEL_WAITGROUP, .project = "moby",
       .source = "https://github.com/moby/moby/pull/25384",
       .story = "The group counts two plugins, but Wait stands inside the loop that starts them: "
                "after the first one it waits for two Done calls, of which one can ever come.",
       .fix = "Wait once, after the loop.", .expect = {"goroutine-leak--plugins_init"});

enum { PLUGIN_COUNT = 2 };

static void plugin_restore(void *arg)
{
    struct go_waitgroup *group = arg;
    go_waitgroup_done(group);
}

static void plugins_init(void *arg)
{
    struct go_waitgroup *group = arg;
    go_waitgroup_add(group, PLUGIN_COUNT);
    for (int i = 0; i < PLUGIN_COUNT; i++) {
        go(plugin_restore, group);
        if (BUGGY) go_waitgroup_wait(group); /* The second plugin is never started. */
    }
    if (!BUGGY) go_waitgroup_wait(group);
}

static void kernel_main(void) { go(plugins_init, go_new(sizeof(struct go_waitgroup))); }
