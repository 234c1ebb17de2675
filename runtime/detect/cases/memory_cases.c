// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Bytes: which accesses have one in common. C17 3.14: a memory location is a scalar object, or the
 * bit-fields that lie next to each other; two of them may be written at once. */
#include "case.h"

#include <string.h>

/* ---- Sizes ---------------------------------------------------------------------------------- */

ACTOR(writes_byte_0) { bytes.byte[0] = 1; }
ACTOR(writes_byte_7) { bytes.byte[7] = 1; }
ACTOR(writes_byte_8) { bytes.byte[8] = 1; }
ACTOR(writes_half_0) { bytes.half[0] = 1; }
ACTOR(writes_half_3) { bytes.half[3] = 1; }
ACTOR(writes_word_0) { bytes.word[0] = 1; }
ACTOR(writes_wide_0) { bytes.wide[0] = 1; }

EXPECT(one_byte, .expect = {"data-race--one_byte--writes_byte_0"}, .pair = {WRITE(1), READ(1)})
{
    go(writes_byte_0, NULL);
    use(bytes.byte[0]);
}

EXPECT(two_bytes, .expect = {"data-race--two_bytes--writes_half_3"}, .pair = {WRITE(2), READ(2)})
{
    go(writes_half_3, NULL);
    use(bytes.half[3]);
}

EXPECT(four_bytes, .expect = {"data-race--four_bytes--writes_word_0"}, .pair = {WRITE(4), WRITE(4)})
{
    go(writes_word_0, NULL);
    bytes.word[0] = 2;
}

EXPECT(eight_bytes, .expect = {"data-race--eight_bytes--writes_wide_0"},
       .pair = {WRITE(8), READ(8)})
{
    go(writes_wide_0, NULL);
    use(bytes.wide[0]);
}

/* ISO C has no name for it. */
__extension__ typedef unsigned __int128 sixteen;

static sixteen *at_sixteen(void) { return (sixteen *)&bytes; }

ACTOR(writes_sixteen) { *at_sixteen() = 1; }

EXPECT(sixteen_bytes, .expect = {"data-race--sixteen_bytes--writes_sixteen"},
       .pair = {WRITE(16), READ(16)})
{
    go(writes_sixteen, NULL);
    use((uint64_t)*at_sixteen());
}

EXPECT(the_last_byte_of_sixteen, .expect = {"data-race--the_last_byte_of_sixteen--writes_sixteen"},
       .pair = {WRITE(16), READ(1)})
{
    go(writes_sixteen, NULL);
    use(bytes.byte[15]);
}

NEVER(the_byte_after_sixteen)
{
    go(writes_sixteen, NULL);
    use(bytes.byte[16]);
}

/* ---- Overlap -------------------------------------------------------------------------------- */

NEVER(bytes_of_one_word)
{
    go(writes_byte_0, NULL);
    go(writes_byte_7, NULL);
    for (size_t i = 1; i < 7; i++) bytes.byte[i] = 1;
}

NEVER(halves_of_one_word)
{
    go(writes_half_0, NULL);
    go(writes_half_3, NULL);
    bytes.word[2] = 1;
    bytes.half[1] = bytes.half[2] = 1;
}

NEVER(words_next_to_each_other)
{
    go(writes_word_0, NULL);
    bytes.word[1] = 1;
}

NEVER(wide_words_next_to_each_other)
{
    go(writes_wide_0, NULL);
    bytes.wide[1] = 1;
}

EXPECT(a_byte_of_a_wide_word, .expect = {"data-race--a_byte_of_a_wide_word--writes_byte_7"},
       .pair = {WRITE(1), READ(8)})
{
    go(writes_byte_7, NULL);
    use(bytes.wide[0]);
}

NEVER(the_byte_after_a_wide_word)
{
    go(writes_byte_8, NULL);
    use(bytes.wide[0]);
}

EXPECT(a_half_of_a_word, .expect = {"data-race--a_half_of_a_word--writes_half_3"},
       .pair = {WRITE(2), WRITE(4)})
{
    go(writes_half_3, NULL);
    bytes.word[1] = 2;
}

EXPECT(the_first_byte_of_a_half, .expect = {"data-race--the_first_byte_of_a_half--writes_byte_0"},
       .pair = {WRITE(1), WRITE(2)})
{
    go(writes_byte_0, NULL);
    bytes.half[0] = 2;
}

/* Its own later accesses to other bytes of a word do not hide what a goroutine did before. */
ACTOR(writes_byte_7_then_0)
{
    bytes.byte[7] = 1;
    bytes.byte[0] = 1;
}

EXPECT(the_first_of_two_bytes_that_a_goroutine_writes,
       .expect = {"data-race--the_first_of_two_bytes_that_a_goroutine_writes--"
                  "writes_byte_7_then_0"},
       .pair = {WRITE(1), READ(1)})
{
    go(writes_byte_7_then_0, NULL);
    use(bytes.byte[7]);
}

ACTOR(reads_then_writes_another)
{
    use(bytes.byte[3]);
    bytes.byte[4] = 1;
}

EXPECT(a_read_behind_a_write_of_another_byte,
       .expect = {"data-race--a_read_behind_a_write_of_another_byte--reads_then_writes_another"},
       .pair = {WRITE(1), READ(1)})
{
    go(reads_then_writes_another, NULL);
    bytes.byte[3] = 1;
}

/* ---- Unaligned ------------------------------------------------------------------------------ */

/* Of constant size: compilers make one access of it. */
static uint32_t word_at(size_t at)
{
    uint32_t word;
    memcpy(&word, &bytes.byte[at], sizeof word);
    return word;
}

static void set_word_at(size_t at, uint32_t word) { memcpy(&bytes.byte[at], &word, sizeof word); }

ACTOR(writes_across_two_cells) { set_word_at(6, 1); }
ACTOR(writes_unaligned) { set_word_at(1, 1); }
ACTOR(writes_byte_5) { bytes.byte[5] = 1; }
ACTOR(writes_byte_10) { bytes.byte[10] = 1; }

struct __attribute__((packed)) packed {
    uint8_t first;
    uint64_t wide;
};

EXPECT(unaligned_the_first_byte,
       .expect = {"data-race--unaligned_the_first_byte--writes_unaligned",
                  "data-race--set_word_at--unaligned_the_first_byte"},
       .pair = {WRITE(4), READ(1)})
{
    go(writes_unaligned, NULL);
    use(bytes.byte[1]);
}

NEVER(unaligned_beside_it)
{
    go(writes_unaligned, NULL);
    go(writes_byte_0, NULL);
    use(bytes.byte[5]);
}

EXPECT(across_two_cells_the_first, .expect = {"data-race--across_two_cells_the_first--set_word_at"},
       .pair = {WRITE(4), READ(1)})
{
    go(writes_across_two_cells, NULL);
    use(bytes.byte[7]);
}

EXPECT(across_two_cells_the_last, .expect = {"data-race--across_two_cells_the_last--set_word_at"},
       .pair = {WRITE(4), READ(1)})
{
    go(writes_across_two_cells, NULL);
    use(bytes.byte[9]);
}

NEVER(across_two_cells_beside_it)
{
    go(writes_across_two_cells, NULL);
    go(writes_byte_5, NULL);
    use(bytes.byte[10]);
}

EXPECT(two_unaligned_words, .expect = {"data-race--set_word_at--word_at"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_across_two_cells, NULL);
    use(word_at(9));
}

NEVER(unaligned_words_next_to_each_other)
{
    go(writes_across_two_cells, NULL);
    go(writes_byte_10, NULL);
    use(word_at(2));
}

ACTOR(writes_a_packed_member) { ((struct packed *)&bytes)->wide = 1; }

EXPECT(a_packed_member, .expect = {"data-race--a_packed_member--writes_a_packed_member"},
       .pair = {WRITE(8), READ(1)})
{
    go(writes_a_packed_member, NULL);
    use(bytes.byte[8]);
}

NEVER(beside_a_packed_member)
{
    go(writes_a_packed_member, NULL);
    use(((struct packed *)&bytes)->first);
}

/* ---- Structs and arrays --------------------------------------------------------------------- */

struct mixed {
    uint8_t kind;
    bool ready;
    uint16_t port;
    uint32_t low : 12, high : 20;
    double ratio;
    struct mixed *next;
    uint64_t rest[3];
};
extern struct mixed mixed, mixed2;
struct mixed mixed, mixed2;

ACTOR(writes_other_members)
{
    mixed.ready = true;
    mixed.low = 3;
    mixed.next = &mixed2;
}

NEVER(members_of_one_struct)
{
    go(writes_other_members, NULL);
    mixed.kind = 1;
    mixed.port = 2;
    mixed.ratio = 0.5;
}

ACTOR(writes_ratio) { mixed.ratio = 0.25; }
ACTOR(writes_next) { mixed.next = NULL; }
ACTOR(writes_ready) { mixed.ready = true; }
ACTOR(writes_high) { mixed.high = 7; }

EXPECT(a_double, .expect = {"data-race--a_double--writes_ratio"}, .pair = {WRITE(8), READ(8)})
{
    go(writes_ratio, NULL);
    use(mixed.ratio > 1);
}

EXPECT(a_pointer, .expect = {"data-race--a_pointer--writes_next"}, .pair = {WRITE(8), READ(8)})
{
    go(writes_next, NULL);
    use(mixed.next == &mixed2);
}

EXPECT(a_bool, .expect = {"data-race--a_bool--writes_ready"}, .pair = {WRITE(1), READ(1)})
{
    go(writes_ready, NULL);
    use(mixed.ready);
}

/* Two bit-fields are one location: each is written together with its neighbour. */
EXPECT(bit_fields_next_to_each_other,
       .expect = {"data-race--bit_fields_next_to_each_other--writes_high"})
{
    go(writes_high, NULL);
    mixed.low = 5;
}

ACTOR(copies_mixed) { mixed2 = mixed; }

EXPECT(the_source_of_a_struct_copy,
       .expect = {"data-race--copies_mixed--the_source_of_a_struct_copy"},
       .pair = {WRITE(8), {'R', sizeof(struct mixed)}})
{
    go(copies_mixed, NULL);
    mixed.rest[2] = 1;
}

EXPECT(the_target_of_a_struct_copy,
       .expect = {"data-race--copies_mixed--the_target_of_a_struct_copy"},
       .pair = {READ(1), {'W', sizeof(struct mixed)}})
{
    go(copies_mixed, NULL);
    use(mixed2.kind);
}

NEVER(two_copies_of_one_struct)
{
    struct mixed own;
    go(copies_mixed, NULL);
    own = mixed;
    use(own.rest[1]);
}

static void fill(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) bytes.word[i] = (uint32_t)i;
}

ACTOR(fills_the_first_half) { fill(0, 8); }
ACTOR(fills_one_too_many) { fill(0, 9); }

NEVER(halves_of_an_array)
{
    go(fills_the_first_half, NULL);
    fill(8, 16);
}

/* Of any size: compilers may write several elements at once. */
EXPECT(halves_of_an_array_with_one_in_common, .expect = {"data-race--fill"})
{
    go(fills_one_too_many, NULL);
    fill(8, 16);
}

NEVER(every_other_element)
{
    go(writes_half_0, NULL);
    for (size_t i = 1; i < 32; i += 2) bytes.half[i] = 1;
}

ACTOR(writes_a_volatile) { *(volatile int *)&x = 1; }

EXPECT(volatile_is_no_synchronization,
       .expect = {"data-race--volatile_is_no_synchronization--writes_a_volatile"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_a_volatile, NULL);
    use((uint64_t) * (volatile int *)&x);
}

/* ---- memcpy and the like -------------------------------------------------------------------- */

/* No constant for the compiler: it must call. */
static size_t length(size_t n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

ACTOR(copies_32_from_16) { memcpy(&bytes.byte[16], mixed.rest, length(24)); }
ACTOR(clears_24_from_8) { memset(&bytes.byte[8], 0, length(24)); }
ACTOR(moves_24_to_8) { memmove(&bytes.byte[8], &bytes.byte[16], length(24)); }

EXPECT(the_target_of_memcpy, .expect = {"data-race--copies_32_from_16--the_target_of_memcpy"},
       .pair = {WRITE(24), READ(1)})
{
    go(copies_32_from_16, NULL);
    use(bytes.byte[39]);
}

EXPECT(the_source_of_memcpy, .expect = {"data-race--copies_32_from_16--the_source_of_memcpy"},
       .pair = {READ(24), WRITE(8)})
{
    go(copies_32_from_16, NULL);
    mixed.rest[0] = 1;
}

NEVER(beside_a_memcpy)
{
    go(copies_32_from_16, NULL);
    bytes.byte[15] = bytes.byte[40] = 1;
    use(mixed.rest[0]);
}

EXPECT(two_memcpys, .expect = {"data-race--copies_32_from_16--two_memcpys"},
       .pair = {WRITE(24), READ(10)})
{
    char own[10];
    go(copies_32_from_16, NULL);
    memcpy(own, &bytes.byte[30], length(10));
    use((uint64_t)own[1]);
}

EXPECT(a_memset, .expect = {"data-race--a_memset--clears_24_from_8"}, .pair = {WRITE(24), READ(4)})
{
    go(clears_24_from_8, NULL);
    use(bytes.word[7]);
}

NEVER(beside_a_memset)
{
    go(clears_24_from_8, NULL);
    bytes.byte[7] = bytes.byte[32] = 1;
}

EXPECT(the_source_of_memmove, .expect = {"data-race--moves_24_to_8--the_source_of_memmove"},
       .pair = {READ(24), WRITE(8)})
{
    go(moves_24_to_8, NULL);
    bytes.wide[4] = 1;
}

EXPECT(the_target_of_memmove, .expect = {"data-race--moves_24_to_8--the_target_of_memmove"},
       .pair = {WRITE(24), READ(8)})
{
    go(moves_24_to_8, NULL);
    use(bytes.wide[1]);
}

NEVER(beside_a_memmove)
{
    go(moves_24_to_8, NULL);
    bytes.wide[0] = bytes.wide[5] = 1;
}

ACTOR(copies_nothing) { memcpy(&bytes, &mixed, length(0)); }

NEVER(a_memcpy_of_no_bytes)
{
    go(copies_nothing, NULL);
    bytes.byte[0] = mixed.kind = 1;
}

/* ---- Where memory lies ---------------------------------------------------------------------- */

extern int initialised;
int initialised = 7;
static const int never_written[4] = {1, 2, 3, 4};

ACTOR(writes_the_initialised) { initialised = 8; }

EXPECT(an_initialised_global,
       .expect = {"data-race--an_initialised_global--writes_the_initialised"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_the_initialised, NULL);
    go_check(initialised == 7 || initialised == 8, "globals begin anew");
}

ACTOR(reads_the_constants) { use((uint64_t)never_written[length(2)]); }

NEVER(constants)
{
    go(reads_the_constants, NULL);
    reads_the_constants(NULL);
}

static int *local_static(void)
{
    static int local;
    return &local;
}

ACTOR(writes_the_local_static) { *local_static() = (int)length(3); }

EXPECT(a_static_variable_of_a_function,
       .expect = {"data-race--a_static_variable_of_a_function--writes_the_local_static"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_the_local_static, NULL);
    use((uint64_t)*local_static());
}

static void writes_block(void *block) { ((uint32_t *)block)[1] = 1; }

EXPECT(a_block_of_the_heap, .expect = {"data-race--a_block_of_the_heap--writes_block"},
       .pair = {WRITE(4), READ(4)})
{
    uint32_t *block = go_new(24);
    go(writes_block, block);
    use(block[1]);
}

NEVER(two_blocks_of_the_heap)
{
    uint32_t *first = go_new(8);
    uint32_t *second = go_new(8);
    go(writes_block, first);
    second[0] = second[1] = 1;
}

NEVER(two_fields_of_a_block)
{
    uint32_t *block = go_new(16);
    go(writes_block, block);
    block[0] = block[2] = 1;
}

/* A global is as it was before the first execution, and nobody has accessed it. */
NEVER(an_execution_begins_anew)
{
    go_check(x == 0, "what the execution before left");
    x = 1;
}

ACTOR(draws_bytes) { go_bytes(&bytes.byte[4], 4); }

EXPECT(go_bytes_writes_its_buffer, .expect = {"data-race--draws_bytes--go_bytes_writes_its_buffer"},
       .pair = {WRITE(4), READ(1)})
{
    go(draws_bytes, NULL);
    use(bytes.byte[7]);
}

/* clang leaves out accesses of sizes that are no power of two; gcc does not. */
extern long double extended;
long double extended;

ACTOR(writes_extended) { extended = 1; }

/* What the compiler announces of it. */
#ifndef __clang__
enum { EXTENDED_BYTES = 16 };
#elif __has_feature(address_sanitizer)
enum { EXTENDED_BYTES = 10 };
#else
#define EXTENDED_IS_MISSED 1
#endif

#ifdef EXTENDED_IS_MISSED
MISS(an_extended_double, "clang does not instrument accesses of 10 bytes")
#else
EXPECT(an_extended_double, .expect = {"data-race--an_extended_double--writes_extended"},
       .pair = {WRITE(EXTENDED_BYTES), READ(EXTENDED_BYTES)})
#endif
{
    go(writes_extended, NULL);
    use(extended > 2);
}
