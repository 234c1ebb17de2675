// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "policies.h"
#include "run.h"
#include "texts.h"

/* The first line that Go prints before it ends, or how it exits. */
static bool go_says(const char *go, const char *name, char *line, int bytes)
{
    char command[4096];
    (void)snprintf(command, sizeof command, "timeout 60 '%s' -text %s 2>&1 || echo exit status $?",
                   go, name);
    FILE *out = popen(command, "r");
    if (!out) return false;
    bool said = fgets(line, bytes, out);
    while (fgetc(out) != EOF) {}
    (void)pclose(out);
    line[strcspn(line, "\n")] = '\0';
    return said;
}

/* A running ticker has schedules without end; what each program is for comes in its first ones. */
enum { TEXT_SCHEDULES_MAX = 1000 };

/* What we report in the schedules where we report something: one type, or REPORT_NONE. */
static enum report_type our_type(void (*program)(void))
{
    struct policy *dfs = policy_find("dfs")->create(0);
    enum report_type type = REPORT_NONE;
    bool more = true;
    for (int runs = 0; more && runs < TEXT_SCHEDULES_MAX; runs++) {
        struct run_result result;
        run_execute(program, dfs, NULL, &result, &more);
        if (result.verdict != VERDICT_BUG) continue;
        if (type == REPORT_NONE) type = result.report->type;
        if (type != result.report->type) {
            type = REPORT_NONE;
            break;
        }
    }
    policy_destroy(dfs);
    return type;
}

unsigned compare_texts(const char *go)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < text_count; i++) {
        const struct text *t = &texts[i];
        char line[512] = "";
        char expected[512];
        const char *prefix = t->type == REPORT_EXIT_STATUS ? ""
                             : t->fatal                    ? "fatal error: "
                                                           : "panic: ";
        (void)snprintf(expected, sizeof expected, "%s%s", prefix, t->go);
        bool same = go_says(go, t->name, line, sizeof line) && strcmp(line, expected) == 0;
        enum report_type ours = our_type(t->program);
        printf("%-68s %s\n", expected, report_type_info(t->type)->text);
        if (!same) printf("    Go says: %s\n", line);
        if (ours != t->type) printf("    we report: %s\n", report_type_info(ours)->text);
        wrong += !same || ours != t->type;
    }
    return wrong;
}
