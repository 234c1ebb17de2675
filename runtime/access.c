// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Plain accesses as scheduling points, and spinning. Invariants in access.h. */
#include "access.h"

#include "detect/access_log.h"
#include "detect/grain.h"
#include "detect/race.h"
#include "order.h"
#include "sched.h"

struct access_state access_state;

static void set_spin(uint64_t accesses)
{
    access_state.spin = accesses;
    access_state.quiet = access_state.logging ? 1 : accesses;
}

void access_reset(const struct policy *policy)
{
    access_state.logging = access_log_is_on();
    access_state.fine = policy->grain != GRAIN_SYNC;
    access_state.shared_only = policy->grain == GRAIN_SHARED && !grain_is_everything();
    set_spin(ACCESS_SPIN);
    access_rearm(policy);
}

void access_be_fair(const struct policy *policy)
{
    access_state.fine = false;
    set_spin(ACCESS_SPIN_FAIR);
    access_rearm(policy);
}

/* A loop without any visible operation: others must have their turn, or it never ends. */
static void spin(struct call_site site)
{
    if (!sched.fair) sched_be_fair();
    sched_publish(OP_GOSCHED, OP_MODE_NONE, NULL, site);
    sched_point_yielding();
    sched_executed(PHASE_FAIL, 0);
}

static bool is_watched(const struct policy *p, const void *pc)
{
    if (!p->watched_count) return true;
    for (size_t i = 0; i < p->watched_count; i++)
        if (p->watched[i] == pc) return true;
    return false;
}

void access_point(const void *address, size_t bytes, enum access_kind kind, struct call_site site)
{
    struct policy *p = sched.policy;
    if (access_state.armed_at != p->position) { /* set by a quiet position */
        access_state.armed_at = p->position;
        access_state.armed = access_state.quiet;
        access_state.since = 0;
    }
    uint64_t passed = access_state.armed;
    access_state.since += passed;
    if (access_state.logging) access_log_add(address, bytes, kind, site);
    if (unlikely(access_state.since >= access_state.spin)) {
        spin(site);
        return;
    }
    bool counted = access_counts(p) && (!access_state.shared_only || grain_is_shared(site.pc));
    if (counted) p->access += (uint32_t)passed;
    access_state.countdown = access_state.armed = access_ahead(p);
    if (counted && p->access >= p->quiet_accesses && is_watched(p, site.pc))
        sched_point_at_access(address, kind & ACCESS_WRITE, site);
}

void access_runtime_checked(const void *address, size_t bytes, enum access_kind kind,
                            struct call_site site)
{
    const uintptr_t at = (uintptr_t)address;
    if (likely(!access_state.logging && shadow_is_fixed(at) && (at & 7) + bytes <= CELL_BYTES) &&
        race_quick(at, bytes, kind))
        return;
    const struct access a = {.address = at, .bytes = bytes, .kind = kind, .site = site};
    if (access_state.logging && shadow_of(at)) access_log_add(address, bytes, kind, site);
    race_access(&a);
}
