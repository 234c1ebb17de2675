// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What each report type is called, and whether ClusterFuzz is told that it is no security issue.
 *
 * Invariants
 * - Texts are lower-case words joined by dashes: " on ", blanks or upper case would be misread.
 * - abort_class is NULL exactly for types that need no note (their text contains "-leak") or must
 *   not have one (memory errors: security issues for ClusterFuzz, or known to it by name).
 *
 * Deliberately no switch: a type without an entry here has a NULL text, and text_test finds it.
 */
#include "report.h"

static const struct report_type_info infos[REPORT_TYPE_COUNT] = {
    [REPORT_NONE] = {"none", NULL},
    [REPORT_DEADLOCK] = {"deadlock", "availability"},
    [REPORT_PARTIAL_DEADLOCK] = {"partial-deadlock", "availability"},
    [REPORT_GOROUTINE_LEAK] = {"goroutine-leak", NULL},
    [REPORT_LIVELOCK] = {"livelock", "availability"},
    [REPORT_CLOSE_OF_CLOSED] = {"close-of-closed-channel", "availability"},
    [REPORT_CLOSE_OF_NIL] = {"close-of-nil-channel", "availability"},
    [REPORT_SEND_TO_CLOSED] = {"send-to-closed-channel", "availability"},
    [REPORT_NEGATIVE_WAITGROUP] = {"negative-waitgroup-counter", "availability"},
    [REPORT_WAITGROUP_MISUSE] = {"waitgroup-misuse", "availability"},
    [REPORT_UNLOCK_OF_UNLOCKED_MUTEX] = {"unlock-of-unlocked-mutex", "availability"},
    [REPORT_UNLOCK_OF_UNLOCKED_RWMUTEX] = {"unlock-of-unlocked-rwmutex", "availability"},
    [REPORT_COPY_OF_LOCKED] = {"copy-of-locked-lock", "logic"},
    [REPORT_CONCURRENT_MAP_WRITE] = {"concurrent-map-write", "availability"},
    [REPORT_CONCURRENT_MAP_READ_WRITE] = {"concurrent-map-read-write", "availability"},
    [REPORT_NIL_MAP_ASSIGNMENT] = {"assignment-to-nil-map", "availability"},
    [REPORT_ORACLE_FAILURE] = {"oracle-failure", "logic"},
    [REPORT_UNRECOVERED_PANIC] = {"unrecovered-panic", "availability"},
    [REPORT_NIL_DEREFERENCE] = {"nil-dereference", "availability"},
    [REPORT_STACK_OVERFLOW] = {"stack-overflow", NULL},
    [REPORT_INVALID_ACCESS] = {"invalid-access", NULL},
    [REPORT_ARITHMETIC_FAULT] = {"arithmetic-fault", "availability"},
    [REPORT_ILLEGAL_INSTRUCTION] = {"illegal-instruction", "availability"},
    [REPORT_ABORT] = {"abort", "availability"},
    [REPORT_EXIT_STATUS] = {"exit-status", "logic"},
    [REPORT_DATA_RACE] = {"data race", NULL},
    [REPORT_USE_AFTER_FREE] = {"use-after-free", NULL},
    [REPORT_DOUBLE_FREE] = {"double-free", NULL},
    [REPORT_INVALID_FREE] = {"invalid-free", NULL},
    [REPORT_HEAP_OUT_OF_BOUNDS] = {"heap-buffer-overflow", NULL},
    [REPORT_LOG_AFTER_TEST] = {"log-after-test", "logic"},
    [REPORT_FAIL_NOW_ELSEWHERE] = {"fail-now-outside-test", "logic"},
};

const struct report_type_info *report_type_info(enum report_type type)
{
    rt_assert((unsigned)type < REPORT_TYPE_COUNT);
    return &infos[type];
}
