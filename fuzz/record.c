// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A policy that asks another one and writes its answers down; the encoder for what it wrote.
 *
 * Invariants
 * - The inner policy sees the same points and questions as it would alone; the others are seen here
 *   all the same, because it matters to entries where there are several candidates.
 * - Only answers other than 0 become entries: the tail is natural. A distance that no gap byte
 *   stands for is bridged. (1) The entry may come early: it waits for the next point with several
 *   candidates that it is due at. (2) Where that would be an earlier one, an entry with choice 0 is
 *   put there; it changes nothing, as the answer was 0.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "input.h"
#include "policies.h"

/* Whether the inner policy watches this site is told by the candidates. */
static void mirror(struct record *record)
{
    const struct policy *inner = record->inner;
    record->policy.grain = inner->grain;
    record->policy.blind = inner->blind && inner->watched_count == 0;
    record->policy.quiet_until = 0;
    record->policy.quiet_accesses = 0;
}

static void begin_record(struct policy *self)
{
    struct record *record = (struct record *)self;
    record->answer_count = 0;
    record->inner->position = 0;
    record->inner->access = 0;
    record->inner->quiet_until = 0;
    record->inner->quiet_accesses = 0;
    if (record->inner->begin) record->inner->begin(record->inner);
    mirror(record);
}

static void append(struct record *record, struct record_answer answer)
{
    if (record->answer_count == record->answer_capacity) {
        record->answer_capacity = record->answer_capacity ? 2 * record->answer_capacity : 256;
        record->answers =
            policy_realloc(record->answers, record->answer_capacity * sizeof record->answers[0]);
    }
    record->answers[record->answer_count++] = answer;
}

static bool is_watched(const struct policy *inner, const struct candidate *c)
{
    for (size_t i = 0; i < inner->watched_count; i++)
        if (inner->watched[i] == c[0].op.site) return true;
    return inner->watched_count == 0;
}

/* Would choose() answer 0 for the inner policy without asking it? */
static bool is_quiet(const struct policy *inner, const struct candidate *c)
{
    if (inner->position < inner->quiet_until) return true;
    if (inner->access == 0) return false;
    return inner->access < inner->quiet_accesses || !is_watched(inner, c);
}

static size_t choose_record(struct policy *self, enum choice_kind kind, const struct candidate *c,
                            size_t n)
{
    struct record *record = (struct record *)self;
    struct policy *inner = record->inner;
    inner->position = self->position;
    inner->access = self->access;
    bool data = kind == CHOICE_DATA;
    size_t index = 0;
    if (data || !is_quiet(inner, c)) index = inner->choose(inner, kind, inner->blind ? NULL : c, n);
    append(record, (struct record_answer){.position = data ? 0 : self->position,
                                          .access = data ? 0 : self->access,
                                          .n = n,
                                          .index = index});
    return index;
}

static void executed_record(struct policy *self, const struct event *event)
{
    struct policy *inner = ((struct record *)self)->inner;
    inner->position = self->position; /* points that nobody was asked at have come since */
    inner->access = self->access;
    inner->executed(inner, event);
}

static bool end_record(struct policy *self)
{
    struct policy *inner = ((struct record *)self)->inner;
    return inner->end ? inner->end(inner) : true;
}

void record_init(struct record *record, struct policy *inner)
{
    *record = (struct record){
        .policy = {.name = inner->name,
                   .begin = begin_record,
                   .choose = choose_record,
                   .executed = inner->executed ? executed_record : NULL,
                   .end = end_record},
        .inner = inner,
    };
    mirror(record);
}

void record_free(struct record *record)
{
    free(record->answers);
    *record = (struct record){0};
}

/* ---- Encoding ----------------------------------------------------------------------------- */

/* Entries as they are made; memory for all of them is reserved before. */
struct entries {
    enum grain grain;
    uint8_t *bytes;
    size_t count;
    struct input_entry last; /* if count is not 0 */
};

/* Add an entry for this answer, nominally there or a little before. Returns where it stands. */
static uint8_t *add_entry(struct entries *entries, const struct record_answer *answer)
{
    struct input_entry target = {
        .position = answer->position, .access = answer->access, .choice = (uint8_t)answer->index};
    uint8_t *at = entries->bytes + entries->count * input_entry_bytes(entries->grain);
    const struct input_entry *previous = entries->count ? &entries->last : NULL;
    entries->last = input_entry_write(entries->grain, previous, target, at);
    entries->count++;
    return at;
}

/* First answer from index `from` on that is given at a point where the entry is due. */
static size_t find_due(const struct record *record, size_t from, const struct input_entry *entry)
{
    for (;; from++) {
        const struct record_answer *answer = &record->answers[from];
        if (answer->position == 0) continue; /* data */
        if (input_is_due(entry, answer->position, answer->access)) return from;
    }
}

/* Encode the answer number `at`, whose entry may have to be approached by entries of choice 0. All
 * points between the last entry's and this one were answered 0; `from` is the first of them. */
static void encode_answer(const struct record *record, struct entries *entries, size_t from,
                          size_t at)
{
    for (;;) {
        uint8_t *entry = add_entry(entries, &record->answers[at]);
        size_t lands = find_due(record, from, &entries->last);
        rt_assert(lands <= at);
        if (lands == at) return;
        entry[input_entry_bytes(entries->grain) - 1] = 0;
        from = lands + 1;
    }
}

static size_t data_bytes_of(size_t n) { return n <= 256 ? 1 : n <= 65536 ? 2 : 4; }

/* Harness data into data[]; its length without trailing zeros, or SIZE_MAX if it does not fit. */
static size_t encode_data(const struct record *record, uint8_t data[INPUT_DATA_BYTES_MAX])
{
    size_t used = 0;
    size_t size = 0;
    for (size_t i = 0; i < record->answer_count; i++) {
        const struct record_answer *answer = &record->answers[i];
        if (answer->position != 0) continue;
        if (answer->index > UINT32_MAX) return SIZE_MAX;
        for (size_t b = 0; b < data_bytes_of(answer->n); b++, used++) {
            uint8_t byte = (uint8_t)(answer->index >> (8 * b));
            if (byte == 0) continue;
            if (used >= INPUT_DATA_BYTES_MAX) return SIZE_MAX;
            memset(data + size, 0, used - size);
            data[used] = byte;
            size = used + 1;
        }
    }
    return size;
}

enum record_status record_encode(const struct record *record, uint8_t **bytes, size_t *size)
{
    uint8_t data[INPUT_DATA_BYTES_MAX];
    size_t data_bytes = encode_data(record, data);
    if (data_bytes == SIZE_MAX) return RECORD_DATA_TOO_LONG;
    enum grain grain = record->policy.grain;
    /* An answer needs at most one entry for itself and one for each point before it. */
    size_t entry_bytes = record->answer_count * input_entry_bytes(grain);
    struct entries entries = {.grain = grain, .bytes = policy_alloc(entry_bytes + 1)};
    size_t from = 0;
    for (size_t i = 0; i < record->answer_count; i++) {
        if (record->answers[i].position == 0 || record->answers[i].index == 0) continue;
        if (record->answers[i].index > INPUT_CHOICE_MAX) {
            free(entries.bytes);
            return RECORD_CHOICE_TOO_LARGE;
        }
        encode_answer(record, &entries, from, i);
        from = i + 1;
    }
    struct input in = {.grain = entries.count ? grain : GRAIN_SYNC,
                       .data = data,
                       .data_bytes = data_bytes,
                       .entries = entries.bytes,
                       .entry_count = entries.count};
    *size = input_encode(&in, NULL, 0);
    *bytes = policy_alloc(*size + 1);
    input_encode(&in, *bytes, *size);
    free(entries.bytes);
    return RECORD_OK;
}

const char *record_status_text(enum record_status status)
{
    switch (status) {
    case RECORD_OK:
        return "encoded";
    case RECORD_CHOICE_TOO_LARGE:
        return "a choice beyond candidate 255 has no entry";
    case RECORD_DATA_TOO_LONG:
        return "more harness data than an input holds";
    }
    return "";
}
