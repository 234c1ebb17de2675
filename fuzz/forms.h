// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Other forms that the schedule entries of an input could have had, to be compared with the one
 * that they have (docs/input-form.md, `heddle bench forms`). Header and data are those of input.h
 * in all of them, the tail is natural, and the grain is given from outside.
 *
 *   gap    the input form itself: (gap, choice), in the finer grains (gap, access, choice)
 *   wide   the same, but gap bytes reach far: those below FORM_WIDE_DIRECT are the gap itself, the
 *          others count on from there in steps of FORM_WIDE_STEP
 *   byte   one byte per choice: byte i answers the i-th point with several candidates
 *   keyed  (key, gap, choice), 3 bytes: for the points of those whose key it is
 *   named  as keyed, but the choice is made by stable ids as well, not by index
 *
 * Invariants
 * - Decoders are total and cutting the tail simplifies, as in input.h.
 * - A byte answers with byte % n. Accesses that the grain makes points take bytes like any other.
 * - Keyed: the key of a point is FORM_KEY_BITS bits of the stable id of candidate 0: of the
 *   goroutine that would go on, of the object of the first ready case, of the timer. Each key has
 *   a queue of its own; an entry answers the point of its key before which `gap` (input_gap) of
 *   that key's points have passed since its previous entry. The answer is choice % n.
 * - Named: 0 is candidate 0; for any other choice the candidates are ranked by a hash of choice and
 *   stable id (of choice and number, where ids need not differ), and the first one is taken. So one
 *   candidate more takes its own share of the choices, and no other answer moves.
 */
#ifndef HEDDLE_FORMS_H
#define HEDDLE_FORMS_H

#include "policy_bytes.h"

enum form { FORM_GAP, FORM_WIDE, FORM_BYTE, FORM_KEYED, FORM_NAMED, FORM_COUNT };

enum {
    FORM_KEY_BITS = 3,
    FORM_KEYS = 1 << FORM_KEY_BITS,
    FORM_KEYED_BYTES = 3,
    FORM_WIDE_DIRECT = 192,
    FORM_WIDE_STEP = 64,
    FORM_WIDE_MAX = FORM_WIDE_DIRECT + (UINT8_MAX - FORM_WIDE_DIRECT) * FORM_WIDE_STEP,
    FORM_INPUT_BYTES_MAX = 4096, /* more is cut off */
    FORM_ENTRIES_MAX = FORM_INPUT_BYTES_MAX / FORM_KEYED_BYTES,
};

const char *form_name(enum form form);
bool form_find(const char *name, enum form *form);

bool form_has_keys(enum form form);

/* Bytes of one entry. */
size_t form_entry_bytes(enum form form, enum grain grain);

/* Where the entries of an input begin; size if it has none. */
size_t form_entries_at(const uint8_t *bytes, size_t size);

/* As input_gap and input_gap_byte, for gap and wide. */
uint64_t form_gap(enum form form, uint8_t byte);
uint8_t form_gap_byte(enum form form, uint64_t gap);

/* The key of a stable id. */
uint8_t form_key(uint64_t stable);

/* Plays inputs of one form. Embeddable; allocates nothing. */
struct form_player {
    struct policy policy;      /* of all forms but gap */
    struct policy_bytes bytes; /* data; gap: everything */
    enum form form;
    uint8_t input[FORM_INPUT_BYTES_MAX];
    const uint8_t *entries;
    size_t entry_count;
    size_t left;              /* entries that are not used up */
    struct input_entry entry; /* wide: the oldest entry that is not used up */
    /* keyed and named */
    struct form_queue {
        uint16_t head; /* number of the key's oldest entry + 1; 0: none */
        uint64_t gap;  /* how many points still pass before it */
    } queues[FORM_KEYS];
    uint16_t next[FORM_ENTRIES_MAX]; /* of the same key: number + 1, 0: none */
};

void form_player_init(struct form_player *player, enum form form, enum grain grain);

/* The policy under which the next execution plays these bytes. They are copied. */
struct policy *form_play(struct form_player *player, const uint8_t *bytes, size_t size);

#endif
