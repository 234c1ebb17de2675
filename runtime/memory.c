// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The heap of the program under test: Go's new, and C's malloc and its family.
 *
 * Invariants
 * - Where blocks lie depends on the execution alone (heap.h): the same choices, the same addresses.
 * - In the shadow, what lies between blocks and what was freed must not be accessed; what was never
 *   handed out is told by its address. So every wrong access leaves the fast path, and the right
 *   ones pay nothing.
 * - To free is to write the whole block: it races with accesses that nothing orders before it, and
 *   what is ordered after it is a use after free.
 * - Freed memory keeps its content and is never handed out again: objects of ours that lay in it
 *   (locks) go on working, and an address names one block for ever.
 *
 * None of this is a scheduling point: others see an allocation through the pointer alone, and a
 * free like any write.
 */
#include <errno.h>
#include <string.h>

#include "detect/access_log.h"
#include "detect/access_report.h"
#include "detect/recall.h"
#include "detect/shadow.h"
#include "sched.h"

static void *pointer_to(const struct heap_block *block)
{
    return (void *)block->start; /* NOLINT(performance-no-int-to-ptr): fixed address */
}

/* ---- Taking ------------------------------------------------------------------------------- */

static void *take(struct goroutine *g, size_t bytes, size_t alignment, struct call_site site)
{
    const uintptr_t low = heap_end();
    struct heap_block *block = heap_block_make_aligned(bytes, alignment);
    if (!block) sched_stop_limit("max_heap");
    block->stable = mix64(g->stable, ++g->made);
    block->made_by = g->number;
    block->site = site.pc;
    const uintptr_t end = block->start + bytes;
    shadow_set_bad(low, block->start - low, true);
    shadow_set_bad(end, heap_end() - end, true);
    if (unlikely(recall_state.active)) recall_block(heap_block_count(), true, site);
    return pointer_to(block);
}

GO_API void *go_new(size_t bytes)
{
    return take(sched_current("go_new"), bytes ? bytes : 1, HEAP_ALIGNMENT, CALL_SITE());
}

GO_API void *go_malloc(size_t bytes)
{
    return take(sched_current("go_malloc"), bytes, HEAP_ALIGNMENT, CALL_SITE());
}

/* Does count * bytes fit into a size? Every C library refuses what does not. */
static bool product_fits(size_t count, size_t bytes)
{
    if (!bytes || count <= SIZE_MAX / bytes) return true;
    errno = ENOMEM;
    return false;
}

GO_API void *go_calloc(size_t count, size_t bytes)
{
    struct goroutine *g = sched_current("go_calloc");
    if (!product_fits(count, bytes)) return NULL;
    return take(g, count * bytes, HEAP_ALIGNMENT, CALL_SITE());
}

static bool is_power_of_two(size_t n) { return n && !(n & (n - 1)); }

GO_API void *go_aligned_alloc(size_t alignment, size_t bytes)
{
    struct goroutine *g = sched_current("go_aligned_alloc");
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return take(g, bytes, alignment, CALL_SITE());
}

GO_API int go_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    struct goroutine *g = sched_current("go_posix_memalign");
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) return EINVAL;
    access_runtime(out, sizeof *out, ACCESS_WRITE, CALL_SITE());
    *out = take(g, bytes, alignment, CALL_SITE());
    return 0;
}

/* The first bytes of text, and a zero. */
static char *duplicate(struct goroutine *g, const char *text, size_t bytes, struct call_site site)
{
    char *copy = take(g, bytes + 1, HEAP_ALIGNMENT, site);
    access_runtime(copy, bytes + 1, ACCESS_WRITE, site);
    return memcpy(copy, text, bytes);
}

/* The program's nil pointers are for the system to meet. */
#define ANY_POINTER __attribute__((no_sanitize("undefined")))

GO_API ANY_POINTER char *go_strdup(const char *s)
{
    struct goroutine *g = sched_current("go_strdup");
    size_t bytes = strlen(s);
    access_runtime(s, bytes + 1, ACCESS_READ, CALL_SITE());
    return duplicate(g, s, bytes, CALL_SITE());
}

GO_API ANY_POINTER char *go_strndup(const char *string, size_t n)
{
    struct goroutine *g = sched_current("go_strndup");
    size_t bytes = strnlen(string, n);
    access_runtime(string, bytes < n ? bytes + 1 : bytes, ACCESS_READ, CALL_SITE());
    return duplicate(g, string, bytes, CALL_SITE());
}

/* ---- Giving back -------------------------------------------------------------------------- */

/* The live block that begins at memory; else a report, or NULL if its detector is off. */
static struct heap_block *block_to_free(const void *memory, struct call_site site)
{
    struct heap_block *block = heap_block_of(memory);
    bool starts = block && block->start == (uintptr_t)memory;
    if (likely(starts && !block->freed_by)) return block;
    access_report_free(starts ? REPORT_DOUBLE_FREE : REPORT_INVALID_FREE, memory, site);
    return NULL;
}

static bool is_untouched(const struct shadow_cell *c)
{
    static const struct shadow_cell zero;
    return memcmp(c, &zero, sizeof zero) == 0;
}

/* The write that a free is, against what the shadow remembers: cells that nobody has accessed,
 * mostly all of a large block, are passed over. */
static void access_to_free(const struct heap_block *block, struct call_site site)
{
    const struct access whole = {.address = block->start,
                                 .bytes = block->bytes,
                                 .kind = ACCESS_WRITE | ACCESS_FREE,
                                 .site = site};
    if (access_state.logging) access_log_add(pointer_to(block), whole.bytes, whole.kind, site);
    const uintptr_t end = block->start + block->bytes;
    for (uintptr_t at = block->start; at < end; at += CELL_BYTES) {
        if (likely(is_untouched(shadow_fixed(at)))) continue;
        struct access part = whole;
        part.address = at;
        part.bytes = end - at < CELL_BYTES ? end - at : CELL_BYTES;
        part.whole = &whole;
        race_access_cell(shadow_fixed(at), &part);
    }
}

static void give_back(struct heap_block *block, struct call_site site)
{
    if (likely(access_state.instrumented) && block->bytes) access_to_free(block, site);
    shadow_set_bad(block->start, block->bytes, true);
    block->freed_by = sched.running->number;
    block->freed_at = site.pc;
    block->freed_segment = order_current();
    if (unlikely(recall_state.active))
        recall_block((size_t)(block - heap_block_at(0)) + 1, false, site);
}

GO_API void go_free(void *memory)
{
    if (!memory) return;
    sched_current("go_free");
    struct heap_block *block = block_to_free(memory, CALL_SITE());
    if (block) give_back(block, CALL_SITE());
}

/* Always to another place: who kept the old address uses freed memory in every execution. */
static void *resize(struct goroutine *g, void *memory, size_t bytes, struct call_site site)
{
    if (!memory) return take(g, bytes, HEAP_ALIGNMENT, site);
    struct heap_block *block = block_to_free(memory, site);
    if (!block) return NULL;
    void *moved = NULL;
    if (bytes) {
        moved = take(g, bytes, HEAP_ALIGNMENT, site);
        size_t kept = bytes < block->bytes ? bytes : block->bytes;
        access_runtime(memory, kept, ACCESS_READ, site);
        access_runtime(moved, kept, ACCESS_WRITE, site);
        memcpy(moved, memory, kept);
    }
    give_back(block, site);
    return moved;
}

GO_API void *go_realloc(void *memory, size_t bytes)
{
    return resize(sched_current("go_realloc"), memory, bytes, CALL_SITE());
}

GO_API void *go_reallocarray(void *memory, size_t count, size_t bytes)
{
    struct goroutine *g = sched_current("go_reallocarray");
    if (!product_fits(count, bytes)) return NULL;
    return resize(g, memory, count * bytes, CALL_SITE());
}
