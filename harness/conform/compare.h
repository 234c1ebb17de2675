// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* What Go showed against what may be. */
#ifndef HEDDLE_CONFORM_COMPARE_H
#define HEDDLE_CONFORM_COMPARE_H

#include <stdio.h>

#include "outcome.h"

/* A program with all its outcomes. */
struct entry {
    struct program program;
    uint64_t schedules;
    struct outcome *outcomes;
    size_t count;
};

/* Read what the Go program prints; entries are in order of their programs' numbers. Prints each
 * outcome outside our sets with its program, unless quiet; returns their number. */
unsigned compare_read(FILE *go, struct entry *entries, unsigned count, bool quiet);

/* Few schedules and outcomes, of which Go has not shown all. Without timers: here the clock may
 * strike at any point, as computing takes no time; in Go it must have taken that long. */
bool compare_is_small(const struct entry *e);

/* The same of so few schedules that Go needs no luck to show all. */
bool compare_is_tiny(const struct entry *e);

/* Prints the wanted programs, unless quiet; returns how many outcomes Go has not shown of them. */
unsigned compare_missing(const struct entry *entries, unsigned count,
                         bool (*wanted)(const struct entry *e), bool quiet);

/* Prints the table of texts; returns in how many lines Go or we do not do what it says. */
unsigned compare_texts(const char *go);

void compare_distribution(const struct entry *entries, unsigned count);

#endif
