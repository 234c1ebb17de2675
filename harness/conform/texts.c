// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The least program for each text; their twins are in texts.go. */
#include "texts.h"

#include "heddle.h"

static void close_closed(void)
{
    struct go_chan *c = go_chan_make(0, 0);
    go_chan_close(c);
    go_chan_close(c);
}

static void close_nil(void) { go_chan_close(NULL); }

static void send_closed(void)
{
    struct go_chan *c = go_chan_make(0, 1);
    go_chan_close(c);
    go_chan_send(c, NULL);
}

static void negative_waitgroup(void)
{
    struct go_waitgroup *wg = go_new(sizeof *wg);
    go_waitgroup_done(wg);
}

static void wait(void *wg) { go_waitgroup_wait(wg); }

static void waitgroup_reuse(void)
{
    struct go_waitgroup *wg = go_new(sizeof *wg);
    go_waitgroup_add(wg, 1);
    go(wait, wg);
    go_waitgroup_done(wg);
    go_waitgroup_add(wg, 1);
    go_waitgroup_done(wg); /* so that nobody is stuck where the waiter was late */
}

static void unlock_mutex(void) { go_mutex_unlock(go_new(sizeof(struct go_mutex))); }
static void unlock_rwmutex(void) { go_rwmutex_unlock(go_new(sizeof(struct go_rwmutex))); }
static void runlock_rwmutex(void) { go_rwmutex_runlock(go_new(sizeof(struct go_rwmutex))); }

static void write_map(void *map) { go_map_set(map, 1, NULL); }
static void read_map(void *map) { go_map_get(map, 1, NULL); }

static void map_writes(void)
{
    struct go_map *map = go_map_make();
    go(write_map, map);
    go_map_set(map, 1, NULL);
}

static void map_read_write(void)
{
    struct go_map *map = go_map_make();
    go(read_map, map);
    go_map_set(map, 1, NULL);
}

static void nil_map(void) { go_map_set(NULL, 1, NULL); }
static void nil_pointer(void) { *(volatile int *)NULL = 1; } /* on purpose */
static void nil_function(void) { go(NULL, NULL); }
static void own_panic(void) { go_panic("own"); }
static void exit_status(void) { go_exit(3); }
static void nil_context(void) { go_context_with_cancel(NULL); }
static void nil_key(void) { go_context_with_value(go_context_background(), NULL, NULL); }
static void zero_ticker(void) { go_ticker_new(0); }
static void zero_ticker_reset(void) { go_timer_reset(go_ticker_new(1), 0); }
static void deadlock(void) { go_chan_recv(go_chan_make(0, 0), NULL); }

const struct text texts[] = {
    {"close_closed", "close of closed channel", false, REPORT_CLOSE_OF_CLOSED, close_closed},
    {"close_nil", "close of nil channel", false, REPORT_CLOSE_OF_NIL, close_nil},
    {"send_closed", "send on closed channel", false, REPORT_SEND_TO_CLOSED, send_closed},
    {"negative_waitgroup", "sync: negative WaitGroup counter", false, REPORT_NEGATIVE_WAITGROUP,
     negative_waitgroup},
    {"waitgroup_reuse", "sync: WaitGroup is reused before previous Wait has returned", false,
     REPORT_WAITGROUP_MISUSE, waitgroup_reuse},
    {"nil_map", "assignment to entry in nil map", false, REPORT_NIL_MAP_ASSIGNMENT, nil_map},
    {"nil_pointer", "runtime error: invalid memory address or nil pointer dereference", false,
     REPORT_NIL_DEREFERENCE, nil_pointer},
    {"own_panic", "own", false, REPORT_UNRECOVERED_PANIC, own_panic},
    {"nil_context", "cannot create context from nil parent", false, REPORT_UNRECOVERED_PANIC,
     nil_context},
    {"nil_key", "nil key", false, REPORT_UNRECOVERED_PANIC, nil_key},
    {"zero_ticker", "non-positive interval for NewTicker", false, REPORT_UNRECOVERED_PANIC,
     zero_ticker},
    {"zero_ticker_reset", "non-positive interval for Ticker.Reset", false, REPORT_UNRECOVERED_PANIC,
     zero_ticker_reset},
    {"unlock_mutex", "sync: unlock of unlocked mutex", true, REPORT_UNLOCK_OF_UNLOCKED_MUTEX,
     unlock_mutex},
    {"unlock_rwmutex", "sync: Unlock of unlocked RWMutex", true, REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX,
     unlock_rwmutex},
    {"runlock_rwmutex", "sync: RUnlock of unlocked RWMutex", true,
     REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX, runlock_rwmutex},
    {"map_writes", "concurrent map writes", true, REPORT_CONCURRENT_MAP_WRITE, map_writes},
    {"map_read_write", "concurrent map read and map write", true, REPORT_CONCURRENT_MAP_READ_WRITE,
     map_read_write},
    {"nil_function", "go of nil func value", true, REPORT_NIL_DEREFERENCE, nil_function},
    {"deadlock", "all goroutines are asleep - deadlock!", true, REPORT_DEADLOCK, deadlock},
    {"exit_status", "exit status 3", true, REPORT_EXIT_STATUS, exit_status},
};
const size_t text_count = sizeof texts / sizeof texts[0];

size_t text_of_type(enum report_type type)
{
    size_t i = 0;
    while (i < text_count && (texts[i].type != type || type == REPORT_DEADLOCK)) i++;
    return i;
}
