// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The race detector: each covered access against what the shadow remembers.
 *
 * Invariants
 * - A race is reported exactly when two accesses to a common byte, at least one of them writing and
 *   not both atomic, are not ordered by happens-before in this execution. Nothing is predicted.
 * - The first race ends the execution (like every report); with DETECTOR_RACE switched off nothing
 *   is reported and the execution goes on.
 * - Accesses to freed memory and beyond a block are reported before they happen, whether or not
 *   they race.
 *
 * Source: Go memory model, "Data race"; C17 5.1.2.4p35; Flanagan and Freund, FastTrack (PLDI 2009).
 */
#ifndef HEDDLE_RACE_H
#define HEDDLE_RACE_H

#include <string.h>

#include "clock.h"
#include "recall.h"
#include "shadow.h"

struct access {
    uintptr_t address;
    size_t bytes;
    enum access_kind kind;
    struct call_site site;
    const struct access *whole; /* what this is a part of; NULL: it is the whole */
};

static inline const struct access *access_whole(const struct access *a)
{
    return a->whole ? a->whole : a;
}

/* Check an access of any size, and remember it. Covered bytes only are looked at. */
void race_access(const struct access *whole);

/* The most common cases of an access to some bytes of a cell, by the running goroutine: the cell
 * is in use, what it remembers of these bytes is this goroutine's own, and the access stands for
 * what it takes the place of. False if it is another case; then nothing was done. */
static inline bool race_quick_read(struct shadow_cell *c, uint8_t bytes);
static inline bool race_quick_write(struct shadow_cell *c, uint8_t bytes);

/* The next most common ones: the first access to a cell of a stack; what the running goroutine is
 * known to know; reads of what several read. */
bool race_seldom(struct shadow_cell *c, uintptr_t address, uint8_t bytes, enum access_kind kind);

/* Both, for bytes at address, which are not more than those of its cell. */
static inline bool race_quick(uintptr_t address, size_t bytes, enum access_kind kind);

/* Any case of an access that lies within one cell, which is c. */
void race_access_cell(struct shadow_cell *c, const struct access *a);

/* ---- Inline ------------------------------------------------------------------------------- */

/* The two words of a cell: segment, mask; above them what is zero without details and bad bytes. */
struct race_words {
    uint64_t read;
    uint64_t write;
};
enum { RACE_WORD_BITS = 40 };

static inline struct race_words race_words_of(const struct shadow_cell *c)
{
    struct race_words w;
    memcpy(&w.read, &c->read_segment, sizeof w.read);
    memcpy(&w.write, &c->write_segment, sizeof w.write);
    return w;
}

/* A cell that nobody has accessed is not a plain one: it must be noted that it is used. */
static inline bool race_is_plain(struct race_words w)
{
    return !((w.read | w.write) >> RACE_WORD_BITS) && (w.read | w.write) && !recall_state.active;
}

static inline bool race_is_own(uint64_t word)
{
    return order_segment((uint32_t)word)->goroutine == order_goroutine();
}

static inline bool race_quick_read(struct shadow_cell *c, uint8_t bytes)
{
    const struct race_words w = race_words_of(c);
    const uint64_t mask = (uint64_t)bytes << 32;
    uint64_t read = mask | order_current();
    if (unlikely(!race_is_plain(w))) return false;
    if (w.write & mask && !race_is_own(w.write)) return false;
    if ((uint32_t)w.read == (uint32_t)read)
        read |= w.read;
    else if (w.read & ACCESS_WHOLE_MASK & ~mask || (w.read && !race_is_own(w.read)))
        return false;
    memcpy(&c->read_segment, &read, sizeof read);
    return true;
}

static inline bool race_quick_write(struct shadow_cell *c, uint8_t bytes)
{
    const struct race_words w = race_words_of(c);
    const uint64_t mask = (uint64_t)bytes << 32;
    uint64_t write = mask | order_current();
    if (unlikely(!race_is_plain(w))) return false;
    if (w.read & mask && !race_is_own(w.read)) return false;
    if ((uint32_t)w.write == (uint32_t)write)
        write |= w.write;
    else if (w.write & ACCESS_WHOLE_MASK & ~mask || (w.write && !race_is_own(w.write)))
        return false;
    memcpy(&c->write_segment, &write, sizeof write);
    if (w.read & mask && (uint32_t)w.read != (uint32_t)write) {
        uint64_t read = w.read & ~mask;
        if (!(read & ACCESS_WHOLE_MASK)) read = 0;
        memcpy(&c->read_segment, &read, sizeof read);
    }
    return true;
}

static inline bool race_quick(uintptr_t address, size_t bytes, enum access_kind kind)
{
    struct shadow_cell *c = shadow_fixed(address);
    const uint8_t mask = shadow_mask(address, bytes);
    if (kind == ACCESS_READ && race_quick_read(c, mask)) return true;
    if (kind == ACCESS_WRITE && race_quick_write(c, mask)) return true;
    return race_seldom(c, address, mask, kind);
}

#endif
