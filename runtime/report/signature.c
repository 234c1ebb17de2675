// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* The signature: TYPE--func[--func[--func]], one string for title, DEDUP_TOKEN, JSON and folder.
 *
 * Invariants
 * - It depends on the type and on the culprits' function names alone: not on their order or number,
 *   and never on addresses, lines or ids.
 * - Only [A-Za-z0-9_.-], at most SIGNATURE_BYTES_MAX characters: it is the name of a folder.
 *
 * Does not look at the stacks of the report: who the culprits are is the detectors' decision.
 */
#include <string.h>

#include "report.h"

enum {
    /* Three names, their dashes and the longest type stay below NAME_MAX (255). Longer names, only
     * seen in C++, are cut: then two of them may fall together. */
    NAME_BYTES = 72,
    SIGNATURE_BYTES_MAX = 255,
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static void plain_name(const char *function, char out[NAME_BYTES + 1])
{
    if (!function || !function[0]) function = "unknown";
    size_t length = 0;
    for (; function[length] && length < NAME_BYTES; length++)
        out[length] = is_plain(function[length]) ? function[length] : '_';
    out[length] = '\0';
}

/* Keep the REPORT_CULPRITS_MAX smallest different names, in order. */
static size_t keep_sorted(char names[][NAME_BYTES + 1], size_t count, const char *name)
{
    size_t at = 0;
    while (at < count && strcmp(names[at], name) < 0) at++;
    if (at < count && strcmp(names[at], name) == 0) return count;
    if (at == REPORT_CULPRITS_MAX) return count;
    size_t kept = count < REPORT_CULPRITS_MAX ? count + 1 : count;
    memmove(names[at + 1], names[at], (kept - at - 1) * sizeof names[0]);
    memcpy(names[at], name, strlen(name) + 1);
    return kept;
}

static size_t append(char *out, size_t out_bytes, size_t length, const char *text)
{
    for (; *text && length + 1 < out_bytes; text++) out[length++] = *text;
    out[length] = '\0';
    return length;
}

void report_signature(const struct report *r, char *out, size_t out_bytes)
{
    rt_assert(out_bytes > 0);
    char names[REPORT_CULPRITS_MAX][NAME_BYTES + 1];
    size_t count = 0;
    const size_t room = sizeof r->culprit_pc / sizeof r->culprit_pc[0];
    for (size_t i = 0; i < r->culprit_count && i < room; i++) {
        char name[NAME_BYTES + 1];
        plain_name(symbolize_function(r->culprit_pc[i]), name);
        count = keep_sorted(names, count, name);
    }
    if (count == 0) {
        plain_name(NULL, names[0]);
        count = 1;
    }
    if (out_bytes > SIGNATURE_BYTES_MAX + 1) out_bytes = SIGNATURE_BYTES_MAX + 1;
    size_t length = append(out, out_bytes, 0, report_type_info(r->type)->text);
    for (size_t i = 0; i < length; i++)
        if (!is_plain(out[i])) out[i] = '-';
    for (size_t i = 0; i < count; i++) {
        length = append(out, out_bytes, length, "--");
        length = append(out, out_bytes, length, names[i]);
    }
}
