// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The input form: decoder, encoder, generated inputs. The form itself is described in input.h.
 *
 * The decoder only looks at the header and makes a view: it runs once for every execution of an
 * engine, and most inputs are short. It does not check anything, because nothing can be wrong.
 */
#include "input.h"

#include <string.h>

#include "rng.h"

enum header_offset {
    OFFSET_VERSION = 0,
    OFFSET_MODE = 1,
    OFFSET_SEED = 2,
    OFFSET_FAMILY = 6,
    OFFSET_DATA_BYTES = 7,
};

static enum grain grain_of(uint8_t mode)
{
    unsigned bits = mode & 3u;
    return bits == 3 ? GRAIN_SYNC : (enum grain)bits;
}

static enum input_tail tail_of(uint8_t mode)
{
    unsigned bits = (mode >> 2) & 3u;
    return bits == 3 ? INPUT_TAIL_NATURAL : (enum input_tail)bits;
}

struct input input_decode(const uint8_t *bytes, size_t size)
{
    uint8_t header[INPUT_HEADER_BYTES] = {0};
    struct input in = {0};
    size_t entries_bytes = 0;
    if (size < INPUT_HEADER_BYTES) {
        if (size > 0) memcpy(header, bytes, size);
    } else {
        memcpy(header, bytes, INPUT_HEADER_BYTES);
        bytes += INPUT_HEADER_BYTES;
        size -= INPUT_HEADER_BYTES;
        in.data = bytes;
        in.data_bytes = header[OFFSET_DATA_BYTES];
        if (in.data_bytes > size) in.data_bytes = size;
        in.entries = bytes + in.data_bytes;
        entries_bytes = size - in.data_bytes;
    }
    in.grain = grain_of(header[OFFSET_MODE]);
    in.entry_count = entries_bytes / input_entry_bytes(in.grain);
    in.tail = tail_of(header[OFFSET_MODE]);
    in.seed = (uint32_t)header[OFFSET_SEED] | (uint32_t)header[OFFSET_SEED + 1] << 8 |
              (uint32_t)header[OFFSET_SEED + 2] << 16 | (uint32_t)header[OFFSET_SEED + 3] << 24;
    in.family = header[OFFSET_FAMILY];
    return in;
}

size_t input_encode(const struct input *in, uint8_t *out, size_t out_bytes)
{
    bool defaults = in->grain == GRAIN_SYNC && in->tail == INPUT_TAIL_NATURAL && in->seed == 0 &&
                    in->family == 0;
    if (defaults && in->data_bytes == 0 && in->entry_count == 0) return 0;
    size_t entry_bytes = in->entry_count * input_entry_bytes(in->grain);
    size_t size = INPUT_HEADER_BYTES + in->data_bytes + entry_bytes;
    if (size > out_bytes) return size;
    out[OFFSET_VERSION] = INPUT_VERSION;
    out[OFFSET_MODE] = (uint8_t)((unsigned)in->grain | (unsigned)in->tail << 2);
    for (size_t i = 0; i < 4; i++) out[OFFSET_SEED + i] = (uint8_t)(in->seed >> (8 * i));
    out[OFFSET_FAMILY] = in->family;
    out[OFFSET_DATA_BYTES] = (uint8_t)in->data_bytes;
    uint8_t *body = out + INPUT_HEADER_BYTES;
    if (in->data_bytes > 0) memcpy(body, in->data, in->data_bytes);
    if (entry_bytes > 0) memcpy(body + in->data_bytes, in->entries, entry_bytes);
    return size;
}

bool input_equal(const struct input *a, const struct input *b)
{
    if (a->grain != b->grain || a->tail != b->tail) return false;
    if (a->seed != b->seed || a->family != b->family) return false;
    if (a->data_bytes != b->data_bytes || a->entry_count != b->entry_count) return false;
    if (a->data_bytes > 0 && memcmp(a->data, b->data, a->data_bytes) != 0) return false;
    return a->entry_count == 0 ||
           memcmp(a->entries, b->entries, a->entry_count * input_entry_bytes(a->grain)) == 0;
}

/* Twice as far with every second code, from INPUT_GAP_DIRECT on. */
uint64_t input_gap(uint8_t byte)
{
    if (byte < INPUT_GAP_CODES) return byte % INPUT_GAP_DIRECT;
    unsigned step = byte - (unsigned)INPUT_GAP_CODES;
    return (uint64_t)(2 + step % 2) << (2 + step / 2);
}

uint8_t input_gap_byte(uint64_t gap)
{
    if (gap < INPUT_GAP_DIRECT) return (uint8_t)gap;
    uint8_t byte = UINT8_MAX;
    while (input_gap(byte) > gap) byte--;
    return byte;
}

/* ---- Entries ------------------------------------------------------------------------------ */

size_t input_entry_bytes(enum grain grain)
{
    return grain == GRAIN_SYNC ? INPUT_ENTRY_BYTES_SYNC : INPUT_ENTRY_BYTES_FINE;
}

static struct input_entry entry_sync(const struct input_entry *previous, const uint8_t *bytes)
{
    uint64_t before = previous ? previous->position : 0;
    return (struct input_entry){.position = before + 1 + input_gap(bytes[0]), .choice = bytes[1]};
}

static struct input_entry entry_fine(const struct input_entry *previous, const uint8_t *bytes)
{
    uint64_t gap = input_gap(bytes[0]);
    uint64_t accesses_before = !gap && previous ? previous->access + 1 : 0;
    return (struct input_entry){.position = (previous ? previous->position : 1) + gap,
                                .access = accesses_before + input_gap(bytes[1]),
                                .choice = bytes[2]};
}

struct input_entry input_entry_at(const struct input *in, size_t index,
                                  const struct input_entry *previous)
{
    const uint8_t *bytes = in->entries + index * input_entry_bytes(in->grain);
    return in->grain == GRAIN_SYNC ? entry_sync(previous, bytes) : entry_fine(previous, bytes);
}

struct input_entry input_entry_write(enum grain grain, const struct input_entry *previous,
                                     struct input_entry target, uint8_t *out)
{
    if (grain == GRAIN_SYNC) {
        uint64_t before = previous ? previous->position : 0;
        out[0] = input_gap_byte(target.position - before - 1);
        out[1] = target.choice;
        return entry_sync(previous, out);
    }
    uint64_t before = previous ? previous->position : 1;
    uint64_t gap = target.position - before;
    out[0] = input_gap_byte(gap);
    if (input_gap(out[0]) != gap) {
        out[1] = 0;
    } else if (gap == 0 && previous) {
        out[1] = input_gap_byte(target.access - previous->access - 1);
    } else {
        out[1] = input_gap_byte(target.access);
    }
    out[2] = target.choice;
    return entry_fine(previous, out);
}

/* ---- Data ---------------------------------------------------------------------------------- */

size_t input_data_take(const uint8_t *data, size_t data_bytes, size_t *next, size_t n)
{
    unsigned bytes = n <= 256 ? 1 : n <= 65536 ? 2 : 4;
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        if (*next < data_bytes) value |= (uint64_t)data[(*next)++] << (8 * i);
    return (size_t)(value % n);
}

/* ---- Generated inputs --------------------------------------------------------------------- */

static size_t generate(enum grain grain, bool grain_is_drawn, uint64_t seed, uint64_t index,
                       uint8_t out[INPUT_RANDOM_BYTES_MAX])
{
    struct rng rng = rng_of(seed, index);
    bool raw = rng_below(&rng, 2) == 0;
    size_t size_max = rng_below(&rng, 4) == 0 ? INPUT_RANDOM_BYTES_MAX : INPUT_RANDOM_BYTES_MAX / 4;
    size_t size = rng_below(&rng, size_max + 1);
    for (size_t i = 0; i < size; i++) out[i] = (uint8_t)rng_next(&rng);
    if (!grain_is_drawn && size > OFFSET_MODE)
        out[OFFSET_MODE] = (uint8_t)((out[OFFSET_MODE] & ~3u) | (unsigned)grain);
    if (raw || size <= INPUT_HEADER_BYTES) return size;
    out[OFFSET_VERSION] = INPUT_VERSION;
    out[OFFSET_DATA_BYTES] &= 7;
    size_t gap_mask = (size_t)1 << (1 + rng_below(&rng, 5));
    size_t entry_bytes = input_entry_bytes(grain_of(out[OFFSET_MODE]));
    size_t start = INPUT_HEADER_BYTES + out[OFFSET_DATA_BYTES];
    for (size_t i = start; i < size; i++)
        if ((i - start) % entry_bytes != entry_bytes - 1)
            out[i] = (uint8_t)(out[i] & (gap_mask - 1));
    return size;
}

size_t input_random(uint64_t seed, uint64_t index, uint8_t out[INPUT_RANDOM_BYTES_MAX])
{
    return generate(GRAIN_SYNC, true, seed, index, out);
}

size_t input_random_in(enum grain grain, uint64_t seed, uint64_t index,
                       uint8_t out[INPUT_RANDOM_BYTES_MAX])
{
    return generate(grain, false, seed, index, out);
}

/* ---- Names -------------------------------------------------------------------------------- */

static const char *const grain_names[] = {
    [GRAIN_SYNC] = "sync", [GRAIN_SHARED] = "shared", [GRAIN_ALL] = "all"};

const char *input_grain_name(enum grain grain) { return grain_names[grain]; }

bool input_grain_find(const char *name, enum grain *grain)
{
    for (size_t i = 0; i < sizeof grain_names / sizeof grain_names[0]; i++) {
        if (strcmp(grain_names[i], name) != 0) continue;
        *grain = (enum grain)i;
        return true;
    }
    return false;
}
