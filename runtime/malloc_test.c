// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* C's heap under its usual names, as a program gets it that knows nothing of us. This file is such
 * a program: headers of the system come before and after. */
#include <stdlib.h>

#define HEDDLE_MALLOC
#include "heddle.h"

#include <string.h>

#include "testkit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "heap.h"

/* A table of functions, as libraries have them: members are renamed like the rest. */
struct allocator {
    void *(*malloc)(size_t bytes);
    void (*free)(void *memory);
};

static bool is_block(const void *memory, size_t bytes)
{
    const struct heap_block *block = heap_block_of(memory);
    return block && block->start == (uintptr_t)memory && block->bytes == bytes;
}

static void every_name_leads_to_the_heap_of_the_execution(void)
{
    const struct allocator table = {malloc, free};
    void *memory = NULL;
    if (!is_block(malloc(3), 3)) testkit_say("malloc ");
    if (!is_block(calloc(3, 4), 12)) testkit_say("calloc ");
    if (!is_block(realloc(NULL, 5), 5)) testkit_say("realloc ");
    if (!is_block(reallocarray(NULL, 5, 2), 10)) testkit_say("reallocarray ");
    if (!is_block(aligned_alloc(64, 6), 6)) testkit_say("aligned_alloc ");
    if (posix_memalign(&memory, 64, 7) || !is_block(memory, 7)) testkit_say("posix_memalign ");
    if (!is_block(strdup("text"), 5)) testkit_say("strdup ");
    if (!is_block(strndup("text", 2), 3)) testkit_say("strndup ");
    if (!is_block(table.malloc(8), 8)) testkit_say("table ");
    for (size_t i = 0; i < heap_block_count(); i++) {
        memory = (void *)heap_block_at(i)->start; /* NOLINT(performance-no-int-to-ptr) */
        if (i % 2)
            free(memory);
        else
            table.free(memory);
        if (heap_block_at(i)->freed_by != 1) testkit_say("free ");
    }
}

static void a_second_free_is_found(void)
{
    char *text = strdup("text");
    free(text);
    free(text);
}

static void in_another_process(void (*call)(void), int status)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        call();
        _exit(0);
    }
    int end = 0;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), status);
}

static void allocates(void) { (void)malloc(1); }
static void frees(void) { free((char[]){0}); }
static void frees_nothing(void) { free(NULL); }

static void outside_an_execution_there_is_no_heap(void **unused)
{
    (void)unused;
    in_another_process(allocates, FAULT_STATUS_USAGE);
    in_another_process(frees, FAULT_STATUS_USAGE);
    in_another_process(frees_nothing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        natural_test(every_name_leads_to_the_heap_of_the_execution, "pass"),
        natural_test(a_second_free_is_found, "double-free"),
        cmocka_unit_test(outside_an_execution_there_is_no_heap),
    };
    return cmocka_run_group_tests_name("malloc", tests, NULL, NULL);
}
