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
    const uint8_t bytes[] = {1, 0x0a, 0x78, 0x56, 0x34, 0x12, 9, 2, 0xd0, 0xd1, 5, 6, 7, 8, 99};
    struct input in = input_decode(bytes, sizeof bytes);
    assert_int_equal(in.grain, INPUT_GRAIN_ALL);
    assert_int_equal(in.tail, INPUT_TAIL_PCT);
    assert_int_equal(in.seed, 0x12345678);
    assert_int_equal(in.family, 9);
    assert_int_equal(in.data_bytes, 2);
    assert_memory_equal(in.data, "\xd0\xd1", 2);
    assert_int_equal(in.entry_count, 2); /* The lone gap 99 is ignored. */
    assert_memory_equal(in.entries, "\5\6\7\10", 4);
}

static void empty_input_is_all_defaults(void **state)
{
    (void)state;
    const struct input defaults = {0};
    struct input in = input_decode(NULL, 0);
    assert_true(input_equal(&in, &defaults));
    assert_int_equal(in.grain, INPUT_GRAIN_SYNC);
    assert_int_equal(in.tail, INPUT_TAIL_NATURAL);
    assert_int_equal(input_encode(&in, NULL, 0), 0);
}

static void any_version_is_read_as_1(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        const uint8_t bytes[] = {(uint8_t)version, 4, 0, 0, 0, 0, 0, 0, 1, 2};
        struct input in = input_decode(bytes, sizeof bytes);
        assert_int_equal(in.tail, INPUT_TAIL_RANDOM);
        assert_int_equal(in.entry_count, 1);
    }
}

static void reserved_values_are_defaults(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 0xff};
    struct input in = input_decode(bytes, sizeof bytes);
    assert_int_equal(in.grain, INPUT_GRAIN_SYNC);
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
        assert_true(in.entries + 2 * in.entry_count <= bytes + size);
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

static void gap_bytes_are_direct_and_then_in_steps(void **state)
{
    (void)state;
    assert_int_equal(input_gap(0), 0);
    assert_int_equal(input_gap(191), 191);
    assert_int_equal(input_gap(192), 192);
    assert_int_equal(input_gap(193), 256);
    assert_int_equal(input_gap(255), INPUT_GAP_MAX);
    for (unsigned byte = 0; byte < 256; byte++)
        assert_int_equal(input_gap_byte(input_gap((uint8_t)byte)), byte);
    for (uint64_t gap = 0; gap < 6000; gap++) {
        uint8_t byte = input_gap_byte(gap);
        assert_true(input_gap(byte) <= gap);
        if (byte < 255) assert_true(input_gap((uint8_t)(byte + 1)) > gap);
    }
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
        cmocka_unit_test(any_version_is_read_as_1),
        cmocka_unit_test(reserved_values_are_defaults),
        cmocka_unit_test(missing_header_bytes_are_zeros),
        cmocka_unit_test(data_is_cut_where_the_input_ends),
        cmocka_unit_test(every_input_of_one_and_two_bytes_is_legal),
        cmocka_unit_test(any_bytes_of_any_length_are_legal),
        cmocka_unit_test(a_mebibyte_is_legal),
        cmocka_unit_test(encoder_says_how_much_room_it_needs),
        cmocka_unit_test(gap_bytes_are_direct_and_then_in_steps),
        cmocka_unit_test(generated_inputs_depend_on_seed_and_index_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
