// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernel.h"

KERNEL(kubernetes_82239, .title = "A test changes the annotations that a controller is copying",
       .class = KERNEL_RACE, .project = "kubernetes",
       .source = "https://github.com/kubernetes/kubernetes/pull/82239",
       .story = "The volume controller copies the map in its loop while the test, which handed it "
                "the map, writes an annotation.",
       .fix = "The controller gets a copy of its own.",
       .expect = {"concurrent-map-read-write--copy_annotations--test_annotations"});

enum { SYNC_NS = 1000000 };

struct controller {
    struct go_map *annotations;
    struct go_chan *stop;
};

static bool copy_entry(uint64_t key, void *value, void *copy)
{
    go_map_set(copy, key, value);
    return true;
}

static struct go_map *copy_annotations(struct go_map *annotations)
{
    struct go_map *copy = go_map_make();
    go_map_range(annotations, copy_entry, copy);
    return copy;
}

static bool is_stopped(struct controller *c)
{
    struct go_case stopped[] = {GO_RECV(c->stop, NULL)};
    return go_select_default(stopped, 1) == 0;
}

static void sync_volumes(void *arg)
{
    struct controller *c = arg;
    while (!is_stopped(c)) {
        copy_annotations(c->annotations);
        if (is_stopped(c)) break;
    }
}

static void run_controller(void *arg) { go(sync_volumes, arg); }

static void test_annotations(struct go_map *annotations) { go_map_set(annotations, 0, NULL); }

static void kernel_main(void)
{
    struct controller *c = go_new(sizeof *c);
    struct go_map *annotations = go_map_make();
    for (uint64_t key = 1; key <= 2; key++) go_map_set(annotations, key, NULL);
    c->annotations = BUGGY ? annotations : copy_annotations(annotations);
    c->stop = go_chan_make(0, 0);
    go(run_controller, c);
    go_sleep(SYNC_NS);
    test_annotations(annotations);
    go_chan_close(c->stop);
}
