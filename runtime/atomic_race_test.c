// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What atomic operations order, and what they do not: rules 1 to 6 of atomic.h as programs that
 * race and programs that never do, over all schedules of grain sync. This file is instrumented: it
 * is a program under test. */
#include "atomic_testkit.h"

/* ---- Rule 1: release and acquire ------------------------------------------------------------- */

#define PUBLISH(name, store_order, load_order)                                                     \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            if (LOAD(x, load_order)) read_data();                                                  \
        },                                                                                         \
        {                                                                                          \
            data = 1;                                                                              \
            STORE(x, 1, store_order);                                                              \
        })
PUBLISH(never_release_acquire, RELEASE, ACQUIRE)
PUBLISH(never_seq_cst, SEQ_CST, SEQ_CST)
PUBLISH(never_release_consume, RELEASE, CONSUME)
PUBLISH(never_release_seq_cst, RELEASE, SEQ_CST)
PUBLISH(race_relaxed, RELAXED, RELAXED)
PUBLISH(race_release_relaxed, RELEASE, RELAXED)
PUBLISH(race_relaxed_acquire, RELAXED, ACQUIRE)

TWO(
    race_other_location,
    {
        if (LOAD(x, RELAXED) && LOAD(y, ACQUIRE) == 0) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    })
TWO(
    race_acquire_of_the_value_before,
    {
        (void)LOAD(x, ACQUIRE);
        read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    })
TWO(
    race_after_the_release,
    {
        if (LOAD(x, ACQUIRE)) read_data();
    },
    {
        STORE(x, 1, RELEASE);
        data = 1;
    })
TWO(
    never_there_and_back,
    {
        if (LOAD(x, ACQUIRE)) {
            read_data();
            STORE(y, 1, RELEASE);
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
        if (LOAD(y, ACQUIRE)) data = 2;
    })
TWO(
    race_there_and_not_back,
    {
        if (LOAD(x, ACQUIRE)) {
            read_data();
            STORE(y, 1, RELAXED);
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
        if (LOAD(y, ACQUIRE)) data = 2;
    })
THREE(
    never_through_a_third,
    {
        if (LOAD(y, ACQUIRE)) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        if (LOAD(x, ACQUIRE)) STORE(y, 1, RELEASE);
    })
THREE(
    race_through_a_third_that_does_not_acquire,
    {
        if (LOAD(y, ACQUIRE)) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        if (LOAD(x, RELAXED)) STORE(y, 1, RELEASE);
    })

/* ---- Rule 2: release sequences --------------------------------------------------------------- */

THREE(
    race_sequence_ended_by_anothers_store,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        if (LOAD(x, RELAXED) == 1) STORE(x, 2, RELAXED);
    })
THREE(
    never_sequence_with_anothers_rmw,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        if (LOAD(x, RELAXED) == 1) ADD(x, 1, RELAXED);
    })
THREE(
    never_sequence_with_anothers_compare_exchange,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    cas(&x, 1, 2, RELAXED, RELAXED))
TWO(
    never_sequence_with_own_store,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
        STORE(x, 2, RELAXED);
    })
TWO(
    race_between_head_and_own_store,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        STORE(x, 1, RELEASE);
        data = 1;
        STORE(x, 2, RELAXED);
    })
TWO(
    never_own_rmw_after_own_rmw,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        ADD(x, 1, RELEASE);
        data = 1;
        ADD(x, 1, RELEASE);
    })
THREE(
    never_rmw_heads_a_second_sequence,
    {
        if (LOAD(x, ACQUIRE) == 2) {
            read_data();
            read_data2();
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        data2 = 1;
        if (LOAD(x, RELAXED) == 1) ADD(x, 1, RELEASE);
    })
/* G2's store of 3 goes on with its own sequence, and ends G3's. */
#define INTERLEAVED(name, reads)                                                                   \
    THREE(                                                                                         \
        name,                                                                                      \
        {                                                                                          \
            if (LOAD(x, ACQUIRE) == 3) reads();                                                    \
        },                                                                                         \
        {                                                                                          \
            data = 1;                                                                              \
            STORE(x, 1, RELEASE);                                                                  \
            if (LOAD(x, RELAXED) == 2) STORE(x, 3, RELAXED);                                       \
        },                                                                                         \
        {                                                                                          \
            data2 = 1;                                                                             \
            if (LOAD(x, RELAXED) == 1) ADD(x, 1, RELEASE);                                         \
        })
INTERLEAVED(never_own_store_after_anothers_rmw, read_data)
INTERLEAVED(race_anothers_rmw_before_own_store, read_data2)

/* ---- Read-modify-writes ---------------------------------------------------------------------- */

PUBLISH_BY(never_rmw_release, ADD(x, 1, RELEASE), LOAD(x, ACQUIRE))
PUBLISH_BY(never_rmw_acq_rel_both, ADD(x, 1, ACQ_REL), ADD(x, 1, ACQ_REL))
PUBLISH_BY(never_rmw_acquires, STORE(x, 1, RELEASE), ADD(x, 1, ACQUIRE))
PUBLISH_BY(race_rmw_relaxed, ADD(x, 1, RELAXED), LOAD(x, ACQUIRE))
PUBLISH_BY(race_rmw_acquire_releases_nothing, ADD(x, 1, ACQUIRE), LOAD(x, ACQUIRE))
PUBLISH_BY(race_rmw_release_acquires_nothing, STORE(x, 1, RELEASE), ADD(x, 1, RELEASE))
PUBLISH_BY(never_compare_exchange_release, cas(&x, 0, 1, RELEASE, RELAXED), LOAD(x, ACQUIRE))
PUBLISH_BY(race_compare_exchange_relaxed, cas(&x, 0, 1, RELAXED, RELAXED), LOAD(x, ACQUIRE))
PUBLISH_BY(never_compare_exchange_acquires, STORE(x, 1, RELEASE), cas(&x, 1, 2, ACQUIRE, RELAXED))
/* Rule 6: it fails exactly when the other has stored. */
PUBLISH_BY(never_failure_acquires, STORE(x, 1, RELEASE), !cas(&x, 0, 2, ACQUIRE, ACQUIRE))
PUBLISH_BY(race_failure_is_relaxed, STORE(x, 1, RELEASE), !cas(&x, 0, 2, ACQ_REL, RELAXED))
TWO(
    race_a_failed_one_releases_nothing,
    {
        if (LOAD(y, RELAXED)) {
            (void)LOAD(x, ACQUIRE);
            read_data();
        }
    },
    {
        data = 1;
        if (!cas(&x, 5, 6, RELEASE, RELAXED)) STORE(y, 1, RELAXED);
    })

/* ---- Rules 3 to 5: fences -------------------------------------------------------------------- */

#define PUBLISH_FENCED(name, first, store_order, load_order, second)                               \
    TWO(                                                                                           \
        name,                                                                                      \
        {                                                                                          \
            if (LOAD(x, load_order)) {                                                             \
                second;                                                                            \
                read_data();                                                                       \
            }                                                                                      \
        },                                                                                         \
        {                                                                                          \
            data = 1;                                                                              \
            first;                                                                                 \
            STORE(x, 1, store_order);                                                              \
        })
PUBLISH_FENCED(never_release_fence, FENCE(RELEASE), RELAXED, ACQUIRE, (void)0)
PUBLISH_FENCED(never_acquire_fence, (void)0, RELEASE, RELAXED, FENCE(ACQUIRE))
PUBLISH_FENCED(never_both_fences, FENCE(RELEASE), RELAXED, RELAXED, FENCE(ACQUIRE))
PUBLISH_FENCED(never_acq_rel_fences, FENCE(ACQ_REL), RELAXED, RELAXED, FENCE(ACQ_REL))
PUBLISH_FENCED(never_seq_cst_fences, FENCE(SEQ_CST), RELAXED, RELAXED, FENCE(SEQ_CST))
PUBLISH_FENCED(race_release_fence_alone, FENCE(RELEASE), RELAXED, RELAXED, (void)0)
PUBLISH_FENCED(race_acquire_fence_alone, (void)0, RELAXED, RELAXED, FENCE(ACQUIRE))
PUBLISH_FENCED(race_fences_of_the_wrong_kind, FENCE(ACQUIRE), RELAXED, RELAXED, FENCE(RELEASE))
PUBLISH_FENCED(race_relaxed_fences, FENCE(RELAXED), RELAXED, RELAXED, FENCE(RELAXED))

TWO(
    race_written_after_the_release_fence,
    {
        if (LOAD(x, ACQUIRE)) read_data();
    },
    {
        FENCE(RELEASE);
        data = 1;
        STORE(x, 1, RELAXED);
    })
TWO(
    race_acquire_fence_before_the_load,
    {
        FENCE(ACQUIRE);
        if (LOAD(x, RELAXED)) read_data();
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    })
TWO(
    race_fences_alone,
    {
        FENCE(SEQ_CST);
        read_data();
    },
    {
        data = 1;
        FENCE(SEQ_CST);
    })
PUBLISH_BY(
    never_release_fence_before_rmw,
    {
        FENCE(RELEASE);
        ADD(x, 1, RELAXED);
    },
    LOAD(x, ACQUIRE))
TWO(
    never_acquire_fence_after_rmw,
    {
        if (ADD(x, 1, RELAXED)) {
            FENCE(ACQUIRE);
            read_data();
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    })
TWO(
    never_acquire_fence_after_a_failure,
    {
        if (!cas(&x, 0, 2, RELAXED, RELAXED)) {
            FENCE(ACQUIRE);
            read_data();
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    })
THREE(
    never_acquire_fence_after_two_loads,
    {
        if (LOAD(x, RELAXED) && LOAD(y, RELAXED)) {
            FENCE(ACQUIRE);
            read_data();
            read_data2();
        }
    },
    {
        data = 1;
        STORE(x, 1, RELEASE);
    },
    {
        data2 = 1;
        STORE(y, 1, RELEASE);
    })
TWO(
    never_release_fence_for_two_stores,
    {
        if (LOAD(y, ACQUIRE)) read_data();
    },
    {
        data = 1;
        FENCE(RELEASE);
        STORE(x, 1, RELAXED);
        STORE(y, 1, RELAXED);
    })
/* The fence counts for the store although an older release of the same goroutine does as well. */
TWO(
    never_release_fence_after_own_head,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        STORE(x, 1, RELEASE);
        data = 1;
        FENCE(RELEASE);
        STORE(x, 2, RELAXED);
    })
THREE(
    never_fenced_sequence_with_anothers_rmw,
    {
        if (LOAD(x, ACQUIRE) == 2) read_data();
    },
    {
        data = 1;
        FENCE(RELEASE);
        STORE(x, 1, RELAXED);
    },
    {
        if (LOAD(x, RELAXED) == 1) ADD(x, 1, RELAXED);
    })

int main(void)
{
    if (!access_state.instrumented) {
        print_message("this build does not instrument: nothing to test\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        NEVER(never_release_acquire),
        NEVER(never_seq_cst),
        NEVER(never_release_consume),
        NEVER(never_release_seq_cst),
        SOMETIMES(race_relaxed),
        SOMETIMES(race_release_relaxed),
        SOMETIMES(race_relaxed_acquire),
        SOMETIMES(race_other_location),
        SOMETIMES(race_acquire_of_the_value_before),
        SOMETIMES(race_after_the_release),
        NEVER(never_there_and_back),
        SOMETIMES(race_there_and_not_back),
        NEVER(never_through_a_third),
        SOMETIMES(race_through_a_third_that_does_not_acquire),
        SOMETIMES(race_sequence_ended_by_anothers_store),
        NEVER(never_sequence_with_anothers_rmw),
        NEVER(never_sequence_with_anothers_compare_exchange),
        NEVER(never_sequence_with_own_store),
        SOMETIMES(race_between_head_and_own_store),
        NEVER(never_own_rmw_after_own_rmw),
        NEVER(never_rmw_heads_a_second_sequence),
        NEVER(never_own_store_after_anothers_rmw),
        SOMETIMES(race_anothers_rmw_before_own_store),
        NEVER(never_rmw_release),
        NEVER(never_rmw_acq_rel_both),
        NEVER(never_rmw_acquires),
        SOMETIMES(race_rmw_relaxed),
        SOMETIMES(race_rmw_acquire_releases_nothing),
        SOMETIMES(race_rmw_release_acquires_nothing),
        NEVER(never_compare_exchange_release),
        SOMETIMES(race_compare_exchange_relaxed),
        NEVER(never_compare_exchange_acquires),
        NEVER(never_failure_acquires),
        SOMETIMES(race_failure_is_relaxed),
        SOMETIMES(race_a_failed_one_releases_nothing),
        NEVER(never_release_fence),
        NEVER(never_acquire_fence),
        NEVER(never_both_fences),
        NEVER(never_acq_rel_fences),
        NEVER(never_seq_cst_fences),
        SOMETIMES(race_release_fence_alone),
        SOMETIMES(race_acquire_fence_alone),
        SOMETIMES(race_fences_of_the_wrong_kind),
        SOMETIMES(race_relaxed_fences),
        SOMETIMES(race_written_after_the_release_fence),
        SOMETIMES(race_acquire_fence_before_the_load),
        ALWAYS(race_fences_alone),
        NEVER(never_release_fence_before_rmw),
        NEVER(never_acquire_fence_after_rmw),
        NEVER(never_acquire_fence_after_a_failure),
        NEVER(never_acquire_fence_after_two_loads),
        NEVER(never_release_fence_for_two_stores),
        NEVER(never_release_fence_after_own_head),
        NEVER(never_fenced_sequence_with_anothers_rmw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
