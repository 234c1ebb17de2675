// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The programs of memory_programs.h. LEVEL is 0, 1 or 2: what they are compiled with.
 *
 * Compilers see all of a small program, so what is read is used (sink), and sizes and indices come
 * from variables where a warning, or nothing at all, would come instead of the access. */
#include "memory_programs.h"

#include <stdint.h>
#include <string.h>

#include "heddle.h"

enum { NAME_BYTES = 13 };

struct record {
    uint64_t key;
    uint32_t value;
    struct go_mutex lock;
};

static volatile uint64_t sink; /* written by one goroutine of each program */
static uint64_t number;

static struct record *make_record(void) { return go_malloc(sizeof(struct record)); /* made */ }

static char *make_name(void) { return go_malloc(NAME_BYTES); /* made */ }

/* Not known to the compiler: gcc copies a known number of bytes without telling anybody. */
static size_t length_of_a_name(void) { return go_choose(1) + NAME_BYTES; }

static void drop(void *memory) { go_free(memory); /* freed */ }

/* ---- Use after free ------------------------------------------------------------------------- */

static void read_after_free(void)
{
    struct record *r = make_record();
    r->value = 1;
    drop(r);
    sink = r->value; /* guilty */
}

static void drop_and_tell(void *arg)
{
    void **both = arg;
    drop(both[0]);
    go_chan_close(both[1]);
}

static void write_after_anothers_free(void)
{
    struct record *r = make_record();
    void *both[2] = {r, go_chan_make(0, 0)};
    go(drop_and_tell, both);
    go_chan_recv(both[1], NULL);
    r->key = 7; /* guilty */
}

static void keeps_the_address_over_realloc(void)
{
    char *name = make_name();
    name[0] = 'a';
    char *longer = go_realloc(name, (size_t)2 * NAME_BYTES); /* freed */
    longer[1] = 'b';
    sink = (uint64_t)longer[0];
    name[1] = 'c'; /* guilty */
}

static void sends_freed_memory(void)
{
    struct record *r = make_record();
    struct go_chan *c = go_chan_make(sizeof r->key, 1);
    drop(r);
    go_chan_send(c, &r->key); /* guilty */
}

static void copies_freed_memory(void)
{
    struct record *r = make_record();
    struct record *copy = go_new(sizeof *copy);
    drop(r);
    memcpy(copy, r, length_of_a_name() * 2); /* guilty */
    sink = copy->key;
}

/* ---- Races with free ------------------------------------------------------------------------ */

static void read_record(void *arg)
{
    struct record *r = arg;
    sink = r->value; /* earlier, guilty */
}

static void drop_record(void *arg) { go_free(arg); /* freed, earlier, guilty */ }

static void releases_what_another_reads(void)
{
    struct record *r = make_record();
    go(read_record, r);
    go(drop_record, r);
}

static void releases_what_another_has_read(void)
{
    struct record *r = make_record();
    go(read_record, r);
    go_gosched();
    drop_record(r);
}

static void reads_what_another_has_freed(void)
{
    struct record *r = make_record();
    go(drop_record, r);
    go_gosched();
    read_record(r);
}

/* ---- Free ----------------------------------------------------------------------------------- */

static void releases_twice(void)
{
    char *name = make_name();
    drop(name);
    go_free(name); /* guilty */
}

static void drop_again(void *arg) { go_free(arg); /* freed, guilty */ }

static void two_free_the_same(void)
{
    char *name = make_name();
    go(drop_again, name);
    go(drop_again, name);
}

static void resizes_what_was_freed(void)
{
    char *name = make_name();
    drop(name);
    sink = (uintptr_t)go_realloc(name, 100); /* guilty */
}

static void releases_the_middle(void)
{
    char *name = make_name();
    go_free(name + 4); /* guilty */
}

static void releases_its_stack(void)
{
    uint64_t local = 1;
    go_free(&local); /* guilty */
    sink = local;
}

static void releases_a_global(void)
{
    number = 1;
    go_free(&number); /* guilty */
}

static void releases_memory_of_the_process(void)
{
    static const char text[] = "constant";
    go_free((void *)(uintptr_t)text); /* guilty */
}

/* ---- Out of bounds -------------------------------------------------------------------------- */

static void writes_one_byte_too_many(void)
{
    char *name = make_name();
    size_t length = length_of_a_name();
    name[length - 1] = 'x';
    name[length] = 0; /* guilty */
}

static void reads_before_the_block(void)
{
    char *name = make_name();
    sink = (uint64_t)name[-(ptrdiff_t)length_of_a_name() + 12]; /* guilty */
}

static void reads_before_the_second_block(void)
{
    sink = (uint64_t)make_name()[0];
    char *second = go_malloc(1); /* made */
    second[0] = 'x';
    sink = (uint64_t)second[-(ptrdiff_t)length_of_a_name() + 10]; /* guilty */
}

static void reads_what_was_never_handed_out(void)
{
    char *name = make_name();
    sink = (uint64_t)name[length_of_a_name() * 100]; /* guilty */
}

static void writes_the_only_byte_of_nothing(void)
{
    char *nothing = go_malloc(length_of_a_name() - NAME_BYTES); /* made */
    nothing[0] = 1;                                             /* guilty */
}

static void reads_past_the_end_in_one_word(void)
{
    char *name = make_name();
    uint64_t *word = (void *)(name + 8);
    sink = *word; /* guilty */
}

static void copies_too_much(void)
{
    char *name = make_name();
    static const char zeros[100];
    memcpy(name, zeros, length_of_a_name() * 3); /* guilty */
    sink = (uint64_t)name[0];
}

static void duplicates_a_text_without_end(void)
{
    char *name = make_name();
    memset(name, 'x', length_of_a_name());
    sink = (uint64_t)go_strdup(name)[0]; /* guilty */
}

/* ---- Nil ------------------------------------------------------------------------------------ */

/* Not known to the compiler. */
static struct record *no_record(void) { return (void *)(uintptr_t)go_choose(1); }

static void writes_through_nil(void)
{
    struct record *r = no_record();
    r->value = 3; /* guilty */
}

static void adds_through_nil(void)
{
    struct record *r = no_record();
    r->value++; /* guilty */
}

static void copies_from_nil(void)
{
    struct record *copy = make_record();
    memcpy(copy, no_record(), length_of_a_name() * 2); /* guilty */
    sink = copy->key;
}

static void duplicates_nil(void)
{
    sink = (uint64_t)go_strdup((const char *)no_record())[0]; /* guilty */
}

/* ---- Nothing wrong -------------------------------------------------------------------------- */

static void uses_all_of_its_memory(void)
{
    size_t most = length_of_a_name() * 10;
    for (size_t bytes = 1; bytes < most; bytes++) {
        char *block = go_malloc(bytes);
        memset(block, 'x', bytes);
        block = go_realloc(block, bytes + 1);
        if (block[bytes - 1] != 'x' || block[bytes] != 0) go_panic("the content is not kept");
        block = go_realloc(block, 1);
        if (block[0] != 'x') go_panic("the content is not kept");
        go_free(block);
    }
    go_free(NULL);
    go_free(go_strndup("text", 2));
}

static void fill_and_tell(void *arg)
{
    void **both = arg;
    struct record *r = both[0];
    go_mutex_lock(&r->lock);
    r->key = 1;
    go_mutex_unlock(&r->lock);
    go_chan_close(both[1]);
}

static void releases_what_another_is_done_with(void)
{
    struct record *r = go_calloc(1, sizeof *r);
    void *both[2] = {r, go_chan_make(0, 0)};
    go(fill_and_tell, both);
    go_chan_recv(both[1], NULL);
    sink = r->key;
    go_free(r);
}

/* Locks are ours: their memory is not looked at, and they go on working. */
static void unlocks_in_freed_memory(void)
{
    struct record *r = go_calloc(1, sizeof *r);
    go_mutex_lock(&r->lock);
    go_free(r);
    go_mutex_unlock(&r->lock);
    go_mutex_lock(&r->lock);
    go_mutex_unlock(&r->lock);
}

#define RUN(function) .name = #function, .root = function

static const struct memory_program programs[] = {
    {RUN(read_after_free), "use-after-free--read_after_free", .made = true, .freed = true,
     .message = "the read is of byte 8 of a block of 64 bytes, which G1 had freed"},
    {RUN(write_after_anothers_free), "use-after-free--write_after_anothers_free", .made = true,
     .freed = true, .message = "the write is of byte 0 of a block of 64 bytes, which G2 had freed"},
    {RUN(keeps_the_address_over_realloc), "use-after-free--keeps_the_address_over_realloc",
     .made = true, .freed = true,
     .message = "the write is of byte 1 of a block of 13 bytes, which G1 had freed"},
    {RUN(sends_freed_memory), "use-after-free--sends_freed_memory", .made = true, .freed = true},
    {RUN(copies_freed_memory), "use-after-free--copies_freed_memory", .made = true, .freed = true},
    {RUN(releases_what_another_reads), "data-race--drop_record--read_record", .made = true,
     .earlier = true},
    {RUN(releases_what_another_has_read), "data-race--drop_record--read_record", .made = true,
     .earlier = true},
    {RUN(reads_what_another_has_freed), "data-race--drop_record--read_record", .made = true,
     .earlier = true},
    {RUN(releases_twice), "double-free--releases_twice", .plain = true, .made = true, .freed = true,
     .message = "G1 frees a block of 13 bytes that G1 had freed"},
    {RUN(two_free_the_same), "double-free--drop_again", .plain = true, .made = true, .freed = true},
    {RUN(resizes_what_was_freed), "double-free--resizes_what_was_freed", .plain = true,
     .made = true, .freed = true},
    {RUN(releases_the_middle), "invalid-free--releases_the_middle", .plain = true, .made = true,
     .message = "G1 frees what is not the start of a block: byte 4 of a block of 13 bytes"},
    {RUN(releases_its_stack), "invalid-free--releases_its_stack", .plain = true,
     .message = "G1 frees what is not the start of a block: the stack of G1"},
    {RUN(releases_a_global), "invalid-free--releases_a_global", .plain = true,
     .message = "G1 frees what is not the start of a block: a global"},
    {RUN(releases_memory_of_the_process), "invalid-free--releases_memory_of_the_process",
     .plain = true,
     .message = "G1 frees what is not the start of a block: memory that is not the execution's"},
    {RUN(writes_one_byte_too_many), "heap-buffer-overflow--writes_one_byte_too_many", .made = true,
     .message = "the write is of memory 0 bytes after a block of 13 bytes"},
    {RUN(reads_before_the_block), "heap-buffer-overflow--reads_before_the_block", .made = true,
     .message = "the read is of memory 1 byte before a block of 13 bytes"},
    {RUN(reads_before_the_second_block), "heap-buffer-overflow--reads_before_the_second_block",
     .made = true, .message = "the read is of memory 3 bytes before a block of 1 byte"},
    {RUN(reads_what_was_never_handed_out), "heap-buffer-overflow--reads_what_was_never_handed_out",
     .made = true, .message = "the read is of memory 1287 bytes after a block of 13 bytes"},
    {RUN(writes_the_only_byte_of_nothing), "heap-buffer-overflow--writes_the_only_byte_of_nothing",
     .made = true, .message = "the write is of memory 0 bytes after a block of 0 bytes"},
    {RUN(reads_past_the_end_in_one_word), "heap-buffer-overflow--reads_past_the_end_in_one_word",
     .made = true, .message = "the read is of memory 0 bytes after a block of 13 bytes"},
    {RUN(copies_too_much), "heap-buffer-overflow--copies_too_much", .made = true,
     .message = "the write is of memory 0 bytes after a block of 13 bytes"},
    {RUN(duplicates_a_text_without_end), "heap-buffer-overflow--duplicates_a_text_without_end",
     .made = true, .message = "the read is of memory 0 bytes after a block of 13 bytes"},
    {RUN(writes_through_nil), "nil-dereference--writes_through_nil", .plain = true},
    {RUN(adds_through_nil), "nil-dereference--adds_through_nil", .plain = true},
    {RUN(copies_from_nil), "nil-dereference--copies_from_nil"},
    {RUN(duplicates_nil), "nil-dereference--duplicates_nil"},
    {RUN(uses_all_of_its_memory), NULL},
    {RUN(releases_what_another_is_done_with), NULL},
    {RUN(unlocks_in_freed_memory), NULL},
    {0},
};

#define JOINED(a, b) a##b
#define OF_LEVEL(level) JOINED(memory_programs_, level)
#define TEXT_OF(level) TEXT(level)
#define TEXT(level) "-O" #level
const struct memory_programs OF_LEVEL(LEVEL) = {TEXT_OF(LEVEL), programs};
