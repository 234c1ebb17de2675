// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A mutator that knows what schedule entries are: it reads them as a list of deviations, changes
 * one, and writes the list back in the same form. What stands behind a change keeps its place.
 *
 * Invariants
 * - The result is a function of the arguments: no state, no other randomness than the seed.
 * - It is a whole input that decodes to what was meant: header, data, whole entries; never longer
 *   than allowed. Entries that do not fit are cut from the end.
 * - Lists are sorted by point and key, and no two deviations are at one point of one key.
 * - Entries of choice 0 deviate from nothing: they are left out when a list is read.
 */
#ifndef HEDDLE_FORM_MUTATE_H
#define HEDDLE_FORM_MUTATE_H

#include "forms.h"
#include "rng.h"

enum { DEVIATIONS_MAX = 1024 };

/* One deviation from the tail. */
struct form_deviation {
    uint64_t position; /* gap: position; byte: index from 1; keyed, named: number among the points
                          of its key, from 1 */
    uint64_t access;   /* gap in the finer grains: as in input.h; else 0 */
    uint8_t key;       /* keyed, named; else 0 */
    uint8_t choice;    /* not 0 */
};

struct form_deviations {
    struct form_deviation entries[DEVIATIONS_MAX];
    size_t count;
};

/* Read `size` bytes of entries. */
void deviations_read(struct form_deviations *list, enum form form, enum grain grain,
                     const uint8_t *entries, size_t size);

/* Write them, at most `size` bytes; returns how many. Deviations that find
 * no room are left out, from the first such on. */
size_t deviations_write(const struct form_deviations *list, enum form form, enum grain grain,
                        uint8_t *entries, size_t size);

/* Each changes one deviation (insert: adds one); one that comes to stand where another is takes its
 * place. Nothing happens to an empty list but insert, nor to a full one by insert. */
enum deviation_operator {
    DEVIATION_INSERT,
    DEVIATION_DELETE,
    DEVIATION_MOVE,
    DEVIATION_CHOOSE, /* another choice */
    DEVIATION_OPERATORS
};
void deviations_mutate(struct form_deviations *list, enum deviation_operator op, enum form form,
                       enum grain grain, struct rng *rng);

/* Keep what is before a point of one of list's deviations, drawn, and take from other what is not
 * before it. An empty list becomes other. */
void deviations_splice(struct form_deviations *list, const struct form_deviations *other,
                       struct rng *rng);

/* Change the schedule or, less often, the data of an input in place: at most size_max bytes, of
 * which at least INPUT_HEADER_BYTES; returns the new size. */
size_t form_mutate(enum form form, enum grain grain, uint8_t *bytes, size_t size, size_t size_max,
                   uint64_t seed);

/* Splice the schedule of b behind a's, with a's header and data, into out. */
size_t form_splice(enum form form, enum grain grain, const uint8_t *a, size_t a_size,
                   const uint8_t *b, size_t b_size, uint8_t *out, size_t size_max, uint64_t seed);

#endif
