// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The mutator of schedules: lists come back as they were written, each operator does what its name
 * says and nothing else, inputs stay whole and within their room, and a seed is all there is. */
#include "form_mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"

enum { ROUNDS = 3000, BYTES_MAX = 512 };

static struct form_deviations before, after, other; /* large; safe: tests run one after the other */

static bool is_equal(const struct form_deviation *a, const struct form_deviation *b)
{
    return a->position == b->position && a->access == b->access && a->key == b->key &&
           a->choice == b->choice;
}

static bool is_same_place(const struct form_deviation *a, const struct form_deviation *b)
{
    return a->position == b->position && a->access == b->access && a->key == b->key;
}

/* -1, or where `deviation` is in list. */
static int find(const struct form_deviations *list, const struct form_deviation *deviation)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_equal(&list->entries[i], deviation)) return (int)i;
    return -1;
}

/* How many of a's are not in b. */
static size_t missing(const struct form_deviations *a, const struct form_deviations *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++) count += find(b, &a->entries[i]) < 0;
    return count;
}

static void check_sorted(const struct form_deviations *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct form_deviation *d = &list->entries[i], *next = d + 1;
        assert_true(d->choice != 0);
        assert_true(d->position > 0);
        if (i + 1 == list->count) continue;
        assert_false(is_same_place(d, next));
        assert_true(
            d->position < next->position ||
            (d->position == next->position &&
             (d->access < next->access || (d->access == next->access && d->key < next->key))));
    }
}

/* A list as the mutator makes them: entries that an engine made up, and some inserts. */
static void make_list(struct form_deviations *list, enum form form, enum grain grain,
                      struct rng *rng)
{
    uint8_t entries[40];
    size_t size = rng_below(rng, sizeof entries + 1);
    for (size_t i = 0; i < size; i++) entries[i] = (uint8_t)rng_next(rng);
    deviations_read(list, form, grain, entries, size);
    for (size_t i = rng_below(rng, 6); i > 0; i--)
        deviations_mutate(list, DEVIATION_INSERT, form, grain, rng);
}

static void lists_come_back_as_they_were_written(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 16];
    for (size_t i = 0; i < ROUNDS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        enum grain grain = (enum grain)(i / FORM_COUNT % 3);
        struct rng rng = rng_of(1, i);
        make_list(&before, form, grain, &rng);
        check_sorted(&before);
        size_t size = deviations_write(&before, form, grain, bytes, sizeof bytes);
        assert_int_equal(size % form_entry_bytes(form, grain), 0);
        deviations_read(&after, form, grain, bytes, size);
        assert_int_equal(after.count, before.count);
        assert_int_equal(missing(&before, &after), 0);
        /* With less room the first ones are left. */
        size_t room = rng_below(&rng, size + 1);
        size_t cut = deviations_write(&before, form, grain, bytes, room);
        assert_true(cut <= room);
        deviations_read(&after, form, grain, bytes, cut);
        assert_true(after.count <= before.count);
        for (size_t d = 0; d < after.count; d++)
            assert_true(is_equal(&after.entries[d], &before.entries[d]));
    }
}

static void check_operator(enum deviation_operator op, const struct form_deviations *was,
                           const struct form_deviations *is)
{
    size_t gone = missing(was, is), made = missing(is, was);
    check_sorted(is);
    switch (op) {
    case DEVIATION_INSERT: /* in place of one that was there, if there was */
        assert_true(made <= 1);
        assert_true(gone <= made);
        assert_int_equal(is->count, was->count + made - gone);
        break;
    case DEVIATION_DELETE:
        assert_int_equal(is->count, was->count - 1);
        assert_int_equal(made, 0);
        break;
    case DEVIATION_MOVE: /* onto another one, too: then that is gone */
        assert_in_range(gone, made, made + 1);
        assert_true(made <= 1);
        assert_int_equal(is->count, was->count + made - gone);
        break;
    case DEVIATION_CHOOSE:
        assert_int_equal(is->count, was->count);
        assert_int_equal(made, 1);
        for (size_t i = 0; i < is->count; i++)
            assert_true(is_same_place(&is->entries[i], &was->entries[i]));
        break;
    case DEVIATION_OPERATORS:
        fail();
    }
}

static void each_operator_does_what_its_name_says(void **state)
{
    (void)state;
    size_t changed[DEVIATION_OPERATORS] = {0}, moved_choices = 0;
    for (size_t i = 0; i < 4 * ROUNDS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        enum grain grain = (enum grain)(i / FORM_COUNT % 3);
        enum deviation_operator op = (enum deviation_operator)(i / FORM_COUNT / 3 % 4);
        struct rng rng = rng_of(2, i);
        make_list(&before, form, grain, &rng);
        after = before;
        deviations_mutate(&after, op, form, grain, &rng);
        if (before.count == 0 && op != DEVIATION_INSERT) {
            assert_int_equal(after.count, 0);
            continue;
        }
        check_operator(op, &before, &after);
        bool same = after.count == before.count && missing(&after, &before) == 0;
        changed[op] += !same;
        for (size_t d = 0; d < after.count && op == DEVIATION_MOVE; d++) {
            if (find(&before, &after.entries[d]) >= 0) continue;
            size_t with = 0; /* what moved kept its choice and its key */
            for (size_t e = 0; e < before.count; e++)
                with += before.entries[e].choice == after.entries[d].choice &&
                        before.entries[e].key == after.entries[d].key;
            assert_true(with > 0);
            moved_choices++;
        }
    }
    for (size_t op = 0; op < DEVIATION_OPERATORS; op++) assert_true(changed[op] > ROUNDS / 2);
    assert_true(moved_choices > ROUNDS / 2);
}

static void splice_is_a_prefix_and_what_another_has_behind_it(void **state)
{
    (void)state;
    size_t mixed = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        enum grain grain = (enum grain)(i / FORM_COUNT % 3);
        struct rng rng = rng_of(3, i);
        make_list(&before, form, grain, &rng);
        make_list(&other, form, grain, &rng);
        after = before;
        deviations_splice(&after, &other, &rng);
        check_sorted(&after);
        size_t kept = 0;
        while (kept < after.count && kept < before.count &&
               is_equal(&after.entries[kept], &before.entries[kept]))
            kept++;
        size_t taken = after.count - kept;
        for (size_t d = kept; d < after.count; d++)
            assert_true(is_equal(&after.entries[d], &other.entries[other.count - after.count + d]));
        if (before.count == 0) assert_int_equal(taken, other.count);
        mixed += kept > 0 && taken > 0;
    }
    assert_true(mixed > ROUNDS / 4);
}

static void a_full_list_takes_no_more(void **state)
{
    (void)state;
    struct rng rng = rng_of(4, 0);
    before.count = 0;
    for (size_t i = 0; i < DEVIATIONS_MAX; i++)
        before.entries[before.count++] =
            (struct form_deviation){.position = 1 + 2 * i, .choice = 1};
    for (size_t i = 0; i < 200; i++)
        deviations_mutate(&before, DEVIATION_INSERT, FORM_GAP, GRAIN_SYNC, &rng);
    assert_int_equal(before.count, DEVIATIONS_MAX);
    check_sorted(&before);
    other = before;
    deviations_splice(&before, &other, &rng);
    assert_int_equal(before.count, DEVIATIONS_MAX);
}

/* ---- Inputs ------------------------------------------------------------------------------- */

static size_t make_input(uint8_t *bytes, size_t size_max, struct rng *rng)
{
    size_t size = rng_below(rng, size_max + 1);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)rng_next(rng);
    if (size >= INPUT_HEADER_BYTES && rng_below(rng, 4)) bytes[INPUT_HEADER_BYTES - 1] &= 7;
    return size;
}

/* Whole entries behind header and data, and nothing behind them. */
static void check_input(enum form form, enum grain grain, const uint8_t *bytes, size_t size,
                        size_t size_max)
{
    assert_in_range(size, INPUT_HEADER_BYTES, size_max);
    size_t at = form_entries_at(bytes, size);
    assert_int_equal(at, INPUT_HEADER_BYTES + bytes[INPUT_HEADER_BYTES - 1]);
    assert_int_equal((size - at) % form_entry_bytes(form, grain), 0);
}

static void mutated_inputs_are_whole_and_within_their_room(void **state)
{
    (void)state;
    size_t schedules = 0, data = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        enum grain grain = (enum grain)(i / FORM_COUNT % 3);
        struct rng rng = rng_of(5, i);
        size_t size_max = INPUT_HEADER_BYTES + rng_below(&rng, i % 2 ? 40 : BYTES_MAX - 8);
        uint8_t *bytes = calloc(1, size_max), *again = calloc(1, size_max); /* ASan: no more */
        uint8_t was[BYTES_MAX];
        assert_true(bytes && again);
        size_t size = make_input(bytes, size_max, &rng);
        memcpy(again, bytes, size_max);
        memcpy(was, bytes, size);
        size_t head = form_entries_at(was, size);
        size_t made = form_mutate(form, grain, bytes, size, size_max, i);
        check_input(form, grain, bytes, made, size_max);
        assert_int_equal(form_mutate(form, grain, again, size, size_max, i), made);
        assert_memory_equal(again, bytes, made); /* by the seed alone */
        /* The header is kept, but for how much data there is, and either the data or the schedule
         * changes. */
        assert_int_equal(bytes[0], size ? was[0] : INPUT_VERSION);
        for (size_t b = 1; b < INPUT_HEADER_BYTES - 1; b++)
            assert_int_equal(bytes[b], b < size ? was[b] : 0);
        size_t new_head = form_entries_at(bytes, made);
        bool same_data = head < INPUT_HEADER_BYTES
                             ? new_head == INPUT_HEADER_BYTES
                             : new_head == head && memcmp(bytes + 8, was + 8, head - 8) == 0;
        deviations_read(&before, form, grain, was + head, size - head);
        deviations_read(&after, form, grain, bytes + new_head, made - new_head);
        bool same_schedule = before.count == after.count && missing(&before, &after) == 0;
        bool was_cut = size_max - made < 4 * form_entry_bytes(form, grain);
        if (!was_cut) assert_true(same_data || same_schedule);
        schedules += !same_schedule;
        data += !same_data;
        free(bytes);
        free(again);
    }
    assert_true(schedules > ROUNDS / 2);
    assert_in_range(data, ROUNDS / 16, ROUNDS / 3);
}

static void another_seed_is_another_mutation(void **state)
{
    (void)state;
    uint8_t a[BYTES_MAX] = {INPUT_VERSION}, b[BYTES_MAX] = {INPUT_VERSION};
    size_t different = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t a_size = form_mutate(FORM_GAP, GRAIN_SYNC, a, INPUT_HEADER_BYTES, BYTES_MAX, seed);
        size_t b_size =
            form_mutate(FORM_GAP, GRAIN_SYNC, b, INPUT_HEADER_BYTES, BYTES_MAX, seed + 1);
        different += a_size != b_size || memcmp(a, b, a_size) != 0;
        memset(a, 0, sizeof a);
        memset(b, 0, sizeof b);
    }
    assert_true(different > 150);
}

static void spliced_inputs_have_the_head_of_the_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        enum form form = (enum form)(i % FORM_COUNT);
        enum grain grain = (enum grain)(i / FORM_COUNT % 3);
        struct rng rng = rng_of(6, i);
        uint8_t a[200], b[200];
        size_t a_size = make_input(a, sizeof a, &rng), b_size = make_input(b, sizeof b, &rng);
        size_t size_max = INPUT_HEADER_BYTES + rng_below(&rng, 300);
        uint8_t *out = malloc(size_max);
        assert_non_null(out);
        size_t made = form_splice(form, grain, a, a_size, b, b_size, out, size_max, i);
        check_input(form, grain, out, made, size_max);
        size_t head = form_entries_at(a, a_size);
        for (size_t byte = 0; byte < head && byte < made; byte++)
            if (byte != INPUT_HEADER_BYTES - 1) assert_int_equal(out[byte], a[byte]);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_back_as_they_were_written),
        cmocka_unit_test(each_operator_does_what_its_name_says),
        cmocka_unit_test(splice_is_a_prefix_and_what_another_has_behind_it),
        cmocka_unit_test(a_full_list_takes_no_more),
        cmocka_unit_test(mutated_inputs_are_whole_and_within_their_room),
        cmocka_unit_test(another_seed_is_another_mutation),
        cmocka_unit_test(spliced_inputs_have_the_head_of_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
