// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle bench forms: a kernel with a goroutine added to it that has nothing to do with it. */
#include <stdio.h>

#include "bench_forms.h"
#include "cli.h"
#include "report/report.h"
#include "sched.h"

/* What the root runs. safe: one execution at a time. */
static struct beside {
    void (*main)(void);
    struct form_neighbour neighbour;
} beside;

/* Far from every ordinal that a kernel comes to. */
enum { ORDINAL_APART = 1 << 20 };

static void neighbour_main(void *unused)
{
    (void)unused;
    struct go_chan *own = go_chan_make(0, 1);
    struct go_mutex *mutex = go_new(sizeof *mutex);
    for (uint32_t i = 0; i < beside.neighbour.rounds; i++) {
        go_mutex_lock(mutex);
        go_mutex_unlock(mutex);
        go_chan_send(own, NULL);
        go_chan_recv(own, NULL);
    }
}

static void beside_main(void)
{
    struct goroutine *root = sched.running;
    uint64_t made = root->made;
    if (!beside.neighbour.renames) root->made += ORDINAL_APART;
    if (beside.neighbour.rounds > 0) go(neighbour_main, NULL);
    if (!beside.neighbour.renames) root->made = made;
    beside.main();
}

void form_beside(const struct kernel *k, enum form form, enum grain grain,
                 struct form_neighbour neighbour, const uint8_t *bytes, size_t size,
                 char *signature, size_t signature_bytes)
{
    static struct form_player player; /* large; safe: as above */
    static const struct run_options defaults = {0};
    struct run_result result;
    beside = (struct beside){.main = k->main, .neighbour = neighbour};
    form_player_init(&player, form, grain);
    run_execute(beside_main, form_play(&player, bytes, size), &defaults, &result, NULL);
    signature[0] = '\0';
    if (result.verdict == VERDICT_BUG) report_signature(result.report, signature, signature_bytes);
}
