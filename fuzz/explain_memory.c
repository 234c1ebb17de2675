// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Memory of a story: blocks that grow by the end and go together. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain_build.h"
#include "policies.h"

enum { BLOCK_BYTES = 65536, ALIGNMENT = 16 };

struct block {
    _Alignas(ALIGNMENT) struct block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct block *make_block(size_t size)
{
    struct block *block = policy_alloc(sizeof *block + size);
    block->size = size;
    return block;
}

/* A large piece gets a block of its own, behind the one that is being filled. */
static void *take(struct story *story, size_t bytes)
{
    struct block *first = story->memory;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (first && bytes > BLOCK_BYTES / 4) {
        struct block *own = make_block(bytes);
        own->used = bytes;
        own->next = first->next;
        first->next = own;
        return own->bytes;
    }
    if (!first || first->size - first->used < bytes) {
        struct block *block = make_block(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);
        block->next = first;
        story->memory = first = block;
    }
    void *memory = first->bytes + first->used;
    first->used += bytes;
    return memory;
}

void *story_alloc(struct story *story, size_t count, size_t bytes)
{
    size_t total;
    bool too_much = __builtin_mul_overflow(count, bytes, &total) || total > SIZE_MAX / 2;
    return take(story, too_much ? SIZE_MAX / 2 : total ? total : 1);
}

const char *story_text(struct story *story, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) length = 0;
    char *text = story_alloc(story, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void story_free(struct story *story)
{
    for (struct block *block = story->memory; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    *story = (struct story){0};
}
