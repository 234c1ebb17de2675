// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What code compiled with -fsanitize=thread calls before each access to memory. This is our own
 * implementation of that interface; libtsan is never linked (detect/libtsan.c says so to who does).
 *
 * Every access: filter by address, count down to the next point, compare with the shadow cell; what
 * is not settled there goes on in a slow function. The fast path has no frame of its own: see
 * CMakeLists.txt. Callbacks may come before the runtime is set up, from constructors and from
 * outside an execution: nothing is covered then that is not filtered by `instrumented`.
 *
 * The list of symbols is that of clang 14 to 19 and gcc 12; -mllvm flags are needed for reads that
 * clang drops before a write of the same block (README).
 *
 * All are weak: with libtsan in the same program its own win, and the program can still say so. */
#include "tsan_abi.h"

#include "../access.h"
#include "../sched.h"
#include "race.h"

#define ABI __attribute__((weak, visibility("default")))

static inline void slow(uintptr_t address, size_t bytes, enum access_kind kind,
                        struct call_site site)
{
    if (unlikely(!access_state.countdown)) {
        if (!sched.running) {
            access_state.countdown = ACCESS_SPIN;
            return;
        }
        access_point((const void *)address, bytes, kind, site); /* NOLINT */
    }
    if (unlikely(!sched.running)) return;
    const struct access a = {.address = address, .bytes = bytes, .kind = kind, .site = site};
    race_access(&a);
}

__attribute__((noinline)) void tsan_abi_slow(uintptr_t address, size_t bytes, enum access_kind kind,
                                             const void *pc)
{
    slow(address, bytes, kind, (struct call_site){pc, __builtin_frame_address(0)});
}

static __attribute__((noinline)) void seldom(uintptr_t address, size_t bytes, enum access_kind kind,
                                             const void *pc)
{
    if (race_seldom(shadow_of(address), address, shadow_mask(address, bytes), kind)) return;
    tsan_abi_slow(address, bytes, kind, pc);
}

/* Not the same segment's: what else is common, for bytes within one cell. Of one kind each, so that
 * neither has more to do than it must; and without calls, so that nothing need be saved. */
static __attribute__((noinline)) void other_read(uintptr_t address, size_t bytes,
                                                 struct shadow_cell *c, const void *pc)
{
    if (likely(race_quick_read(c, shadow_mask(address, bytes)))) return;
    seldom(address, bytes, ACCESS_READ, pc);
}
static __attribute__((noinline)) void other_write(uintptr_t address, size_t bytes,
                                                  struct shadow_cell *c, const void *pc)
{
    if (likely(race_quick_write(c, shadow_mask(address, bytes)))) return;
    seldom(address, bytes, ACCESS_WRITE, pc);
}

/* Sections of globals, wherever the system loaded them. */
static struct section {
    uintptr_t low;
    uintptr_t bytes;
    uintptr_t cells; /* shadow_globals() */
} sections[GLOBALS_COUNT];

static inline void global(const struct section *s, uintptr_t address, size_t bytes,
                          enum access_kind kind, const void *pc)
{
    if (unlikely(--access_state.countdown == 0 || (address & 7) + bytes > CELL_BYTES)) {
        tsan_abi_slow(address, bytes, kind, pc);
        return;
    }
    uintptr_t at = s->cells + 2 * (address & ~(uintptr_t)7);
    struct shadow_cell *cell = (struct shadow_cell *)at; /* NOLINT(performance-no-int-to-ptr) */
    const uint64_t mine = (uint64_t)shadow_mask(address, bytes) << 32 | UINT32_MAX;
    uint64_t word;
    memcpy(&word, kind == ACCESS_WRITE ? &cell->write_segment : &cell->read_segment, sizeof word);
    if (likely(((word ^ access_state.segment_word) & mine) == 0)) return;
    if (kind == ACCESS_WRITE)
        other_write(address, bytes, cell, pc);
    else
        other_read(address, bytes, cell, pc);
}

/* What is neither stack nor heap is mostly not the program's: clang before 19 announces the
 * counters of coverage, at each edge. */
static __attribute__((noinline)) void elsewhere(uintptr_t address, size_t bytes,
                                                enum access_kind kind, const void *pc)
{
    const struct section *s = sections;
    if (address - s->low < s->bytes)
        global(s, address, bytes, kind, pc);
    else if (address - s[1].low < s[1].bytes)
        global(s + 1, address, bytes, kind, pc);
}

/* What of a cell's word must be equal to the running goroutine's, for an access of 1, 2 or 4 bytes
 * at this offset: the segment, and the bits of the bytes. Looked up: that is one instruction. */
#define EQUAL(bytes, at) ((uint64_t)((((1u << (bytes)) - 1) << (at)) & 0xff) << 32 | UINT32_MAX)
#define EQUALS(bytes)                                                                              \
    {                                                                                              \
        EQUAL(bytes, 0), EQUAL(bytes, 1), EQUAL(bytes, 2), EQUAL(bytes, 3), EQUAL(bytes, 4),       \
            EQUAL(bytes, 5), EQUAL(bytes, 6), EQUAL(bytes, 7)                                      \
    }
static const uint64_t equal[5][CELL_BYTES] = {[1] = EQUALS(1), [2] = EQUALS(2), [4] = EQUALS(4)};

/* bytes at an address that is a multiple of them: within one cell, but for 16. */
static inline __attribute__((always_inline)) void aligned(const void *pointer, size_t bytes,
                                                          enum access_kind kind)
{
    uintptr_t address = (uintptr_t)pointer;
    const void *pc = __builtin_return_address(0);
    if (unlikely(!shadow_is_fixed(address))) {
        elsewhere(address, bytes, kind, pc);
        return;
    }
    if (unlikely(--access_state.countdown == 0)) {
        tsan_abi_slow(address, bytes, kind, pc);
        return;
    }
    uint64_t word;
    struct shadow_cell *cell = shadow_fixed(address);
    memcpy(&word, kind == ACCESS_WRITE ? &cell->write_segment : &cell->read_segment, sizeof word);
    word ^= access_state.segment_word;
    if (bytes == 8) {
        if (likely(word << 24 == 0)) return;
    } else if (bytes < 8) {
        if (likely((word & equal[bytes][address & 7]) == 0)) return;
    } else {
        tsan_abi_slow(address, bytes, kind, pc);
        return;
    }
    if (kind == ACCESS_WRITE)
        other_write(address, bytes, cell, pc);
    else
        other_read(address, bytes, cell, pc);
}

/* Any bytes anywhere. */
static inline void range(const void *pointer, size_t bytes, enum access_kind kind, const void *pc)
{
    uintptr_t address = (uintptr_t)pointer;
    if (!bytes) return;
    if (unlikely(!shadow_is_fixed(address))) {
        elsewhere(address, bytes, kind, pc);
        return;
    }
    access_state.countdown--;
    tsan_abi_slow(address, bytes, kind, pc);
}

/* The same from a callback that goes on after it: its stack begins at a frame of its own, as the
 * frame pointer is not the program's any more. */
__attribute__((noinline)) void tsan_abi_range(const void *pointer, size_t bytes,
                                              enum access_kind kind, struct call_site site)
{
    uintptr_t address = (uintptr_t)pointer;
    if (!bytes) return;
    if (!shadow_is_fixed(address) && !shadow_of(address)) return;
    access_state.countdown--;
    slow(address, bytes, kind, site);
}

/* After the last call: a jump would leave the frame that its site names. */
#define KEEP_FRAME() __asm__ volatile("")

#define PLAIN(bytes)                                                                               \
    ABI void __tsan_read##bytes(void *p) { aligned(p, bytes, ACCESS_READ); }                       \
    ABI void __tsan_write##bytes(void *p) { aligned(p, bytes, ACCESS_WRITE); }                     \
    ABI void __tsan_volatile_read##bytes(void *p) { aligned(p, bytes, ACCESS_READ); }              \
    ABI void __tsan_volatile_write##bytes(void *p) { aligned(p, bytes, ACCESS_WRITE); }            \
    ABI void __tsan_read_write##bytes(void *p)                                                     \
    {                                                                                              \
        struct call_site site = CALL_SITE();                                                       \
        tsan_abi_range(p, bytes, ACCESS_READ, site);                                               \
        tsan_abi_range(p, bytes, ACCESS_WRITE, site);                                              \
        KEEP_FRAME();                                                                              \
    }                                                                                              \
    ABI void __tsan_unaligned_read##bytes(void *p)                                                 \
    {                                                                                              \
        range(p, bytes, ACCESS_READ, __builtin_return_address(0));                                 \
    }                                                                                              \
    ABI void __tsan_unaligned_write##bytes(void *p)                                                \
    {                                                                                              \
        range(p, bytes, ACCESS_WRITE, __builtin_return_address(0));                                \
    }                                                                                              \
    ABI void __tsan_unaligned_volatile_read##bytes(void *p)                                        \
    {                                                                                              \
        range(p, bytes, ACCESS_READ, __builtin_return_address(0));                                 \
    }                                                                                              \
    ABI void __tsan_unaligned_volatile_write##bytes(void *p)                                       \
    {                                                                                              \
        range(p, bytes, ACCESS_WRITE, __builtin_return_address(0));                                \
    }                                                                                              \
    ABI void __tsan_unaligned_read_write##bytes(void *p)                                           \
    {                                                                                              \
        struct call_site site = CALL_SITE();                                                       \
        tsan_abi_range(p, bytes, ACCESS_READ, site);                                               \
        tsan_abi_range(p, bytes, ACCESS_WRITE, site);                                              \
        KEEP_FRAME();                                                                              \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

ABI void __tsan_read_range(void *p, size_t bytes)
{
    range(p, bytes, ACCESS_READ, __builtin_return_address(0));
}
ABI void __tsan_write_range(void *p, size_t bytes)
{
    range(p, bytes, ACCESS_WRITE, __builtin_return_address(0));
}

ABI void __tsan_vptr_read(void **p) { aligned(p, 8, ACCESS_READ); }
ABI void __tsan_vptr_update(void **p, void *value)
{
    (void)value;
    aligned(p, 8, ACCESS_WRITE);
}

/* The program's nil pointers are for the system to meet. */
#define ANY_POINTER __attribute__((no_sanitize("undefined")))

ABI ANY_POINTER void *__tsan_memcpy(void *to, const void *from, size_t bytes)
{
    struct call_site site = CALL_SITE();
    tsan_abi_range(from, bytes, ACCESS_READ, site);
    tsan_abi_range(to, bytes, ACCESS_WRITE, site);
    return memcpy(to, from, bytes);
}
ABI ANY_POINTER void *__tsan_memmove(void *to, const void *from, size_t bytes)
{
    struct call_site site = CALL_SITE();
    tsan_abi_range(from, bytes, ACCESS_READ, site);
    tsan_abi_range(to, bytes, ACCESS_WRITE, site);
    return memmove(to, from, bytes);
}
ABI ANY_POINTER void *__tsan_memset(void *to, int value, size_t bytes)
{
    tsan_abi_range(to, bytes, ACCESS_WRITE, CALL_SITE());
    return memset(to, value, bytes);
}

/* Stacks are walked by frame pointer: nothing to keep here. */
ABI void __tsan_func_entry(void *pc) { (void)pc; }
ABI void __tsan_func_exit(void) {}

ABI void __tsan_init(void)
{
    access_state.instrumented = true;
    for (int i = 0; i < GLOBALS_COUNT; i++) {
        struct globals_range range = globals_range(i);
        sections[i].low = range.low;
        sections[i].bytes = range.high - range.low;
        sections[i].cells = shadow_globals(i);
    }
}
ABI void __tsan_ignore_thread_begin(void) {}
ABI void __tsan_ignore_thread_end(void) {}
