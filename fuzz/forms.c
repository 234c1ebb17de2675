// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Decoders of the forms that are compared. They are described in forms.h.
 *
 * All of them rest on the policy bytes: it answers CHOICE_DATA, and with the form gap it answers
 * everything. When no entry is left the rest of the execution is quiet, so that what comes after
 * the last deviation costs the same in each.
 */
#include "forms.h"

#include <string.h>

#include "base.h"

static const char *const names[FORM_COUNT] = {[FORM_GAP] = "gap",
                                              [FORM_WIDE] = "wide",
                                              [FORM_BYTE] = "byte",
                                              [FORM_KEYED] = "keyed",
                                              [FORM_NAMED] = "named"};

const char *form_name(enum form form) { return names[form]; }

bool form_find(const char *name, enum form *form)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (strcmp(names[i], name) != 0) continue;
        *form = (enum form)i;
        return true;
    }
    return false;
}

bool form_has_keys(enum form form) { return form == FORM_KEYED || form == FORM_NAMED; }

size_t form_entry_bytes(enum form form, enum grain grain)
{
    switch (form) {
    case FORM_GAP:
    case FORM_WIDE:
        return input_entry_bytes(grain);
    case FORM_BYTE:
        return 1;
    case FORM_KEYED:
    case FORM_NAMED:
        return FORM_KEYED_BYTES;
    case FORM_COUNT:
        break;
    }
    rt_assert(form < FORM_COUNT);
    return 0;
}

size_t form_entries_at(const uint8_t *bytes, size_t size)
{
    if (size <= INPUT_HEADER_BYTES) return size;
    struct input in = input_decode(bytes, size);
    return INPUT_HEADER_BYTES + in.data_bytes;
}

/* Ids are mixed well, but their lowest bits are not what was mixed last. */
uint8_t form_key(uint64_t stable) { return (uint8_t)(mix64(0, stable) >> (64 - FORM_KEY_BITS)); }

static void fall_silent(struct policy *policy)
{
    policy->quiet_until = UINT64_MAX;
    policy->quiet_accesses = UINT64_MAX;
}

uint64_t form_gap(enum form form, uint8_t byte)
{
    if (form != FORM_WIDE) return input_gap(byte);
    if (byte < FORM_WIDE_DIRECT) return byte;
    return FORM_WIDE_DIRECT + (uint64_t)(byte - FORM_WIDE_DIRECT) * FORM_WIDE_STEP;
}

uint8_t form_gap_byte(enum form form, uint64_t gap)
{
    if (form != FORM_WIDE) return input_gap_byte(gap);
    if (gap < FORM_WIDE_DIRECT) return (uint8_t)gap;
    if (gap >= FORM_WIDE_MAX) return UINT8_MAX;
    return (uint8_t)(FORM_WIDE_DIRECT + (gap - FORM_WIDE_DIRECT) / FORM_WIDE_STEP);
}

/* ---- wide --------------------------------------------------------------------------------- */

/* As the policy bytes does it. */
static void plan_wide(struct form_player *player)
{
    if (player->left == 0) return;
    size_t number = player->entry_count - player->left;
    bool fine = player->policy.grain != GRAIN_SYNC;
    const uint8_t *bytes = player->entries + number * input_entry_bytes(player->policy.grain);
    struct input_entry *entry = &player->entry;
    uint64_t gap = form_gap(FORM_WIDE, bytes[0]);
    if (number == 0) *entry = (struct input_entry){.position = fine};
    if (fine) {
        uint64_t before = gap == 0 && number > 0 ? entry->access + 1 : 0;
        entry->access = before + form_gap(FORM_WIDE, bytes[1]);
    }
    entry->position += gap + !fine;
    entry->choice = bytes[1 + fine];
    player->policy.quiet_until = entry->position;
    player->policy.quiet_accesses = entry->access;
}

static size_t choose_wide(struct form_player *player, size_t n)
{
    struct policy *policy = &player->policy;
    if (!input_is_due(&player->entry, policy->position, policy->access)) return 0;
    uint8_t choice = player->entry.choice;
    if (--player->left == 0) fall_silent(policy);
    plan_wide(player);
    return choice % n;
}

/* ---- byte --------------------------------------------------------------------------------- */

static size_t choose_byte(struct form_player *player, size_t n)
{
    uint8_t choice = player->entries[player->entry_count - player->left];
    if (--player->left == 0) fall_silent(&player->policy);
    return choice % n;
}

/* ---- keyed and named ---------------------------------------------------------------------- */

static const uint8_t *keyed_entry(const struct form_player *player, size_t number)
{
    return player->entries + number * FORM_KEYED_BYTES;
}

/* From the last to the first, so that each entry becomes the head of those behind it. */
static void make_queues(struct form_player *player)
{
    memset(player->queues, 0, sizeof player->queues);
    for (size_t i = player->entry_count; i-- > 0;) {
        const uint8_t *entry = keyed_entry(player, i);
        struct form_queue *queue = &player->queues[entry[0] % FORM_KEYS];
        player->next[i] = queue->head;
        queue->head = (uint16_t)(i + 1);
        queue->gap = input_gap(entry[1]);
    }
}

static size_t choose_by_name(uint8_t choice, enum choice_kind kind, const struct candidate *c,
                             size_t n)
{
    if (choice == 0) return 0;
    size_t first = 0;
    uint64_t best = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t name = kind == CHOICE_RUN ? c[i].stable : mix64(c[i].stable, c[i].id + 1);
        uint64_t rank = mix64(mix64(choice, name), name);
        if (i > 0 && rank <= best) continue;
        first = i;
        best = rank;
    }
    return first;
}

static size_t choose_keyed(struct form_player *player, enum choice_kind kind,
                           const struct candidate *c, size_t n)
{
    struct form_queue *queue = &player->queues[form_key(c[0].stable)];
    if (queue->head == 0) return 0;
    if (queue->gap > 0) {
        queue->gap--;
        return 0;
    }
    size_t number = queue->head - 1u;
    queue->head = player->next[number];
    if (queue->head) queue->gap = input_gap(keyed_entry(player, queue->head - 1u)[1]);
    if (--player->left == 0) fall_silent(&player->policy);
    uint8_t choice = keyed_entry(player, number)[2];
    return player->form == FORM_NAMED ? choose_by_name(choice, kind, c, n) : choice % n;
}

/* ---- The policy --------------------------------------------------------------------------- */

static void begin_form(struct policy *self)
{
    struct form_player *player = (struct form_player *)self;
    player->bytes.policy.begin(&player->bytes.policy);
    player->left = player->entry_count;
    self->quiet_until = 0;
    self->quiet_accesses = 0;
    if (player->form == FORM_WIDE) plan_wide(player);
    if (form_has_keys(player->form)) make_queues(player);
    if (player->left == 0) fall_silent(self);
}

static size_t choose_form(struct policy *self, enum choice_kind kind, const struct candidate *c,
                          size_t n)
{
    struct form_player *player = (struct form_player *)self;
    if (kind == CHOICE_DATA) return player->bytes.policy.choose(&player->bytes.policy, kind, c, n);
    rt_assert(player->left > 0);
    if (player->form == FORM_BYTE) return choose_byte(player, n);
    return player->form == FORM_WIDE ? choose_wide(player, n) : choose_keyed(player, kind, c, n);
}

void form_player_init(struct form_player *player, enum form form, enum grain grain)
{
    *player = (struct form_player){.policy = {.name = form_name(form),
                                              .blind = form == FORM_BYTE || form == FORM_WIDE,
                                              .grain = grain,
                                              .begin = begin_form,
                                              .choose = choose_form},
                                   .form = form};
    policy_bytes_init(&player->bytes);
}

struct policy *form_play(struct form_player *player, const uint8_t *bytes, size_t size)
{
    enum { MODE_AT = 1 };
    if (size > sizeof player->input) size = sizeof player->input;
    if (size > 0) memcpy(player->input, bytes, size);
    while (size <= MODE_AT) player->input[size++] = INPUT_VERSION;
    player->input[MODE_AT] = (uint8_t)player->policy.grain; /* and the tail is natural */
    size_t at = form_entries_at(player->input, size);
    policy_bytes_play(&player->bytes, player->input, size);
    if (player->form == FORM_GAP) return &player->bytes.policy;
    player->entries = player->input + at;
    player->entry_count = (size - at) / form_entry_bytes(player->form, player->policy.grain);
    if (form_has_keys(player->form) && player->entry_count > FORM_ENTRIES_MAX)
        player->entry_count = FORM_ENTRIES_MAX;
    return &player->policy;
}
