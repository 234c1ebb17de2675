// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The input form, version 2: what the bytes of an engine mean.
 *
 *   offset  bytes  meaning
 *   0       1      version; written as 2, every value is read as 2
 *   1       1      bits 0-1 grain (0 sync, 1 shared, 2 all, 3 sync), bits 2-3 tail policy
 *                  (0 natural, 1 random, 2 pct, 3 natural), other bits ignored
 *   2       4      seed of the tail policy, little endian
 *   6       1      family
 *   7       1      n: bytes of data
 *   8       n      data, for CHOICE_DATA
 *   8+n            schedule entries, to the end: (gap, choice), 2 bytes each, in grain sync, and
 *                  (gap, access, choice), 3 bytes each, in the finer ones
 *
 * Invariants
 * - The decoder is total: any bytes of any length are a legal input. Missing bytes are zeros, an
 *   incomplete last entry is ignored, no bytes at all are the natural schedule. So cutting the tail
 *   always simplifies, and never changes a choice before the cut.
 * - Entries are sparse deviations from the tail policy. An entry's nominal position is that of the
 *   entry before it (0 for the first) + 1 + its gap; the oldest entry whose nominal position has
 *   come is applied at the first position with several candidates: index = choice % n. An entry is
 *   used up by one position; overdue ones are applied at the next positions, one each.
 * - In the finer grains an entry's nominal point is (p, k), the k-th counted access after position
 *   p, or p itself for k = 0. With gap > 0 it is (previous p + gap, access); with gap 0, which is
 *   another entry at the same position, (previous p, previous k + 1 + access). The first entry
 *   follows (1, -1), so that its gap means what it means in grain sync. Both bytes are read by
 *   input_gap. The oldest entry is applied at the first point with several candidates of those that
 *   it is due at (input_is_due): accesses from the k-th on, at p or at a later position, and later
 *   positions themselves. So an entry that finds too few accesses at its position moves to the next
 *   operation, and never into another one's accesses before their k-th.
 * - A gap byte below INPUT_GAP_CODES is the gap byte % INPUT_GAP_DIRECT; the others stand for 8,
 *   12, 16, 24, 32, ... 1536. So most bytes that an engine makes up are gaps that a small program
 *   has room for; a longer way is gone by several entries, those before the last with choice 0.
 * - A CHOICE_DATA takes one byte of data for n <= 256, two for n <= 65536, else four (little
 *   endian, missing bytes are zeros): value % n.
 *
 * Frozen. The form was chosen by measurement: under libFuzzer's own mutators it needs 66 executions
 * to the first bug (geometric mean of 21 kernels), where that of version 1 needed 217. What was
 * compared, all figures and the command: docs/input-form.md. Inputs in it replay for ever.
 * The version byte tells a later form apart: version N will be the one value N, and the values that
 * belong to no version mean 2. So the decoder stays total, an engine that plays with the byte loses
 * nothing, and what input_encode wrote keeps its meaning; but an input of an engine that happens to
 * have a 3 there means something else once there is a version 3. Nothing is read as version 1,
 * whose gap bytes were others: it was never released.
 */
#ifndef HEDDLE_INPUT_H
#define HEDDLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"

enum {
    INPUT_VERSION = 2,
    INPUT_HEADER_BYTES = 8,
    INPUT_DATA_BYTES_MAX = 255,
    INPUT_ENTRY_BYTES_SYNC = 2,
    INPUT_ENTRY_BYTES_FINE = 3,
    INPUT_CHOICE_MAX = 255, /* an entry cannot name a later candidate */
    INPUT_GAP_DIRECT = 8,   /* gaps below this are gap bytes themselves */
    INPUT_GAP_CODES = 240,  /* gap bytes from here on are longer gaps */
    INPUT_GAP_MAX = 1536,
};

enum input_tail { INPUT_TAIL_NATURAL, INPUT_TAIL_RANDOM, INPUT_TAIL_PCT };

/* One input, decoded. data and entries point into the bytes it was decoded from. */
struct input {
    enum grain grain;
    enum input_tail tail;
    uint32_t seed;
    uint8_t family; /* kept; has no effect yet */
    const uint8_t *data;
    size_t data_bytes;      /* at most INPUT_DATA_BYTES_MAX */
    const uint8_t *entries; /* entry_count of input_entry_bytes(grain) bytes */
    size_t entry_count;
};

/* One entry, with the point that it is for. */
struct input_entry {
    uint64_t position;
    uint64_t access; /* 0: the position itself; always 0 in grain sync */
    uint8_t choice;
};

/* Decode size bytes. O(1), allocates nothing; the result lives as long as the bytes. */
struct input input_decode(const uint8_t *bytes, size_t size);

/* Encode in into out and return how many bytes it takes; nothing is written when that is more than
 * out_bytes. An input that is all defaults takes none. input_decode gives an equal input back. */
size_t input_encode(const struct input *in, uint8_t *out, size_t out_bytes);

size_t input_entry_bytes(enum grain grain);

/* The entry number `index`; previous is the one before it, NULL for the first. */
struct input_entry input_entry_at(const struct input *in, size_t index,
                                  const struct input_entry *previous);

/* Write the entry that follows previous (NULL: the first) and whose nominal point is `target`, or
 * the nearest before it that can be written; target is a later point than that of previous. Returns
 * what was written. */
struct input_entry input_entry_write(enum grain grain, const struct input_entry *previous,
                                     struct input_entry target, uint8_t *out);

/* The number below n that a CHOICE_DATA takes from data, whose first *next bytes are used up. */
size_t input_data_take(const uint8_t *data, size_t data_bytes, size_t *next, size_t n);

/* May the entry be applied at this point? */
static inline bool input_is_due(const struct input_entry *entry, uint64_t position, uint64_t access)
{
    bool is_later_position = access == 0 && position > entry->position;
    return is_later_position || (position >= entry->position && access >= entry->access);
}

/* Both inputs mean the same, byte for byte. */
bool input_equal(const struct input *a, const struct input *b);

/* The gap that a gap byte stands for; the byte for the largest gap that is not above `gap`, the
 * smallest of several. */
uint64_t input_gap(uint8_t byte);
uint8_t input_gap_byte(uint64_t gap);

/* The generated input number index of seed, a function of the two: what --heddle-digests runs. Half
 * of them raw bytes, half with small gaps, where short programs have their positions. Half are of
 * grain sync, a quarter each of the others. Returns the size. */
enum { INPUT_RANDOM_BYTES_MAX = 192 };
size_t input_random(uint64_t seed, uint64_t index, uint8_t out[INPUT_RANDOM_BYTES_MAX]);

/* The same with all of one grain: what `--policy bytes` runs. */
size_t input_random_in(enum grain grain, uint64_t seed, uint64_t index,
                       uint8_t out[INPUT_RANDOM_BYTES_MAX]);

/* "sync", "shared", "all"; false if there is no grain of that name. */
const char *input_grain_name(enum grain grain);
bool input_grain_find(const char *name, enum grain *grain);

#endif
