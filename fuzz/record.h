// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Write down what any policy answered, and re-encode the run as explicit entries.
 *
 *   struct record record;
 *   record_init(&record, policy);
 *   run_execute(root, &record.policy, &options, &result, NULL);
 *   size_t size = record_encode(&record, &bytes);      // replays to the same digest
 *   record_free(&record);
 */
#ifndef HEDDLE_RECORD_H
#define HEDDLE_RECORD_H

#include "choice.h"

/* One question with several answers. */
struct record_answer {
    uint64_t position; /* 0 for CHOICE_DATA */
    uint32_t access;   /* as in struct policy */
    size_t n;
    size_t index;
};

struct record {
    struct policy policy;          /* give this one to run_execute */
    struct policy *inner;          /* answers */
    struct record_answer *answers; /* of the latest execution, oldest first */
    size_t answer_count;
    size_t answer_capacity;
};

void record_init(struct record *record, struct policy *inner);
void record_free(struct record *record);

enum record_status {
    RECORD_OK,
    RECORD_CHOICE_TOO_LARGE, /* an index above INPUT_CHOICE_MAX that the tail does not give */
    RECORD_DATA_TOO_LONG,    /* more than INPUT_DATA_BYTES_MAX bytes, or a number above 2^32 */
};

/* Encode the latest execution as an input of its grain, with the natural tail: *bytes is malloc'ed,
 * *size its size (0 is possible: a natural run). On another status than RECORD_OK nothing is
 * allocated. */
enum record_status record_encode(const struct record *record, uint8_t **bytes, size_t *size);
const char *record_status_text(enum record_status status);

#endif
