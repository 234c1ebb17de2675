// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Places in the source, each once. */
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "explain_build.h"
#include "policies.h"

static struct build_pc *slot_of(struct build_pc *pcs, size_t capacity, const void *pc)
{
    size_t i = (size_t)mix64(0, (uintptr_t)pc) & (capacity - 1);
    while (pcs[i].pc && pcs[i].pc != pc) i = (i + 1) & (capacity - 1);
    return &pcs[i];
}

static void grow(struct build *b)
{
    size_t capacity = b->pc_capacity ? 2 * b->pc_capacity : 256;
    struct build_pc *pcs = policy_alloc(capacity * sizeof *pcs);
    for (size_t i = 0; i < b->pc_capacity; i++)
        if (b->pcs[i].pc) *slot_of(pcs, capacity, b->pcs[i].pc) = b->pcs[i];
    free(b->pcs);
    b->pcs = pcs;
    b->pc_capacity = capacity;
}

/* The story has few places, and each return address asks once. */
static size_t place_of(struct build *b, const struct source_frame *frame)
{
    struct story *s = b->story;
    for (size_t i = 0; i < s->place_count; i++) {
        const struct story_place *p = &s->places[i];
        if (p->line == frame->line && strcmp(p->function, frame->function) == 0 &&
            strcmp(p->file, frame->file) == 0)
            return i;
    }
    if (s->place_count == b->place_capacity) {
        size_t capacity = b->place_capacity ? 2 * b->place_capacity : 64;
        struct story_place *places = story_alloc(s, capacity, sizeof *places);
        if (s->place_count) memcpy(places, s->places, s->place_count * sizeof *places);
        s->places = places;
        b->place_capacity = capacity;
    }
    s->places[s->place_count] =
        (struct story_place){.function = story_text(s, "%s", frame->function),
                             .file = story_text(s, "%s", frame->file),
                             .line = frame->line};
    return s->place_count++;
}

size_t build_place(struct build *b, const void *pc)
{
    if (!pc) return STORY_NONE;
    if (2 * (b->pc_count + 1) > b->pc_capacity) grow(b);
    struct build_pc *slot = slot_of(b->pcs, b->pc_capacity, pc);
    if (slot->pc) return slot->place;
    struct source_frame frames[SOURCE_FRAMES_MAX];
    symbolize(pc, frames);
    *slot = (struct build_pc){pc, place_of(b, &frames[0])};
    b->pc_count++;
    return slot->place;
}

void build_places_free(struct build *b)
{
    free(b->pcs);
    b->pcs = NULL;
}

const char *build_place_text(const struct build *b, size_t place)
{
    if (place == STORY_NONE) return "?";
    const struct story_place *p = &b->story->places[place];
    if (!p->file[0]) return p->function[0] ? p->function : "?";
    const char *slash = strrchr(p->file, '/');
    return story_text(b->story, "%s:%d", slash ? slash + 1 : p->file, p->line);
}
