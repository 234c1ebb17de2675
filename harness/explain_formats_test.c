// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* heddle explain --sarif and --perfetto: files of a real finding, and what is said when they cannot
 * be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "status.h"
#include "testkit.h"

static struct program_end end; /* safe: tests run one after the other */
static const char input[] =
    HEDDLE_SOURCE_DIR "/crashes/moby_24007/close-of-closed-channel--watcher_close/input";

static void a_finding_is_written_in_both_formats(void **state)
{
    (void)state;
    char folder[PROGRAM_PATH_BYTES], sarif[PROGRAM_PATH_BYTES], trace[PROGRAM_PATH_BYTES];
    folder_make(folder);
    path_of(sarif, "%s/sarif", folder);
    path_of(trace, "%s/trace", folder);
    heddle_run(&end, "explain", input, "--sarif", sarif, "--perfetto", trace);
    assert_int_equal(end.status, STATUS_FOUND);
    json_t *document = json_load_file(sarif, 0, NULL);
    json_t *result = json_array_get(
        json_object_get(json_array_get(json_object_get(document, "runs"), 0), "results"), 0);
    const char *rule, *uri, *token;
    json_t *related;
    assert_int_equal(json_unpack(result, "{s:s,s:[{s:{s:{s:s}}}],s:{s:s},s:o}", "ruleId", &rule,
                                 "locations", "physicalLocation", "artifactLocation", "uri", &uri,
                                 "partialFingerprints", "dedupToken/v1", &token, "relatedLocations",
                                 &related),
                     0);
    assert_string_equal(rule, "close-of-closed-channel");
    assert_string_equal(uri, "corpus/kernels/moby_24007.c");
    assert_string_equal(token, "close-of-closed-channel--watcher_close");
    const char *made, *closer;
    assert_int_equal(json_unpack(related, "[{s:{s:s}},{s:{s:s}}]", "message", "text", &made,
                                 "message", "text", &closer),
                     0);
    assert_string_equal(made, "C1, a channel, was made here");
    assert_string_equal(closer, "Channel previously closed by goroutine 3");
    json_decref(document);
    document = json_load_file(trace, 0, NULL);
    assert_true(json_array_size(json_object_get(document, "traceEvents")) > 20);
    json_decref(document);
    folder_remove(folder);
}

static void a_file_that_cannot_be_written_is_one_line(void **state)
{
    (void)state;
    static const char *const options[] = {"--sarif", "--perfetto"};
    for (size_t i = 0; i < 2; i++) {
        heddle_run(&end, "explain", input, options[i], "/dev/full");
        assert_int_equal(end.status, STATUS_USAGE);
        assert_string_equal(end.errors, "heddle: /dev/full: No space left on device\n");
        heddle_run(&end, "explain", input, options[i], "/dev/null/x");
        assert_int_equal(end.status, STATUS_USAGE);
        assert_string_equal(end.errors, "heddle: /dev/null/x: Not a directory\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_written_in_both_formats),
        cmocka_unit_test(a_file_that_cannot_be_written_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
