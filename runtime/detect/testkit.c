// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Predictions in words. Described in testkit.h. */
#include "testkit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../sched.h"
#include "access_log.h"

volatile int testkit_turns = 3;

static void append(char text[PREDICT_TEXT_BYTES], const char *what)
{
    size_t used = strlen(text);
    snprintf(text + used, PREDICT_TEXT_BYTES - used, "%s", what);
}

static void append_stop(char text[PREDICT_TEXT_BYTES], const struct prediction *p, uint32_t index)
{
    const struct prediction_stop *s = &p->stops[index];
    char name[64] = "?";
    for (uint32_t n = 1; n <= sched.goroutine_count; n++)
        if (sched_goroutine(n)->stable == s->goroutine) snprintf(name, sizeof name, "G%" PRIu32, n);
    append(text, index ? ", " : " ");
    append(text, name);
    if (!p->deadlock) append(text, s->kind == OP_WRITE ? " write" : " read");
    for (uint32_t n = 1; p->deadlock && n <= object_count(); n++) {
        if (object_at(n)->stable != s->object) continue;
        object_name(object_at(n), name);
        append(text, " ");
        append(text, name);
    }
}

void predict(void (*root)(void), struct predictions *out, char text[PREDICT_TEXT_BYTES])
{
    struct run_result result;
    access_log_switch(true);
    testkit_natural(root, NULL, &result);
    access_log_switch(false);
    text[0] = '\0';
    if (result.verdict != VERDICT_PASS) append(text, "not a pass! ");
    targets_predict(out);
    for (size_t i = 0; i < out->count; i++) {
        if (i) append(text, "; ");
        append(text, out->items[i].deadlock ? "deadlock" : "race");
        for (uint32_t stop = 0; stop < out->items[i].stop_count; stop++)
            append_stop(text, &out->items[i], stop);
    }
}

void predict_test(void **state)
{
    static struct predictions found; /* safe: one test at a time; too large for a stack */
    const struct predict_claim *claim = *state;
    char text[PREDICT_TEXT_BYTES];
    predict(claim->root, &found, text);
    assert_string_equal(text, claim->predicted);
    assert_int_equal(found.dropped, 0);
}
