// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Learning which sites touch private memory only. Invariants in grain.h.
 *
 * Two tables with open addressing: of places in memory during learning, and of sites. */
#include "grain.h"

#include "access_log.h"

enum { SITES_MAX = 1 << 14, PLACES_MAX = 1 << 18, OWNER_SHIFT = 43 };

struct site {
    const void *pc; /* NULL: free slot */
    bool shared;
};

struct place {
    uint64_t name; /* place_name; 0: free slot */
    uint32_t goroutine;
    bool several; /* goroutines */
    bool written;
};

static struct {
    void (*root)(void); /* whose sites these are; NULL: nobody's */
    struct run_options options;
    bool everything;
    size_t site_count;
    struct site sites[SITES_MAX];
} grain = {.everything = true};

static struct site *site_of(const void *pc)
{
    size_t i = mix64(1, (uintptr_t)pc) % SITES_MAX;
    while (grain.sites[i].pc && grain.sites[i].pc != pc) i = (i + 1) % SITES_MAX;
    return &grain.sites[i];
}

_Static_assert(sizeof(struct run_options) == 24, "each option is compared here");

static bool same_options(const struct run_options *a, const struct run_options *b)
{
    return a->max_steps == b->max_steps && a->fair_steps == b->fair_steps &&
           a->ticks_after_end == b->ticks_after_end && a->waits_after_end == b->waits_after_end &&
           a->go123_timers == b->go123_timers && a->detectors_off == b->detectors_off;
}

bool grain_is_known(void (*root)(void), const struct run_options *options)
{
    return grain.root == root && same_options(&grain.options, options);
}

bool grain_is_everything(void) { return grain.everything; }

bool grain_is_shared(const void *pc)
{
    const struct site *s = site_of(pc);
    return !s->pc || s->shared;
}

/* What the i-th byte of an access belongs to: a cell of 8 bytes. But goroutines use a stack one
 * after the other, and compilers lay locals out as they like: there it is a byte of the owner's. */
static uint64_t place_name(const struct access_record *r, size_t i)
{
    uint64_t address = r->address + i;
    if (!r->owner) return address >> 3;
    return (uint64_t)1 << 63 | (uint64_t)r->owner << OWNER_SHIFT |
           (address & (((uint64_t)1 << OWNER_SHIFT) - 1));
}

/* The place of byte i of the access, if it is another one than that of the byte before; else NULL.
 */
static struct place *place_of(struct place *places, const struct access_record *r, size_t i)
{
    uint64_t name = place_name(r, i);
    if (i > 0 && name == place_name(r, i - 1)) return NULL;
    size_t at = mix64(2, name) % PLACES_MAX;
    while (places[at].name && places[at].name != name) at = (at + 1) % PLACES_MAX;
    return &places[at];
}

/* False: there are too many places. */
static bool note_places(struct place *places, const struct access_record *records, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct access_record *r = &records[i];
        for (size_t b = 0; b < r->bytes; b++) {
            struct place *p = place_of(places, r, b);
            if (!p) continue;
            if (!p->name && ++used > PLACES_MAX / 2) return false;
            if (!p->name) *p = (struct place){.name = place_name(r, b), .goroutine = r->goroutine};
            p->several |= p->goroutine != r->goroutine;
            p->written |= r->kind & ACCESS_WRITE;
        }
    }
    return true;
}

/* False: there are too many sites. */
static bool note_sites(struct place *places, const struct access_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct access_record *r = &records[i];
        struct site *s = site_of(r->pc);
        if (!s->pc && ++grain.site_count > SITES_MAX / 2) return false;
        s->pc = r->pc;
        for (size_t b = 0; b < r->bytes; b++) {
            const struct place *p = place_of(places, r, b);
            s->shared |= p && p->several && p->written;
        }
    }
    return true;
}

void grain_learn(void (*root)(void), const struct run_options *options)
{
    size_t count;
    uint64_t dropped;
    const struct access_record *records = access_log_records(&count, &dropped);
    struct place *places = arena_alloc(PLACES_MAX * sizeof *places);
    for (size_t i = 0; i < SITES_MAX; i++) grain.sites[i] = (struct site){0};
    grain.site_count = 0;
    grain.root = root;
    grain.options = *options;
    grain.everything = dropped || !places || !note_places(places, records, count) ||
                       !note_sites(places, records, count);
}

void grain_counts(size_t *private_sites, size_t *shared_sites)
{
    *private_sites = *shared_sites = 0;
    for (size_t i = 0; i < SITES_MAX; i++)
        if (grain.sites[i].pc) ++*(grain.sites[i].shared ? shared_sites : private_sites);
}
