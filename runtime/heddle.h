// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Heddle: write Go-like concurrent programs in C and let a fuzzer's bytes be their schedule.
 *
 * This is the one public header. A program under test is a function that calls what is declared
 * here; Heddle runs it on coroutines in one OS thread and virtual time, and every decision that a
 * real scheduler, select or clock could take is taken by the input. The same bytes are the same
 * execution.
 *
 * Conventions of this page
 * - Semantics are Go's; "Source" names the section of the Go specification, memory model or package
 *   documentation that a rule comes from.
 * - "Chooses" says which decision the input takes and where. Every operation that others can see
 *   is published, then there is one scheduling point (CHOICE_RUN), then it executes.
 * - "Orders" says which happens-before edges it makes.
 * - Zero values work as in Go: `struct go_mutex m = {0};` is an unlocked mutex. Members whose names
 *   begin with an underscore belong to the runtime.
 * - Times are virtual nanoseconds (int64_t), sizes are bytes unless a name says otherwise.
 * - Executions are sequentially consistent; weak memory shows only as races.
 * - Misuse that Go answers with a panic (close of a closed channel) can be recovered with
 *   go_protect; misuse that Go calls fatal (unlock of an unlocked mutex) ends the execution.
 * - Everything here must be called from a goroutine of a running execution, except the functions of
 *   the last section.
 */
#ifndef HEDDLE_H
#define HEDDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Globals of the program under test get sections of their own: every execution begins with them as
 * they were before the first one, and detectors know where they are. With gcc, rename the sections
 * of your objects: objcopy --rename-section .data=heddle_data --rename-section .bss=heddle_bss. */
#if defined(__clang__) && !defined(HEDDLE_OWN_SECTIONS)
#pragma clang section bss = "heddle_bss" data = "heddle_data"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Two calls of one function at the ends of two branches stay two calls: reports name their lines,
 * and the function that each was inlined from. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((nomerge)), apply_to = function)
#endif

/* ---- What the runtime keeps inside values of the user ------------------------------------- */

/* The name of a zero-value object: which execution registered it, and its number there. */
struct go_header {
    uint32_t _epoch;
    uint32_t _number;
};

/* Intrusive, circular, doubly linked list; a zeroed list is empty. */
struct go_list {
    struct go_list *_next;
    struct go_list *_prev;
};

struct go_chan;
struct go_timer;
struct go_map;
struct go_context;
struct go_test;
struct goroutine;

/* One goroutine waiting for one channel operation: what a select enqueues once for each case. */
struct go_wait {
    struct go_list _link;         /* in the channel's queue of senders or of receivers, FIFO */
    struct goroutine *_goroutine; /* who waits */
    uint32_t _index;              /* which case of its select this is */
    bool _queued;                 /* linked into a queue right now */
    bool _ok;                     /* answer: a value was moved (false: the channel was closed) */
    uint32_t _released;           /* what its goroutine had done when it parked */
    uint32_t _acquired;           /* what happened before it was woken */
};

/* ---- Goroutines --------------------------------------------------------------------------- */

/* Start fn(arg) as a new goroutine; it becomes ready, the caller runs on.
 *
 * Chooses  CHOICE_RUN after the creation: the new goroutine may run before the caller's next line.
 * Orders   the go statement happens before the start of fn.
 * Reports  a nil fn is a nil-dereference in the new goroutine.
 * Limits   max_goroutines (created in one execution), max_stacks (alive at once).
 * Source   Go spec "Go statements"; Go memory model "Goroutine creation".
 */
#define go(fn, arg) go_start((fn), (arg))
void go_start(void (*fn)(void *), void *arg);

/* Let others run. The natural schedule goes on with the goroutine that is ready longest.
 * Chooses  CHOICE_RUN. Source: package runtime, Gosched. */
void go_gosched(void);

/* End this goroutine after running its deferred calls, innermost go_protect first.
 * In the root function it ends the test, the others run on. Source: package runtime, Goexit. */
_Noreturn void go_goexit(void);

/* Mark this goroutine as one that is meant to live as long as the process: it may be parked at the
 * end without being a leak. */
void go_daemon(void);

/* End the whole execution at once, without leak check. code 0 is a pass, any other code is reported
 * as exit-status. Source: package os, Exit. */
_Noreturn void go_exit(int code);

/* ---- Virtual time ------------------------------------------------------------------------- */

/* Now, in ns since the start of the execution. Never goes back. */
int64_t go_now(void);

/* Park for duration_ns of virtual time; zero or less only yields.
 * Chooses  CHOICE_RUN after arming; the clock is a candidate of its own from then on.
 * Blocks   reason "sleep". Source: package time, Sleep. */
void go_sleep(int64_t duration_ns);

/* The test's own watchdog: when nothing but timers due after timeout_ns from now could run, the
 * execution ends and is judged. It never fires while a goroutine can run. */
void go_test_timeout(int64_t timeout_ns);

/* ---- Atomics ------------------------------------------------------------------------------ */

/* C11 atomics (<stdatomic.h>, and the __atomic and __sync builtins that it is made of) need no
 * names of ours: in instrumented code (-fsanitize=thread) each operation on a goroutine's stack, on
 * memory of go_new and on the program's globals is visible to others like a call of this page.
 * Those of any size are known, _Atomic structs included; elsewhere, and in code that is not
 * instrumented, they do what they always do, unseen.
 *
 * Chooses  CHOICE_RUN before each load, store, read-modify-write and fence, whatever its order and
 *          in every grain. A relaxed fence, and atomic_signal_fence, are nothing.
 * Orders   as C17 says for the order asked for: release before the acquire that reads its value or
 *          one of its release sequence, release and acquire fences likewise. Relaxed operations
 *          order nothing, but never race with each other. seq_cst is acquire and release; consume
 *          is acquire; a compare-exchange that fails has its order for failure.
 * Reports  data-race of a plain access with an atomic one that nothing orders; livelock when
 *          nothing but failed tries is left: a compare-exchange that fails, or looking again at a
 *          value that has not changed (a spin lock that nobody gives back).
 * Limits   max_objects (each location is one). Loads read the latest value, and a weak
 *          compare-exchange fails only where values differ: the executions that a weaker memory
 *          would allow are not made. Objects that overlap but begin at different addresses order
 *          nothing between them. A loop that spins lets others go first in the natural schedule.
 * Source   C17 5.1.2.4 and 7.17. */

/* ---- Harness data and oracles ------------------------------------------------------------- */

/* A number in [0, n) from the data part of the input, 0 when that is used up. n of 0 or 1 gives 0.
 * Chooses  CHOICE_DATA. */
size_t go_choose(size_t n);

/* Fill buffer with bytes of the data part of the input, zeros when that is used up. */
void go_bytes(void *buffer, size_t bytes);

/* The program's own oracle: reports oracle-failure with the message when condition is false.
 * The message is printf-like and must not depend on addresses. */
#define go_check(condition, ...) ((condition) ? (void)0 : go_check_failed(#condition, __VA_ARGS__))
_Noreturn void go_check_failed(const char *condition, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Make a result visible to exploration: two executions whose observed values differ count as
 * different outcomes. Not a scheduling point. */
void go_observe(uint64_t value);

/* ---- Memory ------------------------------------------------------------------------------- */

/* One heap, that of the execution: the same addresses whenever the same choices are made, all of it
 * gone at the end. Nobody leaks here; what was freed is not handed out again in the same execution
 * (so a limit bounds what is allocated in all, not what is alive), and between blocks lie at least
 * 16 bytes of nobody.
 *
 * Not scheduling points. In programs compiled with -fsanitize=thread:
 * Reports  use-after-free, heap-buffer-overflow (also before a block): any access, and accesses of
 *          this page on behalf of the caller (the value of a send). An access further than the
 *          bytes of nobody may meet another block. Without instrumentation only what is named below
 *          is found.
 * Limits   max_heap (1 GiB or 1,048,576 blocks in one execution): inconclusive, never NULL.
 * Outside an execution (constructors) there is no such memory: a usage error. */

/* Go's new: zeroed, 16-byte aligned, never NULL. Go's collector frees for the program; go_free may
 * be used nevertheless. */
void *go_new(size_t bytes);

/* C's malloc and its family. Memory is zeroed whoever asks, so that nothing depends on what an
 * earlier execution left; reading it before it was written is not detected. A block of no bytes is
 * a block, with an address of its own. Source: C17 7.22.3, POSIX.
 *
 * calloc, reallocarray: NULL and ENOMEM if the product does not fit into a size_t.
 * aligned_alloc, posix_memalign: NULL and EINVAL, or EINVAL, for an alignment that is no power of
 * two (and, for posix_memalign, a multiple of sizeof(void *)). */
void *go_malloc(size_t bytes);
void *go_calloc(size_t count, size_t bytes);
void *go_aligned_alloc(size_t alignment, size_t bytes);
int go_posix_memalign(void **out, size_t alignment, size_t bytes);
char *go_strdup(const char *s);
char *go_strndup(const char *string, size_t n);

/* Give a block back. NULL does nothing; the content stays as it was.
 *
 * To free is to write the whole block: an access by another goroutine that nothing orders before or
 * after it is a data race, one that comes after it in order is a use after free.
 * Reports  double-free; invalid-free for what is not the start of a block of this heap. That
 *          includes memory that the C library allocates by itself (getline, realpath). */
void go_free(void *memory);

/* Resize: always another block; the caller reads the old one, writes the new one, and frees the old
 * one. NULL is go_malloc; no bytes is go_free and gives NULL, as in glibc. Reports as go_free. */
void *go_realloc(void *memory, size_t bytes);
void *go_reallocarray(void *memory, size_t count, size_t bytes);

/* C programs get these under their usual names: define HEDDLE_MALLOC before this page is included,
 * best for all of it on the command line: -DHEDDLE_MALLOC -include heddle.h. Headers of the system
 * may come before or after. Macros in C: so no compiler takes a malloc and its free away, or a
 * write before a free. C++ has exception specifications, which macros would contradict: there the
 * symbols are renamed, and new and delete remain the system's.
 * For objects that are compiled already: objcopy --redefine-sym malloc=go_malloc, and so on; what
 * their compiler took away (-fno-builtin keeps it from doing so) is not found. */
#if defined(HEDDLE_MALLOC) && defined(__cplusplus)
#pragma redefine_extname malloc go_malloc
#pragma redefine_extname calloc go_calloc
#pragma redefine_extname realloc go_realloc
#pragma redefine_extname reallocarray go_reallocarray
#pragma redefine_extname free go_free
#pragma redefine_extname aligned_alloc go_aligned_alloc
#pragma redefine_extname posix_memalign go_posix_memalign
#pragma redefine_extname strdup go_strdup
#pragma redefine_extname strndup go_strndup
#elif defined(HEDDLE_MALLOC)
#define malloc go_malloc
#define calloc go_calloc
#define realloc go_realloc
#define reallocarray go_reallocarray
#define free go_free
#define aligned_alloc go_aligned_alloc
#define posix_memalign go_posix_memalign
#define strdup go_strdup
#define strndup go_strndup
#endif

/* ---- Panics ------------------------------------------------------------------------------- */

/* What a recovered panic was: kind is the report type it would have been
 * ("close-of-closed-channel", "unrecovered-panic", ...), message its text. */
struct go_panic {
    char kind[48];
    char message[160];
};

/* Panic with a message (printf-like). Deferred calls run; a panic that leaves the root of a
 * goroutine is reported as unrecovered-panic. Source: Go spec "Handling panics". */
_Noreturn void go_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Run fn(arg) and then what it deferred (last first, also on panic and Goexit), and recover.
 * Returns true if it panicked; *panic (may be NULL) then says how. Nests.
 * Source: Go spec "Handling panics", "Defer statements". */
bool go_protect(void (*fn)(void *), void *arg, struct go_panic *panic);

/* Call fn(arg) when the innermost go_protect, or this goroutine, ends. */
void go_defer(void (*fn)(void *), void *arg);

/* ---- Channels ----------------------------------------------------------------------------- */

/* Make a channel of elements of elem_bytes (0 for struct{}) with room for capacity of them; 0 is an
 * unbuffered channel. Lives until the end of the execution. Source: Go spec "Channel types". */
struct go_chan *go_chan_make(size_t elem_bytes, size_t capacity);

/* Send one value, blocking until a receiver or a free slot takes it.
 *
 * c        channel; NULL blocks for ever, as in Go.
 * value    elem_bytes bytes, copied before return; may be NULL (a zero value is sent).
 *
 * Chooses  CHOICE_RUN before the send.
 * Blocks   reason "chan send"; waiting senders are served first in, first out.
 * Orders   this send happens before the matching receive completes; with capacity N, receive k
 *          happens before send k+N completes.
 * Reports  send-to-closed-channel (a panic) if c is closed, also while blocked.
 * Source   Go spec "Send statements"; Go memory model "Channel communication".
 */
void go_chan_send(struct go_chan *c, const void *value);

/* Receive one value, blocking until there is one or c is closed.
 *
 * c        channel; NULL blocks for ever, as in Go.
 * value    room for elem_bytes, or NULL to drop the value; zeroed when c is closed and drained.
 * Returns  true if a value was received, false if c is closed and drained.
 *          `while (go_chan_recv(c, &v)) ...` is Go's `for v := range c`.
 *
 * Chooses  CHOICE_RUN before the receive.
 * Blocks   reason "chan receive"; waiting receivers are served first in, first out.
 * Orders   the matching send, or the close, happens before the receive completes.
 * Source   Go spec "Receive operator"; Go memory model "Channel communication".
 */
bool go_chan_recv(struct go_chan *c, void *value);

/* Close c: receivers drain it and then get zero values; blocked senders panic.
 * Reports  close-of-closed-channel, close-of-nil-channel (panics).
 * Orders   the close happens before a receive that returns because of it.
 * Source   Go spec "Close". */
void go_chan_close(struct go_chan *c);

/* Values queued in the buffer now; 0 for a nil channel. Chooses CHOICE_RUN before. */
size_t go_chan_len(struct go_chan *c);

/* Capacity given at go_chan_make; 0 for a nil channel. Not a scheduling point. */
size_t go_chan_cap(const struct go_chan *c);

/* ---- Select ------------------------------------------------------------------------------- */

enum go_direction { GO_DIRECTION_RECV, GO_DIRECTION_SEND };

/* One case of a select. Made with GO_RECV or GO_SEND; lives on the caller's stack. */
struct go_case {
    struct go_chan *chan;   /* NULL: this case is never ready */
    void *recv_value;       /* GO_RECV: room for one element, or NULL */
    const void *send_value; /* GO_SEND: the element, or NULL for a zero value */
    enum go_direction direction;
    bool ok; /* GO_RECV, if it was chosen: true for a value, false for closed and drained */
    struct go_wait _wait;
};
#define GO_RECV(channel, value)                                                                    \
    (struct go_case) { .chan = (channel), .recv_value = (value), .direction = GO_DIRECTION_RECV }
#define GO_SEND(channel, value)                                                                    \
    (struct go_case) { .chan = (channel), .send_value = (value), .direction = GO_DIRECTION_SEND }

/* Block until one of count cases can proceed, do it, and return its index.
 *
 * count    0 blocks for ever (reason "select (no cases)"); cases must not move meanwhile.
 *
 * Chooses  CHOICE_RUN before; CHOICE_SELECT when several cases are ready.
 * Blocks   reason "select"; a parked select keeps the case that woke it.
 * Reports  send-to-closed-channel (a panic) when a send case on a closed channel is chosen.
 * Source   Go spec "Select statements".
 */
size_t go_select(struct go_case *cases, size_t count);

/* The same with a default clause: returns count at once if no case is ready.
 * Chooses  as go_select, and CHOICE_RUN once more after a taken default. */
size_t go_select_default(struct go_case *cases, size_t count);

/* ---- Mutex -------------------------------------------------------------------------------- */

struct go_mutex {
    struct go_header _header;
    struct goroutine *_holder; /* who locked it last, while locked */
    struct go_list _wanters;   /* goroutines whose next operation is to lock it */
    const void *_locked_at;    /* return address of the call that locked it */
    bool _locked;
    uint32_t _unlocked; /* what happened before the next Lock: all Unlocks so far */
};

/* Lock m, blocking while it is locked (also by the caller: Go's mutex is not recursive).
 * Chooses  CHOICE_RUN before; after an unlock whoever wants m may be next.
 * Blocks   reason "sync.Mutex.Lock".
 * Orders   the n-th unlock happens before the m-th lock returns, n < m.
 * Source   package sync, Mutex; Go memory model "Locks". */
void go_mutex_lock(struct go_mutex *m);

/* Lock m if it is free now and say whether. A failed try orders nothing. */
bool go_mutex_trylock(struct go_mutex *m);

/* Unlock m; any goroutine may. Reports unlock-of-unlocked-mutex (fatal in Go). */
void go_mutex_unlock(struct go_mutex *m);

/* What Go's sync.Locker interface holds. */
struct go_locker {
    void (*lock)(void *object);
    void (*unlock)(void *object);
    void *object;
};
struct go_locker go_mutex_locker(struct go_mutex *m);

/* ---- RWMutex ------------------------------------------------------------------------------ */

struct go_rwmutex {
    struct go_header _header;
    struct goroutine *_writer; /* who holds the writers' side: locked or waiting for readers */
    struct go_list _wanters;   /* goroutines whose next operation is RLock or Lock */
    struct go_list _holds;     /* one record for each read lock held now */
    const void *_locked_at;    /* return address of the call that locked it for writing */
    uint32_t _readers;         /* read locks held now */
    bool _writing;             /* a writer holds the lock */
    bool _announced;           /* a writer holds it or waits for readers: new readers wait */
    uint32_t _unlocked;        /* all Unlocks so far */
    uint32_t _read_unlocked;   /* all RUnlocks so far */
};

/* Read lock: many at once, none while a writer holds the lock or waits for it. A second read lock
 * of one goroutine behind a waiting writer deadlocks.
 * Chooses  CHOICE_RUN before.   Blocks  reason "sync.RWMutex.RLock".
 * Orders   an Unlock happens before a later RLock returns; an RUnlock orders nothing before a later
 *          RLock, but happens before the next Lock returns.
 * Source   package sync, RWMutex; Go memory model "Locks". */
void go_rwmutex_rlock(struct go_rwmutex *m);
bool go_rwmutex_tryrlock(struct go_rwmutex *m);
/* Reports unlock-of-unlocked-rwmutex when no read lock is held (fatal in Go). */
void go_rwmutex_runlock(struct go_rwmutex *m);

/* Write lock. Two events: it arrives (from then on new readers wait), and completes when the
 * readers that were inside have left.   Blocks  reason "sync.RWMutex.Lock". */
void go_rwmutex_lock(struct go_rwmutex *m);
bool go_rwmutex_trylock(struct go_rwmutex *m);
/* Reports unlock-of-unlocked-rwmutex (fatal in Go). */
void go_rwmutex_unlock(struct go_rwmutex *m);

struct go_locker go_rwmutex_locker(struct go_rwmutex *m);
struct go_locker go_rwmutex_rlocker(struct go_rwmutex *m);

/* An earlier use of an object, for checks by happens-before. */
struct go_use {
    struct goroutine *_goroutine;
    uint32_t _segment; /* 0: there was none */
    uint32_t _step;    /* number of its event */
};

/* ---- WaitGroup ---------------------------------------------------------------------------- */

struct go_waitgroup {
    struct go_header _header;
    int32_t _counter;
    struct go_list _users; /* goroutines whose next operation is a Wait, or an Add of more than 0 */
    uint32_t _released;    /* all Dones so far */
    struct go_use _added;  /* the latest Add from zero */
    struct go_use _waited; /* the latest Wait */
};

/* Add delta (may be negative) to the counter; at 0 all waiters become ready.
 * Chooses  CHOICE_RUN before.
 * Orders   a Done happens before the return of the Wait that it unblocks.
 * Reports  negative-waitgroup-counter (a panic); waitgroup-misuse when an Add from zero and a Wait
 *          could both be next or nothing orders them, or when the group is used again before a
 *          woken waiter has left.
 * Source   package sync, WaitGroup. */
void go_waitgroup_add(struct go_waitgroup *wg, int delta);
void go_waitgroup_done(struct go_waitgroup *wg);
/* Block until the counter is zero.   Blocks  reason "sync.WaitGroup.Wait". */
void go_waitgroup_wait(struct go_waitgroup *wg);

/* ---- Once --------------------------------------------------------------------------------- */

struct go_once {
    struct go_header _header;
    struct goroutine *_runner; /* who runs the function now */
    struct go_list _wanters;   /* goroutines whose next operation is Do */
    bool _running;
    bool _done;
    uint32_t _finished; /* the return of the function */
};

/* Run fn(arg) if this is the first call for o; other callers block until it has returned. A panic
 * of fn counts as done. Recursive Do of one Once deadlocks.
 * Chooses  CHOICE_RUN before.   Blocks  reason "sync.Once.Do".
 * Orders   the return of fn happens before the return of any Do.
 * Source   package sync, Once; Go memory model "Once". */
void go_once_do(struct go_once *o, void (*fn)(void *), void *arg);

/* ---- Cond --------------------------------------------------------------------------------- */

struct go_cond {
    struct go_header _header;
    struct go_locker locker; /* L: set it before the first use, e.g. go_mutex_locker(&m) */
    struct go_list _waiters; /* FIFO, by arrival */
};

/* Arrive in the queue, unlock L, park until signalled, lock L again. No spurious wake-ups.
 * Chooses  CHOICE_RUN before arriving, then as the locker does.   Blocks  reason "sync.Cond.Wait".
 * Orders   a Signal or Broadcast happens before the Wait that it wakes returns.
 * Source   package sync, Cond. */
void go_cond_wait(struct go_cond *c);
/* Wake the waiter that arrived first, if there is one. */
void go_cond_signal(struct go_cond *c);
/* Wake all that have arrived. */
void go_cond_broadcast(struct go_cond *c);

/* ---- Map ---------------------------------------------------------------------------------- */

/* A Go map with the check that Go's own map has: uint64_t keys to pointers. Two goroutines that
 * could both be inside, at least one of them writing, are reported: concurrent-map-write,
 * concurrent-map-read-write (fatal in Go).   Chooses  CHOICE_RUN before each call. */
struct go_map *go_map_make(void);
/* The value of key, or NULL; *found (may be NULL) says whether it was there. A nil map is empty. */
void *go_map_get(struct go_map *m, uint64_t key, bool *found);
/* Set key. A nil map panics: assignment-to-nil-map. */
void go_map_set(struct go_map *m, uint64_t key, void *value);
void go_map_delete(struct go_map *m, uint64_t key);
size_t go_map_len(struct go_map *m);
/* Call fn for each entry, in the order of insertion; entries removed meanwhile are not visited. */
void go_map_range(struct go_map *m, bool (*fn)(uint64_t key, void *value, void *arg), void *arg);

/* ---- Timers ------------------------------------------------------------------------------- */

/* A timer that sends the time (int64_t ns) on its channel of capacity 1 when duration_ns have
 * passed; zero or less is due at once and may fire before the caller's next operation.
 *
 * Chooses  CHOICE_RUN after arming. The clock is a candidate like a goroutine: chosen, it sets the
 *          time to the earliest deadline and fires one timer; CHOICE_TIMER among equal deadlines.
 * Limits   once the root is over, a ticker or a timer that was armed again fires ticks_after_end
 *          times more, and who does nothing but wait for one new timer (or Sleep) after the other
 *          is woken waits_after_end times more: then it is a goroutine-leak.
 * Source   package time, NewTimer. Channels behave as before Go 1.23 (Stop leaves a delivered
 *          value) unless the option go123_timers is set: then Stop and Reset take it back and
 *          return true (go_chan_len and go_chan_cap still show the buffer, Go 1.23 shows 0).
 */
struct go_timer *go_timer_new(int64_t duration_ns);
/* Run fn(arg) in a goroutine of its own when it fires; its channel is nil. time.AfterFunc. */
struct go_timer *go_timer_after_func(int64_t duration_ns, void (*fn)(void *), void *arg);
/* Fires every period_ns (must be positive, else panics), dropping ticks for which its channel, of
 * capacity 1, has no room. time.NewTicker. */
struct go_timer *go_ticker_new(int64_t period_ns);
/* go_timer_chan(go_timer_new(duration_ns)). time.After. */
struct go_chan *go_after(int64_t duration_ns);
struct go_chan *go_timer_chan(struct go_timer *t);
/* True if the call stops the timer, false if it had fired or was stopped.
 * Chooses CHOICE_RUN before. */
bool go_timer_stop(struct go_timer *t);
/* Arm again (a ticker with a new period, which must be positive). True if it had been armed.
 * Chooses CHOICE_RUN before, and after as at creation. */
bool go_timer_reset(struct go_timer *t, int64_t duration_ns);

/* ---- Context ------------------------------------------------------------------------------ */

enum go_context_error { GO_CONTEXT_OK, GO_CONTEXT_CANCELED, GO_CONTEXT_DEADLINE_EXCEEDED };

/* Never done. Source for all: package context. */
struct go_context *go_context_background(void);

/* Made from a parent, and done when it is (at once if it is already); a nil parent panics. A
 * deadline that is not after now is exceeded at once; an earlier one of the parent counts.
 * Chooses  CHOICE_RUN before, if the parent can be done, and after arming a deadline of its own. A
 *          deadline that passes cancels in a goroutine of its own, like a function of
 *          go_timer_after_func. */
struct go_context *go_context_with_cancel(struct go_context *parent);
struct go_context *go_context_with_timeout(struct go_context *parent, int64_t timeout_ns);
struct go_context *go_context_with_deadline(struct go_context *parent, int64_t deadline_ns);
/* key is compared as a pointer; nil panics. */
struct go_context *go_context_with_value(struct go_context *parent, const void *key, void *value);

/* Cancel ctx and all made from it; the second call does nothing, but returns no earlier than all
 * made from ctx is done. cause (kept as a pointer) may be NULL. Panics for a context without a
 * cancel function: background, with_value.
 * Chooses  CHOICE_RUN before each channel that it closes, CHOICE_WAITER among the children. */
void go_context_cancel(struct go_context *ctx);
void go_context_cancel_cause(struct go_context *ctx, const char *cause);

/* Closed when ctx is cancelled or its deadline passes; nil if that can never be. */
struct go_chan *go_context_done(struct go_context *ctx);
/* Chooses CHOICE_RUN before, as does the cause. */
enum go_context_error go_context_err(struct go_context *ctx);
/* The cause given at cancellation, else the text of the error; NULL while not done. */
const char *go_context_cause(struct go_context *ctx);
/* Whether there is a deadline, its own or an ancestor's, and which. */
bool go_context_deadline(struct go_context *ctx, int64_t *deadline_ns);
/* Of the nearest context with this key, itself included; NULL if there is none. */
void *go_context_value(struct go_context *ctx, const void *key);

/* Run fn(arg) in a goroutine of its own once ctx is done. context.AfterFunc.
 * Chooses  CHOICE_RUN before registering, before starting fn, and after it as after go. */
struct go_context_after *go_context_after_func(struct go_context *ctx, void (*fn)(void *),
                                               void *arg);
/* True if the call keeps fn from being run, false if it was started or stopped before.
 * Chooses CHOICE_RUN before. */
bool go_context_after_stop(struct go_context_after *after);

/* ---- Tests -------------------------------------------------------------------------------- */

/* What programs that are tests do with their testing.T: run tests inside of tests, log, fail. The
 * text that is logged is not kept, and a test that fails is no report: say with go_check, or with
 * go_test_failed, what is an error of the program.
 *
 * A test has a lock, which every call takes for a moment (no point of its own), and ends in two
 * steps: the framework takes the lock for its report, and then marks the test as done without it.
 * So that a log is in time is up to the program.
 *
 * Reports  log-after-test when nothing orders a log or a failure before the end of its test, nor
 *          after it, wherever the two came to lie in this execution. (Go: a race, found by its
 *          detector, and a panic if nobody is left to log to.) Only known where instrumented code
 *          is linked in, like races.
 * Source   package testing; testing.go, tRunner ("Do not lock t.done ..."), logDepth. */

/* The test that the root function is. It is never done: what is logged there is always in time. */
struct go_test *go_test_root(void);

/* Run fn(t, arg) as a test t of parent, in a goroutine of its own, and wait for its end. name goes
 * into reports. True if it has not failed. t.Run.
 *
 * Chooses  CHOICE_RUN after the creation of the goroutine, before waiting, and before each of the
 *          two steps of the end (after all that fn has deferred).
 * Blocks   reason "testing.T.Run".
 * Orders   the call happens before fn; the end of the test happens before the call returns.
 * Reports  unrecovered-panic when fn leaves by Goexit, but not by FailNow of its own test. */
bool go_test_run(struct go_test *parent, const char *name, void (*fn)(struct go_test *t, void *arg),
                 void *arg);

/* Log (printf-like), to the nearest ancestor if t is done. Goes on. t.Logf.
 * Chooses  CHOICE_RUN before, for each test that is looked at.
 * Orders   what the lock of the test does: each log happens before all later ones, and before the
 *          report of the framework if it comes before it. */
void go_test_log(struct go_test *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Mark t and its ancestors as failed. Goes on. t.Fail.
 * Chooses  CHOICE_RUN before, for t and each ancestor, the root test first.
 * Orders   as a log.
 * Reports  log-after-test (a panic) if t is done. */
void go_test_fail(struct go_test *t);
/* Log, then fail. t.Errorf. */
void go_test_error(struct go_test *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fail, then Goexit. t.FailNow.
 * Reports  fail-now-outside-test when the caller is not the goroutine that runs t: the test would
 *          go on, and wait for ever for the one that has ended. (Go only says that it must not be.)
 */
_Noreturn void go_test_fail_now(struct go_test *t);
/* Log, then fail now. t.Fatalf. */
_Noreturn void go_test_fatal(struct go_test *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Has t failed? t.Failed.   Chooses  CHOICE_RUN before.
 * Orders   logs and failures before it happen before it; it happens before later ones. */
bool go_test_failed(struct go_test *t);

/* ---- A harness of your own ---------------------------------------------------------------- */

/* The program under test: define it, link with libheddle and one of the engines' mains. It runs as
 * the root goroutine of every execution; when it returns, whoever is still parked is a leak. */
void go_main(void);

#ifdef __clang__
#pragma clang attribute pop
#endif

#ifdef __cplusplus
}
#endif
#endif
