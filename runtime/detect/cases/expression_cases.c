// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Which parts of an expression or statement are accesses: what is evaluated is, the rest is not. */
#include "case.h"

struct row {
    int cells[4];
    struct row *below;
    void (*notify)(void *);
};
extern struct row rows[3], *top;
struct row rows[3], *top;
extern int counts[2][3];
int counts[2][3];

static void nothing(void *arg) { (void)arg; }

ACTOR(writes_x) { x = 1; }
ACTOR(writes_y) { y = 1; }
ACTOR(writes_top) { top = &rows[0]; }
ACTOR(writes_notify) { rows[0].notify = nothing; }
ACTOR(writes_a_cell) { rows[1].cells[2] = 1; }
ACTOR(writes_below) { rows[0].below = &rows[1]; }
ACTOR(writes_a_count) { counts[1][0] = 1; }

EXPECT(an_index_is_read, .expect = {"data-race--an_index_is_read--writes_x"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_x, NULL);
    rows[0].cells[x] = 1;
}

EXPECT(a_pointer_is_read_to_write_through_it,
       .expect = {"data-race--a_pointer_is_read_to_write_through_it--writes_top"},
       .pair = {WRITE(8), READ(8)})
{
    top = &rows[1];
    go(writes_top, NULL);
    top->cells[0] = 1;
}

EXPECT(a_function_pointer_is_read_to_call_it,
       .expect = {"data-race--a_function_pointer_is_read_to_call_it--writes_notify"},
       .pair = {WRITE(8), READ(8)})
{
    rows[0].notify = nothing;
    go(writes_notify, NULL);
    rows[0].notify(NULL);
}

EXPECT(a_chain_of_pointers, .expect = {"data-race--a_chain_of_pointers--writes_a_cell"},
       .pair = {WRITE(4), READ(4)})
{
    rows[0].below = &rows[1];
    go(writes_a_cell, NULL);
    use((uint64_t)rows[0].below->cells[2]);
}

EXPECT(a_link_of_a_chain, .expect = {"data-race--a_link_of_a_chain--writes_below"},
       .pair = {WRITE(8), READ(8)})
{
    rows[0].below = &rows[2];
    go(writes_below, NULL);
    use((uint64_t)rows[0].below->cells[2]);
}

/* Its read is found first, or its write. */
EXPECT(a_compound_assignment, .expect = {"data-race--a_compound_assignment--writes_x"})
{
    go(writes_x, NULL);
    x += 2;
}

EXPECT(the_condition_of_a_loop, .expect = {"data-race--the_condition_of_a_loop--writes_x"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_x, NULL);
    for (int i = 0; i < x; i++) go_gosched();
}

EXPECT(the_value_of_a_switch, .expect = {"data-race--the_value_of_a_switch--writes_x"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_x, NULL);
    switch (x) {
    case 1:
        go_gosched();
        break;
    default:
        break;
    }
}

NEVER(what_is_not_evaluated_is_not_read)
{
    int zero = 0;
    __asm__ volatile("" : "+r"(zero));
    go(writes_x, NULL);
    if (zero && x) go_gosched();
    if (zero) x = 2;
}

NEVER(size_and_address_are_no_accesses)
{
    go(writes_x, NULL);
    go(writes_a_cell, NULL);
    use(sizeof x + sizeof rows[1].cells[2]);
    use((uint64_t)(&rows[1].cells[2] - &rows[1].cells[0]));
}

EXPECT(the_right_side_of_and, .expect = {"data-race--the_right_side_of_and--writes_y"},
       .pair = {WRITE(4), READ(4)})
{
    x = 1;
    go(writes_y, NULL);
    if (x && y) go_gosched();
}

EXPECT(an_argument_of_a_call, .expect = {"data-race--an_argument_of_a_call--writes_x"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_x, NULL);
    go_sleep(x);
}

static struct row copy_of(const struct row *row) { return *row; }

EXPECT(a_struct_that_is_returned, .expect = {"data-race--copy_of--writes_a_cell"},
       .pair = {WRITE(4), {'R', sizeof(struct row)}})
{
    go(writes_a_cell, NULL);
    struct row copy = copy_of(&rows[1]);
    __asm__ volatile("" : : "r"(&copy) : "memory"); /* all of it is used */
}

EXPECT(an_element_of_two_dimensions,
       .expect = {"data-race--an_element_of_two_dimensions--writes_a_count"},
       .pair = {WRITE(4), READ(4)})
{
    go(writes_a_count, NULL);
    use((uint64_t)counts[1][0]);
}

NEVER(the_element_before_it_of_another_row)
{
    go(writes_a_count, NULL);
    counts[0][2] = counts[1][1] = 1;
}

NEVER(elements_of_an_array_of_structs)
{
    go(writes_a_cell, NULL);
    rows[0].cells[2] = rows[2].cells[2] = rows[1].cells[1] = 1;
    rows[1].below = &rows[2];
}

ACTOR(writes_a_word) { bytes.word[3] = 1; }

EXPECT(members_of_a_union, .expect = {"data-race--members_of_a_union--writes_a_word"},
       .pair = {WRITE(4), WRITE(2)})
{
    go(writes_a_word, NULL);
    bytes.half[7] = 1;
}
