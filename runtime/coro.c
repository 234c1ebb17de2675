// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Stack slots and the first entry into a coroutine. Invariants in coro.h; the switch in
 * coro_switch.h.
 *
 * Slots are carved out of REGION_STACKS, guard page first. A slot is opened (mprotect) when it is
 * first used and stays open for the life of the process. */
#include "coro.h"

#include <string.h>
#include <sys/mman.h>

#include "heap.h"

#if HEDDLE_ASAN
#include <sanitizer/asan_interface.h>
#endif

static struct {
    int32_t slot_count; /* opened since the process began */
    int32_t fresh;      /* slots below this one have been handed out in this execution */
    int32_t free_count; /* of them, handed back */
    int32_t free_slots[STACKS_MAX];
#if HEDDLE_ASAN
    void *fake_stacks[STACKS_MAX];
    void *thread_fake_stack;
#endif
} coro;

void coro_reset(void)
{
    coro.fresh = 0;
    coro.free_count = 0;
}

static uintptr_t slot_low(int32_t slot)
{
    return heap_region_start(REGION_STACKS) + (size_t)slot * STACK_SLOT_BYTES + STACK_GUARD_BYTES;
}

/* The next slot, opened; CORO_NO_SLOT if there is none. */
static int32_t take_slot(void)
{
    if (coro.free_count) return coro.free_slots[--coro.free_count];
    if (coro.fresh == (int32_t)STACKS_MAX) return CORO_NO_SLOT;
    if (coro.fresh == coro.slot_count) {
        void *low = (void *)slot_low(coro.fresh); /* NOLINT(performance-no-int-to-ptr) */
        if (mprotect(low, STACK_BYTES, PROT_READ | PROT_WRITE)) return CORO_NO_SLOT;
        coro.slot_count++;
    }
    return coro.fresh++;
}

/* Where stacks begin is staggered over the cache's sets: with one stride for all, the tops of
 * 10,000 stacks would fall into the same few. */
static size_t stagger(int32_t slot) { return (size_t)(slot & 31) * 128; }

#if defined(HEDDLE_CORO_UCONTEXT)

void coro_ucontext_switch(struct coro *from, struct coro *to)
{
    from->fp = __builtin_frame_address(0);
    from->sp = from->fp;
    swapcontext(from->context, to->context);
}

static void prepare(struct coro *c, void (*entry)(void))
{
    c->context = (ucontext_t *)c->stack_low; /* NOLINT(performance-no-int-to-ptr) */
    getcontext(c->context);
    size_t used = (sizeof(ucontext_t) + 63) & ~(size_t)63;
    c->context->uc_stack.ss_sp = (char *)c->context + used;
    c->context->uc_stack.ss_size = c->stack_high - c->stack_low - used;
    c->context->uc_link = NULL;
    makecontext(c->context, entry, 0);
}

#else

#if defined(__x86_64__)
/* Entered by a jump with the stack pointer at the two words that prepare() left: a zero return
 * address and frame pointer end every walk and every unwinding here. */
__asm__(".text\n"
        ".type heddle_coro_entry, @function\n"
        "heddle_coro_entry:\n"
        ".cfi_startproc\n"
        ".cfi_undefined rip\n"
        "xorl %ebp, %ebp\n"
        "popq %rax\n"
        "callq *%rax\n"
        "ud2\n"
        ".cfi_endproc\n"
        ".size heddle_coro_entry, . - heddle_coro_entry\n");
#else
__asm__(".text\n"
        ".type heddle_coro_entry, %function\n"
        "heddle_coro_entry:\n"
        ".cfi_startproc\n"
        ".cfi_undefined x30\n"
        "mov x29, #0\n"
        "ldr x9, [sp], #16\n"
        "blr x9\n"
        "brk #1\n"
        ".cfi_endproc\n"
        ".size heddle_coro_entry, . - heddle_coro_entry\n");
#endif
void heddle_coro_entry(void);

static void prepare(struct coro *c, void (*entry)(void))
{
    uintptr_t top = c->stack_high & ~(uintptr_t)15;
#if defined(__x86_64__)
    void (**word)(void) = (void (**)(void))(top - 8); /* NOLINT(performance-no-int-to-ptr) */
#else
    void (**word)(void) = (void (**)(void))(top - 16); /* NOLINT(performance-no-int-to-ptr) */
#endif
    *word = entry;
    c->sp = (void *)word;
    c->fp = NULL;
    c->pc = (void *)(uintptr_t)heddle_coro_entry; /* NOLINT(performance-no-int-to-ptr) */
}

#endif

bool coro_make(struct coro *c, void (*entry)(void))
{
    c->slot = take_slot();
    if (c->slot == CORO_NO_SLOT) return false;
    c->stack_low = slot_low(c->slot);
    c->stack_high = c->stack_low + STACK_BYTES - stagger(c->slot);
#if HEDDLE_ASAN
    __asan_unpoison_memory_region((void *)c->stack_low, STACK_BYTES);
    c->fake_stack = &coro.fake_stacks[c->slot];
#endif
    bytes_clear((void *)(c->stack_high - STACK_CLEAR_BYTES), STACK_CLEAR_BYTES); /* NOLINT */
    prepare(c, entry);
    return true;
}

void coro_release(struct coro *c)
{
    rt_assert(c->slot != CORO_NO_SLOT);
    coro.free_slots[coro.free_count++] = c->slot;
    c->slot = CORO_NO_SLOT;
}

void coro_thread(struct coro *thread)
{
    thread->slot = CORO_NO_SLOT;
#if HEDDLE_ASAN
    thread->fake_stack = &coro.thread_fake_stack;
#endif
#if defined(HEDDLE_CORO_UCONTEXT)
    static ucontext_t context; /* safe: one thread runs executions */
    thread->context = &context;
#endif
}

#if HEDDLE_ASAN
void coro_arrived(struct coro *self, struct coro *thread)
{
    const void *bottom = NULL;
    size_t bytes = 0;
    __sanitizer_finish_switch_fiber(*self->fake_stack, &bottom, &bytes);
    __asan_handle_no_return(); /* frames of the goroutine that was here before are free again */
    if (!thread->stack_high) {
        thread->stack_low = (uintptr_t)bottom;
        thread->stack_high = (uintptr_t)bottom + bytes;
    }
}
#endif

int32_t coro_guard_hit(const void *address)
{
    if (heap_region_of(address) != REGION_STACKS) return CORO_NO_SLOT;
    size_t offset = (uintptr_t)address - heap_region_start(REGION_STACKS);
    if (offset % STACK_SLOT_BYTES >= STACK_GUARD_BYTES) return CORO_NO_SLOT;
    return (int32_t)(offset / STACK_SLOT_BYTES);
}
