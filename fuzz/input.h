// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The input form, version 1: what the bytes of an engine mean.
 *
 *   offset  bytes  meaning
 *   0       1      version; written as 1, every value is read as 1
 *   1       1      bits 0-1 grain (0 sync, 1 shared, 2 all, 3 sync), bits 2-3 tail policy
 *                  (0 natural, 1 random, 2 pct, 3 natural), other bits ignored
 *   2       4      seed of the tail policy, little endian
 *   6       1      family
 *   7       1      n: bytes of data
 *   8       n      data, for CHOICE_DATA
 *   8+n     2 each schedule entries (gap, choice), to the end
 *
 * Invariants
 * - The decoder is total: any bytes of any length are a legal input. Missing bytes are zeros, a
 *   lone last gap byte is ignored, no bytes at all are the natural schedule. So cutting the tail
 *   always simplifies, and never changes a choice before the cut.
 * - Entries are sparse deviations from the tail policy. An entry's nominal position is that of the
 *   entry before it (0 for the first) + 1 + its gap; the oldest entry whose nominal position has
 *   come is applied at the first position with several candidates: index = choice % n. An entry is
 *   used up by one position; overdue ones are applied at the next positions, one each.
 * - A CHOICE_DATA takes one byte of data for n <= 256, two for n <= 65536, else four (little
 *   endian, missing bytes are zeros): value % n.
 */
#ifndef HEDDLE_INPUT_H
#define HEDDLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INPUT_VERSION = 1,
    INPUT_HEADER_BYTES = 8,
    INPUT_DATA_BYTES_MAX = 255,
    INPUT_ENTRY_BYTES = 2,
    INPUT_CHOICE_MAX = 255, /* an entry cannot name a later candidate */
    INPUT_GAP_DIRECT = 192, /* gap bytes below this are the gap itself */
    INPUT_GAP_STEP = 64,    /* from there on they count in steps of this */
    INPUT_GAP_MAX = INPUT_GAP_DIRECT + (255 - INPUT_GAP_DIRECT) * INPUT_GAP_STEP,
};

enum input_grain { INPUT_GRAIN_SYNC, INPUT_GRAIN_SHARED, INPUT_GRAIN_ALL };
enum input_tail { INPUT_TAIL_NATURAL, INPUT_TAIL_RANDOM, INPUT_TAIL_PCT };

/* One input, decoded. data and entries point into the bytes it was decoded from. */
struct input {
    enum input_grain grain; /* kept; has no effect yet */
    enum input_tail tail;
    uint32_t seed;
    uint8_t family; /* kept; has no effect yet */
    const uint8_t *data;
    size_t data_bytes;      /* at most INPUT_DATA_BYTES_MAX */
    const uint8_t *entries; /* entry_count pairs (gap, choice) */
    size_t entry_count;
};

/* Decode size bytes. O(1), allocates nothing; the result lives as long as the bytes. */
struct input input_decode(const uint8_t *bytes, size_t size);

/* Encode in into out and return how many bytes it takes; nothing is written when that is more than
 * out_bytes. An input that is all defaults takes none. input_decode gives an equal input back. */
size_t input_encode(const struct input *in, uint8_t *out, size_t out_bytes);

/* Both inputs mean the same, byte for byte. */
bool input_equal(const struct input *a, const struct input *b);

/* The gap that a gap byte stands for, and the byte for the largest gap that is not above `gap`. */
uint64_t input_gap(uint8_t byte);
uint8_t input_gap_byte(uint64_t gap);

/* The generated input number index of seed, a function of the two: what `--policy bytes` and
 * --heddle-digests run. Half of them raw bytes, half with small gaps, where short programs have
 * their positions. Returns the size. */
enum { INPUT_RANDOM_BYTES_MAX = 192 };
size_t input_random(uint64_t seed, uint64_t index, uint8_t out[INPUT_RANDOM_BYTES_MAX]);

#endif
