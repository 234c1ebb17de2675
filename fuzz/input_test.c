// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The input form: layout, totality, encode and decode. */
#include "input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"

enum { ROUND_TRIPS = 100000, BYTES_MAX = 700 };

static void header_fields_are_where_the_form_says(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1,    0x0a, 0x78, 0x56, 0x34, 0x12, 9, 2, 0xd0,
                             0xd1, 5,    6,    7,    8,    99,   3, 2, 1};
    struct input in = input_decode(bytes, sizeof bytes);
    assert_int_equal(in.grain, GRAIN_ALL);
    assert_int_equal(in.tail, INPUT_TAIL_PCT);
    assert_int_equal(in.seed, 0x12345678);
    assert_int_equal(in.family, 9);
    assert_int_equal(in.data_bytes, 2);
    assert_memory_equal(in.data, "\xd0\xd1", 2);
    assert_int_equal(in.entry_count, 2); /* Of 3 bytes each, and an incomplete one is ignored. */
    assert_memory_equal(in.entries, "\5\6\7\10\143\3", 6);
}

static void empty_input_is_all_defaults(void **state)
{
    (void)state;
    const struct input defaults = {0};
    struct input in = input_decode(NULL, 0);
    assert_true(input_equal(&in, &defaults));
    assert_int_equal(in.grain, GRAIN_SYNC);
    assert_int_equal(in.tail, INPUT_TAIL_NATURAL);
    assert_int_equal(input_encode(&in, NULL, 0), 0);
}

/* A byte that is no version costs an engine nothing; what is written has this version. */
static void every_version_byte_is_read_as_this_version(void **state)
{
    (void)state;
    uint8_t bytes[] = {INPUT_VERSION, 4, 0, 0, 0, 0, 0, 1, 9, 1, 2, 245, 3};
    const struct input is = input_decode(bytes, sizeof bytes);
    assert_int_equal(INPUT_VERSION, 2); /* frozen: another form has another number */
    assert_int_equal(is.entry_count, 2);
    for (unsigned version = 0; version < 256; version++) {
        uint8_t encoded[sizeof bytes];
        bytes[0] = (uint8_t)version;
        struct input in = input_decode(bytes, sizeof bytes);
        assert_true(input_equal(&in, &is));
        struct input_entry first = input_entry_at(&in, 0, NULL);
        assert_int_equal(input_entry_at(&in, 1, &first).position, 2 + 1 + 48);
        assert_int_equal(input_encode(&in, encoded, sizeof encoded), sizeof bytes);
        assert_int_equal(encoded[0], INPUT_VERSION);
    }
}

static void reserved_values_are_defaults(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 0xff};
    struct input in = input_decode(bytes, sizeof bytes);
    assert_int_equal(in.grain, GRAIN_SYNC);
    assert_int_equal(in.tail, INPUT_TAIL_NATURAL);
}

static void missing_header_bytes_are_zeros(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_HEADER_BYTES] = {1, 0x05, 0xaa, 0xbb, 0xcc, 0xdd, 3, 7};
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t padded[INPUT_HEADER_BYTES] = {0};
        memcpy(padded, bytes, size);
        struct input cut = input_decode(bytes, size);
        struct input whole = input_decode(padded, sizeof padded);
        assert_true(input_equal(&cut, &whole));
    }
}

static void data_is_cut_where_the_input_ends(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 0, 0, 0, 0, 0, 0, 200, 1, 2, 3};
    struct input in = input_decode(bytes, sizeof bytes);
    assert_int_equal(in.data_bytes, 3);
    assert_int_equal(in.entry_count, 0);
}

/* Whatever is decoded lies inside the bytes, and encoding gives an equal input. */
static void check_round_trip(const uint8_t *bytes, size_t size)
{
    uint8_t encoded[BYTES_MAX + INPUT_HEADER_BYTES];
    struct input in = input_decode(bytes, size);
    if (in.data_bytes > 0) {
        assert_true(in.data >= bytes);
        assert_true(in.data + in.data_bytes <= bytes + size);
    }
    if (in.entry_count > 0) {
        assert_true(in.entries >= bytes);
        size_t entry_bytes = in.grain == GRAIN_SYNC ? 2 : 3;
        assert_true(in.entries + entry_bytes * in.entry_count <= bytes + size);
        assert_true(in.entries + entry_bytes * (in.entry_count + 1) > bytes + size);
    }
    size_t encoded_size = input_encode(&in, encoded, sizeof encoded);
    assert_true(encoded_size <= sizeof encoded);
    struct input again = input_decode(encoded, encoded_size);
    assert_true(input_equal(&in, &again));
    uint8_t twice[BYTES_MAX + INPUT_HEADER_BYTES];
    assert_int_equal(input_encode(&again, twice, sizeof twice), encoded_size);
    assert_memory_equal(encoded, twice, encoded_size);
}

static void every_input_of_one_and_two_bytes_is_legal(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        check_round_trip((const uint8_t[]){(uint8_t)a}, 1);
        for (unsigned b = 0; b < 256; b++)
            check_round_trip((const uint8_t[]){(uint8_t)a, (uint8_t)b}, 2);
    }
}

static void any_bytes_of_any_length_are_legal(void **state)
{
    (void)state;
    struct rng rng = rng_of(1, 0);
    for (int i = 0; i < ROUND_TRIPS; i++) {
        size_t size = rng_below(&rng, rng_below(&rng, 8) == 0 ? BYTES_MAX + 1 : 40);
        uint8_t *bytes = malloc(size + 1); /* On the heap, so that ASan sees a read beyond. */
        assert_non_null(bytes);
        uint8_t *exact = realloc(bytes, size ? size : 1);
        for (size_t b = 0; b < size; b++) exact[b] = (uint8_t)rng_next(&rng);
        check_round_trip(exact, size);
        free(exact);
    }
}

static void a_mebibyte_is_legal(void **state)
{
    (void)state;
    size_t size = (size_t)1 << 20;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 0xff, size);
    struct input in = input_decode(bytes, size);
    assert_int_equal(in.data_bytes, INPUT_DATA_BYTES_MAX);
    assert_int_equal(in.entry_count, (size - INPUT_HEADER_BYTES - INPUT_DATA_BYTES_MAX) / 2);
    free(bytes);
}

static void encoder_says_how_much_room_it_needs(void **state)
{
    (void)state;
    const uint8_t entries[] = {1, 2};
    struct input in = {.entries = entries, .entry_count = 1};
    uint8_t out[16];
    memset(out, 0xee, sizeof out);
    assert_int_equal(input_encode(&in, out, 9), 10);
    assert_int_equal(out[0], 0xee); /* Nothing is written when it does not fit. */
    assert_int_equal(input_encode(&in, out, sizeof out), 10);
    assert_int_equal(out[0], INPUT_VERSION);
}

static void gap_bytes_are_short_gaps_and_a_few_long_ones(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {8,   12,  16,  24,  32,  48,  64,   96,
                                       128, 192, 256, 384, 512, 768, 1024, 1536};
    for (unsigned byte = 0; byte < 240; byte++)
        assert_int_equal(input_gap((uint8_t)byte), byte % 8);
    for (unsigned i = 0; i < 16; i++) assert_int_equal(input_gap((uint8_t)(240 + i)), lengths[i]);
    assert_int_equal(input_gap(255), INPUT_GAP_MAX);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t written = input_gap_byte(input_gap((uint8_t)byte));
        assert_int_equal(written, byte < 240 ? byte % 8 : byte);
    }
    for (uint64_t gap = 0; gap < 6000; gap++) {
        uint8_t byte = input_gap_byte(gap);
        unsigned next = byte == 7 ? 240 : byte + 1u;
        assert_true(input_gap(byte) <= gap);
        if (byte < 255) assert_true(input_gap((uint8_t)next) > gap);
    }
}

static struct input_entry entry(uint64_t position, uint64_t access, uint8_t choice)
{
    return (struct input_entry){.position = position, .access = access, .choice = choice};
}

static void check_entry(struct input_entry is, struct input_entry expected)
{
    assert_int_equal(is.position, expected.position);
    assert_int_equal(is.access, expected.access);
    assert_int_equal(is.choice, expected.choice);
}

/* Every entry of bytes, against where it should be. */
static void check_entries(uint8_t grain, const uint8_t *entries, size_t size,
                          const struct input_entry *expected)
{
    uint8_t bytes[64] = {INPUT_VERSION, grain};
    memcpy(bytes + INPUT_HEADER_BYTES, entries, size);
    struct input in = input_decode(bytes, INPUT_HEADER_BYTES + size);
    struct input_entry previous = {0};
    assert_int_equal(in.entry_count, size / (grain == GRAIN_SYNC ? 2 : 3));
    for (size_t i = 0; i < in.entry_count; i++) {
        previous = input_entry_at(&in, i, i ? &previous : NULL);
        check_entry(previous, expected[i]);
    }
}

static void entries_stand_where_the_form_says(void **state)
{
    (void)state;
    const uint8_t sync[] = {0, 9, 0, 8, 3, 7, 249, 6, 250, 5, 9, 4};
    const struct input_entry sync_points[] = {entry(1, 0, 9),   entry(2, 0, 8),   entry(6, 0, 7),
                                              entry(199, 0, 6), entry(456, 0, 5), entry(458, 0, 4)};
    check_entries(GRAIN_SYNC, sync, sizeof sync, sync_points);
    const uint8_t fine[] = {0, 0, 9, 0, 0, 8, 0, 2,   7, 1,   0, 6, 2, 3, 5,
                            0, 0, 4, 4, 0, 3, 0, 250, 2, 250, 7, 1, 0, 1, 0};
    const struct input_entry fine_points[] = {
        entry(1, 0, 9), entry(1, 1, 8), entry(1, 4, 7),   entry(2, 0, 6),   entry(4, 3, 5),
        entry(4, 4, 4), entry(8, 0, 3), entry(8, 257, 2), entry(264, 7, 1), entry(264, 9, 0)};
    check_entries(GRAIN_SHARED, fine, sizeof fine, fine_points);
    check_entries(GRAIN_ALL, fine, sizeof fine, fine_points);
    const uint8_t first_access[] = {0, 5, 1}, first_later[] = {3, 5, 1};
    const struct input_entry at_first = entry(1, 5, 1), at_fourth = entry(4, 5, 1);
    check_entries(GRAIN_ALL, first_access, 3, &at_first);
    check_entries(GRAIN_ALL, first_later, 3, &at_fourth);
}

/* The rule in words: accesses from the k-th on, and later positions. */
static void entry_is_due_at_these_points(void **state)
{
    (void)state;
    static const struct {
        uint64_t entry_position, entry_access, position, access;
        bool due;
    } rows[] = {
        {5, 0, 4, 0, false}, {5, 0, 4, 9, false}, {5, 0, 5, 0, true},  {5, 0, 5, 1, true},
        {5, 0, 6, 0, true},  {5, 0, 6, 3, true},  {5, 3, 4, 0, false}, {5, 3, 4, 3, false},
        {5, 3, 5, 0, false}, {5, 3, 5, 2, false}, {5, 3, 5, 3, true},  {5, 3, 5, 4, true},
        {5, 3, 6, 0, true},  {5, 3, 6, 2, false}, {5, 3, 6, 3, true},  {5, 3, 9, 0, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct input_entry e = entry(rows[i].entry_position, rows[i].entry_access, 0);
        assert_int_equal(input_is_due(&e, rows[i].position, rows[i].access), rows[i].due);
    }
}

/* Exactly the target where that can be written, else before it: what is left of a gap that has no
 * byte is at most half of it. */
static void check_written(enum grain grain, const struct input_entry *previous, uint64_t position,
                          uint64_t access)
{
    uint8_t bytes[INPUT_HEADER_BYTES + INPUT_ENTRY_BYTES_FINE] = {INPUT_VERSION, (uint8_t)grain};
    struct input_entry target = entry(position, access, 77);
    uint8_t *at = bytes + INPUT_HEADER_BYTES;
    struct input_entry written = input_entry_write(grain, previous, target, at);
    struct input in = input_decode(bytes, INPUT_HEADER_BYTES + input_entry_bytes(grain));
    check_entry(input_entry_at(&in, 0, previous), written);
    assert_int_equal(written.choice, 77);
    assert_true(written.position <= position);
    uint64_t ahead = position - (previous ? previous->position : 0);
    if (ahead <= INPUT_GAP_MAX) assert_true(position - written.position <= ahead / 2);
    if (ahead < INPUT_GAP_DIRECT) assert_int_equal(written.position, position);
    if (written.position < position) return;
    assert_true(written.access <= access);
    uint64_t before = previous && previous->position == position ? previous->access + 1 : 0;
    if (access - before < INPUT_GAP_DIRECT) assert_int_equal(written.access, access);
    if (access - before <= INPUT_GAP_MAX)
        assert_true(access - written.access <= (access - before) / 2);
}

static void written_entry_stands_at_its_target_or_just_before(void **state)
{
    (void)state;
    const struct input_entry previous = entry(40, 6, 1), sync_previous = entry(40, 0, 1);
    for (uint64_t distance = 0; distance < 6000; distance++) {
        check_written(GRAIN_SYNC, NULL, 1 + distance, 0);
        check_written(GRAIN_SYNC, &sync_previous, 41 + distance, 0);
        check_written(GRAIN_ALL, NULL, 1 + distance, 0);
        check_written(GRAIN_ALL, NULL, 1 + distance, distance / 7);
        check_written(GRAIN_SHARED, &previous, 41 + distance, distance % 500);
        check_written(GRAIN_SHARED, &previous, 40, 7 + distance);
    }
}

static void generated_inputs_of_a_grain_have_it(void **state)
{
    (void)state;
    uint8_t bytes[INPUT_RANDOM_BYTES_MAX], drawn[INPUT_RANDOM_BYTES_MAX];
    size_t seen[3] = {0};
    for (uint64_t i = 0; i < 4000; i++) {
        size_t size = input_random(5, i, drawn);
        if (size < 2) continue;
        enum grain grain = input_decode(drawn, size).grain;
        seen[grain]++;
        for (int g = GRAIN_SYNC; g <= GRAIN_ALL; g++) {
            assert_int_equal(input_random_in((enum grain)g, 5, i, bytes), size);
            assert_int_equal(input_decode(bytes, size).grain, g);
            if (grain != (enum grain)g || (drawn[1] & 3) == 3) continue;
            assert_memory_equal(bytes, drawn, size);
        }
    }
    assert_true(seen[GRAIN_SYNC] > 1800);
    assert_true(seen[GRAIN_SHARED] > 800);
    assert_true(seen[GRAIN_ALL] > 800);
}

static void grains_have_names(void **state)
{
    (void)state;
    enum grain grain = GRAIN_SYNC;
    for (int g = GRAIN_SYNC; g <= GRAIN_ALL; g++) {
        assert_true(input_grain_find(input_grain_name((enum grain)g), &grain));
        assert_int_equal(grain, g);
    }
    assert_false(input_grain_find("fine", &grain));
    assert_string_equal(input_grain_name(GRAIN_SHARED), "shared");
}

static void generated_inputs_depend_on_seed_and_index_alone(void **state)
{
    (void)state;
    uint8_t a[INPUT_RANDOM_BYTES_MAX], b[INPUT_RANDOM_BYTES_MAX];
    size_t different = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        size_t size = input_random(7, i, a);
        assert_true(size <= INPUT_RANDOM_BYTES_MAX);
        input_random(8, i, b);
        assert_int_equal(input_random(7, i, b), size);
        assert_memory_equal(a, b, size);
        size_t other = input_random(7, i + 1, b);
        different += other != size || memcmp(a, b, size) != 0;
    }
    assert_true(different > 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_fields_are_where_the_form_says),
        cmocka_unit_test(empty_input_is_all_defaults),
        cmocka_unit_test(every_version_byte_is_read_as_this_version),
        cmocka_unit_test(reserved_values_are_defaults),
        cmocka_unit_test(missing_header_bytes_are_zeros),
        cmocka_unit_test(data_is_cut_where_the_input_ends),
        cmocka_unit_test(every_input_of_one_and_two_bytes_is_legal),
        cmocka_unit_test(any_bytes_of_any_length_are_legal),
        cmocka_unit_test(a_mebibyte_is_legal),
        cmocka_unit_test(encoder_says_how_much_room_it_needs),
        cmocka_unit_test(gap_bytes_are_short_gaps_and_a_few_long_ones),
        cmocka_unit_test(entries_stand_where_the_form_says),
        cmocka_unit_test(entry_is_due_at_these_points),
        cmocka_unit_test(written_entry_stands_at_its_target_or_just_before),
        cmocka_unit_test(generated_inputs_of_a_grain_have_it),
        cmocka_unit_test(grains_have_names),
        cmocka_unit_test(generated_inputs_depend_on_seed_and_index_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
