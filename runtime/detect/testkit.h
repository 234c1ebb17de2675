// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What the tests of predictions share: programs and what is predicted of them, in words. Compiled
 * into tests; no part of the library.
 *
 * A prediction is "race G2 write, G3 read" or "deadlock G2 M2, G3 M1" (who would wait for which
 * lock); several are joined by "; ".
 */
#ifndef HEDDLE_DETECT_TESTKIT_H
#define HEDDLE_DETECT_TESTKIT_H

#include "../testkit.h"
#include "targets.h"

enum { PREDICT_TEXT_BYTES = 1024 };

/* Run root in the natural schedule, and say what that predicts. */
void predict(void (*root)(void), struct predictions *out, char text[PREDICT_TEXT_BYTES]);

/* Three, which no compiler knows: a loop of so many turns keeps its one site for each access. */
extern volatile int testkit_turns;

/* An entry of cmocka's table: exactly this is predicted of root, and nothing is dropped. The name
 * of root is the claim. */
struct predict_claim {
    void (*root)(void);
    const char *predicted;
};
void predict_test(void **state);

#define prediction_test(root, text)                                                                \
    {                                                                                              \
#root, predict_test, NULL, NULL, &(struct predict_claim) { root, text }                    \
    }

#endif
