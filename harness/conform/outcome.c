// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Sets of outcomes: enumeration under policy dfs, and words. */
#include "outcome.h"

#include <string.h>

#include "base.h"
#include "interpret.h"
#include "policies.h"
#include "policy_dfs.h"
#include "texts.h"

/* ---- Words --------------------------------------------------------------------------------- */

static void seen_text(uint8_t seen, char out[96])
{
    static const char *const errors[] = {"nil", "canceled", "exceeded"};
    enum { ROOM = 96 };
    if (seen >= SEEN_OWN_PANIC)
        (void)snprintf(out, ROOM, "panic:%d", seen - SEEN_OWN_PANIC);
    else if (seen >= SEEN_RECOVERED)
        (void)snprintf(out, ROOM, "panic:%s", texts[seen - SEEN_RECOVERED].go);
    else if (seen == SEEN_NO_PANIC)
        (void)snprintf(out, ROOM, "no-panic");
    else if (seen >= SEEN_ERR)
        (void)snprintf(out, ROOM, "%s", errors[seen - SEEN_ERR]);
    else if (seen >= SEEN_FALSE)
        (void)snprintf(out, ROOM, "%s", seen == SEEN_TRUE ? "true" : "false");
    else if (seen >= SEEN_LEN)
        (void)snprintf(out, ROOM, "len%d", seen - SEEN_LEN);
    else if (seen >= SEEN_CASE)
        (void)snprintf(out, ROOM, "case%d", seen - SEEN_CASE);
    else if (seen >= SEEN_CLOSED)
        (void)snprintf(out, ROOM, "%s", seen == SEEN_CLOSED ? "closed" : "tick");
    else
        (void)snprintf(out, ROOM, "%d", seen);
}

static void at_text(uint8_t at, char out[16])
{
    if (at == AT_END || at == AT_START)
        (void)snprintf(out, 16, "%s", at == AT_END ? "end" : "none");
    else
        (void)snprintf(out, 16, "%d", at);
}

static void end_text(const struct outcome *o, const struct program *p, char *out)
{
    size_t used = 0;
    const uint8_t *byte = o->bytes;
    for (int b = 0; b < p->block_count; b++) {
        if (!p->blocks[b].goroutine) continue;
        uint8_t at = *byte++;
        uint8_t count = *byte++;
        char word[96];
        used += (size_t)snprintf(out + used, OUTCOME_TEXT_BYTES - used, "%s%d:", b ? " " : "", b);
        for (int i = 0; i < count && used < OUTCOME_TEXT_BYTES; i++) {
            seen_text(*byte++, word);
            used += (size_t)snprintf(out + used, OUTCOME_TEXT_BYTES - used, "%s,", word);
        }
        if (used >= OUTCOME_TEXT_BYTES) return;
        at_text(at, word);
        used += (size_t)snprintf(out + used, OUTCOME_TEXT_BYTES - used, "@%s", word);
        if (used >= OUTCOME_TEXT_BYTES) return;
    }
}

void outcome_text(const struct outcome *o, const struct program *p, char out[OUTCOME_TEXT_BYTES])
{
    if (o->kind == OUTCOME_OWN_PANIC) {
        (void)snprintf(out, OUTCOME_TEXT_BYTES, "panic: %d", o->bytes[0]);
    } else if (o->kind == OUTCOME_TEXT) {
        const struct text *text = &texts[o->bytes[0]];
        (void)snprintf(out, OUTCOME_TEXT_BYTES, "%s: %s", text->fatal ? "fatal error" : "panic",
                       text->go);
    } else {
        end_text(o, p, out);
    }
}

/* ---- The set ------------------------------------------------------------------------------- */

static bool equal(const struct outcome *a, const struct outcome *b)
{
    return a->kind == b->kind && a->used == b->used && memcmp(a->bytes, b->bytes, a->used) == 0;
}

/* False: no room. */
static bool add(struct outcomes *set, const struct outcome *o)
{
    for (size_t i = 0; i < set->count; i++) {
        struct outcome *known = &set->items[i];
        if (!equal(known, o)) continue;
        known->count++;
        /* Outcomes come in runs of depth-first search: the next one is likely to be the same. */
        struct outcome first = set->items[0];
        set->items[0] = *known;
        *known = first;
        return true;
    }
    if (set->count == OUTCOMES_MAX) return false;
    set->items[set->count] = *o;
    set->items[set->count++].count = 1;
    return true;
}

void outcomes_enumerate(struct outcomes *out, const struct program *p, uint64_t schedules_max)
{
    out->count = 0;
    out->schedules = 0;
    out->rejected = NULL;
    struct policy *dfs = policy_find("dfs")->create(0);
    interpret_set(p);
    for (bool more = true; more && !out->rejected;) {
        struct run_result result;
        struct outcome outcome;
        if (out->schedules++ == schedules_max) {
            out->rejected = "schedules";
            break;
        }
        run_execute(interpret_root, dfs, NULL, &result, &more);
        out->rejected = interpret_outcome(&result, &outcome);
        if (!out->rejected && !add(out, &outcome)) out->rejected = "outcomes";
    }
    policy_destroy(dfs);
}
