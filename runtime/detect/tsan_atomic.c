// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What code compiled with -fsanitize=thread calls instead of performing atomic operations; what
 * they mean is in atomic.h.
 *
 * The list is that of clang 14 to 19 and gcc 12. Both give other sizes than 1, 2, 4, 8 and 16 bytes
 * (an _Atomic struct) to the library of generic ones, clang without -mcx16 some of 16 as well:
 * those are the functions with labels, which take the place of libatomic's. What remains of that
 * one is __atomic_feraiseexcept, which gcc calls for `x += y` on an _Atomic floating-point number.
 *
 * Weak, for the reason that tsan_abi.c gives. */
#include "../atomic.h"
#include "../sched.h"

#define ABI __attribute__((weak, visibility("default"), noinline))

/* ---- Of a size that the name tells ---------------------------------------------------------- */

/* Memory beside the atomic object that the call reads or writes for the program. */
static void beside(const void *p, size_t bytes, enum access_kind kind, struct call_site site)
{
    if (sched.running) access_runtime(p, bytes, kind, site);
}

/* gcc has the called function read and write *expected; clang does that itself. */
static bool compare_exchange(void *p, size_t bytes, void *expected, const void *desired,
                             int success, int failure, struct call_site site)
{
    beside(expected, bytes, ACCESS_READ, site);
    bool stored = atomic_op_compare_exchange(p, bytes, expected, desired, success, failure, site);
    if (!stored) beside(expected, bytes, ACCESS_WRITE, site);
    return stored;
}

#define RMW(type, name, rmw)                                                                       \
    ABI type name(void *p, type operand, int order);                                               \
    ABI type name(void *p, type operand, int order)                                                \
    {                                                                                              \
        type old;                                                                                  \
        atomic_op_rmw(rmw, p, sizeof old, &operand, &old, order, CALL_SITE());                     \
        return old;                                                                                \
    }

#define COMPARE_EXCHANGE(type, name)                                                               \
    ABI bool name(void *p, type *expected, type desired, int success, int failure);                \
    ABI bool name(void *p, type *expected, type desired, int success, int failure)                 \
    {                                                                                              \
        return compare_exchange(p, sizeof desired, expected, &desired, success, failure,           \
                                CALL_SITE());                                                      \
    }

/* clang 19 leaves the load of 16 bytes in place beside its announcement; it becomes a call of
 * __atomic_load_16, which must not count again. */
static struct {
    const void *address;
    uint32_t events; /* executed when it was announced */
    uint32_t epoch;
} announced; /* safe: one thread runs executions */

static void load(const void *p, size_t bytes, void *value, int order, struct call_site site)
{
    atomic_op_load(p, bytes, value, order, site);
    if (bytes < 16 || !sched.running) return;
    announced.address = p;
    announced.events = event_log.count;
    announced.epoch = object_epoch;
}

#define SIZED(bits, type)                                                                          \
    ABI type __tsan_atomic##bits##_load(const void *p, int order);                                 \
    ABI type __tsan_atomic##bits##_load(const void *p, int order)                                  \
    {                                                                                              \
        type value;                                                                                \
        load(p, sizeof value, &value, order, CALL_SITE());                                         \
        return value;                                                                              \
    }                                                                                              \
    ABI void __tsan_atomic##bits##_store(void *p, type value, int order);                          \
    ABI void __tsan_atomic##bits##_store(void *p, type value, int order)                           \
    {                                                                                              \
        atomic_op_store(p, sizeof value, &value, order, CALL_SITE());                              \
    }                                                                                              \
    ABI type __tsan_atomic##bits##_compare_exchange_val(void *p, type expected, type desired,      \
                                                        int success, int failure);                 \
    ABI type __tsan_atomic##bits##_compare_exchange_val(void *p, type expected, type desired,      \
                                                        int success, int failure)                  \
    {                                                                                              \
        (void)atomic_op_compare_exchange(p, sizeof expected, &expected, &desired, success,         \
                                         failure, CALL_SITE());                                    \
        return expected;                                                                           \
    }                                                                                              \
    COMPARE_EXCHANGE(type, __tsan_atomic##bits##_compare_exchange_strong)                          \
    COMPARE_EXCHANGE(type, __tsan_atomic##bits##_compare_exchange_weak)                            \
    RMW(type, __tsan_atomic##bits##_exchange, ATOMIC_EXCHANGE)                                     \
    RMW(type, __tsan_atomic##bits##_fetch_add, ATOMIC_ADD)                                         \
    RMW(type, __tsan_atomic##bits##_fetch_sub, ATOMIC_SUB)                                         \
    RMW(type, __tsan_atomic##bits##_fetch_and, ATOMIC_AND)                                         \
    RMW(type, __tsan_atomic##bits##_fetch_or, ATOMIC_OR)                                           \
    RMW(type, __tsan_atomic##bits##_fetch_xor, ATOMIC_XOR)                                         \
    RMW(type, __tsan_atomic##bits##_fetch_nand, ATOMIC_NAND)

SIZED(8, uint8_t)
SIZED(16, uint16_t)
SIZED(32, uint32_t)
SIZED(64, uint64_t)
#ifdef __SIZEOF_INT128__
SIZED(128, atomic_value)
#endif

/* ---- Fences ---------------------------------------------------------------------------------- */

ABI void __tsan_atomic_thread_fence(int order);
ABI void __tsan_atomic_thread_fence(int order) { atomic_op_fence(order, CALL_SITE()); }

/* Of a goroutine with its own signal handlers, of which there are none. */
ABI void __tsan_atomic_signal_fence(int order);
ABI void __tsan_atomic_signal_fence(int order) { (void)order; }

/* ---- Of libatomic ---------------------------------------------------------------------------- */

/* Compilers know these names as builtins, so ours are others. */
#define LABEL(name) __asm__(#name)

ABI bool generic_is_lock_free(size_t bytes, const void *p) LABEL(__atomic_is_lock_free);
ABI bool generic_is_lock_free(size_t bytes, const void *p)
{
    bool is_power = bytes && (bytes & (bytes - 1)) == 0;
    return is_power && bytes <= 8 && (uintptr_t)p % bytes == 0;
}

ABI void generic_load(size_t bytes, const void *p, void *value, int order) LABEL(__atomic_load);
ABI void generic_load(size_t bytes, const void *p, void *value, int order)
{
    struct call_site site = CALL_SITE();
    atomic_op_load(p, bytes, value, order, site);
    beside(value, bytes, ACCESS_WRITE, site);
}

ABI void generic_store(size_t bytes, void *p, const void *value, int order) LABEL(__atomic_store);
ABI void generic_store(size_t bytes, void *p, const void *value, int order)
{
    struct call_site site = CALL_SITE();
    beside(value, bytes, ACCESS_READ, site);
    atomic_op_store(p, bytes, value, order, site);
}

ABI void generic_exchange(size_t bytes, void *p, const void *value, void *old, int order)
    LABEL(__atomic_exchange);
ABI void generic_exchange(size_t bytes, void *p, const void *value, void *old, int order)
{
    struct call_site site = CALL_SITE();
    beside(value, bytes, ACCESS_READ, site);
    atomic_op_rmw(ATOMIC_EXCHANGE, p, bytes, value, old, order, site);
    beside(old, bytes, ACCESS_WRITE, site);
}

ABI bool generic_compare_exchange(size_t bytes, void *p, void *expected, const void *desired,
                                  int success, int failure) LABEL(__atomic_compare_exchange);
ABI bool generic_compare_exchange(size_t bytes, void *p, void *expected, const void *desired,
                                  int success, int failure)
{
    struct call_site site = CALL_SITE();
    beside(desired, bytes, ACCESS_READ, site);
    return compare_exchange(p, bytes, expected, desired, success, failure, site);
}

#ifdef __SIZEOF_INT128__
ABI atomic_value load_16(const void *p, int order) LABEL(__atomic_load_16);
ABI atomic_value load_16(const void *p, int order)
{
    atomic_value value;
    if (sched.running && p == announced.address && event_log.count == announced.events &&
        object_epoch == announced.epoch)
        memcpy(&value, p, sizeof value);
    else
        atomic_op_load(p, sizeof value, &value, order, CALL_SITE());
    return value;
}

ABI void store_16(void *p, atomic_value value, int order) LABEL(__atomic_store_16);
ABI void store_16(void *p, atomic_value value, int order)
{
    atomic_op_store(p, sizeof value, &value, order, CALL_SITE());
}

ABI bool compare_exchange_16(void *p, void *expected, atomic_value desired, int success,
                             int failure) LABEL(__atomic_compare_exchange_16);
ABI bool compare_exchange_16(void *p, void *expected, atomic_value desired, int success,
                             int failure)
{
    return compare_exchange(p, sizeof desired, expected, &desired, success, failure, CALL_SITE());
}

#define RMW_16(name, label, rmw)                                                                   \
    ABI atomic_value name(void *p, atomic_value operand, int order) LABEL(label);                  \
    ABI atomic_value name(void *p, atomic_value operand, int order)                                \
    {                                                                                              \
        atomic_value old;                                                                          \
        atomic_op_rmw(rmw, p, sizeof old, &operand, &old, order, CALL_SITE());                     \
        return old;                                                                                \
    }
RMW_16(exchange_16, __atomic_exchange_16, ATOMIC_EXCHANGE)
RMW_16(fetch_add_16, __atomic_fetch_add_16, ATOMIC_ADD)
RMW_16(fetch_sub_16, __atomic_fetch_sub_16, ATOMIC_SUB)
RMW_16(fetch_and_16, __atomic_fetch_and_16, ATOMIC_AND)
RMW_16(fetch_or_16, __atomic_fetch_or_16, ATOMIC_OR)
RMW_16(fetch_xor_16, __atomic_fetch_xor_16, ATOMIC_XOR)
RMW_16(fetch_nand_16, __atomic_fetch_nand_16, ATOMIC_NAND)
#endif
